"""Tenant files: folders of YAML → effective definitions, or every mistake in them at once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from tenants.checks import Finding, Known, check_tenant
from tenants.definition import City, Definition, DefinitionValue, Province
from tenants.problems import InvalidTenantsError, Place, Problem, relative, shown
from tenants.sourced import Leaf, Loc, Sourced, identity, leaves, merge, read_yaml

SHIPPED = Path(__file__).parent
SECTIONS = ("levels", "workflows", "categories")

T = TypeVar("T", City, Province)

# so that the rest of a file is checked although one of these is missing or wrong
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
    cities = _read(folders, "cities", problems)
    definitions = [_build(Province, file.tree, None, problems) for file in provinces.values()]
    for file in cities.values():
        definitions.append(_city(file.tree, provinces, problems))
    problems += _shared_slugs([*provinces.values(), *cities.values()])
    if problems:
        raise InvalidTenantsError(problems)
    found = [definition for definition in definitions if definition is not None]
    return tuple(sorted(found, key=lambda item: (item.kind == "CITY", item.tenant_id)))


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
        here: dict[str, str] = {}
        for path in tenant_files([folder]):
            if path.parent.name != kind:
                continue
            tree = _parse(path, problems)
            if tree is None:
                continue
            code = tree.get("code")
            key = str(code.value) if code is not None else str(path)
            if key in here:
                expected = f"a code that {here[key]} does not have"
                problems.append(Problem(tree.place_of(("code",)), "code", shown(key), expected))
            here[key] = str(relative(path))
            found[key] = _File(tree, kind == "provinces")
    return found


def _parse(path: Path, problems: list[Problem]) -> Sourced | None:
    file = relative(path)
    raw = path.read_bytes()
    try:
        tree, found = read_yaml(raw.decode("utf-8-sig"), file)
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        given = f"byte 0x{raw[error.start]:02x}"
        problems.append(Problem(Place(file, line), "", given, "UTF-8 text; save the file as UTF-8"))
        return None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        line = mark.line + 1 if mark else 1
        reason = getattr(error, "problem", None) or str(error)
        problems.append(Problem(Place(file, line), "", reason, "well-formed YAML"))
        return None
    problems += found
    if not isinstance(tree.value, dict):
        problems.append(Problem(tree.place, "", shown(tree.plain()), "a mapping of keys to values"))
        return None
    return tree


def _city(tree: Sourced, provinces: dict[str, _File], problems: list[Problem]) -> Definition | None:
    named = tree.get("province")
    province = provinces.get(str(named.value)) if named is not None else None
    if named is not None and province is None and isinstance(named.value, str):
        known = ", ".join(provinces) or "(no province file was read)"
        problems.append(
            Problem(named.place, "province", shown(named.value), f"the code of a province: {known}")
        )
    effective = tree
    if province is not None:
        effective = _inherited(province.tree, tree, problems)
    return _build(City, effective, province.tree if province else None, problems)


def _inherited(province: Sourced, city: Sourced, problems: list[Problem]) -> Sourced:
    """The city laid on what it takes of its province's defaults."""
    defaults = province.get("defaults")
    if defaults is None or not isinstance(defaults.value, dict):
        return city
    chosen = city.get("inherit")
    base: dict[str, Sourced] = {}
    for section in SECTIONS:
        items = defaults.get(section)
        if items is None or not isinstance(items.value, list):
            continue
        choice = chosen.get(section) if chosen is not None else None
        wanted = choice.plain() if choice is not None else True
        if isinstance(wanted, list) and choice is not None:
            known = [identity(item) for item in items.value]
            for key in wanted:
                if key not in known:
                    expected = "keys that the province declares: " + ", ".join(map(str, known))
                    problems.append(
                        Problem(choice.place, f"inherit.{section}", shown(key), expected)
                    )
            kept = [item for item in items.value if identity(item) in wanted]
            base[section] = replace(items, value=kept)
        elif wanted is not False:
            base[section] = items
    return merge(Sourced(base, province.place), city)


def _build(
    model: type[T], tree: Sourced, province: Sourced | None, problems: list[Problem]
) -> Definition | None:
    tenant, checked, found = _validated(model, tree)
    problems += found
    if tenant is None:
        return None
    known = Known(
        levels=_keys(tree, "levels") or _keys(tree.get("defaults"), "levels"),
        workflows=_keys(tree, "workflows") or _keys(tree.get("defaults"), "workflows"),
        domains=_keys(province if province is not None else tree, "domains"),
    )
    if isinstance(tenant, Province):
        for part in ("levels", "workflows"):
            both = _keys(tree, part) + _keys(tree.get("defaults"), part)
            known = Known(**{**known.__dict__, part: list(dict.fromkeys(both))})
    problems += [_problem(checked, finding) for finding in check_tenant(tenant, known)]
    values = tuple(_value(leaf) for leaf in leaves(_without_organizations(tree)))
    return Definition(tenant, values)


