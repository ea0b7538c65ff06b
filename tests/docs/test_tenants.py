"""docs/tenants.md: every key and value of tenant files, and what the commands say."""

import asyncio
import datetime
import re
import types
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import orjson
import pytest
from jsonschema import Draft202012Validator
from pydantic import BaseModel

from server.prepare import apply_tenants
from tenants.catalogue import Category, QuestionKind, Service, ServiceGuide, ServiceQuestion
from tenants.cooperation import (
    AllianceKind,
    CooperativeMeasure,
    CooperativeRules,
    Dimension,
    Industry,
    JointWay,
)
from tenants.definition import (
    City,
    DeclaredOrganization,
    FormerName,
    GeneratedOrganizations,
    GeneratedUnder,
    Inherit,
    PhaseName,
    Province,
    RungName,
    ServiceDomain,
    Shared,
)
from tenants.effects import OPEN, OUTLINES
from tenants.files import SHIPPED, json_schema, load_tenants
from tenants.hierarchy import DivisionKind, Level, Rung, StaffingRule
from tenants.posts import Employment, PostKind
from tenants.provenance import Stated
from tenants.roles import Role
from tenants.sourced import read_yaml
from tenants.workflow import (
    NEEDS_OF_EFFECT,
    ActionNeed,
    Effect,
    Phase,
    Severity,
    TimeLimit,
    TimeUnit,
    Workflow,
    WorkflowAction,
    WorkflowRules,
    WorkflowState,
)
from tests.conftest import NewDatabase, load_all
from tests.docs.commands import run
from tests.docs.documents import Block, blocks, section, table

NAME = "docs/tenants.md"

MODELS: dict[str, type[BaseModel]] = {
    "City file": City,
    "Inherit": Inherit,
    "Province file": Province,
    "Defaults": Shared,
    "Rung name": RungName,
    "Phase name": PhaseName,
    "Service domain": ServiceDomain,
    "Level": Level,
    "Staffing rule": StaffingRule,
    "Post kind": PostKind,
    "Workflow": Workflow,
    "State": WorkflowState,
    "Action": WorkflowAction,
    "Rules": WorkflowRules,
    "Time limit": TimeLimit,
    "Category": Category,
    "Service": Service,
    "Guide": ServiceGuide,
    "Question": ServiceQuestion,
    "Named organization": DeclaredOrganization,
    "Former name": FormerName,
    "Generated organizations": GeneratedOrganizations,
    "Under": GeneratedUnder,
    "Industry": Industry,
    "Dimension": Dimension,
    "Books on cooperatives": CooperativeRules,
    "Kind of alliance": AllianceKind,
    "Joint way": JointWay,
}
ENUMS: dict[str, type[StrEnum]] = {
    "Rungs": Rung,
    "Divisions": DivisionKind,
    "Phases": Phase,
    "Severities": Severity,
    "Effects": Effect,
    "Needs": ActionNeed,
    "Roles": Role,
    "Employments": Employment,
    "Time units": TimeUnit,
    "Question kinds": QuestionKind,
    "Measures": CooperativeMeasure,
}
PLAIN = {str: "text", int: "number", bool: "true or false", datetime.date: "day"}


def key_rows(model: type[BaseModel]) -> list[tuple[str, str, str]]:
    """Key, kind of value and meaning of each key that a model takes besides its support."""
    support = Stated.model_fields if issubclass(model, Stated) else {}
    return [
        (
            item.alias or name,
            _kind(item.annotation) + (", required" if item.is_required() else ""),
            item.description or "",
        )
        for name, item in model.model_fields.items()
        if name not in support
    ]


