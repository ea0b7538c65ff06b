"""Masks, the scrubbing of logs, and the marking of fields."""

import re
import unicodedata
from typing import Any

import pytest
import strawberry
from graphql import GraphQLEnumType, build_schema, validate_schema
from hypothesis import given
from hypothesis import strategies as st

from schema.personal import (
    HIDDEN,
    PERSONAL,
    PURPOSES,
    Personal,
    PersonalClass,
    PersonalField,
    mask,
    scrub,
)
from schema.phones import Phone, parse_phone
from schema.projection import STRAWBERRY, metadata
from schema.root import graphql_schema
from seeds.divisions import Division, load_divisions

WIDE = str.maketrans(
    {chr(sign): chr(sign + 0xFEE0) for sign in (*range(0x30, 0x3A), *map(ord, "+-()X"))}
)

mobiles = st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True)
landlines = st.from_regex(r"0(10|2[0-9]|[3-9][1-9][0-9])-[2-8][0-9]{6,7}", fullmatch=True)
id_numbers = st.from_regex(
    r"[1-6][0-9]{5}(19|20)[0-9]{2}(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])[0-9]{3}[0-9X]",
    fullmatch=True,
)
anything = st.one_of(
    st.text(),
    st.text("0123456789*+-() .Xx李王市区县省***"),
    st.text(st.characters()),
    mobiles,
    landlines,
    id_numbers,
)


@pytest.mark.parametrize(
    ("name", "masked"),
    [
        ("", ""),
        ("李四", "李*"),
        ("王小明", "王**"),
        ("欧阳娜娜", "欧**"),
        ("买买提·吐尔逊", "买**"),
        ("John Smith", "J**"),
        ("Jo", "J*"),
        (" 李 四 ", "李*"),
        ("e\u0301a", "é*"),
        ("李", HIDDEN),
        ("李\U000e0100", HIDDEN),
        ("É", HIDDEN),
        ("E\u0301", HIDDEN),
        ("\u0301李", HIDDEN),
        ("😀李四", HIDDEN),
        ("(李四)", HIDDEN),
        ("7号", HIDDEN),
        ("👨\u200d👩\u200d👧", HIDDEN),
        ("\u3000", HIDDEN),
        ("\ud800李四", "李*"),
    ],
    ids=ascii,
)
def test_names(name: str, masked: str) -> None:
    """A name shows its first letter, and whether one or more follow."""
    assert mask(PersonalClass.NAME, name) == masked


@pytest.mark.parametrize(
    ("phone", "masked"),
    [
        ("", ""),
        ("+8613812345678", "138****5678"),
        ("13812345678", "138****5678"),
        ("138 1234 5678", "138****5678"),
        ("13812345678".translate(WIDE), "138****5678"),
        ("+862452345678", "024-******78"),
        ("+864152345678", "0415-******78"),
        ("(024)5234-5678", "024-******78"),
        ("+864001234567", "******67"),
        ("400-123-4567", "******67"),
        ("+16502530000", "******00"),
        ("+85223456789", "******89"),
        ("52345678", "******78"),
        ("5234567", HIDDEN),
        ("110", HIDDEN),
        ("张三 13812345678", HIDDEN),
        ("13812345678 13912345678", "******78"),
        ("无", HIDDEN),
    ],
)
def test_phones(phone: str, masked: str) -> None:
    """A number shows the digits that are stated for its kind."""
    assert mask(PersonalClass.PHONE, phone) == masked


