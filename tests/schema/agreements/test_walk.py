"""Random lives of agreements against a model of what each step must come to."""

import asyncio
import datetime
import uuid
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from random import Random

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from schema.agreements.activity import RecordActivity
from schema.agreements.answer import Answer
from schema.agreements.decline import Decline
from schema.agreements.deliver import Deliver
from schema.agreements.end import Complete, Terminate
from schema.agreements.life import Age
from schema.agreements.outcome import Concluded
from schema.agreements.propose import Submit
from schema.agreements.renew import Renew
from schema.agreements.revise import Revise
from schema.agreements.sign import Sign
from schema.agreements.terms import Terms
from schema.refusals import Refused
from schema.tables.agreement import ActivityKind, Completion
from schema.work import Action
from tests.conftest import TODAY, NewDatabase
from tests.schema.agreements.pair import (
    COMMITMENTS,
    DEFINITIONS,
    REGISTRY,
    A,
    B,
    Pair,
    admin,
    pair_at,
)

LENGTH = 30
STEPS = {
    "submit": 2,
    "revise": 3,
    "revise_stale": 1,
    "sign": 9,
    "sign_stale": 1,
    "decline": 1,
    "complete": 1,
    "terminate": 1,
    "deliver": 3,
    "confirm": 2,
    "dispute": 1,
    "activity": 1,
    "renew": 2,
    "age": 2,
}
"""What can be done next, with weights."""

IN_FORCE, ENDED = ("ACTIVE", "PROPOSED"), ("COMPLETED", "TERMINATED")

Term = tuple[datetime.date | None, datetime.date | None]


def drawn_term(random: Random) -> Term:
    """First and last day, near today, or none."""
    first, last = random.choice([None, -30, 0, 2, 9]), random.choice([None, 9, 12, 40])
    days = [None if at is None else TODAY + datetime.timedelta(at) for at in (first, last)]
    return days[0], days[1]


@dataclass
class Model:
    """What an agreement should be after the steps so far; `terms` are those of its versions."""

    state: str
    terms: dict[int, Term]
    version: int = 1
    agreed: int | None = None
    signed: dict[int, int] = field(default_factory=dict)
    today: datetime.date = TODAY
    deliveries: list[tuple[uuid.UUID, int]] = field(default_factory=list)
    is_renewed: bool = False

    @property
    def is_in_force(self) -> bool:
        """Whether something can be delivered."""
        if self.agreed is None or self.state not in IN_FORCE:
            return False
        first, last = self.terms[self.agreed]
        return (first or self.today) <= self.today <= (last or self.today)

    def last(self, version: int | None = None) -> datetime.date:
        """The last day of a version, the present one without."""
        return self.terms[version or self.version][1] or datetime.date.max

    def begin(self) -> None:
        """What all have signed is in force, or waits."""
        first = self.terms[self.version][0]
        self.state = "SIGNED" if first is not None and first > self.today else "ACTIVE"

    def takes(self, step: str, who: int, term: Term) -> bool:
        """Whether a step is carried out; the model is then as it is afterwards."""
        return bool(getattr(self, f"_{step}")(who, term))

    def _submit(self, who: int, term: Term) -> bool:
        done = self.state == "DRAFT" and who == A and self.last() >= self.today
        self.state = "PROPOSED" if done else self.state
        return done

    def _revise(self, who: int, term: Term) -> bool:
        is_draft = self.state == "DRAFT"
        if is_draft and who != A:
            return False
        first, last = term
        if self.state not in ("DRAFT", "PROPOSED", "SIGNED", "ACTIVE"):
            return False
        if last is not None and last < max(first or self.today, self.today):
            return False
        self.version = self.version if is_draft else max(self.terms) + 1
        self.terms[self.version] = term
        self.state = "DRAFT" if is_draft else "PROPOSED"
        return True

    def _revise_stale(self, who: int, term: Term) -> bool:
        return False

    def _sign(self, who: int, term: Term) -> bool:
        if self.state != "PROPOSED" or self.signed.get(who) == self.version:
            return False
        if self.last() < self.today:
            return False
        self.signed[who] = self.version
        if set(self.signed.values()) == {self.version} and len(self.signed) == 2:
            self.agreed = self.version
            self.begin()
        return True

    def _sign_stale(self, who: int, term: Term) -> bool:
        return False

    def _decline(self, who: int, term: Term) -> bool:
        if self.state != "PROPOSED" or self.signed.get(who) == self.version:
            return False
        self._back()
        return True

    def _back(self) -> None:
        if self.agreed is None:
            self.state = "DECLINED"
        else:
            self.version = self.agreed
            self.begin()

    def _complete(self, who: int, term: Term) -> bool:
        done = self.state == "ACTIVE"
        self.state = "COMPLETED" if done else self.state
        return done

    def _terminate(self, who: int, term: Term) -> bool:
        if self.agreed is None or self.state not in ("PROPOSED", "SIGNED", "ACTIVE"):
            return False
        self._back()
        self.state = "TERMINATED"
        return True

    def _deliver(self, who: int, term: Term) -> bool:
        return self.is_in_force

    def _activity(self, who: int, term: Term) -> bool:
        return self.is_in_force

    def _confirm(self, who: int, term: Term) -> bool:
        if not self.deliveries or self.agreed is None or self.state not in IN_FORCE:
            return False
        if self.deliveries[-1][1] == who:
            return False
        self.deliveries.pop()
        return True

    def _dispute(self, who: int, term: Term) -> bool:
        return self._confirm(who, term)

    def _renew(self, who: int, term: Term) -> bool:
        if self.agreed is None or self.is_renewed or self.state not in (*ENDED, "ACTIVE"):
            return False
        first, last = term
        old = self.terms[self.agreed][1]
        begins = first or (old and old + datetime.timedelta(1))
        if last is not None and last < max(begins or self.today, self.today):
            return False
        if self.state == "ACTIVE" and (old is None or (begins is not None and begins <= old)):
            return False
        self.is_renewed = True
        return True

    def age(self) -> None:
        """Three days later."""
        self.today += datetime.timedelta(3)
        if self.state == "SIGNED":
            self.begin()
        if self.state == "ACTIVE" and self.last() < self.today:
            self.state = "COMPLETED"


