"""Commitments as a party gives them, and as the content of an agreement has them."""

import datetime
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from schema.agreements.content import ContentCommitment, day_text, quantity_text
from schema.agreements.outcome import shown
from schema.agreements.reasons import Reasons
from schema.amounts import checked_quantity
from schema.refusals import RefusalCode
from schema.tables.agreement import Every
from schema.texts import checked_text

MOST_COMMITMENTS = 50
LONGEST_COMMITMENT, LONGEST_UNIT = 500, 20

Path = tuple[str, ...]


@dataclass(frozen=True)
class CommitmentTerms:
    """A commitment; `owner` is a party's number, None = all jointly.

    `key` names one of the version before, None makes a new one.
    """

    dimension: str
    text: str
    owner: int | None = None
    quantity: Decimal | None = None
    unit: str | None = None
    every: Every | None = None
    due_on: datetime.date | None = None
    key: str | None = None


@dataclass(frozen=True)
class Before:
    """What there was before a revision: `kept` are the commitments whose keys may be named.

    `used` is the largest number that a key of any version has, `fixed` whether there may be
    deliveries already, so that what they are counted in stays as it is.
    """

    kept: Mapping[str, ContentCommitment] = field(default_factory=dict)
    used: int = 0
    fixed: bool = False


NOTHING = Before()
"""Of an agreement's first version."""


@dataclass(frozen=True)
class Composer:
    """Reads commitments; `reasons` gathers what is wrong with them.

    `dimensions` and `parties` are those of the agreement, `begins` and `ends` its term.
    """

    reasons: Reasons
    dimensions: Collection[str]
    parties: Collection[int]
    before: Before = NOTHING
    begins: datetime.date | None = None
    ends: datetime.date | None = None

    def all(self, given: Sequence[CommitmentTerms]) -> Iterator[ContentCommitment]:
        """Each as a content has it; what is wrong with it has a reason."""
        new = self.before.used
        seen: set[str] = set()
        for at, one in enumerate(given):
            path = ("commitments", str(at))
            new += one.key is None
            key = f"c{new}" if one.key is None else self._kept(one, one.key, seen, path)
            yield self._one(one, key, path)

    def _one(self, one: CommitmentTerms, key: str, path: Path) -> ContentCommitment:
        quantity = self.reasons.number(checked_quantity(one.quantity, *path, "quantity"))
        every = None if quantity is None else one.every or Every.ALL
        return {
            "key": key,
            "dimension": self._dimension(one.dimension, path),
            "owner": self._owner(one.owner, path),
            "text": self._text(one.text, path),
            "quantity": None if quantity is None else quantity_text(quantity),
            "unit": self._unit(one, path),
            "every": None if every is None else every.value,
            "dueOn": self._due(one.due_on, path),
        }

    def _kept(self, one: CommitmentTerms, key: str, seen: set[str], path: Path) -> str:
        """The key of a commitment that goes on."""
        before = self.before.kept.get(key)
        if before is None:
            known = "、".join(self.before.kept) or "—"
            self.reasons.add(
                RefusalCode.COMMITMENT_UNKNOWN,
                f"上一版没有承诺“{shown(key)}”;有:{known}。新的承诺不写 key。",
                f"The version before has no commitment {shown(key)!r}; it has: {known}. A new one "
                "is given without a key.",
                *path,
                "key",
            )
        elif key in seen:
            self._malformed(f"承诺“{key}”出现两次。", f"{key!r} is there twice.", path, "key")
        elif self.before.fixed and (one.unit or "").strip() != (before["unit"] or ""):
            unit = before["unit"] or "—"
            self._malformed(
                f"承诺“{key}”以“{unit}”计,不能改变;请另立一项承诺。",
                f"{key!r} is counted in {unit!r} and stays so: make a new commitment.",
                path,
                "unit",
            )
        seen.add(key)
        return key

    def _dimension(self, key: str, path: Path) -> str:
        if key not in self.dimensions:
            self.reasons.add(
                RefusalCode.DIMENSION_UNKNOWN,
                f"协议的维度中没有“{shown(key)}”;请先列入 dimensions。",
                f"{shown(key)!r} is no dimension of this agreement: name it in dimensions first.",
                *path,
                "dimension",
            )
        return key

    def _owner(self, number: int | None, path: Path) -> int | None:
        if number is not None:
            demand_party(self.reasons, self.parties, number, *path, "owner")
        return number

    def _text(self, given: str, path: Path) -> str:
        text = checked_text(given, *path, "text", longest=LONGEST_COMMITMENT)
        if text is None:
            self._malformed("承诺须写明内容。", "A commitment needs a text.", path, "text")
        return self.reasons.text(text) or ""

    def _unit(self, one: CommitmentTerms, path: Path) -> str | None:
        given = (one.unit or "").strip()
        if one.quantity is None and one.every is not None:
            self._malformed(
                "没有数量的承诺不写 every。",
                "A commitment without a quantity has no every.",
                path,
                "every",
            )
        if given:
            code = RefusalCode.COMMITMENT_MALFORMED
            return self.reasons.line(given, code, *path, "unit", longest=LONGEST_UNIT)
        if one.quantity is not None:
            self._malformed(
                "写明数量的承诺须写明单位。", "A quantity needs its unit.", path, "unit"
            )
        return None

    def _due(self, due: datetime.date | None, path: Path) -> str | None:
        begins = self.begins or datetime.date.min
        ends = self.ends or datetime.date.max
        if due is not None and not begins <= due <= ends:
            self.reasons.add(
                RefusalCode.DATE_OUT_OF_RANGE,
                f"到期日 {due} 不在协议的期限之内。",
                f"The due date {due} is outside of the agreement's term.",
                *path,
                "dueOn",
            )
        return day_text(due)

    def _malformed(self, zh: str, en: str, path: Path, field_: str) -> None:
        self.reasons.add(RefusalCode.COMMITMENT_MALFORMED, zh, en, *path, field_)


def demand_party(reasons: Reasons, parties: Collection[int], number: int, *path: str) -> None:
    """A reason where no party has this number."""
    if number not in parties:
        known = "、".join(str(one) for one in sorted(parties)[:20])
        reasons.add(
            RefusalCode.PARTY_UNKNOWN,
            f"没有第 {number} 方;各方编号:{known}。",
            f"There is no party {number}; they are numbered: {known}.",
            *path,
        )
