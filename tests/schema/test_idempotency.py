"""Keys of mutations: under one key an action is carried out once, whatever happens meanwhile."""

import asyncio
import datetime
import importlib
import inspect
import pkgutil
import typing
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import schema
from schema.changes import Change, ChangeKind
from schema.database import engine
from schema.errors import ErrorCode
from schema.events import Event, EventKind
from schema.idempotency import (
    Attempt,
    IdempotencyKey,
    KeyReusedError,
    forget,
    once,
    outcomes_of,
)
from schema.organizations.establish import Establish, New
from schema.organizations.outcome import Changed
from schema.organizations.rename import Rename
from schema.refusals import RefusalCode, Refused, refuse
from schema.work import Work
from tests.conftest import NOW, NewDatabase, run_sql
from tests.schema.organizations.town import CITY, ID, PROVINCE, PROVINCE_ID, Town, spelled, town_at


@pytest.fixture
async def town(new_database: NewDatabase, tmp_path: Path) -> AsyncIterator[Town]:
    """The invented city, on four connections."""
    url = await new_database((PROVINCE, CITY))
    async with town_at(url, tmp_path / "keys.json") as ready:
        yield ready


@dataclass(frozen=True)
class Note:
    """Writes one event, and gives an outcome that no other call gives."""

    name: str = "note"
    runs: list[str] = field(default_factory=list)

    async def __call__(self, work: Work) -> Changed | Refused:
        self.runs.append(self.name)
        work.events.append(Event(EventKind.ORGANIZATION_RENAMED, None, {"name": self.name}))
        change = Change(ChangeKind.NAME, "AA", "东区", None, "新区", 3)
        return Changed(work.tenant_id, uuid.uuid4(), (change,))


def attempt(key: str = "k", request: str = "r", name: str = "note") -> Attempt:
    """A field of a request under a key."""
    hashes = (sha256(text.encode()).digest() for text in (key, request))
    return Attempt(IdempotencyKey(*hashes), name)


async def noted(town: Town) -> list[str]:
    """The names that the events hold, in order; their numbers have no gap."""
    rows = await town.sql("SELECT seq, about->>'name' FROM event ORDER BY seq")
    assert [row[0] for row in rows] == list(range(1, len(rows) + 1))
    return [row[1] for row in rows]


async def kept(town: Town) -> list[tuple[Any, ...]]:
    """Rows of keys: the tenant, how long the hashes are, the fields, the time."""
    return await town.sql(
        "SELECT tenant_id, length(key_hash), length(request_hash),"
        " ARRAY(SELECT jsonb_object_keys(outcomes) ORDER BY 1), at FROM idempotency"
    )


async def test_sent_again(town: Town) -> None:
    """What is sent again is not carried out again, and comes to what it came to."""
    note = Note()
    outcomes = [await town.do(once(note, attempt())) for _ in range(3)]
    assert isinstance(outcomes[0], Changed)
    assert outcomes == [outcomes[0]] * 3
    assert note.runs == ["note"]
    assert await noted(town) == ["note"]
    assert await kept(town) == [(ID, 32, 32, ["note"], NOW)]


async def test_at_once(town: Town) -> None:
    """Fifty that come at once on four connections are carried out once."""
    note = Note()
    outcomes = await asyncio.gather(*(town.do(once(note, attempt())) for _ in range(50)))
    assert len({str(outcome) for outcome in outcomes}) == 1
    assert (note.runs, await noted(town)) == (["note"], ["note"])


async def test_many_keys_at_once(town: Town) -> None:
    """Twenty keys, five times each, all at once: twenty effects, each key its own outcome."""
    notes = {f"k{n}": Note(f"k{n}") for n in range(20)}
    sent = [
        (key, town.do(once(note, attempt(key)))) for key, note in notes.items() for _ in "12345"
    ]
    outcomes = await asyncio.gather(*(doing for _, doing in sent))
    pairs = {(key, str(outcome)) for (key, _), outcome in zip(sent, outcomes, strict=True)}
    assert len(pairs) == 20
    assert sorted(await noted(town)) == sorted(notes)


@pytest.mark.parametrize("name", ["note", "another"])
async def test_another_request(town: Town, name: str) -> None:
    """Another request under the same key is refused, whichever field it has; nothing is done."""
    await town.do(once(Note(), attempt()))
    note = Note("other")
    with pytest.raises(KeyReusedError) as caught:
        await town.do(once(note, attempt(request="other", name=name)))
    error = caught.value
    assert (error.code, error.zh, error.en, error.facts) == (
        ErrorCode.IDEMPOTENCY_KEY_REUSED,
        "请求头 Idempotency-Key 已用于另一个请求;重试应原样发送,新的操作请换一个新的键。",
        "The Idempotency-Key was given to another request before; send that one again as it was, "
        "or give this one a key of its own.",
        {"header": "Idempotency-Key"},
    )
    assert (note.runs, await noted(town)) == ([], ["note"])


