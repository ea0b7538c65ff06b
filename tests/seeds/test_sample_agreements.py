"""Sample agreements: valid by the rules of agreements, the same in all copies, loaded once."""

import asyncio
import datetime
import json
from collections import Counter, defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from schema.agreements.commitments import CommitmentTerms
from schema.agreements.content import Content, content_hash, day
from schema.agreements.terms import MemberTerms, Terms, composed
from schema.keyring import Keyring
from schema.tables.agreement import AgreementState, DeliveryState, Every
from seeds.load import load
from seeds.parts import pending
from seeds.sample import load_sample
from tenants.calendar import day_of
from tenants.definition import Definition
from tenants.registry import Registry
from tests.conftest import NOW, TODAY, NewDatabase, run_sql
from tests.seeds.cities import FUSHUN, LIAONING, NORTHEAST
from tests.seeds.test_cooperatives import fetched

TABLES = (
    "agreement",
    "agreement_version",
    "agreement_party",
    "agreement_delivery",
    "agreement_activity",
)
OWN = ("tenant_id", "organization_id")


async def copies(url: str) -> dict[Any, dict[int, list[dict[str, Any]]]]:
    """Every row of every sample agreement by id and tenant, without what is the tenant's own."""
    found: defaultdict[Any, dict[int, list[dict[str, Any]]]] = defaultdict(dict)
    for table in TABLES:
        key = "id" if table == "agreement" else "agreement_id"
        rows = await fetched(
            url,
            f"SELECT t.* FROM {table} t JOIN agreement a ON a.tenant_id = t.tenant_id"
            f" AND a.id = t.{key} WHERE a.data_kind = 'GENERATED' ORDER BY t.{key}, 2, 3",
        )
        for row in rows:
            plain = {name: value for name, value in row.items() if name not in OWN}
            found[row[key]].setdefault(row["tenant_id"], []).append({"table": table, **plain})
    return found


async def agreements(url: str) -> list[dict[str, Any]]:
    """The sample agreements, one copy of each, with versions, parties, deliveries, activities."""
    found = []
    for by_tenant in (await copies(url)).values():
        rows = by_tenant[min(by_tenant)]
        parts: dict[str, Any] = {table: [] for table in TABLES}
        for row in rows:
            parts[row.pop("table")].append(row)
        for version in parts["agreement_version"]:
            version["content"] = json.loads(version["content"])
        (parts["agreement"],) = parts["agreement"]
        parts["tenants"] = sorted(by_tenant)
        found.append(parts)
    return found


async def test_how_many(demo_url: str) -> None:
    """A dozen pairings within cities, four across, and the alliances of two cities."""
    rows = [item["agreement"] for item in await agreements(demo_url)]
    assert Counter((row["cities"], row["alliance"] is not None) for row in rows) == {
        (1, False): 12,
        (1, True): 6,
        (2, False): 3,
        (3, False): 1,
    }
    # one that is signed is in force as soon as a server of other tests has swept this database
    states = {state.value for state in AgreementState}
    assert {row["state"] for row in rows} | {AgreementState.SIGNED.value} == states
    assert all("示例" in row["title"] for row in rows)


async def test_all_copies_are_the_same(demo_url: str) -> None:
    """Every tenant with a party has all rows of the agreement; of a draft the initiator alone."""
    for by_tenant in (await copies(demo_url)).values():
        first, *others = by_tenant.values()
        assert all(rows == first for rows in others)
        (agreement, *_), parties = first, [r for r in first if r["table"] == "agreement_party"]
        expected = {row["party_tenant_id"] for row in parties}
        is_draft = agreement["state"] == "DRAFT"
        assert by_tenant.keys() == ({parties[0]["party_tenant_id"]} if is_draft else expected)


async def test_contents_could_have_been_proposed(
    demo_url: str, shipped: tuple[Definition, ...]
) -> None:
    """Each version is what the rules make of its terms on the day of its proposal; its hash is
    that of its content, and the row repeats what its version says."""
    registry = Registry(shipped)
    for item in await agreements(demo_url):
        for version in item["agreement_version"]:
            content: Content = version["content"]
            on = day_of(version["proposed_at"])
            assert composed_again(content, registry, on) == content
            assert version["content_hash"] == content_hash(content)
        row, newest = item["agreement"], item["agreement_version"][-1]
        assert row["version"] == newest["version"]
        assert [
            row["title"],
            row["alliance"],
            row["content_hash"],
            row["starts_on"],
            row["ends_on"],
        ] == [
            newest["content"]["title"],
            newest["content"]["alliance"],
            newest["content_hash"],
            day(newest["content"]["startsOn"]),
            day(newest["content"]["endsOn"]),
        ]