def _kind(annotation: Any) -> str:
    """A kind of value in words; models and enums by their headings."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _kind(arguments[0])
    if origin is list:
        return f"list of {_kind(arguments[0])}"
    if origin in (Union, types.UnionType):
        return " or ".join(_kind(part) for part in arguments if part is not type(None))
    headings = {kind: heading for heading, kind in (MODELS | ENUMS).items()}
    found = headings.get(annotation)
    return PLAIN[annotation] if found is None else f"[{found}](#{_anchor(found)})"


def _anchor(heading: str) -> str:
    return heading.lower().replace(" ", "-")


def _models(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    """A model and all that its keys lead to."""
    yield model
    for item in model.model_fields.values():
        for part in _parts(item.annotation):
            yield from _models(part)


def _parts(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    elif get_origin(annotation) is not Literal:
        for part in get_args(annotation):
            yield from _parts(part)


def test_every_model_is_described() -> None:
    """The document has a section for each thing that a city or province file may hold."""
    assert set(MODELS.values()) == {*_models(City), *_models(Province)}


@pytest.mark.parametrize("heading", MODELS)
def test_keys(heading: str) -> None:
    """The table of a section holds the keys that the model takes, in the same words."""
    assert table(NAME, heading) == key_rows(MODELS[heading])


@pytest.mark.parametrize("heading", MODELS)
def test_support(heading: str) -> None:
    """A section says that its items take `source`, `assumed` and `note` where they do."""
    says = "Takes `source`, `assumed` and `note` too." in section(NAME, heading)
    assert says is issubclass(MODELS[heading], Stated)


@pytest.mark.parametrize("heading", ENUMS)
def test_values(heading: str) -> None:
    """The table of a closed set holds its values, in the order of the code."""
    assert [row[0] for row in table(NAME, heading)] == [item.value for item in ENUMS[heading]]


def _phases(phases: frozenset[Phase]) -> str:
    """Phases in words: the open ones as one."""
    rest = [str(phase) for phase in Phase if phase in phases - OPEN]
    return ", ".join(["open", *rest] if phases >= OPEN else rest)


def test_effects() -> None:
    """The table of effects says between which phases each may lead."""
    rows = {
        row[0]: tuple(cell.replace("`", "") for cell in row[2:]) for row in table(NAME, "Effects")
    }
    for effect in Effect:
        outline = OUTLINES[effect]
        to = "the same state" if outline.stays else _phases(outline.to)
        to += ", or the same state" if outline.may_stay else ""
        assert rows[effect.value] == (_phases(outline.from_), to)


def test_needs() -> None:
    """The table of needs says which effect each belongs to."""
    owners = {
        need: ", ".join(effect for effect, own in NEEDS_OF_EFFECT.items() if need in own)
        for need in ActionNeed
    }
    assert {
        row[0]: row[2].replace("`", "").replace("any", "") for row in table(NAME, "Needs")
    } == owners


def _files() -> list[Block]:
    """The YAML blocks that are whole files: the first line names the file."""
    found = [block for block in blocks(NAME) if block.language == "yaml"]
    return [block for block in found if re.match(r"# \S+\.yaml\n", block.text)]


def _write(block: Block, folder: Path) -> Path:
    first = block.text.partition("\n")[0]
    file = folder / first.removeprefix("# ")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(block.text, "utf-8")
    return file


def test_yaml_is_sound() -> None:
    """Every YAML block is well-formed, without a key twice."""
    found = [
        read_yaml(block.text, "block")[1] for block in blocks(NAME) if block.language == "yaml"
    ]
    assert found == [[] for _ in found]


def test_inheriting_city(tmp_path: Path) -> None:
    """The city that inherits has the levels and services that the document says it has."""
    _write(_files()[1], tmp_path)
    found = load_tenants((SHIPPED, tmp_path / "mine"))
    city = next(item for item in found if item.tenant.slug == "benxi")
    depths = city.hierarchy.depths
    assert table(NAME, "What it comes to") == [
        (level.key, level.name, ", ".join(level.under), str(depths[level.key]))
        for level in city.hierarchy
    ]
    assert list(city.posts) == ["secretary", "full_time_worker"]
    assert list(city.workflows) == ["standard"]
    assert list(city.services) == ["QT-01", "BX-HJ-01"]


def test_posts_of_the_shipped_cities() -> None:
    """The table of posts and staffing has what the shipped cities declare with a document."""
    rows = []
    for city in load_tenants():
        kinds = [kind.name for kind in city.posts.values() if kind.source]
        rules = [
            f"{level.name}: {rule.required} {city.posts[rule.post].name}"
            for level in city.hierarchy
            for rule in level.staffing
        ]
        if kinds and city.kind == "CITY":
            rows.append((city.tenant.name, "、".join(kinds), "; ".join(rules)))
    assert table(NAME, "Posts of the shipped cities") == rows


def test_books_of_the_shipped_cities() -> None:
    """The table of books has what the shipped cities declare, but for those that say nothing."""
    rows = []
    for city in load_tenants():
        found = city.cooperation
        lacking = [f"`{item}`" for item in CooperativeMeasure if not found.records(item)]
        names = [[item.name for item in items] for items in (found.alliances, found.ways)]
        if city.kind == "CITY" and (found.cooperatives.source or any(names)):
            cell = lacking[0].strip("`") if len(lacking) == 1 else ", ".join(lacking)
            rows.append((city.tenant.name, cell, *("、".join(items) for items in names)))
    assert table(NAME, "Books of the shipped cities") == rows


def test_books_shown_are_sound(tmp_path: Path) -> None:
    """The books shown can stand in a city's file as they are."""
    file = _write(_files()[1], tmp_path)
    shown = next(block.text for block in blocks(NAME) if block.text.startswith("cooperatives:"))
    file.write_text(f"{file.read_text('utf-8')}\n{shown}", "utf-8")
    found = load_tenants((SHIPPED, tmp_path / "mine"))
    city = next(item for item in found if item.tenant.slug == file.stem).cooperation
    assert not city.records(CooperativeMeasure.HOUSEHOLDS)
    assert city.records(CooperativeMeasure.PEOPLE)
    assert ([item.key for item in city.alliances], [item.key for item in city.ways]) == (
        ["street_committee"],
        ["joint_planning", "joint_safety"],
    )


