"""Mutations of organizations as front ends send them."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from schema.ids import GlobalId, derived_uuid
from server.prepare import apply_tenants
from tenants.definition import Definition
from tests.conftest import Graph, NewDatabase, opened
from tests.schema.organizations.town import CITY, ID, PROVINCE

PAYLOAD = (
    "{ organization { code name } changes { kind code before after affected } "
    "refusals { code message path } }"
)


@pytest.fixture
async def site(new_database: NewDatabase) -> AsyncIterator[Graph]:
    """The application over the invented city; nobody is signed in."""
    url = await new_database((PROVINCE, CITY))
    async with opened(url) as ready:
        yield ready


def admin(site: Graph) -> Graph:
    """An administrator of the city."""
    return site.as_("CITY_ADMIN", "990100")


async def run(site: Graph, field: str, dry_run: bool = False, **given: Any) -> Any:
    """The payload of one mutation."""
    type_ = f"{field[0].upper()}{field[1:]}Input"
    query = (
        f"mutation ($input: {type_}!, $dryRun: Boolean!) {{ {field}(input: $input, "
        f"dryRun: $dryRun) {PAYLOAD} }}"
    )
    given = {"tenant": "invented", **given}
    return (await site.data(query, input=given, dryRun=dry_run))[field]


async def test_a_life(site: Graph) -> None:
    """Established, renamed, moved, merged and dissolved: each answer shows what came of it."""
    me = admin(site)
    new: dict[str, Any] = {"name": "新　社区", "level": "community", "parent": "AA1"}
    made = await run(me, "establishOrganization", **new)
    assert made == {
        "organization": {"code": "AA1-01", "name": "新 社区"},
        "changes": [
            {"kind": kind, "code": "AA1-01", "before": None, "after": after, "affected": 1}
            for kind, after in (
                ("VALID_FROM", "2026-03-15"),
                ("NAME", "新 社区"),
                ("PARENT", "AA1"),
                ("PATH", "/990100/AA/AA1/AA1-01/"),
            )
        ],
        "refusals": [],
    }
    renamed = await run(me, "renameOrganization", organization="AA1-01", name="朝阳社区")
    assert renamed["organization"] == {"code": "AA1-01", "name": "朝阳社区"}
    moved = await run(me, "moveOrganization", organization="AA1-01", parent="BB1")
    assert [change["after"] for change in moved["changes"]] == ["BB1", "/990100/BB/BB1/AA1-01/"]
    merged = await run(me, "mergeOrganizations", organizations=["BB1-1", "BB1-2"], into="AA1-01")
    assert merged["organization"] == {"code": "AA1-01", "name": "朝阳社区"}
    assert merged["refusals"] == []
    dissolved = await run(me, "dissolveOrganization", organization="AA1-2", successors=["AA1-01"])
    assert dissolved["organization"]["code"] == "AA1-2"
    found = await site.data(
        """{ city(code: "invented") {
          found: organizations(search: "zhaoyangshequ") { totalCount }
          organizations(search: "cysq") { nodes {
            code name validFrom validTo descendantCount ancestors { code }
            formerNames { name validTo } formerParents { validTo organization { code name } }
            predecessors { code validTo successors { code } }
            children { nodes { code formerParents { organization { code } } } }
          } } } }"""
    )
    assert found["city"] == {
        "found": {"totalCount": 0},
        "organizations": {
            "nodes": [
                {
                    "code": "AA1-01",
                    "name": "朝阳社区",
                    "validFrom": "2026-03-15",
                    "validTo": None,
                    "descendantCount": 6,
                    "ancestors": [{"code": "990100"}, {"code": "BB"}, {"code": "BB1"}],
                    "formerNames": [{"name": "新 社区", "validTo": "2026-03-15"}],
                    "formerParents": [
                        {
                            "validTo": "2026-03-15",
                            "organization": {"code": "AA1", "name": "A第1街道"},
                        }
                    ],
                    "predecessors": [
                        {"code": code, "validTo": "2026-03-15", "successors": [{"code": "AA1-01"}]}
                        for code in ("AA1-2", "BB1-1", "BB1-2")
                    ],
                    "children": {
                        "nodes": [
                            {"code": f"{above}-G{n}", "formerParents": [
                                {"organization": {"code": above}}
                            ]}
                            for n in (1, 2)
                            for above in ("AA1-2", "BB1-1", "BB1-2")
                        ]
                    },
                }
            ]
        },
    }  # fmt: skip


async def test_a_preview_shows_the_organization_as_it_is(site: Graph) -> None:
    """With dryRun the changes are told, and what exists is shown unchanged; the new is null."""
    me = admin(site)
    kinds = {"name": "新社区", "level": "community", "parent": "AA1"}
    made = await run(me, "establishOrganization", dry_run=True, **kinds)
    assert (made["organization"], len(made["changes"]), made["refusals"]) == (None, 4, [])
    named = {"organization": "AA1-1", "name": "朝阳社区"}
    renamed = await run(me, "renameOrganization", dry_run=True, **named)
    assert renamed == {
        "organization": {"code": "AA1-1", "name": "AA1第1社区"},
        "changes": [
            {
                "kind": "NAME",
                "code": "AA1-1",
                "before": "AA1第1社区",
                "after": "朝阳社区",
                "affected": 1,
            }
        ],
        "refusals": [],
    }
    into = {"organizations": ["AA1-1"], "intoNew": {"name": "朝阳社区"}}
    merged = await run(me, "mergeOrganizations", dry_run=True, **into)
    assert merged["organization"] is None
    assert [change["kind"] for change in merged["changes"]][:5] == [
        "VALID_FROM", "NAME", "PARENT", "PATH", "VALID_TO",
    ]  # fmt: skip


async def test_mutations_of_one_operation_see_each_other(site: Graph) -> None:
    """They run one after another, and what is read with each is as it was after it."""
    found = await admin(site).data(
        """mutation {
          a: establishOrganization(input: {
            tenant: "990100", name: "甲", level: "grid", parent: "AA1-1", code: "AA1-1-X"
          }) { organization { parent { descendantCount } } }
          b: moveOrganization(input: {
            tenant: "990100", organization: "AA1-1-X", parent: "AA1-2"
          }) { organization { parent { code descendantCount } } }
          c: dissolveOrganization(input: { tenant: "990100", organization: "AA1-1-X" })
          { organization { code } refusals { code } }
        }"""
    )
    assert found == {
        "a": {"organization": {"parent": {"descendantCount": 3}}},
        "b": {"organization": {"parent": {"code": "AA1-2", "descendantCount": 3}}},
        "c": {"organization": None, "refusals": [{"code": "DATE_OUT_OF_RANGE"}]},
    }


async def test_refusals_come_in_the_language_asked_for(site: Graph) -> None:
    """The sentence is Chinese or English; the code and the path are the same."""
    query = """mutation { moveOrganization(input: {
      tenant: "990100", organization: "AA1", parent: "AA"
    }) { organization { code } changes { kind } refusals { code message path } } }"""
    answers = {}
    for language in ("zh", "en"):
        answer = await admin(site)(query, language)
        answers[language] = answer["data"]["moveOrganization"]
    refusal = {"code": "PLACE_UNCHANGED", "path": ["input", "parent"]}
    assert answers == {
        language: {
            "organization": None,
            "changes": [],
            "refusals": [{**refusal, "message": message}],
        }
        for language, message in (
            ("zh", "“A第1街道”已在“东区”之下。"),
            ("en", "'A第1街道' stands under '东区' already."),
        )
    }


async def test_ids_are_taken_for_codes(site: Graph) -> None:
    """Organizations are named by global id wherever a code is taken."""

    def id_of(code: str) -> str:
        return str(GlobalId("Organization", ID, derived_uuid("Organization", ID, code).hex))

    done = await run(admin(site), "moveOrganization", organization=id_of("AA1"), parent=id_of("BB"))
    assert done["refusals"] == []


MOVE = f"""mutation ($tenant: ID!) {{ moveOrganization(
  input: {{tenant: $tenant, organization: "AA1", parent: "BB"}}) {PAYLOAD} }}"""


@pytest.mark.parametrize(
    "token",
    [None, ("RESIDENT", "990100"), ("GRID_WORKER", "990100", "AA"), ("PROVINCE_ADMIN", "990000"),
     ("PROVINCE_ANALYST", "990000")],
    ids=str,
)  # fmt: skip
@pytest.mark.parametrize(
    ("field", "given"),
    [
        (
            "establishOrganization",
            {"name": "新", "level": "grid", "parent": "AA1-1"},
        ),
        ("renameOrganization", {"organization": "AA1", "name": "新"}),
        ("moveOrganization", {"organization": "AA1", "parent": "BB"}),
        ("mergeOrganizations", {"organizations": ["AA1"], "into": "BB1"}),
        ("mergeOrganizations", {"organizations": ["AA1"], "intoNew": {"name": "新"}}),
        ("dissolveOrganization", {"organization": "AA1", "successors": ["BB1"]}),
    ],
)
async def test_without_the_permission_it_is_refused(
    site: Graph, token: tuple[str, ...] | None, field: str, given: dict[str, Any]
) -> None:
    """Whoever may change nothing in the tenant is told so before anything is looked at."""
    me = site.as_(*token) if token else site
    refused = await run(me, field, **given)
    assert (refused["organization"], refused["changes"]) == (None, [])
    (reason,) = refused["refusals"]
    assert (reason["code"], reason["path"]) == ("FORBIDDEN", ["input"])


async def test_another_tenant_is_an_error(site: Graph) -> None:
    """A token of one tenant cannot even name another: an error beside a null payload."""
    answer = await site.as_("CITY_ADMIN", "990100")(MOVE, tenant="nowhere")
    assert answer["data"] == {"moveOrganization": None}
    assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    unknown = await admin(site)(MOVE, tenant="990300")
    assert unknown["data"] == {"moveOrganization": None}
    (error,) = unknown["errors"]
    assert (error["extensions"], error["message"]) == (
        {"code": "TENANT_UNKNOWN", "given": "990300"},
        "没有城市或省“990300”;请用六位区划代码或网址名,可用:invented。",
    )


async def test_a_fault_leaves_the_answers_of_the_others(site: Graph) -> None:
    """One mutation of an operation that ends in an error does not hide what another did."""
    answer = await admin(site)(
        """mutation {
          done: moveOrganization(input: {tenant: "invented", organization: "AA1", parent: "BB"})
          { organization { code } }
          not: moveOrganization(input: {tenant: "nowhere", organization: "AA1", parent: "BB"})
          { organization { code } }
        }"""
    )
    assert answer["data"] == {"done": {"organization": {"code": "AA1"}}, "not": None}
    assert [error["path"] for error in answer["errors"]] == [["not"]]


async def test_a_province_changes_its_own_bodies(site: Graph) -> None:
    """The province's administrator names the province as the tenant."""
    me = site.as_("PROVINCE_ADMIN", "990000")
    body: dict[str, Any] = {"name": "省直机关工委", "level": "provincial_body", "parent": "990000"}
    done = await run(me, "establishOrganization", **body, tenant="nowhere")
    assert done["organization"] == {"code": "990000-01", "name": "省直机关工委"}


