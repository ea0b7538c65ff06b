"""Tenant files: whatever a file holds, it is loaded or told what is wrong with it, all at once."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from tenants.definition import City, Definition, DefinitionValue
from tenants.files import SHIPPED, load_tenants, tenant_files
from tenants.problems import Place, Problem
from tests.tenants.folders import (
    CITY,
    PROVINCE,
    city_problems,
    problems,
    read,
    read_city,
    told,
    written,
)
from tests.tenants.values import dumped, parts

WRONG = sorted((Path(__file__).parent / "wrong").rglob("*.yaml"))
REQUIRED = [
    f"1: {key}: got nothing; expected the required key {key!r}"
    for key in sorted(City.model_fields)
    if City.model_fields[key].is_required()
]

# each file below the folder `wrong` ends with what is wrong in it


@pytest.mark.parametrize("path", WRONG, ids=lambda path: path.stem)
def test_a_wrong_file(path: Path) -> None:
    """Every mistake of a file is told at once with line, key, value and expectation."""
    text = path.read_text("utf-8")
    files = {"provinces/p.yaml": PROVINCE, f"{path.parent.name}/x.yaml": text}
    if path.parent.name == "provinces":
        del files["provinces/p.yaml"]
    expected = [
        line.replace("# ", f"{path.parent.name}/x.yaml:", 1)
        for line in text.partition("# wrong:\n")[2].splitlines()
    ]
    assert told(files) == expected != []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"", REQUIRED),
        (
            CITY + 'note: "abc\nlevels: []\n',
            ["6: got unexpected end of stream; expected well-formed YAML"],
        ),
        (
            CITY + "note: a\x07b\n",
            ["5: got character U+0007; expected text without control characters"],
        ),
        (
            CITY.encode() + b"note: a\0b\n",
            ["5: got character U+0000; expected text without control characters"],
        ),
        (
            CITY.encode() + "note: 街道\n".encode("gbk"),
            ["5: got byte 0xbd; expected UTF-8 text; save the file as UTF-8"],
        ),
        (CITY.encode("utf-16"), ["1: got byte 0xff; expected UTF-8 text; save the file as UTF-8"]),
        (
            CITY + "note: &a [*a, *a]\n",
            ["5: got nesting or aliases without end; expected well-formed YAML"],
        ),
        (
            CITY + f"note: {'[' * 200_000}\n",
            ["5: got nesting without end; expected well-formed YAML"],
        ),
        (
            CITY
            + "inherit: {levels: false}\nlevels:\n"
            + "".join(f"  - {{key: l{n}, name: 第{n}级, under: [l{n + 1}]}}\n" for n in range(3000))
            + "  - {key: l3000, name: 顶}\n",
            ["6: levels: got a chain of 3001 levels; expected at most 12 levels"],
        ),
    ],
    ids=[
        "empty",
        "open quote",
        "control character",
        "NUL",
        "GBK",
        "UTF-16",
        "alias of itself",
        "deep",
        "long",
    ],
)
def test_a_file_that_is_hardly_yaml(text: str | bytes, expected: list[str]) -> None:
    """What is no UTF-8, no YAML or without end is told by its line."""
    assert city_problems(text) == expected


def test_problems_are_values() -> None:
    """A program that reads files gets place, key, value and expectation apart."""
    assert problems({"provinces/p.yaml": PROVINCE, "cities/c.yaml": CITY + "levels: 5\n"}) == [
        Problem(Place("cities/c.yaml", 5), "levels", "5", "a list")
    ]


def test_mistakes_in_several_files() -> None:
    """Every mistake of every file is told, by file and line; a province's is told once."""
    province = PROVINCE.replace("phase: REPORTED", "phase: NEW").replace("[county]", "[city]")
    assert told(
        {
            "provinces/p.yaml": province,
            "provinces/q.yaml": "code: [\n",
            "cities/a.yaml": CITY + "levels: [{key: grid, name: 网格, under: [town]}]\n",
            "cities/b.yaml": CITY.replace("0100", "0200").replace("shi", "bb") + "note: 5\n",
            "cities/c.yaml": CITY.replace("0100", "0300").encode() + b"\xff\n",
            "cities/d.yaml": CITY.replace("0100", "0400").replace('"990000"', "5"),
        }
    ) == [
        "cities/a.yaml:5: levels.grid.under[0]: got 'town'; "
        "expected the key of a declared level: county, street, grid",
        "cities/b.yaml:5: note: got 5; expected text; put it in quotes",
        "cities/c.yaml:5: got byte 0xff; expected UTF-8 text; save the file as UTF-8",
        "cities/d.yaml:1: province: got 5; expected text; put it in quotes",
        "cities/d.yaml:3: slug: got 'shi'; "
        "expected a slug that no other tenant has; cities/a.yaml:3 has it",
        "provinces/p.yaml:10: defaults.levels.street.under[0]: got 'city'; "
        "expected the key of a declared level: county, street",
        "provinces/p.yaml:15: defaults.workflows.standard.states.reported.phase: got 'NEW'; "
        "expected 'REPORTED', 'ACCEPTED', 'IN_PROGRESS', 'RESOLVED', 'CLOSED', 'REJECTED' "
        "or 'WITHDRAWN'",
        "provinces/q.yaml:1: got no expected node content; expected well-formed YAML",
    ]


