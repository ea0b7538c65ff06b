"""Tenant files: folders of YAML → effective definitions, or every mistake in them at once."""

import datetime
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from tenants.checks import check_shared, check_tenant
from tenants.definition import City, Definition, DefinitionValue, Province
from tenants.findings import Finding, Known
from tenants.problems import InvalidTenantsError, Place, Problem, relative, shown
from tenants.sourced import Leaf, Loc, Sourced, identity, leaves, line_count, merge, read_yaml

SHIPPED = Path(__file__).parent
SECTIONS = ("levels", "posts", "workflows", "categories")

_PLAIN = {
    "model_type": "a mapping of keys to values",
    "list_type": "a list",
    "bool_type": "true or false",
    "int_type": "a whole number",
    "too_short": "at least {min_length} in the list",
    "string_too_short": "at least {min_length} character(s)",
    "string_pattern_mismatch": "text that matches {pattern}",
    "date_from_datetime_parsing": "a day as YYYY-MM-DD",
}

T = TypeVar("T", City, Province)

# so that the rest of a file is checked although one of these, already reported, is missing or wrong
_STAND_INS = {"code": "000000", "slug": "stand-in", "name": "?", "province": "000000"}


@dataclass(frozen=True)
class _File:
    tree: Sourced
    province: bool


def load_tenants(folders: Sequence[Path] = (SHIPPED,)) -> tuple[Definition, ...]:
    """Every tenant that the folders' `cities/*.yaml` and `provinces/*.yaml` declare.

    A later folder's file replaces an earlier one that declares the same code. Provinces come
    first, then cities, each in order of code.
    Errors: `InvalidTenantsError` with every problem of every file.
    """
    problems: list[Problem] = []
    provinces = _read(folders, "provinces", problems)
    # a file that cannot be read at all may be the province that a city names
    is_told = all(problem.key for problem in problems)
    cities = _read(folders, "cities", problems)
    definitions = [_build(Province, file.tree, None, problems) for file in provinces.values()]
    for file in cities.values():
        definitions.append(_city(file.tree, provinces, is_told, problems))
    problems += _shared_names([*provinces.values(), *cities.values()])
    if problems:
        raise InvalidTenantsError(problems)
    return tuple(sorted(definitions, key=lambda item: (item.kind == "CITY", item.tenant_id)))


def tenant_files(folders: Sequence[Path]) -> list[Path]:
    """The files that `load_tenants` reads, in its order."""
    return [
        path
        for kind in ("provinces", "cities")
        for folder in folders
        for path in sorted((folder / kind).glob("*.y*ml"))
    ]


def _read(folders: Sequence[Path], kind: str, problems: list[Problem]) -> dict[str, _File]:
    found: dict[str, _File] = {}
    for folder in folders:
        here: dict[str, _File] = {}
        for path in tenant_files([folder]):
            tree = _parse(path, problems) if path.parent.name == kind else None
            if tree is None:
                continue
            code = tree.get("code")
            key = str(code.value) if code is not None else str(path)
            # of two files of one folder neither replaces the other: `_shared_names` tells
            here[str(path) if key in here else key] = _File(tree, kind == "provinces")
        found |= here
    return found


def _parse(path: Path, problems: list[Problem]) -> Sourced | None:
    file = relative(path)
    raw = b""
    try:
        raw = path.read_bytes()
        tree, found = read_yaml(raw.decode("utf-8-sig"), file)
    except OSError as error:
        given = error.strerror or str(error)
        problems.append(Problem(Place(file), "", given, "a file that can be read"))
        return None
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        given = f"byte 0x{raw[error.start]:02x}"
        problems.append(Problem(Place(file, line), "", given, "UTF-8 text; save the file as UTF-8"))
        return None
    except yaml.reader.ReaderError as error:
        line = raw.count(b"\n", 0, error.position) + 1
        given = f"character U+{error.character:04X}"
        problems.append(Problem(Place(file, line), "", given, "text without control characters"))
        return None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        line = min(mark.line + 1, line_count(raw.decode("utf-8-sig"))) if mark else 1
        reason = str(getattr(error, "problem", None) or error)
        reason = reason.removeprefix("but ").removeprefix("found ").replace("did not find", "no")
        problems.append(Problem(Place(file, line), "", reason, "well-formed YAML"))
        return None
    problems += found
    if not isinstance(tree.value, dict):
        problems.append(Problem(tree.place, "", shown(tree.plain()), "a mapping of keys to values"))
        return None
    return tree


