"""Copies stay equal: at the same moment from both sides, and with failures between the writes."""

import ast
import asyncio
import re
import time
import uuid
from collections.abc import Awaitable, Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest

from schema.agreements.activity import RecordActivity
from schema.agreements.answer import Answer
from schema.agreements.copies import CopiesDifferError
from schema.agreements.decline import Decline
from schema.agreements.deliver import Deliver
from schema.agreements.end import Complete, Terminate
from schema.agreements.outcome import Concluded
from schema.agreements.propose import Propose, Submit
from schema.agreements.renew import Renew
from schema.agreements.revise import Revise
from schema.agreements.sign import Sign
from schema.errors import CodedError, ErrorCode
from schema.refusals import Refused
from schema.tables.agreement import ActivityKind, Completion
from schema.work import Action
from tests.conftest import TODAY, NewDatabase
from tests.schema.agreements.pair import (
    COMMITMENTS,
    DEFINITIONS,
    REGISTRY,
    TERMS,
    A,
    B,
    C,
    Pair,
    admin,
    pair_at,
    secretary,
)
from tests.schema.agreements.trouble import InjectedError, Opener, Trouble

ROOT = Path(__file__).parents[3]
WRITES = 6
"""Writes of a signature: a party and the agreement in each tenant, then the logs' first ones."""

LATE = 8
"""How many writers may be late: all eight, once, when the machine stands still."""

TROUBLES: Sequence[Trouble | None] = (*Trouble, None)


async def outcome_of(running: Awaitable[Any]) -> Any:
    """What an action gave, or what ended it."""
    try:
        return await running
    except (InjectedError, CodedError) as error:
        return error
    except asyncio.CancelledError as error:
        return error


async def sign_at_once(pair: Pair, random: Random) -> None:
    """One round: both sides sign at the same moment, each in trouble somewhere, or in none."""
    agreement = await pair.proposed()
    before = {tenant_id: len(await pair.events(tenant_id)) for tenant_id in (A, B)}
    hash_ = (await pair.row(agreement))["content_hash"]
    openers = {
        tenant_id: Opener(pair, random.choice(TROUBLES), random.randint(1, WRITES + 3))
        for tenant_id in (A, B)
    }
    tasks = [
        asyncio.create_task(pair.do(Sign(agreement, hash_), admin(tenant_id), open_=opener))
        for tenant_id, opener in openers.items()
    ]
    outcomes = [await outcome_of(task) for task in tasks]
    acknowledged = {
        number for number, found in enumerate(outcomes, 1) if isinstance(found, Concluded)
    }
    assert not any(isinstance(found, Refused) for found in outcomes), outcomes
    await pair.demand_sound()
    for tenant_id in (A, B):
        rows = (await pair.copies())[tenant_id]["agreement_party"]
        signed = {
            row["number"]
            for row in rows.values()
            if row["agreement_id"] == agreement and row["signed_version"]
        }
        events = (await pair.events(tenant_id))[before[tenant_id] :]
        told = {
            event["about"]["party"] for event in events if event["kind"] == "AGREEMENT_PARTY_SIGNED"
        }
        assert signed == told == acknowledged, outcomes
    assert await pair.state(agreement) == ("ACTIVE" if len(acknowledged) == 2 else "PROPOSED")


async def test_both_sign_at_once(pair: Pair) -> None:
    """Whatever happens between the two writes, both copies have exactly what was acknowledged."""
    random = Random(1)
    for _ in range(10):
        await sign_at_once(pair, random)


@pytest.mark.soak
@pytest.mark.timeout(600)
async def test_both_sign_at_once_a_hundred_times(pair: Pair) -> None:
    """The same, a hundred times."""
    random = Random(2)
    for _ in range(100):
        await sign_at_once(pair, random)