@pytest.mark.parametrize(
    "part",
    [
        "defaults: 5\ndomains: [{key: care, name: 关爱}]",
        "defaults: {levels: 5, workflows: [], categories: x}\ndomains: [{key: care, name: 关爱}]",
        "defaults: {levels: [{key: county, name: 区县}]}\ndomains: many",
    ],
)
def test_a_broken_section_of_a_province_is_no_mistake_of_its_cities(part: str) -> None:
    """What a city would find but for its province's mistake is not missed in the city's file."""
    home = "{key: home, name: 居家, handled_by: county, domain: care, services: []}"
    head = 'code: "990000"\nslug: sheng\nname: 某省\n'
    files = {
        "provinces/p.yaml": f"{head}{part}\n",
        "cities/c.yaml": f"{CITY}categories: [{home}]\n",
    }
    assert {problem.place.file for problem in problems(files)} == {"provinces/p.yaml"}


def test_a_province_that_cannot_be_read_is_not_an_unknown_one() -> None:
    """A city is not told that its province is unknown while a province's file is unreadable."""
    files = {"provinces/p.yaml": PROVINCE + "\t", "cities/c.yaml": CITY + "note: 5\n"}
    assert [problem.place for problem in problems(files)] == [
        Place("cities/c.yaml", 5),
        Place("provinces/p.yaml", 19),
    ]


# several files


def test_codes_and_slugs_are_each_tenants_own() -> None:
    """A code or slug of two files of a folder is told in the later one, naming the earlier."""
    slug, code = "a slug that no other tenant has", "a code that no other tenant has"
    assert told(
        {
            "provinces/p.yaml": PROVINCE,
            "cities/a.yaml": CITY,
            "cities/b.yaml": CITY.replace("shi", "shi-b") + "levels: 5\n",
            "cities/c.yaml": CITY.replace("0100", "0300"),
            "cities/d.yaml": CITY.replace("990100", "990000").replace("shi", "sheng"),
        }
    ) == [
        f"cities/b.yaml:2: code: got '990100'; expected {code}; cities/a.yaml:2 has it",
        "cities/b.yaml:5: levels: got 5; expected a list",
        f"cities/c.yaml:3: slug: got 'shi'; expected {slug}; cities/a.yaml:3 has it",
        f"cities/d.yaml:2: code: got '990000'; expected {code}; provinces/p.yaml:1 has it",
        f"cities/d.yaml:3: slug: got 'sheng'; expected {slug}; provinces/p.yaml:2 has it",
    ]


def test_abbreviations_are_each_citys_own() -> None:
    """Two cities of one abbreviation are told; a city without one may have another's letters."""
    assert told(
        {
            "provinces/p.yaml": PROVINCE,
            "cities/a.yaml": CITY + "abbreviation: SH\n",
            "cities/b.yaml": CITY.replace("0100", "0200").replace("shi", "bb")
            + "abbreviation: SH\n",
            "cities/c.yaml": CITY.replace("0100", "0300").replace("shi", "sh-c"),
        }
    ) == [
        "cities/b.yaml:5: abbreviation: got 'SH'; "
        "expected an abbreviation that no other tenant has; cities/a.yaml:5 has it"
    ]


