"""Disclosures: what an operation showed of people unmasked, or was denied, for the audit."""

import uuid
from collections import Counter

from schema.events import Event, EventKind
from schema.personal import scrub

# ids written into one event; an operation that shows more writes several
CHUNK = 200


class Disclosures:
    """Gathered while an operation runs; `events` are written before its answer leaves."""

    def __init__(self) -> None:
        self._shown: dict[str, dict[uuid.UUID, None]] = {}
        self._denied: list[str] = []

    def __bool__(self) -> bool:
        return bool(self._shown or self._denied)

    def shown(self, field: str, person: uuid.UUID) -> None:
        """A field of a person was shown unmasked."""
        self._shown.setdefault(field, {})[person] = None

    def denied(self, what: str) -> None:
        """A field or permission was asked for in vain."""
        self._denied.append(what)

    @property
    def mark(self) -> int:
        """How much was denied so far."""
        return len(self._denied)

    def back_to(self, mark: int) -> None:
        """Forget what was denied since a mark, because the same is about to be asked again."""
        del self._denied[mark:]

    def events(self, purpose: str | None) -> list[Event]:
        """What the audit keeps: fields, ids and purpose, never values.

        Numbers in a purpose are masked: it may say whom one is going to call.
        """
        purpose = None if purpose is None else scrub(purpose)
        by_person: dict[uuid.UUID, list[str]] = {}
        for field, people in self._shown.items():
            for person in people:
                by_person.setdefault(person, []).append(field)
        groups: dict[tuple[str, ...], list[str]] = {}
        for person, fields in by_person.items():
            groups.setdefault(tuple(sorted(fields)), []).append(str(person))
        read = [
            Event(
                EventKind.PERSONAL_DATA_READ,
                None,
                {"fields": list(fields), "people": ids[at : at + CHUNK], "purpose": purpose},
            )
            for fields, ids in groups.items()
            for at in range(0, len(ids), CHUNK)
        ]
        denied = [
            Event(
                EventKind.PERSONAL_DATA_DENIED,
                None,
                {"what": what, "times": times, "purpose": purpose},
            )
            for what, times in sorted(Counter(self._denied).items())
        ]
        return read + denied