@pytest.mark.parametrize("trouble", Trouble)
async def test_every_write(pair: Pair, trouble: Trouble) -> None:
    """A signature that fails before any of its writes, those of the logs too, leaves nothing."""
    agreement = await pair.proposed()
    sign = Sign(agreement, (await pair.row(agreement))["content_hash"])
    watched = Opener(pair)
    await pair.do(sign, admin(B), dry_run=True, open_=watched)
    assert len(watched.writes) == 4  # a rehearsal writes no log
    before = [await pair.copies(), await pair.events(A), await pair.events(B)]
    for at in range(1, 9):
        opener = Opener(pair, trouble, at)
        running = asyncio.create_task(pair.do(sign, admin(B), open_=opener))
        assert not isinstance(await outcome_of(running), Concluded | Refused)
        assert len(opener.writes) in (at - 1, at)
        assert [await pair.copies(), await pair.events(A), await pair.events(B)] == before
    whole = Opener(pair)
    assert isinstance(await pair.do(sign, admin(B), open_=whole), Concluded)
    assert len(whole.writes) == 8
    await pair.demand_sound()


async def at_once(pair: Pair, *given: tuple[Action[Concluded], int]) -> list[Any]:
    """The outcomes of actions of cities' administrators that run at the same moment."""
    return await asyncio.gather(*(pair.do(action, admin(tenant)) for action, tenant in given))


def codes(outcomes: Sequence[Any]) -> list[str]:
    """The codes of those that were refused."""
    return [
        refusal.code.value
        for outcome in outcomes
        if isinstance(outcome, Refused)
        for refusal in outcome.refusals
    ]


async def test_revised_and_signed_at_once(pair: Pair) -> None:
    """Whoever comes second is told that what it saw is not what there is."""
    for turn in range(6):
        agreement = await pair.proposed()
        row = await pair.row(agreement)
        given: list[tuple[Action[Concluded], int]] = [
            (Revise(REGISTRY, agreement, row["revision"], replace(TERMS, title="新")), A),
            (Sign(agreement, row["content_hash"]), B),
        ]
        outcomes = await at_once(pair, *given[:: -1 if turn % 2 else 1])
        assert codes(outcomes) in (["CONTENT_STALE"], ["AGREEMENT_CHANGED"])
        await pair.demand_sound()


async def test_renewed_twice_at_once(pair: Pair) -> None:
    """Both parties renew it at the same moment: there is one renewal, in both copies."""
    for _ in range(4):
        agreement = await pair.signed()
        renew = Renew(REGISTRY, agreement)
        outcomes = await at_once(pair, (renew, A), (renew, B), (renew, A))
        assert codes(outcomes) == ["AGREEMENT_STATE_NOT_ALLOWED"] * 2
        renewals = await pair.sql("SELECT id FROM agreement WHERE renews = $1", agreement)
        assert len(renewals) == 2
        await pair.demand_sound()


async def test_submitted_twice_at_once(pair: Pair) -> None:
    """A draft is proposed once, however often it is submitted at the same moment."""
    for _ in range(4):
        draft = await pair.proposed(draft=True)
        outcomes = await at_once(pair, *[(Submit(REGISTRY, draft), A)] * 3)
        assert len(codes(outcomes)) == 2
        assert set(codes(outcomes)) <= {"AGREEMENT_CHANGED", "AGREEMENT_STATE_NOT_ALLOWED"}
        await pair.demand_sound()


async def test_confirmed_and_disputed_at_once(pair: Pair) -> None:
    """A delivery is answered once."""
    agreement = await pair.signed()
    for _ in range(4):
        done = await pair.done(Deliver(agreement, "c1", TODAY, Decimal(1)), admin(A))
        assert done.delivery is not None
        outcomes = await at_once(
            pair, (Answer(done.delivery), B), (Answer(done.delivery, "有误"), B)
        )
        assert codes(outcomes) == ["DELIVERY_ANSWERED"]
    await pair.demand_sound()