def test_a_later_folder_replaces() -> None:
    """A file of a later folder stands in for an earlier folder's file of the same code."""
    earlier = {
        "provinces/p.yaml": PROVINCE,
        "cities/a.yaml": CITY + "levels: [{key: wrong}]\n",
        "cities/b.yaml": CITY.replace("990100", "990050").replace("shi", "bb"),
    }
    later = {
        "cities/other-name.yaml": CITY.replace("某市", "新市"),
        "provinces/p.yaml": PROVINCE.replace("某省", "新省").replace("区县", "县"),
    }
    with written(earlier) as first, written(later) as second:
        found = load_tenants((first, second))
    assert [(item.tenant.code, item.tenant.name, item.tenant.levels) for item in found[1:]] == [
        ("990050", "某市", found[0].tenant.defaults.levels),  # type: ignore[union-attr]
        ("990100", "新市", found[0].tenant.defaults.levels),  # type: ignore[union-attr]
    ]
    assert (found[0].tenant.name, found[1].hierarchy["county"].name) == ("新省", "县")


def test_tenants_come_in_order() -> None:
    """Provinces come before cities, each by code, whatever their files are called."""
    head = 'slug: {0}\nname: {0}\ncode: "{1}"\n'
    found = read(
        {
            "provinces/a.yaml": head.format("p-a", "990000"),
            "provinces/b.yml": head.format("p-b", "110000"),
            "cities/a.yaml": head.format("c-a", "990200") + 'province: "990000"\n',
            "cities/b.yml": head.format("c-b", "990100") + 'province: "990000"\n',
            "cities/c.yaml": head.format("c-c", "110100") + 'province: "110000"\n',
            "cities/readme.md": "not read\n",
        }
    )
    assert [item.tenant.slug for item in found] == ["p-b", "p-a", "c-c", "c-b", "c-a"]


def test_files_are_listed_in_the_order_of_reading() -> None:
    """The files are those of the provinces, then those of the cities, folder by folder."""
    with written(
        {"cities/b.yaml": "", "cities/a.yml": "", "provinces/z.yaml": "", "x.yaml": ""}
    ) as folder:
        assert [
            path.relative_to(folder).as_posix() for path in tenant_files((folder, folder / "none"))
        ] == [
            "provinces/z.yaml",
            "cities/a.yml",
            "cities/b.yaml",
        ]


def test_nothing_to_read() -> None:
    """A folder without tenant files has no tenants."""
    assert read({}) == ()


def test_a_folder_called_like_a_file() -> None:
    """What cannot be opened as a file is told, with the file's name."""
    assert told({"cities/c.yaml/x": ""}) == [
        "cities/c.yaml: got Is a directory; expected a file that can be read"
    ]


def test_a_byte_order_mark_is_no_mistake() -> None:
    """A file that an editor saved with a byte order mark loads, its lines unchanged."""
    mark = b"\xef\xbb\xbf"
    assert read_city(mark + CITY.encode(), "\ufeff" + PROVINCE).content == read_city(CITY).content
    assert city_problems(mark + (CITY + "colour: red\n").encode())[0].startswith("5: colour")


# inheritance


@pytest.mark.parametrize(
    ("inherit", "levels", "workflows"),
    [
        ("", ["county", "street"], ["standard"]),
        ("inherit: {}", ["county", "street"], ["standard"]),
        ("inherit: {levels: true, workflows: true}", ["county", "street"], ["standard"]),
        ("inherit: {levels: false}", [], ["standard"]),
        ("inherit: {workflows: false, categories: false}", ["county", "street"], []),
        ("inherit: {levels: [county], workflows: []}", ["county"], []),
    ],
)
def test_a_city_takes_what_it_asks_for(
    inherit: str, levels: list[str], workflows: list[str]
) -> None:
    """A city inherits all of its province's defaults, none of a kind, or those named."""
    city = read_city(f"{CITY}{inherit}\n").tenant
    assert [item.key for item in city.levels] == levels
    assert [item.key for item in city.workflows] == workflows