def composed_again(content: Content, registry: Registry, on: datetime.date) -> object:
    """What the rules of agreements make of the terms of a content."""
    terms = Terms(
        content["title"],
        tuple(dimension["key"] for dimension in content["dimensions"]),
        tuple(
            CommitmentTerms(
                one["dimension"],
                one["text"],
                one["owner"],
                None if one["quantity"] is None else Decimal(one["quantity"]),
                one["unit"],
                None if one["every"] is None else Every(one["every"]),
                day(one["dueOn"]),
            )
            for one in content["commitments"]
        ),
        tuple(MemberTerms(**member) for member in content["workingGroup"]),
        content["facilitator"],
        day(content["startsOn"]),
        day(content["endsOn"]),
    )
    return composed(terms, content["parties"], content["alliance"], registry, on)


async def test_states_follow_from_signatures(demo_url: str) -> None:
    """What is agreed is signed by all; what is to be signed, by some; dates fit the state."""
    for item in await agreements(demo_url):
        row, parties = item["agreement"], item["agreement_party"]
        hashes = {v["version"]: v["content_hash"] for v in item["agreement_version"]}
        signed = [party["signed_version"] for party in parties]
        assert all(party["signed_hash"] == hashes.get(party["signed_version"]) for party in parties)
        if row["agreed"] is None:
            assert row["state"] in ("DRAFT", "PROPOSED", "DECLINED")
            assert None in signed
        else:
            assert min(signed) == row["agreed"]
        if row["state"] == "SIGNED":
            assert row["starts_on"] > TODAY
        if row["state"] == "PROPOSED":
            assert any(version != row["version"] for version in signed)
        ended = row["state"] in ("COMPLETED", "TERMINATED", "DECLINED")
        assert (row["ended_at"] is not None) == ended
        assert row["state"] != "ACTIVE" or row["ends_on"] is None or row["ends_on"] >= TODAY
        moments = [row["created_at"], row["signed_at"], row["ended_at"]]
        given = [at for at in moments if at is not None]
        assert given == sorted(given)
        assert given[-1] < NOW


async def test_deliveries_are_of_commitments(demo_url: str) -> None:
    """Deliveries are by the owner on what was agreed, answered by another, in all three states."""
    seen: Counter[str] = Counter()
    for item in await agreements(demo_url):
        for one in item["agreement_delivery"]:
            agreed = item["agreement_version"][item["agreement"]["agreed"] - 1]["content"]
            (commitment,) = (c for c in agreed["commitments"] if c["key"] == one["commitment"])
            assert commitment["owner"] in (None, one["party"])
            assert day_of(item["agreement"]["signed_at"]) <= one["delivered_on"]
            assert one["delivered_on"] <= (item["agreement"]["ends_on"] or TODAY)
            assert one["answered_by"] != one["party"]
            assert (one["answered_by"] is None) == (one["state"] == "RECORDED")
            assert (one["answer"] is None) == (one["state"] != "DISPUTED")
            seen[one["state"]] += 1
    assert seen.keys() == {state.value for state in DeliveryState}
    assert seen["CONFIRMED"] > seen["DISPUTED"] > 0


async def test_alliances_are_those_that_cities_declare(
    demo_url: str, shipped: tuple[Definition, ...]
) -> None:
    """A city with alliances has one of each kind with several members of its own, which have met,
    and done something together in each of the city's ways."""
    by_id = {item.tenant_id: item.cooperation for item in shipped}
    kinds: defaultdict[int, set[str]] = defaultdict(set)
    for item in await agreements(demo_url):
        if item["agreement"]["alliance"] is None:
            continue
        (tenant_id,) = item["tenants"]
        kinds[tenant_id].add(item["agreement"]["alliance"])
        assert len(item["agreement_party"]) >= 3
        met = [row for row in item["agreement_activity"] if row["kind"] == "MEETING"]
        done = {row["way"] for row in item["agreement_activity"] if row["kind"] == "ACTIVITY"}
        assert len(met) == 2
        ways: set[str | None] = {way.key for way in by_id[tenant_id].ways}
        assert done == (ways or {None})
    declared = {
        tenant_id: {kind.key for kind in by_id[tenant_id].alliances}
        & load_sample().alliances.leads.keys()
        for tenant_id in load_sample().cities
    }
    assert dict(kinds) == {tenant_id: keys for tenant_id, keys in declared.items() if keys}
    assert len(by_id[211300].ways) == 5


async def test_every_log_tells_it(demo_url: str) -> None:
    """The log of each tenant with a copy tells the same of an agreement, in the same order."""
    told: defaultdict[Any, dict[int, list[Any]]] = defaultdict(dict)
    for row in await fetched(
        demo_url,
        "SELECT agreement_id, tenant_id, kind, about, at, actor, organization_id FROM event"
        " WHERE agreement_id IS NOT NULL ORDER BY tenant_id, seq",
    ):
        assert row["organization_id"] is not None
        log = told[row["agreement_id"]].setdefault(row["tenant_id"], [])
        log.append((row["at"], row["kind"], row["about"]))
    known = {id_: sorted(by_tenant) for id_, by_tenant in (await copies(demo_url)).items()}
    assert {id_: sorted(logs) for id_, logs in told.items()} == known
    for logs in told.values():
        first, *others = logs.values()
        assert all(log == first for log in others)
        assert first[0][1] in ("AGREEMENT_DRAFTED", "AGREEMENT_PROPOSED")


