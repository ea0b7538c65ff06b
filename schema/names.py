"""Names as people search for them: without a committee's suffix, without width or case."""

import re
import unicodedata

# 小平房村民委员会, 小平房村村民委员会 and 小平房村委会 are all looked for as 小平房村
_VILLAGE = re.compile(r"(.+?)(?:村民委员会|村委会|嘎查委员会)$")
_COMMUNITY = re.compile(r"(.+?)(?:居民委员会|居委会|社区委员会)$")
_OFFICE = re.compile(r"(.+?街道)(?:办事处|党工委)$")


def search_name(name: str) -> str:
    """`name` as it is stored for searching and as a search text is read."""
    plain = re.sub(r"\s+", "", unicodedata.normalize("NFKC", name)).lower()
    plain = unicodedata.normalize("NFKC", plain)  # without spaces, marks may join letters
    if found := _VILLAGE.match(plain):
        stem = found.group(1)
        return stem if stem.endswith(("村", "社区", "嘎查")) else stem + "村"
    if found := _COMMUNITY.match(plain):
        stem = found.group(1)
        return stem if stem.endswith("社区") else stem + "社区"
    if found := _OFFICE.match(plain):
        return found.group(1)
    return plain
