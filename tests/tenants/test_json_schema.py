"""The JSON Schema for editors agrees with what the server loads."""

import datetime
import json
from collections.abc import Callable
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from tenants.files import SHIPPED, json_schema, tenant_files
from tests.tenants.folders import PROVINCE, problems
from tests.tenants.values import dumped, parts

KINDS = {"provinces": "province", "cities": "city", "examples": "city"}
FILES = [*tenant_files((SHIPPED,)), *sorted((SHIPPED / "examples").glob("*.yaml"))]
VALIDATORS = {kind: Draft202012Validator(json_schema(kind)) for kind in ("city", "province")}


def plain(text: str) -> Any:
    """YAML as an editor validates it: days are text."""

    def day(value: object) -> str:
        assert isinstance(value, datetime.date)
        return value.isoformat()

    return json.loads(json.dumps(yaml.safe_load(text), default=day))


def wrong(kind: str, value: Any) -> list[str]:
    """Paths of what the schema of a kind refuses."""
    return sorted({error.json_path for error in VALIDATORS[kind].iter_errors(value)})


@pytest.mark.parametrize("kind", ["city", "province"])
def test_the_schemas_are_schemas(kind: str) -> None:
    """Each schema says its draft, is valid by it, and has a description of every key."""
    schema = json_schema(kind)
    Draft202012Validator.check_schema(schema)
    assert (schema["$schema"], schema["title"]) == (
        "https://json-schema.org/draft/2020-12/schema",
        f"OneGrid {kind} file",
    )
    objects = [schema, *(item for item in schema["$defs"].values() if item["type"] == "object")]
    assert [
        (item["title"], name)
        for item in objects
        for name, key in item["properties"].items()
        if "description" not in key
    ] == []
    assert [item["title"] for item in objects if item["additionalProperties"] is not False] == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_shipped_files_are_valid(path: Any) -> None:
    """Every shipped file passes the schema of its kind."""
    assert wrong(KINDS[path.parent.name], plain(path.read_text("utf-8"))) == []


def test_one_kind_is_not_the_other() -> None:
    """A city's file is no province's and the other way round."""
    city = plain((SHIPPED / "cities" / "fushun.yaml").read_text("utf-8"))
    province = plain((SHIPPED / "provinces" / "liaoning.yaml").read_text("utf-8"))
    assert wrong("province", city)[0] == wrong("city", province)[0] == "$"


def at(value: Any, *path: str | int) -> Any:
    for step in path:
        value = value[step]
    return value


@pytest.mark.parametrize(
    ("change", "paths"),
    [
        (lambda city: city.pop("name"), ["$"]),
        (lambda city: city.update(colour="red"), ["$"]),
        (lambda city: city.update(code=210400), ["$.code"]),
        (lambda city: city.update(code="2104"), ["$.code"]),
        (lambda city: city.update(levels={}), ["$.levels"]),
        (
            lambda city: city["levels"][3].update(rung="GRIDS", under="community"),
            ["$.levels[3].rung", "$.levels[3].under"],
        ),
        (lambda city: city["levels"][3].pop("key"), ["$.levels[3]"]),
        (
            lambda city: city["levels"][3].update(counted="yes", assumed=1),
            ["$.levels[3].assumed", "$.levels[3].counted"],
        ),
        (
            lambda city: at(city, "levels", 3, "staffing", 0).update(required=0),
            ["$.levels[3].staffing[0].required"],
        ),
        (
            lambda city: city["posts"][1].update(role="CITY_ADMIN", levels="grid", single=1),
            ["$.posts[1].levels", "$.posts[1].role", "$.posts[1].single"],
        ),
        (
            lambda city: at(city, "workflows", 0, "states", 0).update(phase="NEW"),
            ["$.workflows[0].states[0].phase"],
        ),
        (
            lambda city: at(city, "workflows", 0, "actions", 0).update({"from": []}),
            ["$.workflows[0].actions[0].from"],
        ),
        (
            lambda city: at(city, "workflows", 0, "actions", 0).update(from_=["requested"]),
            ["$.workflows[0].actions[0]"],
        ),
        (
            lambda city: at(city, "categories", 0, "services", 0).update(code="a"),
            ["$.categories[0].services[0].code"],
        ),
        (
            lambda city: city["generated"][0].update(name="{x}", count="12"),
            ["$.generated[0].count", "$.generated[0].name"],
        ),
        (lambda city: city.update(inherit={"levels": "none"}), ["$.inherit.levels"]),
        (
            lambda city: city["cooperatives"].update(records=["FAMILIES"], several_memberships=0),
            ["$.cooperatives.records[0]", "$.cooperatives.several_memberships"],
        ),
        (
            lambda city: city.update(alliances=[{"key": "A", "name": "甲"}], ways=[{"key": "w"}]),
            ["$.alliances[0].key", "$.ways[0]"],
        ),
    ],
)
def test_a_wrong_file_is_not_valid(change: Callable[[Any], object], paths: list[str]) -> None:
    """The schema refuses what the server refuses for its form, at the same place."""
    city = plain((SHIPPED / "cities" / "fushun.yaml").read_text("utf-8"))
    change(city)
    assert wrong("city", city) == paths


