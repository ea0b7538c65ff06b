"""What documents state about single pairing agreements."""

import datetime
import decimal
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

import yaml

from schema.agreements.content import Content, content_hash, quantity_text
from schema.ids import derived_uuid
from schema.tables.agreement import ActivityKind, AgreementState, Every, PartyRole
from seeds.cooperatives import Closed
from seeds.copies import Agreed, Party, content_parties
from tenants.cooperation import Dimension
from tenants.definition import DataKind

FILE = Path(__file__).parent / "data" / "agreements.yaml"


class StatedParty(Closed):
    """A party: a city's six-digit code, and the code of the organization."""

    tenant: str
    code: str

    @property
    def tenant_id(self) -> int:
        """The city's."""
        return int(self.tenant)


class StatedMember(Closed):
    """What a party has in the working group; no document names a post: the title is the group's."""

    party: int
    duty: str
    title: str


class StatedCommitment(Closed):
    """What is to be done: `owner` is the number of a party, None = all of them jointly."""

    key: str
    dimension: str
    owner: int | None = None
    text: str
    quantity: decimal.Decimal | None = None
    unit: str | None = None
    every: Every | None = None


class StatedActivity(Closed):
    """What all parties did together on a day."""

    held_on: datetime.date
    subject: str
    text: str


class StatedAgreement(Closed):
    """One agreement of the file, in force, without a term: no document states one."""

    key: str
    title: str
    facilitator: str | None = None
    parties: tuple[StatedParty, ...]
    dimensions: tuple[str, ...]
    working_group: tuple[StatedMember, ...] = ()
    commitments: tuple[StatedCommitment, ...]
    activities: tuple[StatedActivity, ...] = ()
    source: str
    note: str | None = None

    @property
    def tenants(self) -> tuple[int, ...]:
        """Those of the parties, each once, in order of code."""
        return tuple(sorted({party.tenant_id for party in self.parties}))

    @property
    def id(self) -> UUID:
        """Follows from the key: the same in all copies."""
        return derived_uuid("Agreement", self.tenants[0], self.key)


@cache
def load_agreements(file: Path = FILE) -> tuple[StatedAgreement, ...]:
    """Every agreement of the file.

    Errors: `OSError`, `yaml.YAMLError`, `pydantic.ValidationError` where the file is not as it was
    shipped.
    """
    content = yaml.load(file.read_text("utf-8"), Loader=yaml.CSafeLoader)
    return tuple(StatedAgreement.model_validate(item) for item in content)


def stated(
    agreement: StatedAgreement,
    parties: Sequence[Party],
    dimensions: Iterable[Dimension],
    now: datetime.datetime,
) -> Agreed:
    """The agreement as it is in force, recorded at `now`: agreed by all, on a day that nobody
    states. `dimensions` are the words of the first party's province.
    """
    content = agreed_content(agreement, parties, {word.key: word.name for word in dimensions})
    hashed = content_hash(content)
    signed = {"role": PartyRole.PARTNER.value, "signed_version": 1, "signed_hash": hashed}
    return Agreed(
        agreement.id,
        agreement.tenants,
        {
            "title": agreement.title,
            "state": AgreementState.ACTIVE.value,
            "version": 1,
            "agreed": 1,
            "content_hash": hashed,
            "cities": len(agreement.tenants),
            "created_at": now,
            "revision": 1,
            "data_kind": DataKind.REPORTED.value,
            "source": agreement.source,
        },
        [
            {
                "version": 1,
                "content": content,
                "content_hash": hashed,
                "proposed_by": 1,
                "proposed_at": now,
            }
        ],
        [(party, signed) for party in parties],
        activities=[_activity(agreement, item, now) for item in agreement.activities],
    )


def agreed_content(
    agreement: StatedAgreement, parties: Sequence[Party], words: Mapping[str, str]
) -> Content:
    """What the parties agreed on, with the province's names of dimensions."""
    return {
        "title": agreement.title,
        "alliance": None,
        "facilitator": agreement.facilitator,
        "parties": content_parties(parties, [PartyRole.PARTNER.value] * len(parties)),
        "dimensions": [{"key": key, "name": words.get(key, key)} for key in agreement.dimensions],
        "workingGroup": [
            {"party": member.party, "duty": member.duty, "title": member.title}
            for member in agreement.working_group
        ],
        "commitments": [
            {
                "key": item.key,
                "dimension": item.dimension,
                "owner": item.owner,
                "text": item.text,
                "quantity": None if item.quantity is None else quantity_text(item.quantity),
                "unit": item.unit,
                "every": None if item.every is None else item.every.value,
                "dueOn": None,
            }
            for item in agreement.commitments
        ],
        "startsOn": None,
        "endsOn": None,
    }


def _activity(
    agreement: StatedAgreement, activity: StatedActivity, now: datetime.datetime
) -> Mapping[str, Any]:
    name = f"{agreement.key}/{activity.held_on}/{activity.subject}"
    return {
        "id": derived_uuid("AgreementActivity", agreement.tenants[0], name),
        "kind": ActivityKind.ACTIVITY.value,
        "subject": activity.subject,
        "held_on": activity.held_on,
        "parties": list(range(1, len(agreement.parties) + 1)),
        "text": activity.text,
        "recorded_by": 1,
        "recorded_at": now,
        "data_kind": DataKind.REPORTED.value,
    }
