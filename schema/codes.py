"""Codes of rows that people name: those that are given, and those that are made."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from schema.refusals import RefusalCode, Refused, refuse
from schema.work import Work
from tenants.definition import ORGANIZATION_CODE


@dataclass(frozen=True)
class Coded:
    """A table whose rows have a `code`, unique in their tenant.

    `noun` is what its rows are called in Chinese; numbers in codes have `width` digits at least.
    """

    table: Any
    noun: str
    width: int = 1


async def free_code(
    work: Work, coded: Coded, given: str | None, prefix: str, *path: str
) -> str | Refused:
    """The code that is given, if it is free, or `prefix` with the first number that is."""
    if given is None:
        return await _next_code(work, coded, prefix, *path)
    if re.fullmatch(ORGANIZATION_CODE, given) is None:
        return refuse(
            RefusalCode.CODE_MALFORMED,
            f"{coded.noun}编码“{given[:140]}”格式不正确:应为 2 至 120 个大写字母、数字或连字符,"
            "不以连字符开头;可不填,由系统编号。",
            f"The code {given[:140]!r} is malformed: expected 2 to 120 capital letters, digits "
            "or hyphens, not beginning with a hyphen; left out, the server makes one.",
            *path,
        )
    if given in await _codes(work, coded, coded.table.c.code == given):
        return taken(coded, given, *path)
    return given


def taken(coded: Coded, code: str, *path: str) -> Refused:
    """What is said of a code that a row has or had."""
    return refuse(
        RefusalCode.CODE_TAKEN,
        f"{coded.noun}编码“{code}”已被使用(含已不存续的{coded.noun});请换一个,或不填由系统编号。",
        f"The code {code!r} is in use, or was; give another, or leave it out.",
        *path,
    )


async def _next_code(work: Work, coded: Coded, prefix: str, *path: str) -> str | Refused:
    code = coded.table.c.code
    end = prefix[:-1] + chr(ord(prefix[-1]) + 1)
    known = await _codes(work, coded, code >= prefix, code < end)
    made = next(one for one in _numbered(prefix, coded.width) if one not in known)
    if re.fullmatch(ORGANIZATION_CODE, made) is None:
        return refuse(
            RefusalCode.CODE_MALFORMED,
            f"自动编号“{made[:140]}”超过 120 个字符;请自行填写{coded.noun}编码。",
            f"The code that would be made, {made[:140]!r}, is longer than 120 characters: give "
            "one yourself.",
            *path,
        )
    return made


async def _codes(work: Work, coded: Coded, *where: Any) -> set[str]:
    """The codes of the tenant's rows, also of those that are no more."""
    table = coded.table
    statement = select(table.c.code).where(table.c.tenant_id == work.tenant_id, *where)
    return set(await work.connection.scalars(statement))


def _numbered(prefix: str, width: int) -> Iterator[str]:
    number = 0
    while True:
        number += 1
        yield f"{prefix}{number:0{width}d}"
