"""What may be done with an agreement now, for which of its parties: one question for all.

`availableActions` and the mutations ask it alike, so that what a front end is offered is what it
may do: of an action that is available only what is given with it can still be refused.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from schema.access import Denied, Permission, permitted
from schema.actor import Actor
from schema.agreement_actions import AgreementAction
from schema.refusals import RefusalCode, Refused, forbidden, refuse
from schema.tables.agreement import AgreementState

DRAFT, PROPOSED, SIGNED, ACTIVE = (
    AgreementState.DRAFT,
    AgreementState.PROPOSED,
    AgreementState.SIGNED,
    AgreementState.ACTIVE,
)
OVER = frozenset({AgreementState.COMPLETED, AgreementState.TERMINATED})
_BEFORE_THE_END = frozenset({PROPOSED, SIGNED, ACTIVE})
_IN_FORCE = frozenset({PROPOSED, ACTIVE})

STATES: Mapping[AgreementAction, frozenset[AgreementState]] = {
    AgreementAction.PROPOSE: frozenset({DRAFT}),
    AgreementAction.REVISE: _BEFORE_THE_END | {DRAFT},
    AgreementAction.SIGN: frozenset({PROPOSED}),
    AgreementAction.DECLINE: frozenset({PROPOSED}),
    AgreementAction.COMPLETE: frozenset({ACTIVE}),
    AgreementAction.TERMINATE: _BEFORE_THE_END,
    AgreementAction.RENEW: OVER | {ACTIVE},
    AgreementAction.RECORD_DELIVERY: _IN_FORCE,
    AgreementAction.CONFIRM_DELIVERY: _IN_FORCE,
    AgreementAction.DISPUTE_DELIVERY: _IN_FORCE,
    AgreementAction.RECORD_ACTIVITY: _IN_FORCE,
}
"""In which states each can be done at all; PROPOSED counts as in force where something is agreed
already, and for nothing else than signing, declining and revising where nothing is."""

INITIATOR = 1
"""The number of the party that drafted the agreement; a draft is its own affair."""

_OF_THE_AGREED = frozenset(
    {
        AgreementAction.TERMINATE,
        AgreementAction.RECORD_DELIVERY,
        AgreementAction.CONFIRM_DELIVERY,
        AgreementAction.DISPUTE_DELIVERY,
        AgreementAction.RECORD_ACTIVITY,
    }
)


@dataclass(frozen=True)
class PartyStanding:
    """A party of the newest version or of the agreed one.

    `path` is that of its organization, None where it is another tenant's. `is_newest` and
    `is_agreed` say of which of the two versions it is a party.
    """

    number: int
    path: str | None
    signed_version: int | None
    is_newest: bool = True
    is_agreed: bool = True


@dataclass(frozen=True)
class AgreementStanding:
    """An agreement as its rules look at it, in one tenant.

    `unanswered` are the parties (by number) with deliveries that nobody has answered yet.
    """

    tenant_id: int
    state: AgreementState
    version: int
    agreed: int | None
    parties: tuple[PartyStanding, ...]
    unanswered: frozenset[int] = frozenset()


def available(standing: AgreementStanding, actor: Actor) -> list[AgreementAction]:
    """What `actor` may do now, for one of the parties at least."""
    return [action for action in AgreementAction if parties_for(standing, action, actor)]


def parties_for(
    standing: AgreementStanding, action: AgreementAction, actor: Actor
) -> tuple[int, ...]:
    """The parties, by number, for which `actor` may do this now."""
    if not _fits_state(standing, action):
        return ()
    return tuple(
        party.number for party in managed(standing, actor) if _fits(standing, action, party)
    )


def managed(standing: AgreementStanding, actor: Actor) -> Iterator[PartyStanding]:
    """The parties for which `actor` may act."""
    for party in standing.parties:
        if party.path is not None and permitted(
            actor, Permission.MANAGE_AGREEMENTS, standing.tenant_id, party.path
        ):
            yield party


def unavailable(
    standing: AgreementStanding, action: AgreementAction, actor: Actor
) -> Refused | None:
    """Why `actor` can do this for none of the parties now, if so."""
    if parties_for(standing, action, actor):
        return None
    if not any(managed(standing, actor)):
        return _denied(standing, actor)
    if not _fits_state(standing, action):
        return _wrong_state(standing, action)
    if action in (AgreementAction.SIGN, AgreementAction.DECLINE):
        return refuse(
            RefusalCode.ALREADY_SIGNED,
            f"您所代表的各方均已签署第 {standing.version} 版。",
            f"Every party for which you may act has signed version {standing.version}.",
        )
    return _wrong_state(standing, action)


def _fits_state(standing: AgreementStanding, action: AgreementAction) -> bool:
    if standing.state not in STATES[action]:
        return False
    return action not in _OF_THE_AGREED or standing.agreed is not None


def _fits(standing: AgreementStanding, action: AgreementAction, party: PartyStanding) -> bool:
    if standing.state is DRAFT:
        return party.number == INITIATOR
    if action in (AgreementAction.SIGN, AgreementAction.DECLINE):
        return party.is_newest and party.signed_version != standing.version
    if action in (AgreementAction.CONFIRM_DELIVERY, AgreementAction.DISPUTE_DELIVERY):
        return party.is_agreed and bool(standing.unanswered - {party.number})
    if action in _OF_THE_AGREED:
        return party.is_agreed
    return True


def _denied(standing: AgreementStanding, actor: Actor) -> Refused:
    """The reason of the first party of the own tenant; there is one in every copy."""
    paths: list[str | None] = [party.path for party in standing.parties if party.path is not None]
    verdict = permitted(
        actor, Permission.MANAGE_AGREEMENTS, standing.tenant_id, next(iter(paths), None)
    )
    if isinstance(verdict, Denied):
        return forbidden(verdict)
    raise RuntimeError("a party that the actor manages is none of those that it manages")


def _wrong_state(standing: AgreementStanding, action: AgreementAction) -> Refused:
    states = ", ".join(state for state in AgreementState if state in STATES[action])
    return refuse(
        RefusalCode.AGREEMENT_STATE_NOT_ALLOWED,
        f"{action} 须在状态 {states},现为 {standing.state}"
        f"{'' if standing.agreed else ',且尚无各方签署的版本'}。",
        f"{action} needs the state {states}; it is {standing.state}"
        f"{'' if standing.agreed else ', and no version is signed by all'}.",
    )
