"""Definitions: what the server reads of a tenant, and how it is kept."""

import json
from typing import Any

import pytest
from pydantic import ValidationError

from tenants.catalogue import Category, Service
from tenants.definition import City, DeclaredOrganization, Definition, Province, TenantKind
from tenants.files import SHIPPED, tenant_files
from tenants.workflow import Phase, Workflow, WorkflowState

SLUGS = [path.stem for path in tenant_files((SHIPPED,))]
CITY: dict[str, Any] = {"code": "990100", "slug": "shi", "name": "某市", "province": "990000"}


@pytest.mark.parametrize("slug", SLUGS)
def test_content_is_json_that_reads_back(slug: str, shipped: tuple[Definition, ...]) -> None:
    """A definition goes through JSON, as the database keeps it, and comes back the same."""
    (found,) = (item for item in shipped if item.tenant.slug == slug)
    kept = json.loads(json.dumps(found.content))
    assert type(found.tenant).model_validate(kept) == found.tenant


def test_a_tenant_knows_its_kind_and_number() -> None:
    """The code is the number that rows carry; a city and a province know what they are."""
    city = Definition(City(**CITY), ())
    province = Definition(Province(code="010000", slug="sheng", name="某省"), ())
    assert (city.kind, city.tenant_id) == (TenantKind.CITY, 990100)
    assert (province.kind, province.tenant_id) == (TenantKind.PROVINCE, 10000)


def test_services_have_their_categorys_defaults() -> None:
    """Services are found by code, each with its category and what it takes over from it."""
    own = Service(code="B", name="乙", workflow="special")
    home = Category(
        key="home", name="居家", workflow="w", services=[Service(code="A", name="甲"), own]
    )
    found = Definition(City(**CITY, categories=[home]), ()).services
    assert found == {
        "A": (home, Service(code="A", name="甲", workflow="w")),
        "B": (home, own),
    }


def test_workflows_are_found_by_key() -> None:
    """Workflows are found by their keys."""
    workflow = Workflow(
        key="w", name="流程", states=[WorkflowState(key="s", name="办结", phase=Phase.CLOSED)]
    )
    assert Definition(City(**CITY, workflows=[workflow]), ()).workflows == {"w": workflow}


@pytest.mark.parametrize(
    "day", [0, 1.5, True, "0", "1688169600", "2023-7-1", "2023-07-01T00:00", "20230701"]
)
def test_a_day_is_written_as_one(day: object) -> None:
    """Numbers, and whatever else could stand for a day, are not taken for one."""
    with pytest.raises(ValidationError, match="a day as YYYY-MM-DD"):
        DeclaredOrganization.model_validate({"code": "X1", "valid_from": day})


@pytest.mark.parametrize(
    ("name", "is_template"),
    [
        ("{parent}第{n}网格", True),
        ("网格", True),
        ("", False),
        ("{}", False),
        ("{parent.name}", False),
        ("{n:02d}", False),
        ("{{n}}", False),
        ("{other}", False),
        ("第{n网格", False),
        ("第n}网格", False),
    ],
)
def test_a_name_is_a_template_of_parent_and_number(name: str, is_template: bool) -> None:
    """The name of generated organizations has no braces but those of {parent} and {n}."""
    made = {"key": "g", "level": "grid", "under": {"level": "street"}, "suffix": "X", "name": name}
    try:
        City.model_validate({**CITY, "generated": [made]})
    except ValidationError as error:
        found = [item["loc"] for item in error.errors()]
    else:
        found = []
    assert found == ([] if is_template else [("generated", 0, "name")])


@pytest.mark.parametrize(
    ("assumed", "whole", "keys"),
    [
        (True, True, ()),
        (False, False, ()),
        ([], False, ()),
        (["name", "level"], False, ("name", "level")),
    ],
)
def test_what_is_assumed(assumed: bool | list[str], whole: bool, keys: tuple[str, ...]) -> None:
    """A thing is assumed as a whole, or some of its keys are."""
    found = DeclaredOrganization(code="X1", assumed=assumed)
    assert (found.is_assumed, found.assumed_keys) == (whole, keys)


@pytest.mark.parametrize(
    ("slug", "abbreviation", "prefix"),
    [
        ("shi", None, "SH"),
        ("liupanshui", "LPS", "LPS"),
        ("a-b", None, "AB"),
        ("a1", None, "AX"),
    ],
)
def test_what_numbers_of_issues_begin_with(
    slug: str, abbreviation: str | None, prefix: str
) -> None:
    """Numbers begin with the abbreviation, else with the first two letters of the slug."""
    city = City(**{**CITY, "slug": slug}, abbreviation=abbreviation)
    assert Definition(city, ()).issue_prefix == prefix


def test_services_that_are_gone() -> None:
    """A service is found as it is in force, else as it last was; only the former are listed."""
    now, then = Service(code="A", name="今"), Service(code="A", name="昔")
    home = Category(key="home", name="居家", services=[now])
    old = {"A": (home, then), "B": (home, Service(code="B", name="乙"))}
    found = Definition(City(**CITY, categories=[home]), (), old_services=old)
    assert found.service("A") == (home, now)
    assert found.service("B") == old["B"]
    assert found.service("C") is None
    assert list(found.services) == ["A"]


def test_the_service_for_all_else() -> None:
    """A catalogue's service for whatever no other names is found; there may be none."""
    rest = Service(code="Z", name="其他", catch_all=True)
    home = Category(key="home", name="居家", services=[Service(code="A", name="甲"), rest])
    assert Definition(City(**CITY, categories=[home]), ()).catch_all == (home, rest)
    assert Definition(City(**CITY), ()).catch_all is None
