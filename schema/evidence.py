"""Evidence: addresses of files that the city's own storage keeps, checked."""

import re
from collections.abc import Iterator, Sequence

from schema.refusals import Refusal, RefusalCode

MOST_EVIDENCE = 9
LONGEST_ADDRESS = 500
ENDINGS = ("jpg", "jpeg", "png", "webp", "heic", "gif", "mp4", "mov", "mp3", "m4a", "pdf")
"""Kinds of files that may be evidence: pictures, films, recordings, papers."""

EVIDENCE = re.compile(r"https://[^\s/?#]+/[^\s?#]+\.(\w+)(\?[^\s#]*)?")


def malformed_evidence(evidence: Sequence[str]) -> Iterator[Refusal]:
    """What is wrong with the addresses in the input's field `evidence`."""
    path = ("input", "evidence")
    if len(evidence) > MOST_EVIDENCE:
        yield Refusal(
            RefusalCode.EVIDENCE_MALFORMED,
            f"附件 {len(evidence)} 个,至多 {MOST_EVIDENCE} 个。",
            f"There are {len(evidence)} pieces of evidence; {MOST_EVIDENCE} are the most.",
            path,
        )
    for address in evidence:
        match = EVIDENCE.fullmatch(address)
        if match and match[1].lower() in ENDINGS and len(address) <= LONGEST_ADDRESS:
            continue
        yield Refusal(
            RefusalCode.EVIDENCE_MALFORMED,
            f"附件“{address[:80]}”不可用:应为 https 地址,文件类型为 {'、'.join(ENDINGS)}。",
            f"The evidence {address[:80]!r} cannot be: expected an https address of a file of "
            f"the type {', '.join(ENDINGS)}.",
            path,
        )
