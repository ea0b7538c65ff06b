"""Versions of agreements: what each says, who proposed it, and what became of it."""

import datetime
from typing import Any

import orjson
import strawberry

from schema.agreements.content import canonical
from schema.agreements.party_types import AgreementPartyType, party_of
from schema.fields import column, derived
from schema.loaders.agreement_version import AgreementVersionRecord
from schema.node import kind_of


def _content(root: Any) -> str:
    return canonical(orjson.loads(root["content"])).decode()


@strawberry.type(
    name="AgreementVersion",
    description="协议的一个版本 | A version of an agreement.",
)
class AgreementVersionType:
    """Of an `AgreementVersionRecord`."""

    is_type_of = kind_of(AgreementVersionRecord)

    version: int = column("版本号 | number")
    content_hash: str = column(
        "内容(content)的 SHA-256,各方签署的就是它 | SHA-256 of content, as signed"
    )
    content: str = derived(
        _content,
        "全部内容:规范形式的 JSON,其 UTF-8 字节的 SHA-256 即 contentHash | all of it, as JSON in "
        "its canonical form: the SHA-256 of its UTF-8 bytes is contentHash",
        ("content",),
    )
    is_agreed: bool = derived(
        lambda root: root["version"] == root["agreed"],
        "是否各方均已签署的最新一版 | whether it is the newest that all have signed",
        ("version",),
    )
    proposed_by: AgreementPartyType | None = party_of(
        "proposed_by", "提出的一方 | party that proposed it"
    )
    proposed_at: datetime.datetime = column("提出时间 | when it was proposed")
    declined_by: AgreementPartyType | None = party_of(
        "declined_by", "拒签的一方,空为无 | party that declined it; null = none"
    )
    declined_at: datetime.datetime | None = column("拒签时间 | when it was declined")
    decline_reason: str | None = column("拒签理由 | why it was declined")
