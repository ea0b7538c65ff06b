"""Why an action cannot be done now: the refusals of several effects."""

from schema.refusals import Refusal, RefusalCode

ACTION = ("input", "action")


def cannot(code: RefusalCode, zh: str, en: str) -> Refusal:
    """An action that is not possible as things are, whatever is given with it."""
    return Refusal(code, zh, en, ACTION)