@pytest.mark.parametrize(
    ("address", "masked"),
    [
        ("", ""),
        ("辽宁省抚顺市新抚区站前街道华阳社区3号楼2单元", "辽宁省抚顺市新抚区***"),
        ("辽宁省 抚顺市 新抚区 站前街12号", "辽宁省抚顺市新抚区***"),
        ("抚顺市新抚区站前街", "抚顺市新抚区***"),
        ("辽宁省抚顺市建设小区3号楼", "辽宁省抚顺市***"),
        ("本溪市桓仁满族自治县八里甸子镇", "本溪市桓仁满族自治县***"),
        ("贵州省黔东南苗族侗族自治州凯里市大十字", "贵州省黔东南苗族侗族自治州凯里市***"),
        ("内蒙古自治区呼伦贝尔市海拉尔区靠山街", "内蒙古自治区呼伦贝尔市海拉尔区***"),
        ("六盘水市六枝特区", "六盘水市六枝特区***"),
        ("辽宁省", HIDDEN),
        ("抚顺市", HIDDEN),
        ("新抚区站前街道华阳社区", HIDDEN),
        ("抚顺市建设小区3号楼", HIDDEN),
        ("大发超市东区", HIDDEN),
        ("辽宁省大发超市3楼", HIDDEN),
        ("我家在辽宁省抚顺市新抚区", HIDDEN),
        ("Room 3, Fushun", HIDDEN),
    ],
)
def test_addresses(address: str, masked: str) -> None:
    """An address shows province, city and county where it is plain which they are."""
    assert mask(PersonalClass.ADDRESS, address) == masked


@pytest.mark.parametrize(
    ("number", "masked"),
    [
        ("", ""),
        ("21040219900307123X", "2****************X"),
        ("21040219900307123x".translate(WIDE), "2****************x"),
        ("210402 19900307 1234", "2****************4"),
        ("210402900307123", "2*************3"),
        ("2104021990030712", HIDDEN),
        ("E12345678", HIDDEN),
    ],
)
def test_id_numbers(number: str, masked: str) -> None:
    """An identity number shows its first and last sign; another document's nothing."""
    assert mask(PersonalClass.ID_NUMBER, number) == masked


@pytest.mark.parametrize("household", ["张三家", "210402001001-0012", "5 口人", "*"])
def test_households(household: str) -> None:
    """Nothing is shown of a household."""
    assert mask(PersonalClass.HOUSEHOLD, household) == HIDDEN


@given(st.sampled_from(PersonalClass), anything)
def test_a_mask_of_a_mask_is_the_same(class_: PersonalClass, value: str) -> None:
    """Masking twice is masking once, whatever is masked."""
    once = mask(class_, value)
    assert mask(class_, once) == once


SHOWN = {
    PersonalClass.NAME: r"\*\*\*|[^\W\d_]\*{1,2}",
    PersonalClass.PHONE: r"\*\*\*|\*{6}[0-9]{2}|0[0-9]{2,3}-\*{6}[0-9]{2}|1[0-9]{2}\*{4}[0-9]{4}",
    PersonalClass.ADDRESS: r"([一-龥]{5,}[市州区盟县旗])?\*\*\*",
    PersonalClass.HOUSEHOLD: r"\*\*\*",
    PersonalClass.ID_NUMBER: r"\*\*\*|[0-9]\*{13}[0-9]|[0-9]\*{16}[0-9Xx]",
}


@given(st.sampled_from(PersonalClass), anything)
def test_a_mask_shows_no_more_than_stated(class_: PersonalClass, value: str) -> None:
    """A mask has one of the forms of its class, and what it shows stands in the value."""
    masked = mask(class_, value)
    assert masked == "" if value == "" else re.fullmatch(SHOWN[class_], masked)
    plain = "".join(unicodedata.normalize("NFKC", value).split())
    if class_ is PersonalClass.ADDRESS:
        assert plain.startswith(masked.removesuffix(HIDDEN))
    else:
        assert set(masked) <= {*plain, *"*-0"}


@given(st.from_regex(r"(138|150|166|189|199)[0-9]{8}", fullmatch=True))
def test_a_kept_phone_is_masked_as_the_written_one(number: str) -> None:
    """The mask of a number is the same in each of its forms, with four digits hidden."""
    found = parse_phone(number)
    assert isinstance(found, Phone)
    written = f"{number[:3]} {number[3:7]} {number[7:]}"
    masks = {mask(PersonalClass.PHONE, text) for text in (found.e164, number, written)}
    assert masks == {f"{number[:3]}****{number[7:]}"}