async def test_other_requests_at_once(town: Town) -> None:
    """Of different requests that come at once under one key, one is carried out."""

    async def send(n: int) -> str:
        try:
            await town.do(once(Note(f"n{n}"), attempt(request=str(n), name=f"f{n % 3}")))
        except KeyReusedError:
            return "reused"
        return f"n{n}"

    found = Counter(await asyncio.gather(*map(send, range(20))))
    (won,) = set(found) - {"reused"}
    assert found == {"reused": 19, won: 1}
    assert await noted(town) == [won]


async def test_another_sender(town: Town) -> None:
    """The key of another sender is another key."""
    for key in ("mine", "yours"):
        await town.do(once(Note(key), attempt(key)))
    assert await noted(town) == ["mine", "yours"]


async def test_another_tenant(town: Town, tmp_path: Path) -> None:
    """What was done under equal hashes in another tenant is neither seen nor in the way."""
    async with town_at(town.url, tmp_path / "keys.json", tenant_id=PROVINCE_ID) as province:
        outcomes = [
            await place.do(once(Note(str(n)), attempt(request=str(n))))
            for n, place in enumerate((province, town))
        ]
    assert [outcome.tenant_id for outcome in outcomes if isinstance(outcome, Changed)] == [
        PROVINCE_ID,
        ID,
    ]


async def test_fields(town: Town) -> None:
    """Each field of a request has an outcome of its own, also where one came to nothing before."""
    first = await town.do(once(Note("a"), attempt(name="a")))
    second = await town.do(once(Note("b"), attempt(name="b")))
    assert first != second
    again = [await town.do(once(Note("again"), attempt(name=name))) for name in ("b", "a", "c")]
    assert again[:2] == [second, first]
    assert await noted(town) == ["a", "b", "again"]
    assert await kept(town) == [(ID, 32, 32, ["a", "b", "c"], NOW)]


async def test_fields_at_once(town: Town) -> None:
    """A request of two fields that is sent twenty times at once has two effects."""
    notes = {name: Note(name) for name in ("a", "b")}

    async def send() -> list[str]:
        return [str(await town.do(once(note, attempt(name=name)))) for name, note in notes.items()]

    answers = await asyncio.gather(*(send() for _ in range(20)))
    assert len({tuple(answer) for answer in answers}) == 1
    assert sorted(await noted(town)) == ["a", "b"]


async def test_a_refusal_is_judged_anew(town: Town) -> None:
    """A refusal keeps nothing: what is sent again is carried out as soon as it may be."""
    new = Establish(New(spelled("新社区"), "AA1-9X"), "community", "AA1-X")
    refused = await town.do(once(new, attempt()))
    assert isinstance(refused, Refused)
    assert [reason.code for reason in refused.refusals] == [RefusalCode.ORGANIZATION_UNKNOWN]
    assert await kept(town) == []
    made = await town.do(once(replace(new, parent="AA1"), attempt()))
    assert isinstance(made, Changed)
    # the name is taken now; that is for a new request to hear
    assert await town.do(once(replace(new, parent="AA1"), attempt())) == made
    taken = await town.do(once(replace(new, parent="AA1"), attempt("another")))
    assert isinstance(taken, Refused)


async def test_a_fault_keeps_nothing(town: Town) -> None:
    """What broke off is carried out when it is sent again."""

    async def broken(work: Work) -> Changed | Refused:
        await Note()(work)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await town.do(once(broken, attempt()))
    assert (await kept(town), await noted(town)) == ([], [])
    assert isinstance(await town.do(once(Note("second"), attempt())), Changed)
    assert await noted(town) == ["second"]


@pytest.mark.parametrize("ends", ["commit", "refusal", "fault"])
async def test_who_waits(town: Town, ends: str) -> None:
    """Whoever comes meanwhile waits for the first, takes its outcome, or does what it left."""
    begun, release = asyncio.Event(), asyncio.Event()

    async def slow(work: Work) -> Changed | Refused:
        outcome = await Note("first")(work)
        begun.set()
        await release.wait()
        if ends == "fault":
            raise ZeroDivisionError
        return outcome if ends == "commit" else refuse(RefusalCode.FORBIDDEN, "否", "no")

    first = asyncio.create_task(town.do(once(slow, attempt())))
    await begun.wait()
    second = asyncio.create_task(town.do(once(Note("second"), attempt())))
    await _until(town, "wait_event_type = 'Lock'")
    release.set()
    done = await asyncio.gather(first, second, return_exceptions=True)
    assert (done[0] == done[1]) is (ends == "commit")
    assert isinstance(done[1], Changed)
    assert await noted(town) == ["first" if ends == "commit" else "second"]


