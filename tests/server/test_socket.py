"""Sockets: the protocol message by message, who may connect, what ends them."""

import asyncio
import json
from contextlib import AsyncExitStack
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus

from tests.conftest import services_of
from tests.server.clock import Clock
from tests.server.following import EVENTS, NORTH, Followed, followed, services_by, socket

NAME = 'query Named { city(code: "north") { name } }'
NAMED = {"data": {"city": {"name": "虚构北市"}}}
RENAME = """mutation Rename($name: String!) {
  renameOrganization(input: {tenant: "north", organization: "S1", name: $name}) {
    organization { name } refusals { code }
  }
}"""


async def test_a_subscription(city: Followed) -> None:
    """A subscription gives what happened after a number and what happens then, until it is left."""
    await city.happen("S1", "S2", "S1")
    async with socket(city.port, city.token()) as client:
        await client.ask("a", city="north", after=1)
        assert await client.hear() == {
            "id": "a",
            "type": "next",
            "payload": {"data": {"events": {"seq": 2}}},
        }
        assert await client.seqs(1) == [3]
        await city.happen("S2")
        assert await client.seqs(1) == [4]
        await client.say("complete", id="a")
        await client.ask("b", NAME)
        assert [await client.hear(), await client.hear()] == [
            {"id": "b", "type": "next", "payload": NAMED},
            {"id": "b", "type": "complete"},
        ]
        await client.ask("a", city="north", after=3)  # the id is free again
        assert await client.seqs(1) == [4]


async def test_from_now_on(city: Followed) -> None:
    """Without a number a subscription begins with what happens next."""
    await city.happen("S1", "S2")
    async with socket(city.port, city.token()) as client:
        await client.ask("a", city="north")
        await client.ask("b", city="north", after=0)
        assert await client.seqs(2) == [1, 2]  # of b: a has begun
        await city.happen("S1")
        heard = [await client.hear(), await client.hear()]
        assert sorted((m["id"], m["payload"]["data"]["events"]["seq"]) for m in heard) == [
            ("a", 3),
            ("b", 3),
        ]


async def test_queries_and_mutations(city: Followed) -> None:
    """Operations on one socket see what those before them changed: nothing is kept between them."""
    query = 'query { city(code: "north") { organization(code: "S1") { name } } }'
    async with socket(city.port, city.token()) as client:
        found = []
        for at, asked in enumerate((query, RENAME, query)):
            await client.ask(str(at), asked, name="新街道")
            found.append(await client.hear())
            assert await client.hear() == {"id": str(at), "type": "complete"}
    assert [message["payload"]["data"] for message in found] == [
        {"city": {"organization": {"name": "S1"}}},
        {"renameOrganization": {"organization": {"name": "新街道"}, "refusals": []}},
        {"city": {"organization": {"name": "新街道"}}},
    ]


async def test_ping(city: Followed) -> None:
    """A ping is answered with its payload, also before the handshake; a pong is not answered."""
    async with socket(city.port, init=False) as client:
        await client.say("ping", payload={"n": 1})
        await client.say("pong")
        await client.say("ping")
        await client.say("connection_init")
        assert [await client.hear() for _ in range(3)] == [
            {"type": "pong", "payload": {"n": 1}},
            {"type": "pong"},
            {"type": "connection_ack"},
        ]


@pytest.mark.parametrize(
    ("said", "code", "reason"),
    [
        (["nonsense"], 4400, "Invalid message: expected JSON"),
        (["[]"], 4400, "Invalid message: expected an object"),
        ([b"{}"], 4400, "Invalid message: expected text"),
        (["{}"], 4400, "Unknown message type"),
        (['{"type": "start"}'], 4400, "Unknown message type"),
        (['{"type": "subscribe", "id": "a", "payload": {}}'], 4401, "Unauthorized"),
        (['{"type": "connection_init", "payload": 1}'], 4400, "Invalid connection_init payload"),
        (
            ['{"type": "connection_init", "payload": {"Authorization": 1}}'],
            4400,
            "Invalid connection_init payload: Authorization",
        ),
        (
            ['{"type": "connection_init", "payload": {"authorization": "Bearer x"}}'],
            4403,
            "TOKEN_INVALID",
        ),
    ],
)
async def test_bad_handshakes(said: list[Any], code: int, reason: str, city: Followed) -> None:
    """Who does not keep to the protocol is told so by a code, and disconnected."""
    async with socket(city.port, init=False) as client:
        for text in said:
            await client.connection.send(text)
        assert await client.end() == ([], code, reason)


