"""Personal data: its classes, how each is masked, and how a field of the graph is marked."""

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

import strawberry
from strawberry.schema_directive import Location

PERSONAL = "onegrid-personal"
"""Key in a field's metadata; the value is a `PersonalField`."""

HIDDEN = "***"
MAX_WORD = 128


class PersonalClass(StrEnum):
    """The closed set of kinds of personal data; each has a mask and a purpose."""

    NAME = "NAME"
    PHONE = "PHONE"
    ADDRESS = "ADDRESS"
    HOUSEHOLD = "HOUSEHOLD"
    ID_NUMBER = "ID_NUMBER"


@dataclass(frozen=True)
class PersonalField:
    """What a field holds of a person, and what it is kept for."""

    class_: PersonalClass
    purpose_zh: str
    purpose_en: str

    @property
    def purpose(self) -> str:
        """Both sentences, as descriptions of the schema are written."""
        return f"{self.purpose_zh} | {self.purpose_en}"

    @property
    def directive(self) -> "Personal":
        """What is put on the field in the schema."""
        return Personal(class_=self.class_, purpose=self.purpose)


@strawberry.schema_directive(
    locations=[Location.FIELD_DEFINITION],
    name="personal",
    # strawberry drops descriptions of a directive's arguments, so both are explained here
    description="个人信息:`class` 为类别,`purpose` 为用途。缺省掩码;看原文须有权限并说明用途,"
    "且留下审计记录。 | Personal data: `class` is its kind, `purpose` what it is kept for. Masked "
    "by default; to see it whole takes the permission and a stated purpose, and is audited.",
)
class Personal:
    """The directive `@personal` on a field's definition."""

    class_: PersonalClass = strawberry.directive_field(name="class")
    purpose: str


PURPOSES: Mapping[PersonalClass, PersonalField] = {
    item.class_: item
    for item in (
        PersonalField(PersonalClass.NAME, "知道由谁办理、为谁办理", "to know who acts for whom"),
        PersonalField(PersonalClass.PHONE, "联系本人", "to reach the person"),
        PersonalField(
            PersonalClass.ADDRESS, "上门服务、派往责任网格", "to visit, and to route work"
        ),
        PersonalField(PersonalClass.HOUSEHOLD, "以户为单位服务", "to serve a household as one"),
        PersonalField(PersonalClass.ID_NUMBER, "核验身份", "to verify who somebody is"),
    )
}
"""The purpose that a field of each class has, where it states none of its own."""


def mask(class_: PersonalClass, value: str) -> str:
    """`value` as those see it who may not see it whole. A mask of a mask is the same mask.

    NAME shows the first letter and whether more than one follows (李*, 王**): of a compound
    surname (欧阳) too, for a list of those would be wrong for somebody. A single letter is hidden.

    PHONE shows three and four digits of a Chinese mobile number (138****5678), area code and two
    digits of a landline (024-******78), else two digits of at least eight (******78).

    ADDRESS shows province, city and county, never what is below them, and only where the text
    begins with two of them; of an address that is written otherwise nothing.

    ID_NUMBER shows the first and the last sign of 15 or 18. HOUSEHOLD shows nothing.

    Nothing of an empty text is hidden: it stays empty.
    """
    return _MASKS[class_](value) if value else ""


def scrub(text: str) -> str:
    """`text` with what looks like a telephone or identity number of China masked.

    For log lines and error texts: mobile numbers, landlines with area code, numbers with +country,
    and identity numbers, in ASCII or full width, also inside URLs and escaped text. UUIDs and
    hexadecimal words of 32 to 128 signs are left alone. A digit right before or after a number
    makes it another number. Time is linear in the length.
    """
    if _STRETCH.search(text) is None:
        return text
    if _OTHER.search(text) is None:
        return _NUMBER.sub(_masked, text)
    return "".join(_scrubbed(text))


def _scrubbed(text: str) -> Iterator[str]:
    """The parts of a text that is searched in ASCII, and kept as it was between the numbers."""
    at = 0
    for found in _NUMBER.finditer(text.translate(_NARROW)):
        yield text[at : found.start()]
        yield _masked(found)
        at = found.end()
    yield text[at:]


def _masked(found: re.Match[str]) -> str:
    kind, text = found.lastgroup, found[0]
    if kind is None or _is_part(found):
        return text
    plus = "+" if found.string[found.start() - 1 : found.start()] == "+" else ""
    return mask(PersonalClass[kind], plus + text)


def _is_part(found: re.Match[str]) -> bool:
    """Whether what looks like a number stands inside a UUID or another hexadecimal word."""
    start, end = found.span()
    around = _WORD.finditer(found.string, max(0, start - MAX_WORD), end + MAX_WORD)
    return any(word.start() <= start and end <= word.end() for word in around)


def _name(value: str) -> str:
    letters = [sign for sign in _folded(value) if unicodedata.category(sign)[0] not in "CMZ"]
    if len(letters) < 2 or not letters[0].isalpha():
        return HIDDEN
    return letters[0] + "*" * min(len(letters) - 1, 2)


def _phone(value: str) -> str:
    written = _folded(value)
    if _PHONE_MASKS.fullmatch(written):
        return written
    digits = _SEPARATORS.sub("", written)
    if mobile := _MOBILE.fullmatch(digits):
        return f"{mobile[1]}****{mobile[2]}"
    if landline := _LANDLINE.fullmatch(digits):
        return f"0{landline[1]}-******{landline[2]}"
    return f"******{digits[-2:]}" if _LONG.fullmatch(digits) else HIDDEN


