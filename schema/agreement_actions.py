"""What a party may do with an agreement: the closed set, as front ends are offered it."""

from enum import StrEnum


class AgreementAction(StrEnum):
    """Each is one mutation; `CONFIRM_DELIVERY` and `DISPUTE_DELIVERY` are about one delivery."""

    PROPOSE = "PROPOSE"
    REVISE = "REVISE"
    SIGN = "SIGN"
    DECLINE = "DECLINE"
    COMPLETE = "COMPLETE"
    TERMINATE = "TERMINATE"
    RENEW = "RENEW"
    RECORD_DELIVERY = "RECORD_DELIVERY"
    CONFIRM_DELIVERY = "CONFIRM_DELIVERY"
    DISPUTE_DELIVERY = "DISPUTE_DELIVERY"
    RECORD_ACTIVITY = "RECORD_ACTIVITY"
