"""`onegrid agreements check`: every difference between copies is named, and nothing else."""

import asyncio
import uuid
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from schema.agreements.activity import RecordActivity
from schema.agreements.answer import Answer
from schema.agreements.decline import Decline
from schema.agreements.deliver import Deliver
from schema.agreements.integrity import Checked
from schema.agreements.revise import Revise
from schema.tables.agreement import ActivityKind
from server.agreements import check_agreements
from tests.conftest import TODAY
from tests.schema.agreements.pair import REGISTRY, TERMS, A, B, C, Pair, admin
from tests.server.processes import onegrid


async def told(pair: Pair) -> uuid.UUID:
    """An agreement with all that there can be, besides drafts and others; its UUID."""
    agreement = await pair.signed()
    await pair.proposed(replace(TERMS, title="草案"), draft=True)
    await pair.proposed(tenants=(C, B))
    declined = await pair.signed(tenants=(B, C))
    done = await pair.done(Deliver(agreement, "c1", TODAY, Decimal(2)), admin(A))
    assert done.delivery is not None
    await pair.done(Answer(done.delivery), admin(B))
    await pair.done(RecordActivity(agreement, ActivityKind.MEETING, "会", TODAY), admin(B))
    row = await pair.row(declined, B)
    newer = replace(TERMS, title="新")
    await pair.done(Revise(REGISTRY, declined, row["revision"], newer), admin(B))
    await pair.done(Decline(declined, "不行"), admin(C))
    return agreement


async def test_sound(pair: Pair) -> None:
    """Whatever was done by mutations has no difference."""
    assert await check_agreements(pair.url) == Checked(0, 0, [])
    await told(pair)
    assert await check_agreements(pair.url) == Checked(4, 7, [])


OF = "WHERE tenant_id = 990200 AND agreement_id = $1"
BECAUSE = "tenant 990100 has it so"
ROWS = {
    "agreement": [
        ("state = 'TERMINATED'", "agreement: state is TERMINATED, expected ACTIVE"),
        ("title = '改'", "agreement: title is 改, expected 村社结对"),
        ("revision = 99", "agreement: revision is 99, expected 3"),
        ("end_text = '完'", "agreement: end_text is 完, expected null"),
        ("signed_at = NULL", "agreement: signed_at is null, expected 2026-03-15 04:00:00+00:00"),
        ("ends_on = '2030-01-01'", "agreement: ends_on is 2030-01-01, expected 2026-12-31"),
        ("source = 'x'", "agreement: source is x, expected null"),
    ],
    "agreement_version": [
        ("proposed_by = 2", "agreement_version version=1: proposed_by is 2, expected 1"),
        ("declined_by = 2", "agreement_version version=1: declined_by is 2, expected null"),
    ],
    "agreement_delivery": [
        ("state = 'DISPUTED'", "agreement_delivery id={}: state is DISPUTED, expected CONFIRMED"),
        ("quantity = 3", "agreement_delivery id={}: quantity is 3.000, expected 2.000"),
        ("evidence = '{{a}}'", 'agreement_delivery id={}: evidence is ["a"], expected []'),
    ],
    "agreement_activity": [
        ("parties = '{{1}}'", "agreement_activity id={}: parties is [1], expected [1, 2]"),
        ("subject = '别'", "agreement_activity id={}: subject is 别, expected 会"),
    ],
    "agreement_party": [
        ("name = '改'", "agreement_party number={}: name is 改, expected 9901"),
    ],
}


async def differences(pair: Pair) -> list[str]:
    """What is found, as it is printed, without the agreement's id."""
    checked = await check_agreements(pair.url)
    return [str(one).split(", ", 1)[1] for one in checked.differences]


async def test_columns(pair: Pair) -> None:
    """A column that differs in any of the tables is named with both values."""
    agreement = await told(pair)
    for table, cases in ROWS.items():
        column = "id" if table == "agreement" else "agreement_id"
        own = f"WHERE tenant_id = {B} AND {column} = $1"
        for sets, expected in cases:
            before = await pair.sql(f"SELECT * FROM {table} {own}", agreement)
            await pair.sql(f"UPDATE {table} SET {sets.format()} {own}", agreement)
            found = await differences(pair)
            key = before[0].get("id") if "id=" in expected else 1
            first = f"tenant {B}, {expected.format(key)}"
            assert found[0].startswith(first), (found, first)
            assert BECAUSE in found[0]
            name = sets.split(" = ")[0]
            for row in before:
                keys = {"agreement_party": "number"}.get(table)
                more = f" AND number = {row['number']}" if keys else ""
                await pair.sql(f"UPDATE {table} SET {name} = $2 {own}{more}", agreement, row[name])
    assert await differences(pair) == []


async def test_rows(pair: Pair) -> None:
    """A row that only one copy has is named, whichever has it."""
    agreement = await told(pair)
    ((delivery,),) = [
        [row["id"] for row in await pair.sql("SELECT DISTINCT id FROM agreement_delivery")]
    ]
    await pair.sql(f"DELETE FROM agreement_delivery {OF}", agreement)
    ((activity,),) = [
        [row["id"] for row in await pair.sql("SELECT DISTINCT id FROM agreement_activity")]
    ]
    await pair.sql("DELETE FROM agreement_activity WHERE tenant_id = $1", A)
    assert await differences(pair) == [
        f"tenant 990200, agreement_delivery id={delivery}: row is none, expected one ({BECAUSE})",
        f"tenant 990200, agreement_activity id={activity}: row is there, expected none ({BECAUSE})",
    ]