async def test_other_cities_see_no_subject(demo_url: str) -> None:
    """In the log of the other city it is the acting city that acted, and nobody."""
    rows = await fetched(
        demo_url,
        "SELECT e.actor, e.person_id FROM event e JOIN agreement_party p"
        " ON p.tenant_id = e.tenant_id AND p.agreement_id = e.agreement_id"
        " AND p.number = (e.about->>'party')::int WHERE p.party_tenant_id <> e.tenant_id",
    )
    assert rows
    assert all(row["actor"].startswith("city:") and row["person_id"] is None for row in rows)


# --- loaded


@pytest.fixture
def keyring(tmp_path: Path) -> Keyring:
    """Keys of the test's own."""
    return Keyring(tmp_path / "keys.json")


async def drain(
    url: str, keyring: Keyring, definitions: tuple[Definition, ...] = NORTHEAST
) -> list[str]:
    """Load what is pending; what was loaded."""
    connection: Any = await asyncpg.connect(url)
    try:
        return [what async for _, _, what in load(connection, definitions, NOW, keyring)]
    finally:
        await connection.close()


async def test_both_cities_or_neither(new_database: NewDatabase, keyring: Keyring) -> None:
    """Where one copy of an agreement of two cities cannot be written, nobody has one, nor an
    event; the next load writes both."""
    url = await new_database(NORTHEAST)
    broken = "CHECK (tenant_id <> 210800 OR cities = 1)"
    await run_sql(url, f"ALTER TABLE agreement ADD CONSTRAINT broken {broken}")
    with pytest.raises(asyncpg.CheckViolationError):
        await drain(url, keyring)
    assert await fetched(url, "SELECT FROM agreement WHERE cities > 1") == []
    await run_sql(url, "ALTER TABLE agreement DROP CONSTRAINT broken")
    assert await drain(url, keyring) == ["甲市 sample_agreements+210800"]
    rows = await fetched(url, "SELECT tenant_id FROM agreement WHERE cities > 1 ORDER BY 1")
    assert [row[0] for row in rows] == [210400, 210800]
    logs = await fetched(url, "SELECT count(*) = max(seq) FROM event GROUP BY tenant_id")
    assert {row[0] for row in logs} == {True}


async def test_two_loads_at_once(new_database: NewDatabase, keyring: Keyring) -> None:
    """Two processes that load at the same time come to what one does."""
    alone, both = await new_database(NORTHEAST), await new_database(NORTHEAST)
    await drain(alone, keyring)
    await asyncio.gather(drain(both, keyring), drain(both, keyring))
    counts = "SELECT (SELECT count(*) FROM {}), (SELECT max(seq) FROM event)"
    for table in (*TABLES, "cooperative", "household", "deal", "person", "event"):
        statement = counts.format(table)
        assert await fetched(both, statement) == await fetched(alone, statement)


async def test_what_parties_changed_stays(new_database: NewDatabase, keyring: Keyring) -> None:
    """A second load of everything leaves agreements as they are, and tells nothing again."""
    url = await new_database(NORTHEAST)
    await drain(url, keyring)
    await run_sql(
        url,
        "UPDATE agreement SET title = '改过', revision = revision + 1",
        "DELETE FROM agreement_delivery WHERE state = 'DISPUTED'",
        "UPDATE load SET content_hash = 'another'",
    )
    before, events = await copies(url), await fetched(url, "SELECT count(*) FROM event")
    assert len(before) == 5
    await drain(url, keyring)
    assert (await copies(url), await fetched(url, "SELECT count(*) FROM event")) == (before, events)


async def test_never_beside_agreements_of_people(
    new_database: NewDatabase, keyring: Keyring
) -> None:
    """A city that has agreed on something gets no samples, nor one that it would share."""
    url = await new_database(NORTHEAST)
    await run_sql(
        url,
        "INSERT INTO agreement (tenant_id, id, title, state, version, content_hash, cities,"
        " created_at, revision, data_kind) VALUES (210800,"
        " '00000000-0000-7000-8000-000000000001', '约', 'DRAFT', 1, '', 1, now(), 1, 'REAL')",
    )
    await drain(url, keyring)
    assert {min(by_tenant) for by_tenant in (await copies(url)).values()} == {210400}
    assert await fetched(url, "SELECT FROM agreement WHERE cities > 1") == []


async def test_one_city_alone(new_database: NewDatabase, keyring: Keyring) -> None:
    """Without the other city there is no agreement with it, and none is pending."""
    alone = (LIAONING, FUSHUN)
    url = await new_database(alone)
    assert await drain(url, keyring, alone) == [
        "甲市 people",
        "甲市 sample_cooperatives",
        "甲市 sample_agreements",
    ]
    connection: Any = await asyncpg.connect(url)
    try:
        assert await pending(connection, alone, sample=True) == []
    finally:
        await connection.close()