def terms(term: Term, title: str, key: str | None = None) -> Terms:
    """Terms with a joint commitment, which later versions name by its key."""
    joint = replace(COMMITMENTS[0], key=key)
    return Terms(title, ("party",), (joint,), starts_on=term[0], ends_on=term[1])


async def walk(url: str, keys: Path, random: Random) -> None:
    """Walk, and look after each step."""
    async with pair_at(url, keys, size=1) as pair:
        is_draft, first = random.random() < 0.3, drawn_term(random)
        agreement = await pair.proposed(terms(first, "第0稿"), draft=is_draft)
        model = Model("DRAFT" if is_draft else "PROPOSED", {1: first})
        for number in range(1, LENGTH):
            (step,) = random.choices(list(STEPS), list(STEPS.values()))
            who = random.choice([A, B])
            pair.today = model.today
            if step != "age":
                await take(pair, agreement, model, step, who, (drawn_term(random), number))
            elif model.state != "DRAFT":
                model.age()
                pair.today = model.today
                await pair.do(Age(agreement), admin(who))
            await look(pair, agreement, model)


async def take(
    pair: Pair, agreement: uuid.UUID, model: Model, step: str, who: int, given: tuple[Term, int]
) -> None:
    """One step of somebody; it must be carried out where the model says so, and only there."""
    if model.state == "DRAFT" and who == B:
        outcome = await pair.do(Sign(agreement, ""), admin(B))
        assert isinstance(outcome, Refused)
        assert outcome.refusals[0].code == "AGREEMENT_UNKNOWN"
        return
    action = await make(pair, agreement, model, step, who, given)
    expected = model.takes(step, who, given[0])
    outcome = await pair.do(action, admin(who))
    assert isinstance(outcome, Concluded) == expected, (step, who, given, outcome)
    if step == "deliver" and isinstance(outcome, Concluded):
        assert outcome.delivery is not None
        model.deliveries.append((outcome.delivery, who))


async def make(
    pair: Pair, agreement: uuid.UUID, model: Model, step: str, who: int, given: tuple[Term, int]
) -> Action[Concluded]:
    """The action of a step."""
    term, number = given
    row = await pair.row(agreement, who)
    newer = terms(term, f"第{number}稿", "c1")
    delivery = model.deliveries[-1][0] if model.deliveries else uuid.uuid4()
    actions: dict[str, Action[Concluded]] = {
        "submit": Submit(REGISTRY, agreement),
        "revise": Revise(REGISTRY, agreement, row["revision"], newer),
        "revise_stale": Revise(REGISTRY, agreement, row["revision"] - 1, newer),
        "sign": Sign(agreement, row["content_hash"]),
        "sign_stale": Sign(agreement, row["content_hash"][::-1]),
        "decline": Decline(agreement, "不行"),
        "complete": Complete(agreement, Completion.AGREED),
        "terminate": Terminate(agreement, "不再"),
        "deliver": Deliver(agreement, "c1", model.today, Decimal(1)),
        "confirm": Answer(delivery),
        "dispute": Answer(delivery, "有误"),
        "activity": RecordActivity(agreement, ActivityKind.MEETING, "会", model.today),
        "renew": Renew(REGISTRY, agreement, *term),
    }
    return actions[step]


async def look(pair: Pair, agreement: uuid.UUID, model: Model) -> None:
    """Copies are equal and sound, and as the model has them."""
    renewals = await pair.sql(
        "SELECT DISTINCT id FROM agreement WHERE renews = $1 AND tenant_id = $2", agreement, A
    )
    await pair.demand_sound(agreement, *(one["id"] for one in renewals))
    row = await pair.row(agreement)
    found = (row["state"], row["version"], row["agreed"], row["starts_on"], row["ends_on"])
    assert found == (model.state, model.version, model.agreed, *model.terms[model.version])
    parties = await pair.sql(
        "SELECT party_tenant_id, signed_version FROM agreement_party"
        " WHERE tenant_id = $1 AND agreement_id = $2 AND signed_version IS NOT NULL",
        *(A, agreement),
    )
    signed = {party["party_tenant_id"]: party["signed_version"] for party in parties}
    assert signed == model.signed


async def _database(new_database: NewDatabase) -> str:
    return await new_database(DEFINITIONS)


def walks(new_database: NewDatabase, folder: Path, count: int) -> None:
    """So many walks."""
    url = asyncio.run(_database(new_database))

    @settings(max_examples=count, deadline=None, phases=[Phase.generate])
    @given(st.integers(0, 2**32))
    def run(seed: int) -> None:
        asyncio.run(walk(url, folder / "keys.json", Random(seed)))

    run()


def test_walks(new_database: NewDatabase, tmp_path: Path) -> None:
    """Whatever parties do in whatever order: copies are equal, and the model was right."""
    walks(new_database, tmp_path, 4)


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_many_walks(new_database: NewDatabase, tmp_path: Path) -> None:
    """The same, a hundred times."""
    walks(new_database, tmp_path, 100)
