"""An expected "no" to a mutation: a frozen value with a code, a sentence and a path."""

from dataclasses import dataclass
from enum import StrEnum

from schema.access import Denied


class RefusalCode(StrEnum):
    """The closed set of `Refusal.code`; clients may rely on each name."""

    FORBIDDEN = "FORBIDDEN"
    ID_UNKNOWN = "ID_UNKNOWN"
    ORGANIZATION_UNKNOWN = "ORGANIZATION_UNKNOWN"
    ORGANIZATION_ENDED = "ORGANIZATION_ENDED"
    LEVEL_UNKNOWN = "LEVEL_UNKNOWN"
    LEVELS_DIFFER = "LEVELS_DIFFER"
    PARENT_NOT_ALLOWED = "PARENT_NOT_ALLOWED"
    PARENT_REQUIRED = "PARENT_REQUIRED"
    CODE_MALFORMED = "CODE_MALFORMED"
    CODE_TAKEN = "CODE_TAKEN"
    NAME_MALFORMED = "NAME_MALFORMED"
    NAME_UNCHANGED = "NAME_UNCHANGED"
    NAME_TAKEN = "NAME_TAKEN"
    DATE_OUT_OF_RANGE = "DATE_OUT_OF_RANGE"
    COUNT_OUT_OF_RANGE = "COUNT_OUT_OF_RANGE"
    UNDER_ITSELF = "UNDER_ITSELF"
    PLACE_UNCHANGED = "PLACE_UNCHANGED"
    CHILDREN_REMAIN = "CHILDREN_REMAIN"
    POSTS_REMAIN = "POSTS_REMAIN"
    SUCCESSOR_NOT_ALLOWED = "SUCCESSOR_NOT_ALLOWED"
    POST_UNKNOWN = "POST_UNKNOWN"
    POST_NOT_ALLOWED = "POST_NOT_ALLOWED"
    POST_TAKEN = "POST_TAKEN"
    POST_ENDED = "POST_ENDED"
    PERSON_UNKNOWN = "PERSON_UNKNOWN"
    PERSON_MALFORMED = "PERSON_MALFORMED"
    PHONE_MALFORMED = "PHONE_MALFORMED"
    SERVICE_UNKNOWN = "SERVICE_UNKNOWN"
    SERVICE_NOT_OPEN = "SERVICE_NOT_OPEN"
    TITLE_MALFORMED = "TITLE_MALFORMED"
    TEXT_MALFORMED = "TEXT_MALFORMED"
    QUESTION_UNKNOWN = "QUESTION_UNKNOWN"
    ANSWER_REQUIRED = "ANSWER_REQUIRED"
    ANSWER_MALFORMED = "ANSWER_MALFORMED"
    PRIORITY_UNKNOWN = "PRIORITY_UNKNOWN"
    COORDINATES_MALFORMED = "COORDINATES_MALFORMED"
    CONTACT_REQUIRED = "CONTACT_REQUIRED"
    SIMILAR_OPEN = "SIMILAR_OPEN"
    ALREADY_JOINED = "ALREADY_JOINED"
    ISSUE_UNKNOWN = "ISSUE_UNKNOWN"
    ISSUE_CLOSED = "ISSUE_CLOSED"
    ACTION_UNKNOWN = "ACTION_UNKNOWN"
    ACTION_NOT_AVAILABLE = "ACTION_NOT_AVAILABLE"
    ISSUE_CHANGED = "ISSUE_CHANGED"
    TAKEN_OVER = "TAKEN_OVER"
    CLAIMS_EXCEEDED = "CLAIMS_EXCEEDED"
    NOBODY_ABOVE = "NOBODY_ABOVE"
    NO_DEADLINE = "NO_DEADLINE"
    PAUSES_EXCEEDED = "PAUSES_EXCEEDED"
    EXTENSIONS_EXCEEDED = "EXTENSIONS_EXCEEDED"
    REOPENING_TOO_LATE = "REOPENING_TOO_LATE"
    NEED_MISSING = "NEED_MISSING"
    NEED_NOT_TAKEN = "NEED_NOT_TAKEN"
    EVIDENCE_MALFORMED = "EVIDENCE_MALFORMED"
    HANDLER_UNKNOWN = "HANDLER_UNKNOWN"
    HANDLER_NOT_ALLOWED = "HANDLER_NOT_ALLOWED"
    MERGE_NOT_ALLOWED = "MERGE_NOT_ALLOWED"
    RATING_OUT_OF_RANGE = "RATING_OUT_OF_RANGE"


@dataclass(frozen=True)
class Refusal:
    """One reason; `path` leads to the input's field that it is about, e.g. ("input", "parent")."""

    code: RefusalCode
    zh: str
    en: str
    path: tuple[str, ...] = ("input",)

    def message(self, language: str) -> str:
        """The sentence in `language` ("zh" or "en")."""
        return self.en if language == "en" else self.zh


@dataclass(frozen=True)
class Refused:
    """What an action gives instead of its outcome; at least one reason."""

    refusals: tuple[Refusal, ...]


def refuse(code: RefusalCode, zh: str, en: str, *path: str) -> Refused:
    """One reason, about `path` below the input."""
    return Refused((Refusal(code, zh, en, ("input", *path)),))


def forbidden(denied: Denied, *path: str) -> Refused:
    """A denial as a refusal."""
    return refuse(RefusalCode.FORBIDDEN, denied.zh, denied.en, *path)
