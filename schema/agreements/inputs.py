"""What the mutations of agreements are given."""

import datetime
from decimal import Decimal
from typing import Any

import strawberry

from schema.agreements.commitments import CommitmentTerms
from schema.agreements.terms import MemberTerms, Terms
from schema.tables.agreement import ActivityKind, Completion, Every

_AGREEMENT = "协议的全局编号,须为本市这一份的 | id of the agreement, of your own city's copy"
_PARTY = (
    "代表哪一方(组织编码);您可代表多方时须写明 | party for which you act (code of its "
    "organization); needed where you may act for several"
)


def _agreement() -> Any:
    return strawberry.field(description=_AGREEMENT)


def _party() -> Any:
    return strawberry.field(default=None, description=_PARTY)


@strawberry.input(description="协议的一方。 | A party of an agreement.")
class AgreementPartyInput:
    """Of `proposeAgreement`."""

    city: strawberry.ID = strawberry.field(
        description="城市代码或网址名 | code or slug of the city"
    )
    organization: strawberry.ID = strawberry.field(
        description="该市组织的编码 | code of its organization"
    )


@strawberry.input(
    description="一项承诺;没有写明的留空,不要编造。 | A commitment; what is not stated stays empty."
)
class CommitmentInput:
    """Of `proposeAgreement` and `reviseAgreement`."""

    dimension: str = strawberry.field(
        description="维度键,须在 dimensions 中 | key of a dimension, one of dimensions"
    )
    text: str = strawberry.field(
        description="内容,1 至 500 个字符 | what is promised, 1 to 500 characters"
    )
    owner: int | None = strawberry.field(
        default=None,
        description="由第几方兑现(各方自 1 起编号),空为各方共同 | number of the party that "
        "promises it, from 1; null = all of them jointly",
    )
    quantity: Decimal | None = strawberry.field(
        default=None,
        description="数量目标,大于 0,至多三位小数 | how much, above 0, to a thousandth",
    )
    unit: str | None = strawberry.field(
        default=None, description="计量单位,如 次、人、公斤 | unit of the quantity"
    )
    every: Every | None = strawberry.field(
        default=None,
        description="数量按年计,还是全部期限合计(缺省)| for each year, or for all (default)",
    )
    due_on: datetime.date | None = strawberry.field(
        default=None, description="到期日,须在期限之内 | due date, within the term"
    )
    key: str | None = strawberry.field(
        default=None,
        description="仅修改时:沿用上一版的哪项承诺,其兑现记录随之沿用;新承诺不写 | with "
        "reviseAgreement: key of a commitment that goes on with its deliveries; none for a new one",
    )

    def terms(self) -> CommitmentTerms:
        """As actions take it."""
        return CommitmentTerms(
            self.dimension,
            self.text,
            self.owner,
            self.quantity,
            self.unit,
            self.every,
            self.due_on,
            self.key,
        )


@strawberry.input(
    description="工作组成员:写职务,不写姓名。 | A place in the group: a title, never a name."
)
class WorkingGroupMemberInput:
    """Of `proposeAgreement` and `reviseAgreement`."""

    party: int = strawberry.field(description="第几方,自 1 起 | number of the party, from 1")
    duty: str = strawberry.field(description="分工,如组长 | duty in the group")
    title: str = strawberry.field(
        description="职务名称,如社区党委书记 | title of a post, such as secretary"
    )

    def terms(self) -> MemberTerms:
        """As actions take it."""
        return MemberTerms(self.party, self.duty, self.title)


