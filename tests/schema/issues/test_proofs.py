"""Without a token an issue is shown to who gives its secret: right, wrong, of another, none."""

import asyncio
import uuid
from typing import Any

import asyncpg
import pytest

from schema.database import Database, SnapshotClosedError
from schema.issue_secret import hashed, proves
from schema.proofs import Proofs
from schema.scope import Scope
from tests.conftest import Graph
from tests.schema.issues.desk import SECRET
from tests.schema.issues.site import NAME, OTHER_ID, PHONE, Site
from tests.schema.organizations.town import ID

QUERY = """query ($city: ID!, $number: ID!, $secret: String) {
  city(code: $city) { issue(number: $number, secret: $secret) {
    title organization { code } reporter { name phone } viewerIsReporter
    timeline { nodes { kind } } notes { nodes { text } }
  } }
}"""
NUMBER = "XX-20260315-000001"
SHOWN = {
    "title": "路灯不亮",
    "organization": {"code": "AA1-1-G1"},
    "reporter": {"name": NAME, "phone": PHONE},
    "viewerIsReporter": True,
    "timeline": {"nodes": []},
    "notes": {"nodes": [{"text": "请给门牌号"}]},
}


async def reported(site: Site) -> uuid.UUID:
    """An issue that somebody without a token reported, with a note."""
    more: Any = {"reporter_subject": None, "reporter_person_id": await site.person()}
    issue: uuid.UUID = await site.desk.put(**more)
    await site.note(issue, "请给门牌号")
    return issue


async def asked(
    site: Site, secret: str | None, city: str = "invented", number: str = NUMBER
) -> Any:
    """What is answered without a token."""
    return await site.graph(QUERY, city=city, number=number, secret=secret)


@pytest.mark.parametrize("secret", [SECRET, "abcd efgh 2345 6789", "ABCDEFGH23456789"])
async def test_the_secret_shows_all(secret: str, site: Site) -> None:
    """The secret, however it is written, shows the whole issue, the own contact unmasked."""
    await reported(site)
    assert await asked(site, secret) == {"data": {"city": {"issue": SHOWN}}}


@pytest.mark.parametrize(
    ("secret", "city", "number"),
    [
        ("WXYZ-WXYZ-WXYZ-WXYZ", "invented", NUMBER),
        ("", "invented", NUMBER),
        (SECRET[:-1], "invented", NUMBER),
        (SECRET, "other", NUMBER),
        (SECRET, "invented", "XX-20260315-000009"),
        ("WXYZ-WXYZ-WXYZ-WXYZ", "invented", "XX-20260315-000009"),
    ],
)
async def test_wrong_ones_show_nothing(secret: str, city: str, number: str, site: Site) -> None:
    """A wrong secret, another city's, and a number that is not there are answered alike."""
    await reported(site)
    assert await asked(site, secret, city, number) == {"data": {"city": {"issue": None}}}


async def test_a_secret_is_for_one_issue(site: Site) -> None:
    """The secret of one issue does not show another one."""
    await reported(site)
    await site.desk.put(secret_hash=hashed("WXYZ-WXYZ-WXYZ-WXYZ"))
    found = await asked(site, SECRET, number="XX-20260315-000002")
    assert found == {"data": {"city": {"issue": None}}}


async def test_one_without_a_secret(site: Site) -> None:
    """An issue that was reported with a token has no secret, and none shows it."""
    await site.desk.put(secret_hash=None)
    for secret in (SECRET, "", "None"):
        assert await asked(site, secret) == {"data": {"city": {"issue": None}}}


async def test_without_token_and_secret(site: Site) -> None:
    """Who gives neither is told what is needed, whether the issue is there or not."""
    await reported(site)
    for number in (NUMBER, "XX-20260315-000009"):
        answer = await asked(site, None, number=number)
        assert answer["data"] == {"city": {"issue": None}}
        (error,) = answer["errors"]
        assert error["extensions"] == {"code": "FORBIDDEN", "permission": "READ_ISSUES"}
        assert "secret" in error["message"]


@pytest.mark.parametrize("role", ["PROVINCE_ANALYST", "PROVINCE_ADMIN"])
@pytest.mark.parametrize("secret", [None, SECRET, "WXYZ-WXYZ-WXYZ-WXYZ"])
async def test_a_province(role: str, secret: str | None, site: Site) -> None:
    """A province's token is refused, with or without the secret."""
    await reported(site)
    province = site.graph.as_(role, "990000")
    answer = await province(QUERY, city="invented", number=NUMBER, secret=secret)
    assert answer["data"] == {"city": {"issue": None}}
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["FORBIDDEN"]


async def test_with_a_token_too(site: Site) -> None:
    """Somebody who has signed in since follows by the secret what was reported without a token."""
    await reported(site)
    neighbour = site.as_("RESIDENT", subject="neighbour")
    without = await neighbour(QUERY, city="invented", number=NUMBER)
    assert without == {"data": {"city": {"issue": None}}}
    with_ = await neighbour(QUERY, city="invented", number=NUMBER, secret=SECRET)
    assert with_ == {"data": {"city": {"issue": SHOWN}}}


