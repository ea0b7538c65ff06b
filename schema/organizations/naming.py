"""Names of organizations as people give them: put in one form, checked, and spelled."""

import unicodedata
from dataclasses import dataclass

from schema.refusals import RefusalCode, Refused, refuse
from schema.spelling import Speller, Spelling

LONGEST = 100
# control, format (direction marks, zero width), surrogate, private use; line and paragraph breaks
_HIDDEN = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}


@dataclass(frozen=True)
class Named:
    """A name that may be given, with the columns that follow from it."""

    name: str
    spelling: Spelling

    @property
    def columns(self) -> dict[str, str]:
        """What a row has of it."""
        return {"name": self.name, **vars(self.spelling)}


async def named(speller: Speller, given: str, *path: str) -> Named | Refused:
    """`given` as a name; NAME_MALFORMED about `path` where it can be none.

    Width and composition are normalised (NFKC), spaces at the ends dropped and inside made one.
    Takes some 0.3 s: call it before the transaction. Errors: `SpellingError`.
    """
    name = plain(given)
    if (refused := unfit(name, *path)) is not None:
        return refused
    (spelling,) = await speller.spell([name])
    return Named(name, spelling)


def plain(given: str) -> str:
    """`given` in the one form in which names are stored."""
    return " ".join(part for part in unicodedata.normalize("NFKC", given).split(" ") if part)


def unfit(name: str, *path: str) -> Refused | None:
    """Why a name in its stored form can be none, if so."""
    if not 1 <= len(name) <= LONGEST:
        return _malformed(
            f"名称有 {len(name)} 个字符,应为 1 至 {LONGEST} 个。",
            f"The name has {len(name)} characters, expected 1 to {LONGEST}.",
            *path,
        )
    for at, letter in enumerate(name, start=1):
        if _is_hidden(letter):
            return _malformed(
                f"名称的第 {at} 个字符 U+{ord(letter):04X} 不可见,请去掉。",
                f"Character {at} of the name, U+{ord(letter):04X}, is invisible: leave it out.",
                *path,
            )
    if not any(unicodedata.category(letter)[0] in "LN" for letter in name):
        return _malformed(
            f"名称“{name}”中没有文字或数字。", f"The name {name!r} has no letter or digit.", *path
        )
    return None


def _is_hidden(letter: str) -> bool:
    number = ord(letter)
    never = number & 0xFFFE == 0xFFFE or 0xFDD0 <= number <= 0xFDEF  # Unicode's noncharacters
    return never or unicodedata.category(letter) in _HIDDEN


def _malformed(zh: str, en: str, *path: str) -> Refused:
    return refuse(RefusalCode.NAME_MALFORMED, zh, en, *path)
