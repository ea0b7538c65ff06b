"""Reasons gathered while an input is read, so that all that is wrong is said at once."""

from decimal import Decimal

from schema.refusals import Refusal, RefusalCode, Refused, wrong
from schema.texts import LONGEST_LINE, checked_line


class Reasons(list[Refusal]):
    """What is wrong with an input; paths are below `input`."""

    def add(self, code: RefusalCode, zh: str, en: str, *path: str) -> None:
        """One more."""
        self.append(wrong(code, zh, en, *path))

    def text(self, found: str | Refused | None) -> str | None:
        """A checked text; None in place of one that is refused."""
        if isinstance(found, Refused):
            self += found.refusals
            return None
        return found

    def number(self, found: Decimal | Refused | None) -> Decimal | None:
        """A checked number; None in place of one that is refused."""
        if isinstance(found, Refused):
            self += found.refusals
            return None
        return found

    def line(
        self, given: str, code: RefusalCode, *path: str, longest: int = LONGEST_LINE
    ) -> str | None:
        """A line, checked."""
        return self.text(checked_line(given, code, *path, longest=longest))