@strawberry.input
class _TermsInput:
    """What is agreed but for who agrees."""

    title: str = strawberry.field(description="标题,1 至 100 个字符 | 1 to 100 characters")
    dimensions: list[str] = strawberry.field(
        default_factory=list,
        description="联建维度键,取自各方所在省的词表 | keys of dimensions, which the provinces of "
        "all parties have",
    )
    commitments: list[CommitmentInput] = strawberry.field(
        default_factory=list, description="承诺,至多 50 项 | commitments, 50 at most"
    )
    working_group: list[WorkingGroupMemberInput] = strawberry.field(
        default_factory=list, description="工作组,至多 50 人 | working group, 50 at most"
    )
    facilitator: str | None = strawberry.field(
        default=None,
        description="促成者,写单位不写人 | who brought the parties together: a body, not a person",
    )
    starts_on: datetime.date | None = strawberry.field(
        default=None,
        description="首日,空为自各方签署之日起 | first day; null = when all have signed",
    )
    ends_on: datetime.date | None = strawberry.field(
        default=None, description="末日,空为无期限 | last day; null = no end"
    )

    def terms(self) -> Terms:
        """As actions take them."""
        return Terms(
            self.title,
            tuple(self.dimensions),
            tuple(one.terms() for one in self.commitments),
            tuple(one.terms() for one in self.working_group),
            self.facilitator,
            self.starts_on,
            self.ends_on,
        )


@strawberry.input(
    description="提出协议:本市的 organization 为发起方(第 1 方),parties 依次为第 2 方起。 | An "
    "agreement to propose: organization, of your city, is the initiator and party 1; parties "
    "follow from 2."
)
class ProposeAgreementInput(_TermsInput):
    """Of `proposeAgreement`."""

    city: strawberry.ID = strawberry.field(
        description="本市代码或网址名 | code or slug of your city"
    )
    organization: strawberry.ID = strawberry.field(
        description="发起的组织(编码或全局编号)| organization that proposes it (code or id)"
    )
    parties: list[AgreementPartyInput] = strawberry.field(
        description="其他各方;结对连同发起方至多 20 方,联盟至多 200 方 | the other parties; with "
        "the initiator 20 at most, 200 of an alliance"
    )
    alliance: str | None = strawberry.field(
        default=None,
        description="联盟种类的键;成员须均属本市;空为结对 | key of a kind of alliance, whose "
        "members are all of your city; null = a pairing",
    )
    draft: bool = strawberry.field(
        default=False, description="仅存为草案,对方看不到 | only draft it, for your city alone"
    )


@strawberry.input(description="把草案提交各方。 | A draft to propose to its parties.")
class SubmitAgreementInput:
    """Of `submitAgreement`."""

    agreement: strawberry.ID = _agreement()


@strawberry.input(
    description="协议的新内容,须写全;各方重新签署。 | The whole new content of an agreement, which "
    "every party signs again."
)
class ReviseAgreementInput(_TermsInput):
    """Of `reviseAgreement`."""

    agreement: strawberry.ID = _agreement()
    revision: int = strawberry.field(
        description="您所见的版次;其间已有更新则不予办理 | the revision that you saw; refused "
        "where it has changed since"
    )
    add_parties: list[strawberry.ID] = strawberry.field(
        default_factory=list,
        description="联盟吸收的新成员(本市组织编码)| members that an alliance admits (codes of "
        "organizations of your city)",
    )


@strawberry.input(description="签署所见的内容。 | The content that is signed.")
class SignAgreementInput:
    """Of `signAgreement`."""

    agreement: strawberry.ID = _agreement()
    content_hash: str = strawberry.field(
        description="所见内容的 contentHash;已非最新则不予签署 | contentHash of what you saw; "
        "refused where it is not the newest"
    )
    party: strawberry.ID | None = _party()


@strawberry.input(description="拒签。 | A version that is declined.")
class DeclineAgreementInput:
    """Of `declineAgreement`."""

    agreement: strawberry.ID = _agreement()
    reason: str = strawberry.field(description="理由,各方可见 | why; all parties see it")
    party: strawberry.ID | None = _party()


@strawberry.input(description="完成协议。 | An agreement to complete.")
class CompleteAgreementInput:
    """Of `completeAgreement`."""

    agreement: strawberry.ID = _agreement()
    reason: Completion = strawberry.field(description="理由 | why")


