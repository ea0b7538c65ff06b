"""Subscriptions walked as everybody: nobody follows what is not for the own eyes."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from graphql import GraphQLSchema

from schema.access import TABLE, Permission, Reach
from schema.events import EventKind
from schema.visibility import needed
from tenants.roles import Role
from tests.conftest import Graph, opened
from tests.isolation.canaries import seen
from tests.isolation.casts import ROLES, Cast, cast
from tests.isolation.conftest import Copy, Known
from tests.isolation.definitions import CODES
from tests.isolation.probes import Probe, Probes
from tests.isolation.walking import Reply
from tests.isolation.world import World
from tests.server.following import results, streamed, to_the_end

FOLLOW = """subscription ($city: ID!, $organization: ID) {
  events(city: $city, organization: $organization, after: 0) {
    seq actor { subject person { name phone } }
    ... on OrganizationEvent { organization { code name } }
    ... on PostEvent { organization { code name } person { name } post { id } }
    ... on AccessEvent { people(first: 3) { nodes { name phone } } }
  }
}"""


@asynccontextmanager
async def following(url: str, world: World) -> AsyncIterator[Graph]:
    """The application over a database; subscriptions end with what there is."""
    async with (
        opened(url, services=world.services) as graph,
        to_the_end(graph) as ending,
    ):
        yield ending


def _seqs(text: str) -> list[int]:
    return [result["data"]["events"]["seq"] for result in results(text) if result.get("data")]


def _expected(who: Cast, role: str, world: World) -> list[int]:
    """The numbers of the events of city a that are for somebody's eyes, in order."""
    name = "SECRETARY" if role == "a person with a post" else role.partition(" ")[0]
    organizations = {row["id"]: row for row in world.fillers["a"].rows["organization"]}
    if role == "a person with a post":
        held = world.row("a", "post", 1)
        limit = organizations[held["organization_id"]]["code"]
    else:
        limit = who.knows or None
    shown = []
    for row in world.fillers["a"].rows["event"]:
        permission = needed(EventKind(row["kind"]))
        assert permission is not None
        reach = TABLE[Role(name)].get(permission)
        places = [row["organization_id"]]
        if permission is Permission.READ_ISSUES:
            places += _places(world, row["issue_id"])
        paths = [organizations[place]["path"] for place in places]
        if reach is Reach.TENANT or (
            reach is Reach.SUBTREE and (limit is None or any(f"/{limit}/" in p for p in paths))
        ):
            shown.append(row["seq"])
    return sorted(shown)


def _places(world: World, issue: Any) -> list[Any]:
    """Where somebody has to do with an issue of city a: at its place, and where it is handled."""
    rows = world.fillers["a"].rows
    issues = [row for row in rows["issue"] if row["id"] == issue]
    parts = [row for row in rows["issue_handler"] if row["issue_id"] == issue]
    return [
        *(row[name] for row in issues for name in ("organization_id", "place_id")),
        *(row["organization_id"] for row in parts if row["person_id"] is None),
    ]


@pytest.mark.parametrize("role", [role for role in ROLES if role != "a person with a post"])
async def test_what_everybody_follows(
    role: str, world: World, samples: Known, copied: Copy
) -> None:
    """Each role follows the events that its permissions reach, and no other of any city."""
    async with following(await copied(), world) as graph:
        who = cast(role, graph, world, samples)
        expected = [] if role.startswith("PROVINCE") else _expected(who, role, world)
        text = await streamed(who.graph, FOLLOW, city=CODES["a"])
        assert _seqs(text) == expected
        if not expected:
            assert "FORBIDDEN" in text or role in (
                "MEMBER",
                "RESIDENT",
                "SECRETARY of another city's organization",
            )
        for letter in "bc":
            text = await streamed(who.graph, FOLLOW, city=CODES[letter])
            (result,) = results(text)
            assert [e["extensions"]["code"] for e in result["errors"]] == ["FORBIDDEN"]
            assert seen(text) == frozenset()


@pytest.mark.parametrize("role", ROLES)
async def test_nothing_of_another_tenant(
    role: str, world: World, samples: Known, schema: GraphQLSchema, copied: Copy
) -> None:
    """No subscription, with any argument of others, shows a role what is not for its eyes."""
    async with following(await copied(), world) as graph:
        who = cast(role, graph, world, samples)
        for probe in Probes(schema, who.samples, who.others).subscriptions():
            reply = await _replied(who, probe)
            assert who.leaks([reply]) == []
            assert "INTERNAL" not in reply.text


async def _replied(who: Cast, probe: Probe) -> Reply:
    request = f"subscription Follow {{ {probe.text} }}"
    text = await streamed(who.graph, request)
    return Reply("subscription", (probe,), request, 200, text, "", {})


async def test_somebody_follows_something(
    world: World, samples: Known, schema: GraphQLSchema, copied: Copy
) -> None:
    """The walk would notice: the administrator is shown canaries of every kind of event."""
    async with following(await copied(), world) as graph:
        who = cast("CITY_ADMIN", graph, world, samples)
        replies = [
            await _replied(who, probe) for probe in Probes(schema, who.samples, []).subscriptions()
        ]
    assert {probe.name for reply in replies for probe in reply.probes} == {
        "Subscription.events",
        "Subscription.events(city)",
        "Subscription.events(organization)",
    }
    shown = {found.letter for reply in replies for found in reply.canaries()}
    assert shown == {"a"}
    assert Permission.READ_AUDIT in TABLE[Role.CITY_ADMIN]
