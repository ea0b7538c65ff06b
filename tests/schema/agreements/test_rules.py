"""What may be done with an agreement: what is offered is what is not refused."""

from itertools import product

import pytest

from schema.actor import Actor
from schema.agreement_actions import AgreementAction
from schema.agreements.rules import (
    AgreementStanding,
    PartyStanding,
    available,
    parties_for,
    unavailable,
)
from schema.refusals import RefusalCode
from schema.tables.agreement import AgreementState
from tenants.roles import Role
from tests.schema.agreements.pair import A, B, admin, secretary, somebody

OWN, OTHER = "/990100/S1/S1-1/", "/990100/S2/S2-1/"
ACTORS = (
    admin(A),
    secretary(A, "S1"),
    secretary(A, "S2"),
    somebody(Role.MEMBER, A, "S1-1"),
    admin(B),
)


def _standings() -> list[AgreementStanding]:
    """Every state with and without an agreed version, signatures and unanswered deliveries."""
    found = []
    for state, agreed, signed, unanswered in product(
        AgreementState, (None, 1, 2), (None, 1, 2), (frozenset[int](), frozenset({1}))
    ):
        parties = (
            PartyStanding(1, OWN, signed),
            PartyStanding(2, None, 2),
            PartyStanding(3, OTHER, None, is_newest=True, is_agreed=False),
        )
        found.append(AgreementStanding(A, state, 2, agreed, parties, unanswered))
    return found


@pytest.mark.parametrize("actor", ACTORS, ids=lambda actor: actor.subject)
def test_what_is_offered_is_what_is_not_refused(actor: Actor) -> None:
    """An action is available exactly where there is no reason against it."""
    for standing in _standings():
        refused = {action for action in AgreementAction if unavailable(standing, action, actor)}
        assert set(available(standing, actor)) == set(AgreementAction) - refused


@pytest.mark.parametrize("actor", ACTORS[3:], ids=lambda actor: actor.subject)
def test_who_manages_no_party_is_offered_nothing(actor: Actor) -> None:
    """Neither who only reads, nor another city's administrator; the reason is the permission."""
    for standing, action in product(_standings(), AgreementAction):
        found = unavailable(standing, action, actor)
        assert found is not None
        assert found.refusals[0].code is RefusalCode.FORBIDDEN


def test_for_which_parties() -> None:
    """One signs for own parties that have not; a party that is to be admitted delivers nothing."""
    parties = (
        PartyStanding(1, OWN, 2),
        PartyStanding(2, OWN, 1),
        PartyStanding(3, OTHER, None, is_agreed=False),
    )
    standing = AgreementStanding(A, AgreementState.PROPOSED, 2, 1, parties, frozenset({1}))
    found = {
        action: parties_for(standing, action, admin(A))
        for action in (
            AgreementAction.SIGN,
            AgreementAction.RECORD_DELIVERY,
            AgreementAction.CONFIRM_DELIVERY,
        )
    }
    assert found == {
        AgreementAction.SIGN: (2, 3),
        AgreementAction.RECORD_DELIVERY: (1, 2),
        AgreementAction.CONFIRM_DELIVERY: (2,),
    }
