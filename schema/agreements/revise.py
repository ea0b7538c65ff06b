"""Revising an agreement: a new version of the whole content, that every party signs again."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from sqlalchemy import select

from schema.agreement_actions import AgreementAction
from schema.agreements.commitments import Before
from schema.agreements.content import Content, content_hash
from schema.agreements.copies import Change, Copy, Insert, Party, Statement, Told, Update, change
from schema.agreements.outcome import Concluded, changed_meanwhile
from schema.agreements.parties import Asked, Member, acting, named
from schema.agreements.propose import mirrored, wrong_number
from schema.agreements.terms import Terms, composed
from schema.events import EventKind
from schema.loaders.agreement import AGREEMENT, PARTY, VERSION
from schema.refusals import RefusalCode, Refused, refuse
from schema.tables.agreement import AgreementState
from schema.work import Work
from tenants.registry import Registry


@dataclass(frozen=True)
class Revise:
    """Give an agreement (its UUID) new terms; `revision` is the one that the reviser saw.

    `add_parties` are organizations of the acting city that an alliance admits; the parties of a
    pairing stay as they are. A draft is changed in place, without a new version.
    """

    registry: Registry
    agreement: uuid.UUID
    revision: int
    terms: Terms
    add_parties: tuple[str, ...] = ()

    async def __call__(self, work: Work) -> Concluded | Refused:
        """Carry it out; the agreement, or why not.

        Errors: `CopiesDifferError`.
        """
        return await change(work, self.agreement, partial(self._decide, work))

    async def _decide(self, work: Work, copy: Copy) -> Change[Concluded] | Refused:
        by = acting(work, copy, AgreementAction.REVISE)
        if isinstance(by, Refused):
            return by
        if self.revision != copy.row["revision"]:
            return changed_meanwhile("revision")
        added = await self._added(work, copy)
        if isinstance(added, Refused):
            return added
        parties = [*copy.content["parties"], *(member.content(at) for at, member in added.items())]
        parties.sort(key=lambda party: party["number"])
        content = composed(
            self.terms,
            parties,
            copy.row["alliance"],
            self.registry,
            work.today,
            await _before(work, copy),
        )
        if isinstance(content, Refused):
            return content
        if content_hash(content) == copy.row["content_hash"]:
            return _unchanged()
        return _revised(work, copy, by, content, added)

    async def _added(self, work: Work, copy: Copy) -> dict[int, Member] | Refused:
        """The members that are admitted, by the numbers that they get."""
        if not self.add_parties:
            return {}
        if copy.row["alliance"] is None:
            return _fixed()
        count = len(copy.content["parties"]) + len(self.add_parties)
        if (refused := wrong_number(count, copy.row["alliance"], "addParties")) is not None:
            return refused
        city = work.definition.tenant.code
        asked = [
            Asked(city, code, ("addParties", str(at))) for at, code in enumerate(self.add_parties)
        ]
        members = await named(work, self.registry, asked)
        if isinstance(members, Refused):
            return members
        return _numbered(copy, members)


def _numbered(copy: Copy, members: Sequence[Member]) -> dict[int, Member] | Refused:
    """New members by number: the one that an organization had when it was to be admitted before."""
    ids = {party.organization_id: party.number for party in copy.parties}
    present = {party["number"] for party in copy.content["parties"]}
    following = max(party.number for party in copy.parties)
    found: dict[int, Member] = {}
    for at, member in enumerate(members):
        number = ids.get(member.organization.id)
        if number in present:
            return _twice(member, at)
        if number is None:
            following += 1
            number = following
        found[number] = member
    return found


async def _before(work: Work, copy: Copy) -> Before:
    """The commitments that may go on, and the numbers that keys have had."""
    own = (VERSION.c.tenant_id == work.tenant_id) & (VERSION.c.agreement_id == copy.id)
    rows = await work.connection.scalars(select(VERSION.c.content["commitments"]).where(own))
    used = [int(one["key"][1:]) for commitments in rows for one in commitments]
    kept = [*(copy.agreed or copy.content)["commitments"], *copy.content["commitments"]]
    return Before(
        {one["key"]: one for one in kept},
        max(used, default=0),
        copy.state is not AgreementState.DRAFT,
    )


def _revised(
    work: Work, copy: Copy, by: Party, content: Content, added: dict[int, Member]
) -> Change[Concluded]:
    is_draft = copy.state is AgreementState.DRAFT
    version = copy.row["version"] if is_draft else copy.newest + 1
    sets = {
        **mirrored(content),
        "version": version,
        "state": (AgreementState.DRAFT if is_draft else AgreementState.PROPOSED).value,
        "revision": copy.row["revision"] + 1,
    }
    statements: list[Statement] = [
        _in_place(copy, content) if is_draft else _new_version(work, copy, by, content, version),
        Update(AGREEMENT, {"id": copy.id}, sets),
    ]
    known = {party.number for party in copy.parties}
    rows = tuple(
        {**member.row(number), "agreement_id": copy.id}
        for number, member in added.items()
        if number not in known
    )
    if rows:
        statements.append(Insert(PARTY, rows))
    about = {"version": version, "party": by.number, "added": sorted(added)}
    told = Told(EventKind.AGREEMENT_REVISED, about, by)
    return Change(Concluded(work.tenant_id, copy.id), statements, (told,))


def _in_place(copy: Copy, content: Content) -> Update:
    key = {"agreement_id": copy.id, "version": copy.row["version"]}
    return Update(VERSION, key, {"content": content, "content_hash": content_hash(content)})


def _new_version(work: Work, copy: Copy, by: Party, content: Content, version: int) -> Insert:
    row = {
        "agreement_id": copy.id,
        "version": version,
        "content": content,
        "content_hash": content_hash(content),
        "proposed_by": by.number,
        "proposed_at": work.now,
        "declined_by": None,
        "declined_at": None,
        "decline_reason": None,
    }
    return Insert(VERSION, (row,))


def _unchanged() -> Refused:
    return refuse(
        RefusalCode.CONTENT_UNCHANGED,
        "内容与现行版本相同,无须修改。",
        "The content is that of the version that stands: there is nothing to revise.",
    )


def _fixed() -> Refused:
    return refuse(
        RefusalCode.AGREEMENT_STATE_NOT_ALLOWED,
        "结对协议的各方自提出起不变;只有联盟可以吸收新成员,其他情形请另提协议。",
        "The parties of a pairing stay as they were proposed; only an alliance admits members: "
        "propose another agreement.",
        "addParties",
    )


def _twice(member: Member, at: int) -> Refused:
    name = member.organization.name
    return refuse(
        RefusalCode.PARTY_TWICE,
        f"“{name}”已是成员。",
        f"{name!r} is a member already.",
        *("addParties", str(at)),
    )