@strawberry.input(description="终止协议。 | An agreement to terminate.")
class TerminateAgreementInput:
    """Of `terminateAgreement`."""

    agreement: strawberry.ID = _agreement()
    reason: str = strawberry.field(description="理由,各方可见 | why; all parties see it")


@strawberry.input(description="续签协议。 | An agreement to renew.")
class RenewAgreementInput:
    """Of `renewAgreement`."""

    agreement: strawberry.ID = _agreement()
    starts_on: datetime.date | None = strawberry.field(
        default=None,
        description="新的首日,缺省为原末日的次日 | first day; default: when the old term is over",
    )
    ends_on: datetime.date | None = strawberry.field(
        default=None, description="新的末日,空为无期限 | new last day; null = no end"
    )


@strawberry.input(description="一次兑现。 | Something that was delivered.")
class RecordDeliveryInput:
    """Of `recordDelivery`."""

    agreement: strawberry.ID = _agreement()
    commitment: str = strawberry.field(description="承诺键 | key of the commitment")
    delivered_on: datetime.date = strawberry.field(
        description="兑现日期,在期限之内,不晚于今天 | day, within the term and not ahead"
    )
    quantity: Decimal | None = strawberry.field(
        default=None,
        description="数量,按承诺的单位;承诺有目标时必填 | in the commitment's unit; needed where "
        "it has a target",
    )
    funds: Decimal | None = strawberry.field(
        default=None, description="投入资金(元)| funds that went into it, 元"
    )
    text: str | None = strawberry.field(
        default=None, description="说明,至多 2000 个字符,不写个人信息 | what was done; no persons"
    )
    evidence: list[str] = strawberry.field(
        default_factory=list,
        description="附件的 https 地址,至多 9 个 | https addresses of files, 9 at most",
    )
    party: strawberry.ID | None = _party()


_DELIVERY = "兑现记录的编号 | id of the delivery"


@strawberry.input(description="确认一次兑现。 | A delivery to confirm.")
class ConfirmDeliveryInput:
    """Of `confirmDelivery`."""

    delivery: strawberry.ID = strawberry.field(description=_DELIVERY)
    party: strawberry.ID | None = _party()


@strawberry.input(description="对一次兑现提出异议。 | A delivery to dispute.")
class DisputeDeliveryInput:
    """Of `disputeDelivery`."""

    delivery: strawberry.ID = strawberry.field(description=_DELIVERY)
    reason: str = strawberry.field(description="理由,各方可见 | why; all parties see it")
    party: strawberry.ID | None = _party()


@strawberry.input(description="会商或活动。 | A meeting or an activity of the parties.")
class RecordActivityInput:
    """Of `recordActivity`."""

    agreement: strawberry.ID = _agreement()
    kind: ActivityKind = strawberry.field(description="会商或活动 | meeting or activity")
    subject: str = strawberry.field(description="主题,1 至 100 个字符 | 1 to 100 characters")
    held_on: datetime.date = strawberry.field(
        description="日期,在期限之内,不晚于今天 | day, within the term and not ahead"
    )
    way: str | None = strawberry.field(
        default=None,
        description="联动方式(五联)的键,限同市各方 | key of one of the city's ways, where all "
        "parties are of one city",
    )
    parties: list[int] = strawberry.field(
        default_factory=list,
        description="参加的各方(编号),空为全体 | numbers of the parties that took part; none = all",
    )
    funds: Decimal | None = strawberry.field(
        default=None, description="投入资金(元)| funds that went into it, 元"
    )
    solved: int | None = strawberry.field(
        default=None, description="解决问题的数目 | how many problems it settled"
    )
    text: str | None = strawberry.field(
        default=None, description="说明,至多 2000 个字符,不写个人信息 | what was done; no persons"
    )
