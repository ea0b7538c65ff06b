"""What a change of an agreement came to, and the reasons that several changes share."""

import uuid
from dataclasses import dataclass

from schema.refusals import RefusalCode, Refused, refuse
from schema.texts import checked_text


@dataclass(frozen=True)
class Concluded:
    """The agreement, as the acting tenant's copy, and the delivery where it is about one."""

    tenant_id: int
    agreement: uuid.UUID
    delivery: uuid.UUID | None = None


def unknown_agreement(*path: str) -> Refused:
    """What is said of an agreement that is not there, or not for the actor."""
    return refuse(
        RefusalCode.AGREEMENT_UNKNOWN,
        "没有此协议,或不在您可查看之列;请用本市 agreements 所给的编号(另一方那一份的编号不可用)。",
        "There is no such agreement within your reach; use the id that your own city's agreements "
        "give (that of another party's copy does not do).",
        *(path or ("agreement",)),
    )


def changed_meanwhile(*path: str) -> Refused:
    """What is said where somebody else changed the agreement first."""
    return refuse(
        RefusalCode.AGREEMENT_CHANGED,
        "协议在此期间已有更新;请重新查看后再办理。",
        "The agreement has changed meanwhile: look at it again.",
        *path,
    )


def shown(given: str) -> str:
    """What was given, as a message repeats it."""
    return given if len(given) <= 40 else given[:40] + "…"


def demanded_text(given: str, *path: str) -> str | Refused:
    """A text that people must give, at `path` below the input."""
    text = checked_text(given, *path)
    if text is not None:
        return text
    return refuse(
        RefusalCode.TEXT_MALFORMED,
        "此处须写明文字,不能空白。",
        "A text is needed here; it must not be blank.",
        *path,
    )