def test_a_cycle_with_inherited_levels_is_told_where_the_city_made_it() -> None:
    """A cycle through levels of both files is placed in the city's, at a level of its own."""
    county, street = (
        "    - {key: county, name: 区县}\n",
        "    - {key: street, name: 街道, under: [county]}\n",
    )
    assert county + street in PROVINCE
    province = PROVINCE.replace(county + street, street + county)
    assert city_problems(CITY + "levels:\n  - {key: county, under: [street]}\n", province) == [
        "6: levels.county.under: got street → county → street; "
        "expected levels without a cycle: none may stand under itself, directly or through others"
    ]


def test_every_value_says_where_it_is_from() -> None:
    """The effective values of a city, each with its file and support; organizations are rows."""
    province = PROVINCE.replace("name: 区县}", "name: 区县, assumed: true}")
    city = (
        CITY
        + """\
note: 说明
inherit: {workflows: false}
levels:
  - {key: street, name: 街道党工委, source: a.txt, assumed: [under], counted: false}
organizations: [{code: X1}]
generated:
  - key: g
    level: street
    each: 2
    under: {level: county, within: [A, B]}
    name: "{n}"
    suffix: X
    assumed: true
"""
    )
    with written({"provinces/p.yaml": province, "cities/c.yaml": city}) as folder:
        (_, found) = load_tenants((folder,))
    own, inherited = f"{folder.name}/cities/c.yaml", f"{folder.name}/provinces/p.yaml"
    assert found.values == tuple(
        DefinitionValue(*item)
        for item in [
            ("levels.county.key", "county", inherited, None, True),
            ("levels.county.name", "区县", inherited, None, True),
            ("levels.street.key", "street", own, "a.txt", False),
            ("levels.street.name", "街道党工委", own, "a.txt", False),
            ("levels.street.under", "county", inherited, None, False),
            ("levels.street.counted", "false", own, "a.txt", False),
            ("province", "990000", own, None, False),
            ("code", "990100", own, None, False),
            ("slug", "shi", own, None, False),
            ("name", "某市", own, None, False),
            ("generated.g.key", "g", own, None, True),
            ("generated.g.level", "street", own, None, True),
            ("generated.g.each", "2", own, None, True),
            ("generated.g.under.level", "county", own, None, True),
            ("generated.g.under.within", "A, B", own, None, True),
            ("generated.g.name", "{n}", own, None, True),
            ("generated.g.suffix", "X", own, None, True),
        ]
    )


@pytest.mark.parametrize("path", tenant_files((SHIPPED,)), ids=lambda path: path.stem)
def test_values_of_a_shipped_file(path: Path, shipped: tuple[Definition, ...]) -> None:
    """Every value has a path of its own and comes from the tenant's file or its province's."""
    slug = yaml.safe_load(path.read_text("utf-8"))["slug"]
    (found,) = (item for item in shipped if item.tenant.slug == slug)
    files = {path.name}
    if isinstance(found.tenant, City):
        files |= {
            f"{item.tenant.slug}.yaml"
            for item in shipped
            if item.tenant.code == found.tenant.province
        }
    paths = [value.path for value in found.values]
    assert sorted(set(paths)) == sorted(paths)
    assert {Path(value.file).name for value in found.values} <= files
    assert {value.path.split(".")[0] for value in found.values}.isdisjoint(
        {"organizations", "inherit", "defaults"}
    )
    assert [value for value in found.values if value.assumed and value.source] == []


# hierarchies of any depth