@pytest.mark.parametrize("given", [{}, {"into": "AA1-2", "intoNew": {"name": "新"}}])
async def test_a_merger_has_one_goal(site: Graph, given: dict[str, Any]) -> None:
    """An existing organization or a new one; neither and both are refused."""
    refused = await run(admin(site), "mergeOrganizations", organizations=["AA1-1"], **given)
    assert refused["refusals"] == [
        {
            "code": "SUCCESSOR_NOT_ALLOWED",
            "message": "into 与 intoNew 应且只应给出一个。",
            "path": ["input"],
        }
    ]


async def test_names_that_can_be_none_are_refused(site: Graph) -> None:
    """Before any process or transaction."""
    refused = await run(admin(site), "renameOrganization", organization="AA1-1", name="!")
    assert refused["refusals"] == [
        {
            "code": "NAME_MALFORMED",
            "message": "名称“!”中没有文字或数字。",
            "path": ["input", "name"],
        }
    ]
    new = {"name": "\u202e甲"}
    merged = await run(admin(site), "mergeOrganizations", organizations=["AA1-1"], intoNew=new)
    assert [reason["path"] for reason in merged["refusals"]] == [["input", "intoNew", "name"]]


async def test_a_server_with_old_files_changes_by_the_new_ones(
    new_database: NewDatabase,
) -> None:
    """Where files were applied since the server looked, a change goes by the new hierarchy."""
    url = await new_database((PROVINCE, CITY))
    levels = [
        level.model_copy(update={"name": "新" + level.name}) for level in CITY.hierarchy.levels
    ]
    changed = Definition(CITY.tenant.model_copy(update={"levels": levels}), ())
    async with opened(url) as site:
        await apply_tenants(url, (PROVINCE, changed))
        query = """mutation { moveOrganization(input: {
          tenant: "invented", organization: "AA1-1", parent: "AA"
        }) { refusals { message } } }"""
        refused = await admin(site).data(query)
        done = await run(admin(site), "moveOrganization", organization="AA1", parent="BB")
    assert refused["moveOrganization"]["refusals"] == [
        {"message": "“新社区”不能隶属于“东区”(新区县);可隶属的层级:新街道、新乡镇。"}
    ]
    assert done["refusals"] == []