def _city(
    tree: Sourced, provinces: dict[str, _File], is_told: bool, problems: list[Problem]
) -> Definition:
    named = tree.get("province")
    province = provinces.get(str(named.value)) if named is not None else None
    if named is not None and province is None and is_told and isinstance(named.value, str):
        known = ", ".join(provinces) or "(no province file was read)"
        problems.append(
            Problem(named.place, "province", shown(named.value), f"the code of a province: {known}")
        )
    found: list[Problem] = []
    effective = _inherited(province.tree if province else None, tree, found)
    definition = _build(City, effective, province.tree if province else None, found)
    problems += _own(found, tree, problems)
    return definition


def _own(found: list[Problem], city: Sourced, reported: list[Problem]) -> list[Problem]:
    """A city's problems, without those of what it inherits that its province has reported.

    What is wrong only for this city, the province's file being right, is said in the city's file.
    """
    known = {(item.place, item.value) for item in reported}
    problems = []
    for item in found:
        if item.place.file == city.place.file:
            problems.append(item)
        elif (item.place, item.value) not in known:
            value = f"{item.value}, inherited from {item.place}"
            problems.append(replace(item, place=city.place_of(("inherit",)), value=value))
    return problems


def _inherited(province: Sourced | None, city: Sourced, problems: list[Problem]) -> Sourced:
    """The city laid on what it takes of its province's defaults.

    It lacks the sections of which that cannot be told.
    """
    defaults = province.get("defaults") if province is not None else None
    chosen = city.get("inherit")
    base: dict[str, Sourced] = {}
    untold = set()
    for section in SECTIONS:
        items = defaults.get(section) if defaults is not None else None
        choice = chosen.get(section) if chosen is not None else None
        wanted = choice.plain() if choice is not None else True
        if province is None or _is_broken(defaults, dict) or _is_broken(items, list):
            untold |= {section} if wanted is not False else set()
            continue
        declared = items.value if items is not None else []
        if isinstance(wanted, list) and choice is not None:
            problems += _unknown_keys(section, choice, [identity(item) for item in declared])
            declared = [item for item in declared if identity(item) in wanted]
        if items is not None and wanted is not False:
            base[section] = replace(items, value=declared)
    effective = merge(Sourced(base, city.place), city)
    return replace(effective, lacks=effective.lacks | untold)


def _is_broken(part: Sourced | None, kind: type) -> bool:
    return part is not None and not isinstance(part.value, kind)


def _unknown_keys(section: str, choice: Sourced, known: list[str | None]) -> Iterator[Problem]:
    names = ", ".join(map(str, known)) or "(none)"
    for item in choice.value:
        if item.value not in known and isinstance(item.value, str):
            expected = f"keys that the province declares: {names}"
            yield Problem(item.place, f"inherit.{section}", shown(item.value), expected)


def _build(
    model: type[T], tree: Sourced, province: Sourced | None, problems: list[Problem]
) -> Definition:
    tenant, checked, found = _validated(model, tree)
    problems += found
    vocabulary = tree if model is Province else province
    findings = list(check_tenant(tenant, _known(tree, checked, (), vocabulary)))
    if isinstance(tenant, Province):
        known = _known(tree, checked, ("defaults",), vocabulary)
        findings += check_shared(tenant.defaults, known, ("defaults",))
    problems += [_problem(checked, finding) for finding in findings]
    effective = list(leaves(_without_organizations(tree)))
    # the same wherever the server was started: folder, kind and name
    files = {leaf.file for leaf in effective}
    origins = {file: "/".join(Path(file).resolve().parts[-3:]) for file in files}
    values = tuple(_value(leaf, origins[leaf.file]) for leaf in effective)
    return Definition(tenant, values)