EIGHT = """
province: "990000"
code: "990800"
slug: eight
name: 八级市
inherit: {levels: false, workflows: false}
levels:
  - {key: bureau, name: 市局, rung: CITY}
  - {key: area, name: 大区, rung: COUNTY, under: [bureau]}
  - {key: street, name: 街道, rung: STREET, under: [area]}
  - {key: town, name: 镇, rung: TOWNSHIP, under: [area]}
  - {key: community, name: 社区, rung: COMMUNITY, under: [street]}
  - {key: village, name: 村, rung: VILLAGE, under: [town, street]}
  - {key: grid, name: 网格, rung: GRID, under: [community, village]}
  - {key: block, name: 片, under: [grid]}
  - {key: building, name: 楼栋, rung: BUILDING, under: [block]}
  - {key: household, name: 中心户, rung: STATION, under: [building, village]}
  - {key: branch, name: 支部, under: [grid, building], counted: false}
  - {key: trade, name: 行业党委, rung: SECTOR, under: [bureau]}
  - {key: firm, name: 企业支部, rung: ENTERPRISE, under: [trade, area]}
"""


def test_an_invented_city_eight_levels_deep() -> None:
    """A city of eight levels and several branches needs its file and nothing else."""
    hierarchy = read_city(EIGHT).hierarchy
    assert [(item.name, hierarchy.depths[item.key]) for item in hierarchy] == [
        ("市局", 1),
        ("大区", 2),
        ("行业党委", 2),
        ("街道", 3),
        ("镇", 3),
        ("企业支部", 3),
        ("社区", 4),
        ("村", 4),
        ("网格", 5),
        ("片", 6),
        ("楼栋", 7),
        ("支部", 7),
        ("中心户", 8),
    ]
    assert (
        hierarchy.depth,
        hierarchy.allows("household", "village"),
        hierarchy.allows("firm", "grid"),
    ) == (8, True, False)


@pytest.mark.parametrize("depth", range(1, 13))
def test_a_city_of_any_depth(depth: int) -> None:
    """Chains of one to twelve levels load, each with a branch beside every level."""
    text = CITY + "inherit: {levels: false}\nlevels:\n"
    for at in range(1, depth + 1):
        under = f"[l{at - 1}]" if at > 1 else "[]"
        text += f"  - {{key: l{at}, name: 第{at}级, under: {under}}}\n"
        text += f"  - {{key: side{at}, name: 旁{at}, under: {under}}}\n"
    hierarchy = read_city(text).hierarchy
    assert hierarchy.depth == depth
    assert dict(hierarchy.depths) == {
        f"{kind}{at}": at for at in range(1, depth + 1) for kind in ("l", "side")
    }


# any text whatever


CITIES = sorted((SHIPPED / "cities").glob("*.yaml"))
PROVINCES = {
    yaml.safe_load(path.read_text("utf-8"))["code"]: path.read_text("utf-8")
    for path in sorted((SHIPPED / "provinces").glob("*.yaml"))
}


def loads_or_tells(text: str | bytes, province: str = PROVINCE, kind: str = "cities") -> None:
    """The file loads, or all that is told is placed on a line of it and says what is expected."""
    files = {"provinces/p.yaml": province, f"{kind}/x.yaml": text}
    if kind == "provinces":
        del files["provinces/p.yaml"]
    raw = text if isinstance(text, bytes) else text.encode()
    # the ends of lines that YAML knows
    lines = len(raw.decode("utf-8", "replace").splitlines()) or 1
    assert [
        problem
        for problem in problems(files)
        if problem.place.file != f"{kind}/x.yaml"
        or not 1 <= problem.place.line <= lines
        or not problem.value
        or not problem.expected
    ] == []


often = settings(max_examples=50, deadline=None, database=None)


@often
@given(st.binary(max_size=200) | st.text(max_size=200))
def test_any_text(text: str | bytes) -> None:
    """Any bytes and any text load or are told to be wrong, as a whole file or after a good head."""
    loads_or_tells(text)
    head = CITY.encode()
    loads_or_tells(head + (text if isinstance(text, bytes) else text.encode("utf-8", "replace")))


yamlish = st.lists(
    st.sampled_from(
        [
            *"[]{}:,-?|>&*!%@#'\"\n \t",
            "a",
            "key",
            "1",
            "&a",
            "*a",
            "!!int",
            "!!set",
            "<<",
            ": ",
            "- ",
            "\n  ",
            "---",
            "...",
            "~",
            ".nan",
            "0x1",
            "2023-02-30",
            "true",
        ]
    ),
    max_size=40,
).map("".join)