def test_posts_shown_are_sound(tmp_path: Path) -> None:
    """The posts shown can stand in a file of a city that has their levels."""
    head = "code: '219700'\nslug: zhan\nname: 栈市\nprovince: '210000'\n"
    levels = "levels: [{key: grid, name: 网格}, {key: building, name: 楼栋, under: [grid]}]\n"
    shown = next(block.text for block in blocks(NAME) if block.text.startswith("posts:"))
    (tmp_path / "cities").mkdir()
    (tmp_path / "cities" / "zhan.yaml").write_text(head + levels + shown, "utf-8")
    found = {item.tenant.slug: item for item in load_tenants((SHIPPED, tmp_path))}
    assert list(found["zhan"].posts) == [
        "secretary",
        "grid_worker",
        "full_time_worker",
        "building_head",
    ]


def test_workflow_is_sound(tmp_path: Path) -> None:
    """The workflow shown can stand in a city's file as it is."""
    file = _write(_files()[1], tmp_path)
    shown = next(block.text for block in blocks(NAME) if block.text.startswith("workflows:"))
    file.write_text(f"{file.read_text('utf-8')}\n{shown}", "utf-8")
    found = load_tenants((SHIPPED, tmp_path / "mine"))
    city = next(item for item in found if item.tenant.slug == file.stem)
    assert list(city.workflows) == ["standard", "quick"]


def _consoles() -> list[tuple[str, str]]:
    """The commands that the document shows with what they print."""
    shown = [block.text.partition("\n") for block in blocks(NAME) if block.text.startswith("$ ")]
    return [(command.removeprefix("$ onegrid "), output) for command, _, output in shown]


def test_check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`tenants check` answers the file with mistakes with the lines shown."""
    _write(_files()[0], tmp_path)
    monkeypatch.chdir(tmp_path)
    command, output = _consoles()[0]
    assert run(command, ONEGRID_TENANTS="wrong") == (2, output)


@pytest.fixture
def in_use(tmp_path: Path, new_database: NewDatabase) -> str:
    """A database in which the city that changes is in use, and its file in `before`."""
    file = _write(_files()[2], tmp_path)
    found = load_tenants((SHIPPED, file.parent.parent))

    async def load() -> str:
        url = await new_database()
        await apply_tenants(url, found)
        await load_all(url, tuple(item for item in found if item.tenant.slug == file.stem))
        return url

    return asyncio.run(load())


@pytest.mark.parametrize(("at", "code"), [(0, 2), (1, 0)])
def test_plan(at: int, code: int, tmp_path: Path, in_use: str) -> None:
    """`tenants plan` answers the changed levels with the lines shown, and a code that fits."""
    changed = [block.text for block in blocks(NAME) if block.text.startswith("levels:\n")][at]
    file = tmp_path / "before" / "cities" / "yunjiang.yaml"
    text = re.sub(r"levels:\n(  - .*\n)+", changed, file.read_text("utf-8"), count=1)
    file.write_text(text, "utf-8")
    command, output = _consoles()[1 + at]
    folder = str(tmp_path / "before")
    found = run(command, ONEGRID_TENANTS=folder, ONEGRID_DATABASE_URL=in_use)
    assert found == (code, output)


@pytest.mark.parametrize("kind", ["city", "province"])
def test_schema_takes_the_shipped_files(kind: str) -> None:
    """The JSON Schema for editors finds nothing wrong with any shipped file."""
    validator = Draft202012Validator(json_schema(kind))
    folder = {"city": "cities", "province": "provinces"}[kind]
    files = sorted((SHIPPED / folder).glob("*.yaml"))
    wrong = {
        file.name: [error.message for error in validator.iter_errors(_plain(file))]
        for file in files
    }
    assert wrong == {file.name: [] for file in files}


def _plain(file: Path) -> Any:
    """A file as an editor sees it: days are text."""
    tree, _ = read_yaml(file.read_text("utf-8"), file.name)
    return orjson.loads(orjson.dumps(tree.plain()))
