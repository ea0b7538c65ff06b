"""Statistics of issues: rows by what is asked for, their total, and what no row shows."""

import datetime
from collections.abc import Mapping
from typing import Any

import strawberry

from schema import refs
from schema.fields import column, derived, passing, relation
from schema.loaders.issue_statistics import UNMAPPED
from schema.loaders.organization import OrganizationById
from tenants.channel import Channel
from tenants.hierarchy import Rung
from tenants.workflow import Phase, Severity

Sums = Mapping[str, int]


def _rate(numerator: str, denominator: str, description: str) -> Any:
    def divided(root: Sums) -> float | None:
        whole = root[denominator]
        return root[numerator] / whole if whole else None

    return derived(divided, description, (numerator, denominator))


def _of_handled(numerator: str, description: str) -> Any:
    """A rate whose denominator are the issues that were not rejected or withdrawn."""

    def divided(root: Sums) -> float | None:
        whole = root["reported"] - root["dropped"]
        return root[numerator] / whole if whole else None

    return derived(divided, description, (numerator, "reported", "dropped"))


def _mean_hours(root: Sums) -> float | None:
    handled = root["handled"]
    return root["handled_seconds"] / handled / 3600 if handled else None


@strawberry.type(
    name="IssueMeasures",
    description="事项的指标,处处相同。四种率是四回事:办结率、办复率、解决率、满意率,分子、分母见各项;"
    "分母为 0 时为空。 | Measures of issues, the same everywhere. Four rates are four different "
    "things: closed, answered, settled as the reporter sees it, satisfied; each names its "
    "numerator and denominator, and is null where the denominator is 0.",
)
class IssueMeasuresType:
    """Of sums by name."""

    reported: int = column("上报件数 | issues reported")
    open: int = column(
        "未办复的件数:阶段为 REPORTED、ACCEPTED、IN_PROGRESS | issues that wait for an answer: in "
        "the phases REPORTED, ACCEPTED and IN_PROGRESS",
    )
    closed: int = column("办结件数:阶段为 CLOSED | issues in the phase CLOSED")
    resolved: int = column(
        "办复件数:已答复,或已办结(含并案)| issues that were answered, or closed (with another one "
        "too)",
    )
    overdue: int = column(
        "现逾期未办复的件数,以巡检的标记为准(见 ONEGRID_SWEEP_SECONDS)| issues that are overdue "
        "now, as the sweep last marked them (see ONEGRID_SWEEP_SECONDS)",
    )
    rated: int = column("已评价件数 | issues with a rating")
    closure_rate: float | None = _of_handled(
        "closed",
        "办结率 = closed ÷(reported − 不予受理或撤回的)| closure rate: `closed` divided by those "
        "reported and neither rejected nor withdrawn",
    )
    reply_rate: float | None = _of_handled(
        "resolved",
        "办复率 = resolved ÷(reported − 不予受理或撤回的)| reply rate: `resolved` divided by those "
        "reported and neither rejected nor withdrawn",
    )
    resolution_rate: float | None = _rate(
        "solved",
        "rated",
        "解决率 = 评价为已解决(YES)的 ÷ rated | resolution rate: issues whose rating says that "
        "they were solved (YES), divided by `rated`",
    )
    satisfaction_rate: float | None = _rate(
        "satisfied",
        "rated",
        "满意率 = 满意度 4 或 5 的 ÷ rated | satisfaction rate: issues rated 4 or 5, divided by "
        "`rated`",
    )
    on_time_rate: float | None = _rate(
        "on_time",
        "ended",
        "按时率 = 时限内办复的 ÷ 时限已了结(如期或误期)的 | issues that met their deadline, "
        "divided by those whose deadline was met or missed",
    )
    mean_handling_hours: float | None = derived(
        _mean_hours,
        "平均办理时长(小时)= 自上报至答复的时长之和 ÷ 办复件数,均不含并入他件的 | mean hours from "
        "report to answer: their sum divided by the number of issues that were answered or closed, "
        "without those merged into another",
        ("handled", "handled_seconds"),
    )


@strawberry.type(
    name="IssueStatisticsRow",
    description="一行:列明其维度与各指标;未按某维度分行,该项为空。 | A row, which names its "
    "dimensions; those that rows are not broken down by are null.",
)
class IssueStatisticsRowType:
    """Of an `IssueStatisticsRow`."""

    city: refs.City | None = derived(lambda root: root.city, "城市 | city")
    organization: refs.Organization | None = relation(
        OrganizationById,
        "事项现在所在的组织(不含其下级)| the organization where the issues stand now, without "
        "those below it",
        key=lambda root: root.organization,
    )
    rung: Rung | None = derived(
        lambda root: root.rung,
        "可比层级;按 RUNG 分行而此项为空的一行,是不可比的层级 | rung; by RUNG null in the row of "
        "levels without one",
    )
    domain: refs.ServiceDomain | None = derived(
        lambda root: root.domain, "省级服务领域 | provincial service domain"
    )
    service: refs.Service | None = derived(lambda root: root.service, "服务事项 | service")
    phase: Phase | None = derived(lambda root: root.phase, "阶段 | phase")
    severity: Severity | None = derived(lambda root: root.severity, "难度 | severity")
    channel: Channel | None = derived(lambda root: root.channel, "上报渠道 | channel")
    month: datetime.date | None = derived(
        lambda root: root.month,
        "上报月份(北京时间),为其首日 | month of the report in China, as its first day",
    )
    measures: IssueMeasuresType = passing(lambda root: root.sums, "各指标 | its measures")


@strawberry.type(
    name="IssueStatistics",
    description="事项统计:以事项现在所在的组织为准,自变更时即时累计。 | Statistics of issues, each "
    "counted where it stands now, kept up to date with every change.",
)
class IssueStatisticsType:
    """Of an `IssueAnswer`."""

    rows: list[IssueStatisticsRowType] = passing(
        lambda root: root.rows,
        "各行,按区划代码、组织树与各词表的次序;只按城市时没有事项的城市也在其中 | rows, in order "
        "of cities, of the tree and of the vocabularies; by city alone those without issues too",
    )
    total: IssueMeasuresType | None = passing(
        lambda root: root.total,
        "合计,含各行未列的;不足下限而不予显示的为空 | all together, with what no row shows; null "
        "where it is held back, being too few",
    )
    unmapped: int | None = derived(
        lambda root: root.unmapped,
        "服务事项未归入省级服务领域的件数:按 DOMAIN 分行时不在各行,只在合计;不足下限而不予显示的"
        "为空 | issues of services that map to no domain: by DOMAIN they are in no row, but in the "
        "total; null where that is held back, being too few",
        (UNMAPPED,),
    )
    suppressed: int = derived(
        lambda root: root.suppressed,
        "不予显示的行数:无权查看这些事项的,看不到件数不足 ONEGRID_SUPPRESSION_THRESHOLD 的行,以及"
        "可由合计推出它们的行 | rows held back: who may not read the issues sees none of fewer "
        "than ONEGRID_SUPPRESSION_THRESHOLD, nor such as would tell them by way of the total",
    )
    as_of: datetime.datetime = derived(lambda root: root.as_of, "统计时间 | when it was counted")