@pytest.mark.parametrize(
    ("said", "code", "reason"),
    [
        ({"type": "connection_init"}, 4429, "Too many initialisation requests"),
        ({"type": "subscribe", "payload": {}}, 4400, "Invalid subscribe message"),
        ({"type": "subscribe", "id": "", "payload": {}}, 4400, "Invalid subscribe message"),
        ({"type": "subscribe", "id": "b", "payload": []}, 4400, "Invalid subscribe message"),
        (
            {"type": "subscribe", "id": "a", "payload": {"query": NAME}},
            4409,
            "Subscriber for a already exists",
        ),
    ],
)
async def test_bad_messages(said: dict[str, Any], code: int, reason: str, city: Followed) -> None:
    """Nor is it otherwise after the handshake, with a subscription open."""
    async with socket(city.port, city.token()) as client:
        await client.ask("a", city="north")
        await client.say(**{"type_" if name == "type" else name: v for name, v in said.items()})
        assert await client.end() == ([], code, reason)


async def test_late_handshake(cities: str) -> None:
    """Who sends no `connection_init` in time is disconnected."""
    async with followed(cities) as city:
        (route,) = (r for r in city.app.routes if r.name == "SocketEndpoint")
        route.app.init_seconds = 0.05
        async with socket(city.port, init=False) as client:
            assert await client.end() == ([], 4408, "Connection initialisation timeout")


@pytest.mark.parametrize("protocols", [(), ("graphql-ws",)])
async def test_other_protocols(protocols: tuple[str, ...], city: Followed) -> None:
    """Neither the legacy protocol nor none is spoken."""
    async with socket(city.port, init=False, protocols=protocols) as client:
        assert await client.end() == ([], 4406, "Subprotocol not acceptable")


@pytest.mark.parametrize(
    ("origin", "welcome"),
    [
        (None, True),
        ("http://{host}", True),
        ("https://grid.example.cn", True),
        ("https://evil.example", False),
        ("https://grid.example.cn.evil.example", False),
        ("http://{host}.evil.example", False),
        ("null", False),
        ("http://[", False),
    ],
)
async def test_origins(origin: str | None, welcome: bool, cities: str, tmp_path: Path) -> None:
    """Pages of this host and of the origins of the setting connect; those of others are refused."""
    services = services_of(tmp_path, cors_origins=("https://grid.example.cn",))
    async with followed(cities, services) as city:
        given = origin and origin.format(host=f"127.0.0.1:{city.port}")
        headers = {"origin": given} if given else {}
        if welcome:
            async with socket(city.port, additional_headers=headers):
                return
        with pytest.raises(InvalidStatus) as refused:
            async with socket(city.port, additional_headers=headers):
                pass
        assert refused.value.response.status_code == 403


async def test_token_in_the_handshake(city: Followed) -> None:
    """A token in the handshake's header serves where `connection_init` has none."""
    headers = {"authorization": city.token("SECRETARY", organization="S1")}
    async with socket(city.port, additional_headers=headers) as client:
        await client.ask("a", "{ viewer { role organization { code } } }")
        viewer = {"role": "SECRETARY", "organization": {"code": "S1"}}
        assert (await client.hear())["payload"] == {"data": {"viewer": viewer}}


async def test_large_message(city: Followed) -> None:
    """A message larger than a body may be ends the socket."""
    async with socket(city.port, city.token()) as client:
        await client.ask("a", "#" * 102_400)
        heard, code, _ = await client.end()
        assert (heard, code) == ([], 1009)


def _coded(code: str, message: str, **facts: Any) -> dict[str, Any]:
    return {"message": message, "extensions": {"code": code, **facts}}


