"""Changing cooperatives, as front ends do it."""

import uuid
from typing import Any

from tests.conftest import Graph
from tests.schema.cooperatives.village import Given, cooperative_id, put

COOPERATIVE = "id code name kind leader { code } village { code } industry industryKey products "
DATES = "foundedOn dissolvedOn revision dataKind source assumed"
RESULT = (
    "year revenue collectiveIncome onlineSales sales { channel product amount } "
    "meanHouseholdGain households people jobs approximate revision dataKind source"
)
REFUSALS = "refusals { code message path }"
FIELDS = {
    "foundCooperative": f"cooperative {{ {COOPERATIVE} {DATES} }}",
    "changeCooperative": f"cooperative {{ {COOPERATIVE} {DATES} }}",
    "dissolveCooperative": "cooperative { code dissolvedOn revision unions { code } }",
    "joinUnion": "cooperative { code unions { code members { code } } }",
    "leaveUnion": "cooperative { code unions { code members { code } } }",
    "enrolHousehold": "membership { isCurrent }",
    "recordResult": f"cooperative {{ code }} result {{ {RESULT} corrections {{ revision }} }}",
    "correctResult": f"result {{ {RESULT} corrections {{ {RESULT} correction }} }}",
}
"""What is asked of each mutation's payload."""


def admin(site: Graph) -> Graph:
    """The administrator of the invented city."""
    return site.as_("CITY_ADMIN", "990100")


def secretary(site: Graph, organization: str) -> Graph:
    """The secretary of one of its organizations."""
    return site.as_("SECRETARY", "990100", organization)


async def act(
    site: Graph, mutation: str, language: str = "zh", dry_run: bool = False, **input_: Any
) -> Any:
    """The payload of a mutation."""
    type_ = f"{mutation[0].upper()}{mutation[1:]}Input!"
    query = (
        f"mutation ($input: {type_}, $dryRun: Boolean!) "
        f"{{ {mutation}(input: $input, dryRun: $dryRun) {{ {FIELDS[mutation]} {REFUSALS} }} }}"
    )
    answer = await site(query, language, input=input_, dryRun=dry_run)
    assert "errors" not in answer, answer["errors"]
    return answer["data"][mutation]


async def found(site: Graph, **given: Any) -> Any:
    """The payload of `foundCooperative`; a cooperative of AA3-V1 where nothing else is said."""
    input_ = {
        "city": "invented",
        "name": "桃花合作社",
        "kind": "COOPERATIVE",
        "leader": "AA3-V1",
        "industry": "fruit",
    }
    return await act(site, "foundCooperative", **{**input_, **given})


def reasons(payload: Any) -> list[tuple[str, str]]:
    """Code and path of each refusal, the path without `input`."""
    return [(one["code"], ".".join(one["path"][1:])) for one in payload["refusals"]]


async def fresh(url: str, **given: Any) -> str:
    """A new cooperative, led by AA3-V1 where nothing else is said; its global id."""
    code = f"N-{uuid.uuid4().hex[:10].upper()}"
    await put(url, Given(code, **given))
    return cooperative_id(code, given.get("tenant_id", 990100))
