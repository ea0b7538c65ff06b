"""Why an action cannot be done now, or not with what was given: the refusals of several effects."""

from schema.refusals import Refusal, RefusalCode

ACTION = ("input", "action")


def cannot(code: RefusalCode, zh: str, en: str) -> Refusal:
    """An action that is not possible as things are, whatever is given with it."""
    return Refusal(code, zh, en, ACTION)


def wrong(code: RefusalCode, zh: str, en: str, *path: str) -> Refusal:
    """Something given with an action that it cannot be done with."""
    return Refusal(code, zh, en, ("input", *path))