def _above(divisions: dict[str, Division], division: Division) -> list[str]:
    """The names from the province down to a division."""
    above = _above(divisions, divisions[division.parent]) if division.parent else []
    return [*above, division.name]


def test_no_community_of_the_divisions_is_shown() -> None:
    """Of each community's address nothing below the county is shown, and never a part of one."""
    divisions = {division.code: division for division in load_divisions()}
    lowest = [division for division in divisions.values() if len(division.code) == 12]
    shown, hidden = 0, 0
    for division in lowest[::7]:
        names = _above(divisions, division)
        masked = mask(PersonalClass.ADDRESS, "".join(names) + "3号楼")
        county = "".join(names[:3]) + HIDDEN
        shown += masked == county
        hidden += county.startswith(masked.removesuffix(HIDDEN))
    assert hidden == len(lowest[::7])
    assert shown > 0.99 * hidden


@pytest.mark.parametrize(
    ("text", "scrubbed"),
    [
        ("", ""),
        ("call 13812345678 now", "call 138****5678 now"),
        ("电话13812345678。".translate(WIDE), "电话138****5678。"),
        ("+86 138-1234-5678", "+138****5678"),
        ("1+8613812345678", "1+138****5678"),
        ("13812345678+862452345678", "138****5678+024-******78"),
        ("8613812345678", "138****5678"),
        ("138\u200b1234\u200b5678", "138****5678"),
        ("13812345678,13912345678", "138****5678,139****5678"),
        ("phone=a13812345678b", "phone=a138****5678b"),
        ("021-52345678", "021-******78"),
        ("(024)5234 5678", "024-******78"),
        ("(０２４)５２３４５６７８", "024-******78"),
        ("02452345678", "024-******78"),
        ("+16502530000", "+******00"),
        ("+861381234567", "+******67"),
        ("+862452345678", "+024-******78"),
        ("id 21040219900307123X", "id 2****************X"),
        ("21040219900307123X13812345678", "2****************X138****5678"),
        ("id 210402900307123", "id 2*************3"),
        ("/graphql?variables=%7B%22p%22%3A%2213812345678%22%7D", None),
        ("%2B8613812345678", "%2B138****5678"),
        ("138%201234%205678", "***"),
        (r"b'\xe5\xbc\xa913812345678'", r"b'\xe5\xbc\xa9138****5678'"),
        (r"\u4e0013812345678", r"\u4e00138****5678"),
        ("138****5678", "138****5678"),
        ("138****0415-5234567", "138****0415-5234567"),
    ],
)
def test_numbers_are_scrubbed(text: str, scrubbed: str | None) -> None:
    """Numbers are masked in each form in which logs and errors show them."""
    expected = "/graphql?variables=%7B%22p%22%3A%22138****5678%22%7D"
    assert scrub(text) == (expected if scrubbed is None else scrubbed)


@pytest.mark.parametrize(
    "text",
    [
        "operation Cities finished in 12.345 ms",
        "2026-03-15T04:00:00.123456+08:00",
        "2026-03-15 13:45:00",
        "tenant 210400, organization 210402001001, street 210402001",
        "at 1773547200, 1773547200123, 1773547200123456789",
        "0195a138-1234-5678-8123-13812345678a",
        "trace 4bf92f13812345678bb86cdfe02e4736",
        "/210400/210402/210402001/210402001001/",
        "port 5432, 127.0.0.1, 102400 bytes, seq 20260315000123",
    ],
)
def test_other_numbers_stay(text: str) -> None:
    """Times, codes, ids and traces are left as they are."""
    assert scrub(text) == text


before = st.text() | st.sampled_from(["%22", "\\u4e00", "\\xe5", "手机", "tel:", "138"])


