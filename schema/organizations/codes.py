"""Codes of new organizations: those that are given, and those that are made."""

import re
from collections.abc import Iterator

from schema.organizations.rules import Field
from schema.organizations.tree import codes_from, is_taken
from schema.refusals import RefusalCode, Refused, refuse
from schema.work import Work
from tenants.definition import ORGANIZATION_CODE


async def free_code(work: Work, given: str | None, above: str, field: Field) -> str | Refused:
    """The code that is given, if it is free, or one made from that of the organization above."""
    if given is None:
        return await _next_code(work, above, field)
    if re.fullmatch(ORGANIZATION_CODE, given) is None:
        return refuse(
            RefusalCode.CODE_MALFORMED,
            f"组织编码“{given[:140]}”格式不正确:应为 2 至 120 个大写字母、数字或连字符,"
            "不以连字符开头;可不填,由系统编号。",
            f"The code {given[:140]!r} is malformed: expected 2 to 120 capital letters, digits "
            "or hyphens, not beginning with a hyphen; left out, the server makes one.",
            *field,
        )
    if await is_taken(work, given):
        return refuse(
            RefusalCode.CODE_TAKEN,
            f"组织编码“{given}”已被使用(含已撤销的组织);请换一个,或不填由系统编号。",
            f"The code {given!r} is in use, or was; give another, or leave it out.",
            *field,
        )
    return given


async def _next_code(work: Work, above: str, field: Field) -> str | Refused:
    """The parent's code and the first running number that is free: 210411002-01."""
    taken = await codes_from(work, f"{above}-")
    code = next(code for code in _numbered(above) if code not in taken)
    if re.fullmatch(ORGANIZATION_CODE, code) is None:
        return refuse(
            RefusalCode.CODE_MALFORMED,
            f"自动编号“{code[:140]}”超过 120 个字符;请自行填写组织编码。",
            f"The code that would be made, {code[:140]!r}, is longer than 120 characters: give "
            "one yourself.",
            *field,
        )
    return code


def _numbered(above: str) -> Iterator[str]:
    number = 0
    while True:
        number += 1
        yield f"{above}-{number:02d}"