async def _until(town: Town, state: str) -> None:
    """Wait until a connection of the application is so."""
    async with asyncio.timeout(20):
        while not await town.sql(
            "SELECT 1 FROM pg_stat_activity WHERE datname = current_database()"
            f" AND application_name = 'onegrid' AND {state}"
        ):
            pass


async def test_a_real_change(town: Town) -> None:
    """An action of the tree is not carried out again, with all its changes told again."""
    rename = Rename("AA1", spelled("新街道"))
    first = await town.do(once(rename, attempt()))
    assert await town.do(once(rename, attempt())) == first
    assert (await town.do(rename)) != first
    assert [row[1] for row in await town.events()] == ["ORGANIZATION_RENAMED"]


async def test_statements(town: Town) -> None:
    """A key costs two statements; where it was used before, one is all there is."""
    costs = []
    for action in (Note(), once(Note(), attempt()), once(Note(), attempt())):
        await town.do(action)
        costs.append(len(town.statements))
    assert costs == [costs[0], costs[0] + 2, 1]


async def test_forgotten(town: Town) -> None:
    """What is older than a moment is forgotten, in every tenant; then it is carried out again."""
    await town.do(once(Note("old"), attempt("old")))
    await run_sql(
        town.url,
        "UPDATE idempotency SET at = at - interval '2 hours'",
        "INSERT INTO idempotency SELECT 990000, key_hash, request_hash, outcomes, at"
        " FROM idempotency",
    )
    await town.do(once(Note("new"), attempt("new")))
    hour = datetime.timedelta(hours=1)
    owner = engine(town.url)
    try:
        async with owner.begin() as connection:
            assert await forget(connection, NOW - hour) == 2
    finally:
        await owner.dispose()
    for key in ("old", "new"):
        await town.do(once(Note(f"{key} again"), attempt(key)))
    assert await noted(town) == ["old", "new", "old again"]


async def test_one_forgets_at_a_time(town: Town) -> None:
    """While one process forgets, another leaves it be; afterwards there is nothing left to do."""
    await town.do(once(Note(), attempt()))
    later = NOW + datetime.timedelta(hours=1)
    owner = engine(town.url)
    try:
        async with owner.begin() as first, owner.begin() as second:
            assert await forget(first, later) == 1
            assert await forget(second, later) == 0
        async with owner.begin() as third:
            assert await forget(third, later) == 0
    finally:
        await owner.dispose()


def _actions() -> Iterator[type[Any]]:
    """Every class of the graph whose objects do something in a unit of work, or refuse to."""
    for module in pkgutil.walk_packages(schema.__path__, "schema."):
        if ".migrations" in module.name:
            continue
        for _, kind in inspect.getmembers(importlib.import_module(module.name), inspect.isclass):
            if kind.__module__ == module.name and "__call__" in vars(kind):
                types = inspect.get_annotations(kind.__call__, eval_str=True)
                if Work in types.values() and Refused in typing.get_args(types.get("return")):
                    yield kind


ACTIONS = sorted(set(_actions()), key=lambda kind: kind.__name__)


def test_every_action_is_found() -> None:
    """The actions that every mutation runs are among those below."""
    names = {action.__name__ for action in ACTIONS}
    assert names >= {"Establish", "Rename", "Move", "Merge", "Dissolve", "Appoint", "Relieve"}


@pytest.mark.parametrize("action", ACTIONS, ids=lambda kind: kind.__name__)
def test_outcomes_can_be_kept(action: type[Any]) -> None:
    """Every outcome of an action is read as it was written."""
    outcomes = outcomes_of(object.__new__(action))
    kind: Any = outcomes._type

    @settings(max_examples=25, deadline=None, database=None)
    @given(st.from_type(kind))
    def round_trip(outcome: Any) -> None:
        written = outcomes.dump_json(outcome)
        assert outcomes.validate_json(written) == outcome

    round_trip()


async def test_an_outcome_without_a_type() -> None:
    """An action that does not say what it returns cannot be run under a key: a fault."""

    async def silent(work: Work) -> Any:
        return None

    with pytest.raises(TypeError, match=r"silent does not say which outcome it returns"):
        outcomes_of(silent)