async def test_places(pair: Pair) -> None:
    """A copy that is missing, or is where none belongs, is named."""
    agreement = await told(pair)
    for table in ("delivery", "activity", "version"):
        await pair.sql(f"DELETE FROM agreement_{table} {OF}", agreement)
    await pair.sql(f"DELETE FROM agreement_party {OF}", agreement)
    await pair.sql("DELETE FROM agreement WHERE tenant_id = $1 AND id = $2", B, agreement)
    a_party = "a tenant with a party has a copy"
    assert await differences(pair) == [
        f"tenant 990200, agreement: copy is none, expected one ({a_party})"
    ]
    await pair.sql(
        "UPDATE agreement SET state = 'PROPOSED' WHERE title = '草案' AND state = 'DRAFT'"
    )
    assert f"tenant 990200, agreement: copy is none, expected one ({a_party})" in (
        await differences(pair)
    )
    await pair.sql("UPDATE agreement SET state = 'DRAFT' WHERE tenant_id = $1", C)
    assert (
        "tenant 990200, agreement: copy is there, expected none (a draft is its initiator's alone)"
    ) in await differences(pair)


async def test_hashes(pair: Pair) -> None:
    """A hash that is not its content's, and a signature of what never was, are named."""
    agreement = await told(pair)
    right = (await pair.row(agreement))["content_hash"]
    both = "WHERE agreement_id = $1"
    await pair.sql(
        f"UPDATE agreement_version SET content = jsonb_set(content, '{{title}}', '\"改\"') {both}",
        agreement,
    )
    found = await differences(pair)
    said = [line for line in found if "content_hash" in line]
    assert len(said) == 2
    assert all(f"version=1: content_hash is {right}, expected " in line for line in said)
    assert [line for line in found if "title" in line] == [
        f"tenant {tenant}, agreement: title is 村社结对, expected 改 (version 1 has it so)"
        for tenant in (A, B)
    ]
    await pair.sql(
        f"UPDATE agreement_version SET content = jsonb_set(content, '{{title}}', '1.5') {both}",
        agreement,
    )
    assert any("expected no content at all" in line for line in await differences(pair))


async def test_signatures(pair: Pair) -> None:
    """Signatures name versions that there are, with their hashes."""
    agreement = await told(pair)
    right = (await pair.row(agreement))["content_hash"]
    for sets, expected in (
        ("signed_hash = 'x'", f"signed_hash is x, expected {right} (version 1 has it so)"),
        ("signed_version = 7", f"signed_hash is {right}, expected that of a version (version 7"),
        ("signed_version = NULL", f"signed_hash is {right}, expected null (version None"),
    ):
        await pair.sql(
            f"UPDATE agreement_party SET {sets} WHERE agreement_id = $1 AND number = 2", agreement
        )
        found = await differences(pair)
        assert len(found) == 2
        assert all(f"agreement_party number=2: {expected}" in line for line in found), found
        await pair.sql(
            "UPDATE agreement_party SET signed_version = 1, signed_hash = $2"
            " WHERE agreement_id = $1 AND number = 2",
            *(agreement, right),
        )
    assert await differences(pair) == []


async def test_versions(pair: Pair) -> None:
    """The version that stands, and the agreed one, are there."""
    agreement = await told(pair)
    await pair.sql("UPDATE agreement SET version = 4, agreed = 5 WHERE id = $1", agreement)
    assert await differences(pair) == [
        f"tenant {tenant}, agreement: {name} is {number}, expected 1 (there is no such version)"
        for tenant in (A, B)
        for name, number in (("version", 4), ("agreed", 5))
    ]


async def test_homes(pair: Pair) -> None:
    """A copy knows the organizations of its own tenant, and of no other."""
    agreement = await told(pair)
    await pair.sql(f"UPDATE agreement_party SET organization_id = NULL {OF}", agreement)
    assert await differences(pair) == [
        "tenant 990200, agreement_party number=2: organization_id is null, expected that of the "
        "organization (a copy knows the organizations of its own tenant)"
    ]


async def test_command(pair: Pair, tmp_path: Path) -> None:
    """It ends with 0 where all copies are equal, with 1 and a line for each difference else."""
    agreement = await told(pair)
    whole = await asyncio.to_thread(
        onegrid, "agreements", "check", cwd=tmp_path, database_url=pair.url
    )
    assert (whole.code, whole.out.splitlines()[-1]) == (
        0,
        "4 agreements in 7 copies; no difference.",
    )
    await pair.sql(
        "UPDATE agreement SET revision = 9 WHERE tenant_id = 990200 AND id = $1", agreement
    )
    broken = await asyncio.to_thread(
        onegrid, "agreements", "check", cwd=tmp_path, database_url=pair.url
    )
    assert (broken.code, broken.out.splitlines(), broken.err.splitlines()[-1]) == (
        1,
        [
            f"agreement {agreement}, tenant 990200, agreement: revision is 9, expected 3 "
            "(tenant 990100 has it so)"
        ],
        "4 agreements in 7 copies; differences: 1.",
    )