def test_a_city_may_name_what_it_inherits_by_key_alone() -> None:
    """A city's level, post or workflow needs only its key; a province's needs everything."""
    parts: dict[str, Any] = {
        name: [{"key": key}]
        for name, key in (("levels", "county"), ("posts", "secretary"), ("workflows", "standard"))
    }
    city = {"code": "990100", "slug": "shi", "name": "某市", "province": "990000", **parts}
    province = {"code": "990000", "slug": "sheng", "name": "某省", "defaults": parts}
    assert wrong("city", city) == []
    assert wrong("province", province) == [f"$.defaults.{name}[0]" for name in sorted(parts)]


WHOLE = """
province: "990000"
code: "990100"
slug: shi
name: 某市
note: 说明
abbreviation: ABC
inherit: {levels: true, posts: true, workflows: [standard], categories: false}
levels:
  - key: grid
    name: 网格
    rung: GRID
    under: [street]
    counted: true
    divisions: [village]
    formerly: [block]
    source: a.txt
    assumed: [rung]
    note: 说明
    staffing: [{post: worker, name: 网格员, required: 1, assumed: true}]
posts:
  - key: worker
    name: 网格员
    role: GRID_WORKER
    levels: [grid]
    employment: FULL_TIME
    single: true
workflows:
  - key: w
    name: 流程
    levels: [grid]
    rules:
      {open_claims: 3, reopen_days: 30, pauses: 1, extensions: 1, due_soon: 20,
       follow_up_days: 7, overdue: up}
    states:
      - {key: reported, name: 已上报, phase: REPORTED, time_limit: {amount: 1, unit: DAYS}}
      - {key: closed, name: 已办结, phase: CLOSED}
    actions:
      - key: close
        name: 办结
        from: [reported]
        to: closed
        by: [AGENT]
        needs: [NOTE]
        severities: [MAJOR, ORDINARY, COMPLEX]
      - key: up
        name: 上报
        from: [reported]
        to: reported
        by: [AGENT]
        effect: escalate
        levels: [grid]
categories:
  - key: home
    name: 居家
    workflow: w
    domain: care
    audience: [PUBLIC]
    priority_groups: [老年人]
    services:
      - code: A-01
        name: 代买
        handled_by: grid
        department: 民政
        time_limit: {amount: 3, unit: HOURS}
        catch_all: true
        guide: {unit: 社区, manner: 上门, path: 代买, materials: [清单]}
        questions: [{key: q, label: 问, kind: CHOICE, required: false, choices: [甲, 乙]}]
organizations:
  - code: 990100-JIA
    name: 甲
    level: grid
    parent: "990101"
    valid_from: 2023-07-01
    valid_to: 2024-07-01
    successors: ["990101001"]
    former_names: [{name: 旧, until: 2023-08-01}]
generated:
  - key: grids
    level: grid
    count: 5
    under: {level: street, within: ["990101"]}
    name: "{parent}{n}"
    suffix: WG
    valid_from: 2023-07-01
    valid_to: 2024-07-01
    merged_into: grids
cooperatives: {records: [HOUSEHOLDS, PEOPLE], several_memberships: true, note: 说明}
alliances: [{key: committee, name: 大工委, assumed: true}]
ways: [{key: joint, name: 联谋}]
"""

WORDS = [
    "grid",
    "street",
    "care",
    "w",
    "REPORTED",
    "NOTE",
    "网格",
    "990100",
    "2023-08-01",
    "true",
    "",
]
ANYTHING: st.SearchStrategy[Any] = (
    st.none()
    | st.booleans()
    | st.integers(-1, 9)
    | st.floats(0, 3)
    | st.sampled_from(WORDS)
    | st.lists(st.sampled_from(WORDS) | st.integers(0, 1), max_size=2)
    | st.just({})
)


def test_the_whole_file_has_every_key() -> None:
    """The file that is varied below loads, is valid, and has every key that a city may have."""
    value = yaml.safe_load(WHOLE)
    assert problems({"provinces/p.yaml": PROVINCE, "cities/c.yaml": WHOLE}) == []
    assert wrong("city", plain(WHOLE)) == []
    schema = json_schema("city")
    objects = [schema, *(item for item in schema["$defs"].values() if item["type"] == "object")]
    keys = {name for item in objects for name in item["properties"]}
    assert keys - {name for _, name in parts(value) if isinstance(name, str)} == {"each"}


@settings(max_examples=120, deadline=None, database=None)
@given(st.data())
def test_what_loads_is_valid(data: st.DataObject) -> None:
    """Whatever a value of a good file is replaced by, if it still loads the schema allows it."""
    value = yaml.safe_load(WHOLE)
    holder, name = data.draw(st.sampled_from(list(parts(value))))
    holder[name] = data.draw(ANYTHING)
    text = dumped(value)
    if not problems({"provinces/p.yaml": PROVINCE, "cities/c.yaml": text}):
        assert wrong("city", plain(text)) == []
