"""Appointing and relieving, as front ends do it."""

from typing import Any

from tests.conftest import Graph

PAYLOAD = (
    "{ post { id kind { key } organization { code } person { id name phone } validFrom validTo "
    "isHeld dataKind } changes { kind code before after affected } "
    "refusals { code message path } }"
)


def admin(site: Graph, city: str = "990100") -> Graph:
    """The administrator of a city."""
    return site.as_("CITY_ADMIN", city)


async def appoint(site: Graph, organization: str, kind: str, **given: Any) -> Any:
    """The payload of `appoint`; somebody new where nobody is named."""
    dry_run = given.pop("dry_run", False)
    input_: dict[str, Any] = {"city": "north", "organization": organization, "kind": kind, **given}
    if "person" not in input_ and "newPerson" not in input_:
        input_["newPerson"] = {"name": "甲乙丙"}
    query = (
        "mutation ($input: AppointInput!, $dryRun: Boolean!) "
        f"{{ appoint(input: $input, dryRun: $dryRun) {PAYLOAD} }}"
    )
    return (await site.data(query, input=input_, dryRun=dry_run))["appoint"]


async def relieve(site: Graph, post: str, **given: Any) -> Any:
    """The payload of `relieve`."""
    dry_run = given.pop("dry_run", False)
    query = (
        "mutation ($input: RelieveInput!, $dryRun: Boolean!) "
        f"{{ relieve(input: $input, dryRun: $dryRun) {PAYLOAD} }}"
    )
    input_ = {"city": "north", "post": post, **given}
    return (await site.data(query, input=input_, dryRun=dry_run))["relieve"]


def codes(payload: Any) -> list[tuple[str, list[str]]]:
    """Code and path of each refusal."""
    return [(refusal["code"], refusal["path"]) for refusal in payload["refusals"]]