async def test_a_proof_is_for_one_operation(site: Site) -> None:
    """What one operation has proven no other one may read."""
    await reported(site)
    assert (await asked(site, SECRET))["data"]["city"]["issue"] == SHOWN
    assert "errors" in await asked(site, None)


async def test_statements_are_counted(site: Site) -> None:
    """Who reads by the city's login takes one statement more, for the snapshot's name."""
    await reported(site)
    given = {"city": "invented", "number": NUMBER, "secret": SECRET}
    assert await site.graph.statements(QUERY, **given) == 6
    assert await site.graph.statements(QUERY, **given | {"secret": "no"}) == 2


BOTH = """query ($number: ID!, $secret: String) {
  a: city(code: "invented") { issue(number: $number, secret: $secret) { ...parts } }
  b: city(code: "other") { issue(number: $number, secret: $secret) { ...parts } }
}
fragment parts on Issue { number organization { code } timeline { nodes { seq } } lead { name } }"""
# what is public is read first
MIXED = BOTH.replace("{ issue", '{ organization(code: "AA") { children { nodes { name } } } issue')
SLEEPING = """SELECT pid FROM pg_stat_activity
  WHERE datname = current_database() AND wait_event = 'PgSleep'"""


@pytest.mark.parametrize("query", [BOTH, MIXED])
async def test_many_at_once_do_not_wait_for_each_other(query: str, site: Site) -> None:
    """Operations that read by the public's login and by several cities' all come to their end."""
    await reported(site)

    async def ask(graph: Graph) -> Any:
        return await graph.data(query, number=NUMBER, secret=SECRET)

    # ten times as many as each login's pool has connections
    answers = await asyncio.gather(*(ask(site.graph) for _ in range(40)))
    assert [answer["b"]["issue"] for answer in answers] == [None] * 40
    assert {answer["a"]["issue"]["number"] for answer in answers} == {NUMBER}
    await _nobody_reads(site)


async def _nobody_reads(site: Site) -> None:
    for pool in site.graph.live.database.pools().values():
        assert (pool.open - pool.idle, pool.waiting) == (0, 0)


async def test_all_is_read_as_of_one_moment(site: Site) -> None:
    """What an operation reads by either login agrees, whatever is written meanwhile."""
    issue = await reported(site)
    database: Database = site.graph.live.database
    reading = "SELECT title FROM issue WHERE id = $1"

    async def title(proofs: Proofs) -> str:
        async with proofs.reading(ID) as (snapshot, _):
            rows: list[asyncpg.Record] = await snapshot.fetch(reading, [issue])
        return str(rows[0]["title"])

    async with database.snapshot(Scope(frozenset({ID}))) as public, Proofs(database, public) as own:
        before = await title(own)
        await site.desk.sql("UPDATE issue SET title = '换了' WHERE id = $1", issue)
        assert await title(own) == before == "路灯不亮"
        await public.renew()
        assert await title(own) == "换了"
        # two of the three readings shared the name of one snapshot
        assert (public.statements, own.statements) == (2, 3)
        assert own.seconds > 0


async def test_reading_ends_with_the_operation(site: Site) -> None:
    """Who breaks off in the middle of a statement, or asks after the end, keeps no connection."""
    database: Database = site.graph.live.database
    scope = Scope(frozenset({ID}))

    async def sleep(proofs: Proofs) -> None:
        async with proofs.reading(ID) as (snapshot, _):
            await snapshot.fetch("SELECT pg_sleep(1000)", [])

    with pytest.raises(ZeroDivisionError):
        async with database.snapshot(scope) as public, Proofs(database, public) as proofs:
            asleep = asyncio.create_task(sleep(proofs))
            while not await site.desk.sql(SLEEPING):
                pass
            raise ZeroDivisionError
    with pytest.raises(asyncio.CancelledError):
        await asleep
    with pytest.raises(SnapshotClosedError):
        await sleep(proofs)
    assert await site.desk.sql(SLEEPING) == []
    await _nobody_reads(site)


def test_proofs_of_one_tenant_are_of_no_other() -> None:
    """The same id proven in one city says nothing of another."""
    nothing: Any = None
    proofs, issue = Proofs(nothing, nothing), uuid.uuid4()
    proofs.prove(ID, issue)
    assert proofs.proven(ID) == {issue}
    assert proofs.proven(OTHER_ID) == frozenset()


def test_secrets_compare() -> None:
    """A secret proves what was hashed of it, and nothing proves an issue that has none."""
    assert proves("abcd-2345", hashed("ABCD2345"))
    assert not proves("abcd-2346", hashed("ABCD2345"))
    assert not proves("", None)
    assert not proves("", bytes(32))