class Writers:
    """Eight who change three agreements of three cities, each as it comes.

    `late` are those who had to wait for longer than a statement may take, as on a machine that
    stands still: they were told so, and wrote nothing.
    """

    def __init__(self, pair: Pair, agreements: Sequence[tuple[uuid.UUID, tuple[int, ...]]]) -> None:
        self._pair, self._agreements = pair, agreements
        self.done: list[Concluded] = []
        self.refused: list[Refused] = []
        self.late = 0

    async def write(self, random: Random, until: float, most: int) -> None:
        """Do one thing after the other, until a time has come or `most` are done."""
        for _ in range(most):
            if time.monotonic() >= until:
                return
            agreement, tenants = random.choice(self._agreements)
            tenant_id = random.choice(tenants)
            action = await self._action(random, agreement, tenant_id)
            try:
                outcome = await self._pair.do(action, admin(tenant_id))
            except CodedError as error:
                if error.code is not ErrorCode.DEADLINE_EXCEEDED:
                    raise
                self.late += 1
                continue
            if isinstance(outcome, Refused):
                self.refused.append(outcome)
            else:
                self.done.append(outcome)

    async def _action(
        self, random: Random, agreement: uuid.UUID, tenant_id: int
    ) -> Action[Concluded]:
        row = await self._pair.row(agreement, tenant_id)
        title = f"第{random.randrange(10**6)}稿"
        actions: list[Action[Concluded]] = [
            Sign(agreement, row["content_hash"]),
            Sign(agreement, row["content_hash"]),
            Sign(agreement, row["content_hash"]),
            Revise(REGISTRY, agreement, row["revision"], replace(TERMS, title=title)),
            Decline(agreement, "不行"),
            Deliver(agreement, "c1", TODAY, Decimal(1)),
            RecordActivity(agreement, ActivityKind.MEETING, "会", TODAY),
        ]
        return random.choice(actions)


async def write_at_once(pair: Pair, seconds: float, most: int) -> Writers:
    """Let eight write for so long, or so often each."""
    agreements: list[tuple[uuid.UUID, tuple[int, ...]]] = []
    for tenants in ((A, B), (B, C), (C, A)):
        agreement = await pair.signed(tenants=(tenants[0], tenants[1]))
        agreements.append((agreement, tenants))
    three = (("bb", "S1-1"), ("aa", "S1-1"))
    made = await pair.done(Propose(REGISTRY, "S1-1", three, TERMS), admin(C))
    agreements.append((made.agreement, (A, B, C)))
    for tenant_id in (A, B, C):
        await pair.sign(made.agreement, tenant_id)
    writers = Writers(pair, agreements)
    until = time.monotonic() + seconds
    await asyncio.gather(*(writers.write(Random(seed), until, most) for seed in range(8)))
    await pair.demand_sound()
    gaps = await pair.sql(
        "SELECT tenant_id FROM event GROUP BY 1 HAVING max(seq) <> count(*) OR min(seq) <> 1"
    )
    assert gaps == []
    assert writers.late <= LATE
    return writers


async def test_eight_writers(new_database: NewDatabase, tmp_path: Path) -> None:
    """Writers from all sides wait for one another, and none of them fails."""
    url = await new_database(DEFINITIONS)
    async with pair_at(url, tmp_path / "keys.json", size=8) as pair:
        writers = await write_at_once(pair, 60, 5)
    assert len(writers.done) + len(writers.refused) + writers.late == 40
    assert len(writers.done) > 8


@pytest.mark.soak
async def test_eight_writers_for_long(new_database: NewDatabase, tmp_path: Path) -> None:
    """The same for twenty seconds: no deadlock, and every log without a gap."""
    url = await new_database(DEFINITIONS)
    async with pair_at(url, tmp_path / "keys.json", size=8) as pair:
        writers = await write_at_once(pair, 20, 10**6)
    assert len(writers.done) > 200


DIFFERENCES = {
    "revision": "UPDATE agreement SET revision = 7 WHERE tenant_id = 990200",
    "state": "UPDATE agreement SET state = 'ACTIVE' WHERE tenant_id = 990200",
    "title": "UPDATE agreement SET title = '另' WHERE tenant_id = 990200",
    "no copy": (
        "DELETE FROM agreement_party WHERE tenant_id = 990200;"
        " DELETE FROM agreement_version WHERE tenant_id = 990200;"
        " DELETE FROM agreement WHERE tenant_id = 990200"
    ),
    "no party": "UPDATE agreement_party SET organization_id = NULL WHERE tenant_id = 990200",
    "no row": "UPDATE agreement_party SET number = 9 WHERE tenant_id = 990200 AND number = 1",
}