def _address(value: str) -> str:
    found = _PLACES.match("".join(_folded(value).split()))
    return (found[0] if found else "") + HIDDEN


def _household(value: str) -> str:
    return HIDDEN


def _id_number(value: str) -> str:
    written = "".join(_folded(value).split())
    if not _ID_NUMBER.fullmatch(written):
        return HIDDEN
    return f"{written[0]}{'*' * (len(written) - 2)}{written[-1]}"


def _folded(value: str) -> str:
    return unicodedata.normalize("NFKC", value)


_MASKS: Mapping[PersonalClass, Callable[[str], str]] = {
    PersonalClass.NAME: _name,
    PersonalClass.PHONE: _phone,
    PersonalClass.ADDRESS: _address,
    PersonalClass.HOUSEHOLD: _household,
    PersonalClass.ID_NUMBER: _id_number,
}

_MASKED_MOBILE = r"1[3-9][0-9]\*{4}[0-9]{4}"
_AREA = "10|2[0-9]|(?!400|800)[3-9][0-9]{2}"
_PHONE_MASKS = re.compile(rf"{_MASKED_MOBILE}|0(?:{_AREA})-\*{{6}}[0-9]{{2}}|\*{{6}}[0-9]{{2}}")
_SEPARATORS = re.compile(r"[ ().\u2010-\u2015\u2212-]")
_MOBILE = re.compile(r"(?:(?:\+|00)?86|0)?(1[3-9][0-9])[0-9]{4}([0-9]{4})")
_LANDLINE = re.compile(rf"(?:(?:\+|00)860?|0)({_AREA})[2-9][0-9]{{4,5}}([0-9]{{2}})")
_LONG = re.compile(r"\+?[0-9]{8,}")
_ID_NUMBER = re.compile(r"[0-9]{15}|[0-9]{17}[0-9Xx]|[0-9]\*{13}[0-9]|[0-9]\*{16}[0-9Xx]")

# what names of estates, shops and streets have in them, and names of counties hardly ever
_HAN = "(?:(?![省市区县旗盟路街巷号楼栋村社园校厂院宅活属舍景学苑府小超])[一-龥])"
_PROVINCE = f"(?:{_HAN}{{2,3}}省|{_HAN}{{2,7}}自治区)"
_CITY = f"{_HAN}{{2,11}}(?:市|自治州|地区|盟)"
_COUNTY = f"{_HAN}{{1,11}}(?:自治县|自治旗|区|县|旗|市)"
_PLACES = re.compile(f"{_PROVINCE}?{_CITY}{_COUNTY}|{_PROVINCE}{_CITY}")

# signs of other widths and shapes, and invisible ones inside copied numbers
_OTHER_SIGNS = {
    **{chr(ord(sign) + 0xFEE0): sign for sign in "0123456789+*xX().-%"},
    **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u30fc", "-"),
    **dict.fromkeys("\u3000\u00a0\u2002\u2003\u2009\u200b\u200c\u200d\u2060\ufeff", " "),
}
_NARROW = str.maketrans(_OTHER_SIGNS)
_OTHER = re.compile(f"[{''.join(_OTHER_SIGNS)}]")
# every number has such a stretch; most lines of a log do not
_STRETCH = re.compile(f"[0-9\uff10-\uff19][0-9 .+)%{''.join(_OTHER_SIGNS)}-]{{6}}")
_WORD = re.compile(
    r"(?<![0-9A-Za-z])"
    r"(?:[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}|[0-9A-Fa-f]{32,128})"
    r"(?![0-9A-Za-z])"
)
_GAP = "(?:[ .+-]|%20)?"
_DATE = "(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])"
# Behind an escape a digit begins a number too: %2213812345678, \u4e0013812345678. A plus stays
# where it is, so that no mask joins the digits before it.
_NUMBER = re.compile(
    rf"""
    (?=[0-9(])
    (?:
        (?<![0-9])
        | (?<=%[0-9A-Fa-f]{{2}})
        | (?<=\\x[0-9A-Fa-f]{{2}})
        | (?<=\\u[0-9A-Fa-f]{{4}})
    )
    (?:
        {_MASKED_MOBILE}(?![0-9])
        | (?P<PHONE>
            (?<=\+)(?!861[3-9][0-9]{{9}}(?![0-9]))[1-9][0-9]{{7,14}}
            | (?: (?:00)?86{_GAP} | 0 )? 1[3-9][0-9]{_GAP}[0-9]{{4}}{_GAP}[0-9]{{4}}
            | (?: (?:00|(?<=\+))86{_GAP}(?:0|\(0\))? | \(?0 )(?:{_AREA})\)?{_GAP}
              [2-9][0-9]{{2,3}}[ ]?[0-9]{{4}}
        )(?![0-9])
        | (?P<ID_NUMBER>
            [1-9][0-9]{{5}}(?:18|19|20)[0-9]{{2}}{_DATE}[0-9]{{3}}(?:[0-9](?![0-9])|[Xx])
            | [1-9][0-9]{{7}}{_DATE}[0-9]{{3}}(?![0-9])
        )
    )
    """,
    re.VERBOSE,
)