@given(
    st.one_of(mobiles, landlines, id_numbers, mobiles.map("+86{}".format)),
    before,
    st.sampled_from(" ,;:='\"<>|/[]{}张\n\t。"),
    st.text(),
    st.booleans(),
)
def test_no_number_gets_through(
    number: str, head: str, sign: str, tail: str, is_wide: bool
) -> None:
    """A number in any text is masked, in ASCII and in full width."""
    given_ = number.translate(WIDE) if is_wide else number
    scrubbed = scrub(f"{head}{sign}{given_}{sign}{tail}")
    assert given_ not in scrubbed
    assert re.search(r"\*{3}", scrubbed)


@given(
    anything
    | st.text("0123456789*+-(). xX%abcdef\\u86")
    | st.lists(mobiles | landlines | id_numbers | st.sampled_from([" ", "-", ",", "+86"])).map(
        "".join
    )
)
def test_scrubbing_twice_is_scrubbing_once(text: str) -> None:
    """A scrubbed text is left as it is."""
    assert scrub(scrub(text)) == scrub(text)


@given(st.text(st.characters(exclude_categories=["Nd"])))
def test_text_without_digits_stays(text: str) -> None:
    """A text without a digit is not changed."""
    assert scrub(text) == text


@pytest.mark.parametrize(
    "part",
    ["1", "0", "a", "138", "138 1234 ", "%20", "+86", "2104021990", "a1b2-", "(0", "\\u4e00", "１"],
)
def test_scrubbing_is_linear(part: str) -> None:
    """A text of two million characters is scrubbed within the time of a test."""
    text = part * (2_000_000 // len(part))
    assert len(scrub(text)) <= len(text)


def test_every_class_has_a_purpose() -> None:
    """Each class has a purpose in both languages."""
    assert list(PURPOSES) == list(PersonalClass)
    assert all("一" <= item.purpose_zh[0] <= "龥" for item in PURPOSES.values())
    assert all(
        item.purpose == f"{item.purpose_zh} | {item.purpose_en}" for item in PURPOSES.values()
    )


MARK = PersonalField(PersonalClass.PHONE, "联系“网格员”", 'to reach a "grid worker"')


def _masked(root: Any) -> str:
    return "138****5678"


@strawberry.type(description="网格员 | a grid worker")
class Worker:
    phone: str = strawberry.field(
        resolver=_masked,
        description="电话 | phone",
        metadata={PERSONAL: MARK},
        directives=[MARK.directive],
    )


SDL = '''
type Worker {
  """电话 | phone"""
  phone: String! @personal(class: PHONE, purpose: "联系“网格员” | to reach a \\"grid worker\\"")
}
'''


def test_a_marked_field_shows_its_mark() -> None:
    """The schema shows class and purpose on a marked field, and defines and describes both."""
    schema = strawberry.Schema(Worker)
    text = schema.as_str()
    assert SDL.strip().partition("\n")[2] in text
    assert (
        "directive @personal(class: PersonalClass!, purpose: String!) on FIELD_DEFINITION" in text
    )
    built = build_schema(text)
    assert [validate_schema(item) for item in (schema._schema, built)] == [[], []]
    directive, class_ = built.get_directive("personal"), built.type_map["PersonalClass"]
    assert directive is not None
    assert (directive.description or "").startswith("个人信息")
    assert isinstance(class_, GraphQLEnumType)
    assert [*class_.values] == list(PersonalClass)
    assert all(value.description for value in class_.values.values())


def test_a_mark_is_read_off_the_field() -> None:
    """The metadata of a marked field holds the mark."""
    schema = strawberry.Schema(Worker)
    worker = schema._schema.query_type
    assert metadata(worker, "phone") == {PERSONAL: MARK}


def test_marks_and_directives_agree() -> None:
    """Every field of the graph that has the mark has the directive that says the same."""
    differing = []
    for name, kind in graphql_schema().type_map.items():
        for field_name, field in getattr(kind, "fields", {}).items():
            declared = field.extensions.get(STRAWBERRY)
            mark = getattr(declared, "metadata", {}).get(PERSONAL)
            found = getattr(declared, "directives", ())
            said = [item for item in found if isinstance(item, Personal)]
            if said != ([mark.directive] if mark else []):
                differing.append(f"{name}.{field_name}")
    assert differing == []