@pytest.mark.parametrize("case", DIFFERENCES)
async def test_copies_that_differ(pair: Pair, case: str) -> None:
    """Where copies differ nothing is done before somebody has looked: a fault, not a refusal."""
    agreement = await pair.proposed()
    for statement in DIFFERENCES[case].split(";"):
        await pair.sql(statement)
    before = [await pair.copies(), await pair.events(A), await pair.events(B)]
    sign = Sign(agreement, (await pair.row(agreement))["content_hash"])
    with pytest.raises(
        CopiesDifferError, match=f"agreement {agreement} differ .* agreements check"
    ):
        await pair.do(sign, admin(A))
    assert [await pair.copies(), await pair.events(A), await pair.events(B)] == before


async def test_the_trail(pair: Pair) -> None:
    """Each change is an event in each log; the peer's names city and role, no subject."""
    row: dict[str, Any] = {}
    agreement = await pair.proposed()

    async def now() -> None:
        row.update(await pair.row(agreement))

    await now()
    newer = replace(TERMS, title="二", commitments=(replace(COMMITMENTS[0], key="c1"),))
    newest = replace(newer, title="三")
    story: list[tuple[Any, int]] = [
        (lambda: Revise(REGISTRY, agreement, row["revision"], newer), B),
        (lambda: Sign(agreement, row["content_hash"]), A),
        (lambda: Sign(agreement, row["content_hash"]), B),
        (lambda: Deliver(agreement, "c1", TODAY, Decimal(1)), B),
        (lambda: RecordActivity(agreement, ActivityKind.MEETING, "会", TODAY), A),
        (lambda: Revise(REGISTRY, agreement, row["revision"], newest), A),
        (lambda: Decline(agreement, "不行"), B),
        (lambda: Renew(REGISTRY, agreement), B),
        (lambda: Complete(agreement, Completion.AGREED), A),
    ]
    counts = [len(await pair.events(tenant_id)) for tenant_id in (A, B)]
    for make, tenant_id in story:
        await pair.done(make(), secretary(tenant_id, "S1"))
        await now()
        logs = [await pair.events(A), await pair.events(B)]
        new = [log[count:] for log, count in zip(logs, counts, strict=True)]
        own, other = new if tenant_id == A else new[::-1]
        assert {(event["actor"], event["role"]) for event in own} == {
            (f"SECRETARY of {tenant_id}", "SECRETARY")
        }
        assert other == [{**event, "actor": f"city:{tenant_id}"} for event in own]
        counts = [len(log) for log in logs]
    terminated = await pair.signed()
    await pair.done(Terminate(terminated, "不再"), admin(B))
    assert (await pair.events(A))[-1]["kind"] == "AGREEMENT_TERMINATED"


OF_AGREEMENTS = re.compile(
    r"Agreement(|Version|Party|Delivery|Activity)Row|AGREEMENT|VERSION|PARTY|DELIVERY|ACTIVITY"
)
IN_SQL = re.compile(r"(INSERT\s+INTO|UPDATE|DELETE\s+FROM|TRUNCATE)\s+(TABLE\s+)?agreement", re.I)


def imported(tree: ast.Module) -> dict[str, set[str]]:
    """What a module imports, by where from."""
    found: dict[str, set[str]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            found.setdefault(node.module, set()).update(item.name for item in node.names)
    return found


def test_one_place_writes() -> None:
    """Only `copies.py` writes rows of agreements, and only it and `work.py` enter other tenants."""
    writers, enterers = [], []
    for folder in ("schema", "server", "tenants"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            if "migrations" in path.parts:
                continue
            text = path.read_text("utf-8")
            names = imported(ast.parse(text))
            verbs = {
                verb
                for module, found in names.items()
                if module.startswith("sqlalchemy")
                for verb in found & {"insert", "update", "delete", "upsert"}
            }
            tables = {
                name
                for module, found in names.items()
                if "agreement" in module
                for name in found
                if OF_AGREEMENTS.fullmatch(name)
            }
            name = str(path.relative_to(ROOT))
            if (verbs and tables) or IN_SQL.search(text):
                writers.append(name)
            if names.get("schema.sides", set()) & {"each_side"}:
                enterers.append(name)
    assert writers == ["schema/agreements/copies.py"]
    assert enterers == ["schema/agreements/copies.py", "schema/work.py"]