async def test_history_costs_a_statement_a_level(site: Graph) -> None:
    """Former parents of all organizations on a page are one statement, themselves another."""
    me = admin(site)
    for code, parent in (("AA1-1", "BB1"), ("AA1-2", "BB2"), ("BB1-1", "AA3")):
        await run(me, "moveOrganization", organization=code, parent=parent)
    query = """{ city(code: "invented") { organizations(first: 100, level: "community") {
      nodes { formerParents { validTo organization { name } } } } } }"""
    assert await site.statements(query) == 3
    nodes = (await site.data(query))["city"]["organizations"]["nodes"]
    former = [place["organization"]["name"] for node in nodes for place in node["formerParents"]]
    assert sorted(former) == ["A第1街道", "A第1街道", "B第1街道"]


@pytest.mark.parametrize("text", ["", "\u0000", "长" * 5_000, "' OR 1=1 --", "%", "{}"])
async def test_any_text_is_answered(site: Graph, text: str) -> None:
    """Whatever stands for a code, name or level: a refusal, never a fault."""
    me = admin(site)
    given: dict[str, dict[str, Any]] = {
        "establishOrganization": {"name": text, "level": text, "parent": text, "code": text},
        "renameOrganization": {"organization": text, "name": "甲"},
        "moveOrganization": {"organization": text, "parent": text},
        "mergeOrganizations": {"organizations": [text, "AA1-1"], "into": text},
        "dissolveOrganization": {"organization": text, "successors": [text]},
    }
    for field, values in given.items():
        assert (await run(me, field, **values))["refusals"]
    made = await run(
        me, "establishOrganization", name="甲", level="grid", parent="AA1-1", code=text
    )
    assert [reason["code"] for reason in made["refusals"]] == ["CODE_MALFORMED"]


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
async def test_any_day_is_answered(site: Graph, day: str) -> None:
    """The first and the last day of the calendar are days like others."""
    me = admin(site)
    given: dict[str, dict[str, Any]] = {
        "renameOrganization": {"organization": "AA1", "name": "甲"},
        "moveOrganization": {"organization": "AA1", "parent": "BB"},
        "mergeOrganizations": {"organizations": ["BB2-1"], "into": "BB2-2"},
        "dissolveOrganization": {"organization": "BB1-1-G1"},
    }
    for field, values in given.items():
        reasons = (await run(me, field, **values, on=day))["refusals"]
        expected = ["DATE_OUT_OF_RANGE"] if day > "2027" else []
        assert [reason["code"] for reason in reasons if "DATE" in reason["code"]] == expected