@often
@given(yamlish)
def test_any_marks_of_yaml(text: str) -> None:
    """Any row of YAML's own marks loads or is told to be wrong."""
    loads_or_tells(text)
    loads_or_tells(f"{CITY}levels:\n  {text}\n")


words = st.sampled_from(
    [
        "key",
        "name",
        "code",
        "levels",
        "posts",
        "post",
        "role",
        "single",
        "staffing",
        "required",
        "under",
        "states",
        "actions",
        "from",
        "to",
        "by",
        "services",
        "workflow",
        "assumed",
        "source",
        "inherit",
        "level",
        "count",
        "each",
        "kind",
        "choices",
        "defaults",
        "domains",
        "county",
        "street",
        "standard",
        "care",
        "REPORTED",
        "CLOSED",
        "SECRETARY",
        "CHOICE",
        "bool",
        "网格",
        "990100",
        "",
        "a.b",
        "{n}",
    ]
)
plain = st.none() | st.booleans() | st.integers(-2, 200_000) | st.floats() | words | st.dates()
anything: st.SearchStrategy[Any] = st.recursive(
    plain,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words, inner, max_size=5),
    max_leaves=12,
)


@often
@given(st.dictionaries(st.sampled_from(sorted(City.model_fields)) | words, anything, max_size=6))
def test_any_yaml(value: dict[str, Any]) -> None:
    """Any well-formed YAML loads or is told to be wrong, as a city and as a province."""
    loads_or_tells(dumped(value))
    loads_or_tells(dumped(yaml.safe_load(CITY) | value))
    loads_or_tells(dumped(value), kind="provinces")


def shipped_text(path: Path) -> tuple[str, str]:
    """A shipped city's file and its province's."""
    text = path.read_text("utf-8")
    return text, PROVINCES[yaml.safe_load(text)["province"]]


@often
@given(st.sampled_from(CITIES), st.data())
def test_any_change_of_lines(path: Path, data: st.DataObject) -> None:
    """A shipped city's file with lines deleted, doubled, moved or cut loads or is told wrong."""
    text, province = shipped_text(path)
    lines = text.splitlines(keepends=True)
    for _ in range(data.draw(st.integers(1, 3))):
        at, other = (data.draw(st.integers(0, len(lines) - 1)) for _ in range(2))
        match data.draw(st.sampled_from(["delete", "double", "exchange", "cut", "replace"])):
            case "delete":
                del lines[at]
            case "double":
                lines.insert(other, lines[at])
            case "exchange":
                lines[at], lines[other] = lines[other], lines[at]
            case "cut":
                lines[at] = lines[at][: data.draw(st.integers(0, 40))] + "\n"
            case _:
                lines[at] = data.draw(yamlish) + "\n"
    loads_or_tells("".join(lines), province)


def change(value: Any, data: st.DataObject) -> None:
    """Delete, double or replace some parts of a value."""
    for _ in range(data.draw(st.integers(1, 3))):
        every = list(parts(value))
        holder, name = every[data.draw(st.integers(0, len(every) - 1))]
        what = data.draw(st.sampled_from(["delete", "double", "replace"]))
        if what == "delete":
            del holder[name]
        elif what == "double" and isinstance(holder, list):
            holder.append(holder[name])
        else:
            holder[name] = data.draw(anything)


@often
@given(st.sampled_from(CITIES), st.data())
def test_any_change_of_values(path: Path, data: st.DataObject) -> None:
    """A shipped city's file with values deleted, doubled or replaced loads or is told wrong."""
    text, province = shipped_text(path)
    value = yaml.load(text, Loader=yaml.CSafeLoader)
    change(value, data)
    loads_or_tells(dumped(value), province)


@often
@given(st.sampled_from(sorted(PROVINCES)), st.data())
def test_any_change_of_a_province(code: str, data: st.DataObject) -> None:
    """A shipped province's file with values deleted, doubled or replaced loads or is told wrong."""
    value = yaml.safe_load(PROVINCES[code])
    change(value, data)
    loads_or_tells(dumped(value), kind="provinces")