def _known(tree: Sourced, checked: Sourced, at: Loc, vocabulary: Sourced | None) -> Known:
    """What may be referred to from `at` of the tree, the broken items of the whole tree too."""

    def lacks(loc: Loc) -> frozenset[str]:
        part = checked.at(loc)
        return part.lacks if part is not None else frozenset()

    def keys(section: str) -> list[str] | None:
        return None if section in lacks(at) else _keys(tree.at(at), section)

    return Known(
        levels=keys("levels"),
        posts=keys("posts"),
        workflows=keys("workflows"),
        domains=_keys(vocabulary, "domains") if vocabulary is not None else None,
        lacks=lacks,
    )


def _validated(model: type[T], tree: Sourced) -> tuple[T, Sourced, list[Problem]]:
    """The tree as `model`; what is broken is reported, then left out so that the rest is checked.

    Left out are the broken values, then what lacks a required one, until the rest fits.
    """
    stand_ins = {name: text for name, text in _STAND_INS.items() if name in model.model_fields}
    given = tree.plain()
    tenant, found = _fitted(model, given)
    problems = [_type_problem(model, tree, item) for item in found if not _is_said(tree, item)]
    while tenant is None:
        broken = {_real(tree, item) for item in found if item["type"] != "missing"}
        broken |= {item["loc"][:-1] for item in found if item["type"] == "missing"}
        for loc in sorted(broken, key=_order, reverse=True):
            tree = tree.without(loc)
        earlier, given = given, stand_ins | tree.plain()
        assert given != earlier, "a required key without a stand-in"
        tenant, found = _fitted(model, given)
    return tenant, tree, problems


def _fitted(model: type[T], plain: dict[str, Any]) -> tuple[T | None, list[dict[str, Any]]]:
    try:
        return model.model_validate(plain), []
    except ValidationError as error:
        return None, [dict(item) for item in error.errors()]


def _is_said(tree: Sourced, item: dict[str, Any]) -> bool:
    """Whether another problem says this one: the reader's, or that of a union's other member."""
    part = tree.at(_real(tree, item))
    if part is not None and part.is_reported:
        return True
    in_union = len(_real(tree, item)) < len(item["loc"])
    is_list = isinstance(item["input"], list)
    return in_union and (item["type"] == "list_type" or (item["loc"][-1] == "bool" and is_list))


def _real(tree: Sourced, item: dict[str, Any]) -> Loc:
    """An error's loc without the members of unions that pydantic names in it."""
    loc: Loc = item["loc"]
    if item["type"] == "missing":
        return loc
    real: Loc = ()
    for step in loc:
        real = (*real, step) if tree.at((*real, step)) is not None else real
    return real


def _order(loc: Loc) -> tuple[tuple[int, int, str], ...]:
    return tuple((isinstance(s, str), s if isinstance(s, int) else 0, str(s)) for s in loc)


def _type_problem(model: type[BaseModel], tree: Sourced, item: dict[str, Any]) -> Problem:
    loc = _real(tree, item)
    if item["type"] == "extra_forbidden":
        names = ", ".join(_fields(model, loc[:-1]))
        value, expected = f"unknown key {loc[-1]!r}", f"one of: {names}"
    elif item["type"] == "missing":
        value, expected = "nothing", f"the required key {loc[-1]!r}"
    else:
        value, expected = shown(item["input"]), _expectation(item)
    return Problem(tree.place_of(loc), _path(tree, loc), value, expected)


def _expectation(item: dict[str, Any]) -> str:
    if item["type"] == "string_type":
        is_scalar = isinstance(item["input"], int | float | datetime.date)
        return "text; put it in quotes" if is_scalar else "text"
    if item["loc"][-1] == "bool":
        return "true, false or a list of keys"
    if item["type"] in _PLAIN:
        return _PLAIN[item["type"]].format(**item.get("ctx", {}))
    text = str(item["msg"])
    return text.removeprefix("Input should be ")