@pytest.mark.parametrize(
    ("role", "tenant", "variables", "code"),
    [
        ("CITY_ADMIN", NORTH, {"city": "nowhere-else"}, "CITY_UNKNOWN"),
        ("CITY_ADMIN", NORTH, {"city": "south"}, "FORBIDDEN"),
        ("PROVINCE_ADMIN", 990000, {"city": "north"}, "FORBIDDEN"),
        (None, NORTH, {"city": "north"}, "FORBIDDEN"),
        ("CITY_ADMIN", NORTH, {"city": "north", "organization": "S9"}, "ORGANIZATION_UNKNOWN"),
        ("CITY_ADMIN", NORTH, {"city": "north", "organization": "?"}, "ID_MALFORMED"),
        ("CITY_ADMIN", NORTH, {"city": "north", "after": 3}, "BAD_REQUEST"),
        ("CITY_ADMIN", NORTH, {"city": "north", "after": -1}, "BAD_REQUEST"),
        ("CITY_ADMIN", NORTH, {"city": "north", "after": "x"}, "VARIABLES_INVALID"),
        ("CITY_ADMIN", NORTH, {}, "VARIABLES_INVALID"),
    ],
)
async def test_refused_subscriptions(
    role: str | None, tenant: int, variables: dict[str, Any], code: str, city: Followed
) -> None:
    """A subscription that cannot begin is answered by an `error`, and the socket stays open."""
    await city.happen("S1", "S2")
    async with socket(city.port, role and city.token(role, tenant)) as client:
        await client.ask("a", **variables)
        error = await client.hear()
        assert (error["id"], error["type"]) == ("a", "error")
        assert [e["extensions"]["code"] for e in error["payload"]] == [code]
        await client.ask("a", "{ viewer { language } }")
        assert (await client.hear())["type"] == "next"


async def test_forbidden_subtree(city: Followed) -> None:
    """A worker who names an organization beside the own subtree is told so."""
    token = city.token("GRID_WORKER", organization="S1")
    async with socket(city.port, token) as client:
        await client.ask("a", city="north", organization="S2")
        assert await client.hear() == {
            "id": "a",
            "type": "error",
            "payload": [
                {
                    "message": "角色 GRID_WORKER(限于 S1 及其下级)没有权限 READ_PEOPLE。",
                    "locations": [{"line": 2, "column": 3}],
                    "path": ["events"],
                    "extensions": {"code": "FORBIDDEN", "permission": "READ_PEOPLE"},
                }
            ],
        }


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{", "PARSE_FAILED"),
        ("{ nobody }", "VALIDATION_FAILED"),
        ("subscription { a: __typename }", "VALIDATION_FAILED"),
        (
            'subscription { a: events(city: "north") { seq } b: events(city: "north") { seq } }',
            "VALIDATION_FAILED",
        ),
        ("query A { __typename } query B { __typename }", "OPERATION_UNKNOWN"),
        ("{ viewer { " + "role " * 30 + "} }", "FIELDS_EXCEEDED"),
        ("{ city(code: 1.5) { name } }", "VALIDATION_FAILED"),
    ],
)
async def test_refused_documents(query: str, code: str, city: Followed) -> None:
    """A document meets the same bounds and checks on a socket as by HTTP."""
    async with socket(city.port, city.token()) as client:
        await client.ask("a", query)
        error = await client.hear()
        assert (error["id"], error["type"]) == ("a", "error")
        assert {e["extensions"]["code"] for e in error["payload"]} == {code}