def _validated(model: type[T], tree: Sourced) -> tuple[T | None, Sourced, list[Problem]]:
    """The tree as `model`; what is broken is reported, then left out so that the rest is checked.

    First only the broken values are left out, then whatever list item still does not fit.
    """
    stand_ins = {name: text for name, text in _STAND_INS.items() if name in model.model_fields}
    problems: list[Problem] | None = None
    for scope in (_itself, _item_of, _item_of):
        try:
            return model.model_validate(stand_ins | tree.plain()), tree, problems or []
        except ValidationError as error:
            found = error.errors()
        if problems is None:
            problems = [_type_problem(model, tree, dict(item)) for item in found]
        for item in sorted(found, key=lambda item: _order(item["loc"]), reverse=True):
            tree = tree.without(scope(item["loc"]))
    return None, tree, problems or []


def _itself(loc: Loc) -> Loc:
    return loc


def _order(loc: Loc) -> tuple[tuple[int, int, str], ...]:
    return tuple((isinstance(s, str), s if isinstance(s, int) else 0, str(s)) for s in loc)


def _item_of(loc: Loc) -> Loc:
    """The innermost list item that holds `loc`, else its top-level key."""
    for at in range(len(loc) - 1, -1, -1):
        if isinstance(loc[at], int):
            return loc[: at + 1]
    return loc[:1]


def _type_problem(model: type[BaseModel], tree: Sourced, item: dict[str, Any]) -> Problem:
    loc: Loc = item["loc"]
    if item["type"] == "extra_forbidden":
        names = ", ".join(_fields(model, loc[:-1]))
        value, expected = f"unknown key {loc[-1]!r}", f"one of: {names}"
    elif item["type"] == "missing":
        value, expected = "nothing", f"the required key {loc[-1]!r}"
    else:
        value, expected = shown(item["input"]), _expectation(item)
    return Problem(tree.place_of(loc), _path(tree, loc), value, expected)


def _expectation(item: dict[str, Any]) -> str:
    text = str(item["msg"])
    for prefix in ("Input should be ", "Value should be ", "String should "):
        text = text.removeprefix(prefix)
    if item["type"] == "string_type" and isinstance(item["input"], int | float | bool):
        return "text; put it in quotes"
    return text


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
    place = tree.place_of(finding.loc)
    return Problem(place, _path(tree, finding.loc), finding.value, finding.expected)


def _path(tree: Sourced, loc: Loc) -> str:
    """`loc` with list positions as the keys that people gave the items."""
    path = ""
    here: Sourced | None = tree
    for step in loc:
        here = here._item(step) if here is not None else None
        if isinstance(step, int):
            name = identity(here) if here is not None else None
            path += f".{name}" if name else f"[{step}]"
        elif here is not None or not path.endswith(step):
            path += f".{step}" if path else step
    return path


def _keys(tree: Sourced | None, section: str) -> list[str]:
    items = tree.get(section) if tree is not None else None
    if items is None or not isinstance(items.value, list):
        return []
    return [key for item in items.value if (key := identity(item))]


def _without_organizations(tree: Sourced) -> Sourced:
    """Organizations are rows, not configuration; `inherit` and `defaults` are about files."""
    for name in ("organizations", "defaults", "inherit"):
        tree = tree.without((name,))
    return tree


def _value(leaf: Leaf) -> DefinitionValue:
    return DefinitionValue(
        path=leaf.path,
        value=_text(leaf.value),
        file=leaf.file,
        source=leaf.source,
        assumed=leaf.assumed,
    )


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ", ".join(_text(item) for item in value)
    return "" if value is None else str(value)


def _shared_slugs(files: Iterable[_File]) -> list[Problem]:
    problems: list[Problem] = []
    seen: dict[tuple[str, object], Sourced] = {}
    for file in files:
        for name in ("slug", "code"):
            item = file.tree.get(name)
            if item is None or not isinstance(item.value, str):
                continue
            earlier = seen.setdefault((name, item.value), item)
            if earlier is not item:
                expected = f"a {name} that no other tenant has; {earlier.place} has it"
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
            ("Workflow", "key"),
            ("Category", "key"),
            ("Service", "code"),
            ("WorkflowState", "key"),
            ("WorkflowAction", "key"),
        ):
            schema["$defs"][name]["required"] = [identity_key]
    schema["title"] = f"OneGrid {kind} file"
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