def _fields(model: type[BaseModel], loc: Loc) -> list[str]:
    """Names that the model at `loc` takes."""
    here: type[BaseModel] | None = model
    for step in loc:
        if isinstance(step, str) and here is not None:
            fields = {f.alias or name: f.annotation for name, f in here.model_fields.items()}
            here = _model_in(fields.get(step))
    return [f.alias or name for name, f in here.model_fields.items()] if here else []


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for part in getattr(annotation, "__args__", ()):
        if found := _model_in(part):
            return found
    return None


def _problem(tree: Sourced, finding: Finding) -> Problem:
    """A finding where it can be mended: in the tenant's own file if it is there at all."""
    locs = (finding.loc, *finding.also)
    own = (loc for loc in locs if tree.place_of(loc).file == tree.place.file)
    loc = next(own, finding.loc)
    return Problem(tree.place_of(loc), _path(tree, loc), finding.value, finding.expected)


def _path(tree: Sourced, loc: Loc) -> str:
    """`loc` with list positions as the keys that people gave the items."""
    path = ""
    here: Sourced | None = tree
    for step in loc:
        above, here = here, here.item(step) if here is not None else None
        if isinstance(step, int):
            name = identity(here) if here is not None else None
            path += f".{name}" if name else f"[{_number(above, here)}]"
        else:
            path += f".{step}" if path else step
    return path


def _number(items: Sourced | None, item: Sourced | None) -> int:
    """Where `item` stands among those of its own file, inherited ones not counted."""
    if items is None or item is None:
        return 0
    own = [other for other in items.value if other.place.file == item.place.file]
    return next(at for at, other in enumerate(own) if other is item)


def _keys(tree: Sourced | None, section: str) -> list[str] | None:
    items = tree.get(section) if tree is not None else None
    if items is None:
        return []
    if not isinstance(items.value, list):
        return None
    return [key for item in items.value if (key := identity(item))]


def _without_organizations(tree: Sourced) -> Sourced:
    """Organizations are rows, not configuration; `inherit` and `defaults` are about files."""
    for name in ("organizations", "defaults", "inherit"):
        tree = tree.without((name,))
    return tree


def _value(leaf: Leaf, origin: str) -> DefinitionValue:
    return DefinitionValue(
        path=leaf.path,
        value=_text(leaf.value),
        file=origin,
        source=leaf.source,
        assumed=leaf.assumed,
    )


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ", ".join(_text(item) for item in value)
    return "" if value is None else str(value)


def _shared_names(files: Iterable[_File]) -> list[Problem]:
    problems: list[Problem] = []
    seen: dict[tuple[str, object], Sourced] = {}
    for file in files:
        for name, article in (("slug", "a"), ("code", "a"), ("abbreviation", "an")):
            item = file.tree.get(name)
            if item is None or not isinstance(item.value, str):
                continue
            earlier = seen.setdefault((name, item.value), item)
            if earlier is not item:
                expected = f"{article} {name} that no other tenant has; {earlier.place} has it"
                problems.append(Problem(item.place, name, shown(item.value), expected))
    return problems


def json_schema(kind: str) -> dict[str, Any]:
    """The JSON Schema of a "city" or "province" file, for editors.

    Items that a city may inherit need only their key there, so nothing else is required of them.
    """
    schema = (City if kind == "city" else Province).model_json_schema(by_alias=True)
    if kind == "city":
        for name, identity_key in (
            ("Level", "key"),
            ("StaffingRule", "post"),
            ("PostKind", "key"),
            ("Workflow", "key"),
            ("Category", "key"),
            ("Service", "code"),
            ("WorkflowState", "key"),
            ("WorkflowAction", "key"),
        ):
            schema["$defs"][name]["required"] = [identity_key]
    schema["title"] = f"OneGrid {kind} file"
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