async def test_documents_by_id(cities: str, tmp_path: Path) -> None:
    """A server of trusted documents runs nothing else on sockets, and those by their ids."""
    digest = sha256(EVENTS.encode()).hexdigest()
    manifest = tmp_path / "manifest.json"
    manifest.write_text(json.dumps({f"sha256:{digest}": EVENTS}), "utf-8")
    services = services_of(tmp_path / "var", trusted_documents=(manifest,), trusted_only=True)
    async with followed(cities, services) as city, socket(city.port, city.token()) as client:
        await city.happen("S1")
        await client.ask("a", NAME)
        error = await client.hear()
        assert [e["extensions"]["code"] for e in error["payload"]] == ["DOCUMENT_UNTRUSTED"]
        variables = {"city": "north", "after": 0}
        named: dict[str, Any] = {"documentId": f"sha256:{digest}"}
        for payload in (
            named,
            {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": digest}}},
        ):
            await client.say("subscribe", id="a", payload={**payload, "variables": variables})
            assert await client.seqs(1) == [1]
            await client.say("complete", id="a")


async def test_field_errors(city: Followed) -> None:
    """An error of a field comes with the data, in the language of the connection."""
    async with socket(city.port, init=False) as client:
        await client.say("connection_init", payload={"Accept-Language": "en"})
        await client.hear()
        await client.ask("a", '{ city(code: "north") { people { nodes { name } } } }')
        message = await client.hear()
        assert message["type"] == "next"
        assert message["payload"]["data"] == {"city": {"people": None}}
        (error,) = message["payload"]["errors"]
        assert error["message"] == "READ_PEOPLE needs a token (Authorization: Bearer)."
        assert (await client.hear())["type"] == "complete"


async def test_too_many_subscriptions(cities: str, tmp_path: Path) -> None:
    """One actor has so many subscriptions open at once, on whatever sockets; a left one is free."""
    async with followed(cities, services_of(tmp_path, max_subscriptions=2)) as city:
        await city.happen("S1")
        async with socket(city.port, city.token()) as one, socket(city.port, city.token()) as two:
            await one.ask("a", city="north", after=0)
            await two.ask("b", city="north", after=0)
            assert await one.seqs(1) == await two.seqs(1) == [1]
            await two.ask("c", city="north")
            assert await two.hear() == {
                "id": "c",
                "type": "error",
                "payload": [
                    _coded(
                        "OPERATIONS_EXCEEDED",
                        "您已有 2 个订阅打开,不能再多;请先关闭不用的订阅。",
                        limit=2,
                    )
                ],
            }
            await two.say("complete", id="b")
            await two.ask("d", city="north", after=0)
            assert await two.seqs(1) == [1]
        # both sockets are gone, and with them what was open
        async with socket(city.port, city.token()) as three:
            for id_ in "ab":
                await three.ask(id_, city="north", after=0)
                assert await three.seqs(1) == [1]


async def test_expired_token(cities: str, tmp_path: Path, clock: Clock) -> None:
    """Once the token's time is over nothing more is shown: the socket is closed."""
    services = services_by(clock, tmp_path)
    async with followed(cities, services) as city:
        await city.happen("S1")
        async with socket(city.port, city.token()) as client:
            await client.ask("a", city="north", after=0)
            assert await client.seqs(1) == [1]
            clock.now += 2 * 3600
            await city.happen("S1")
            assert await client.end() == ([], 4403, "TOKEN_EXPIRED")


async def test_expired_token_of_a_query(cities: str, tmp_path: Path, clock: Clock) -> None:
    """So it is with any operation."""
    services = services_by(clock, tmp_path)
    async with followed(cities, services) as city, socket(city.port, city.token()) as client:
        clock.now += 2 * 3600
        await client.ask("a", NAME)
        assert await client.end() == ([], 4403, "TOKEN_EXPIRED")


async def test_rates(cities: str, tmp_path: Path) -> None:
    """Each page takes its events' cost; who cannot pay it is told when to come again."""
    services = services_of(tmp_path, rate_actor="40/minute")
    async with followed(cities, services) as city:
        await city.happen(*["S1"] * 60)
        async with socket(city.port, city.token()) as client:
            await client.ask("a", city="north", after=0)
            error = await client.hear()
            assert (error["type"], error["payload"][0]["extensions"]["code"]) == (
                "error",
                "RATE_LIMITED",
            )
            assert error["payload"][0]["extensions"]["cost"] == 120


async def test_stop(cities: str) -> None:
    """When the server stops, sockets are closed as for a restart; clients come again."""
    async with AsyncExitStack() as server:
        city = await server.enter_async_context(followed(cities))
        await city.happen("S1")
        async with socket(city.port, city.token()) as client:
            await client.ask("a", city="north", after=0)
            assert await client.seqs(1) == [1]
            _, ended = await asyncio.gather(server.aclose(), client.end())
            assert ended == ([], 1012, "service restart")


async def test_left_without_a_word(cities: str) -> None:
    """What runs on a socket ends with it, however it ends."""
    async with followed(cities) as city:
        await city.happen("S1")
        for _ in range(9):
            async with socket(city.port, city.token()) as client:
                await client.ask("a", city="north", after=0)
                await client.ask("b", city="north", after=0)
                assert await client.seqs(2) == [1, 1]
                client.connection.transport.abort()
    assert city.feed.watchers == 0
