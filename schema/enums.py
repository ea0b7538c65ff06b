"""The enums that are fixed in code, with a description for each value."""

from enum import Enum
from typing import Any

import strawberry

from schema.access import Permission, Reach
from schema.agreement_actions import AgreementAction
from schema.agreement_measures import AgreementDimension, AgreementKind, ProgressStatus
from schema.changes import ChangeKind
from schema.events import EventKind
from schema.loaders.cooperative_statistics import CooperativeDimension
from schema.loaders.issue_order import IssueOrder
from schema.loaders.issue_statistics import IssueDimension
from schema.loaders.organization_statistics import OrganizationDimension
from schema.loaders.posting_match import MatchReasonKind
from schema.personal import PersonalClass
from schema.refusals import RefusalCode
from schema.tables.agreement import (
    ActivityKind,
    AgreementState,
    Completion,
    DeliveryState,
    EndReason,
    Every,
    PartyRole,
)
from schema.tables.cooperative import CooperativeKind
from schema.tables.market import DealState, PostingKind, PostingState
from tenants.catalogue import QuestionKind
from tenants.channel import Channel
from tenants.cooperation import CooperativeMeasure
from tenants.deadline import DeadlineStatus
from tenants.definition import DataKind
from tenants.hierarchy import Rung
from tenants.posts import Employment
from tenants.roles import Role
from tenants.workflow import ActionNeed, Effect, Phase, Severity, Solved, TimeUnit


def _described(enum: type[Enum], description: str, values: dict[str, str], name: str = "") -> Any:
    """`enum` as a GraphQL enum, each value with its description.

    Errors: `KeyError` where a value has none.
    """
    declared: Any = strawberry.enum(enum, name=name or enum.__name__, description=description)
    for value in declared.__strawberry_definition__.values:
        value.description = values[value.name]
    return declared


_described(
    Rung,
    "省级可比层级:各市层级名称不同,以此对照。 | The provincial, comparable kind of a level.",
    {
        "PROVINCE": "省级 | province",
        "CITY": "市级 | city",
        "COUNTY": "县级(区、县、旗)| county or district",
        "STREET": "街道 | street (urban sub-district)",
        "TOWNSHIP": "乡镇(苏木)| town or township",
        "COMMUNITY": "社区 | residents' community",
        "VILLAGE": "行政村(嘎查)| village",
        "GRID": "网格 | grid",
        "BUILDING": "楼栋、楼道 | building or stairwell",
        "STATION": "站点(代办站、服务站)| station",
        "PROPERTY": "物业、小区 | residential estate or property firm",
        "ENTERPRISE": "企业、园区 | enterprise or park",
        "SECTOR": "行业、机关 | sector or organs",
    },
)
_described(
    Phase,
    "阶段:状态名称各市不同,阶段含义固定。 | What a workflow state means in every city.",
    {
        "REPORTED": "已上报 | reported",
        "ACCEPTED": "已受理 | accepted",
        "IN_PROGRESS": "办理中 | in progress",
        "RESOLVED": "已解决 | resolved",
        "CLOSED": "已办结 | closed",
        "REJECTED": "不予受理 | rejected",
        "WITHDRAWN": "已撤回 | withdrawn",
    },
)
_described(
    DataKind,
    "数据种类:三种从不混用。 | Kinds of data, never mixed.",
    {
        "REAL": "真实:2023 年统计用区划,或部署方自己载明的组织 | "
        "real: administrative divisions of 2023, or stated by the deployment itself",
        "REPORTED": "报道:来源文件载明的组织或数字 | reported: stated by a source document",
        "GENERATED": "生成:按数量生成的示例 | generated: made where only a count is known",
    },
)
_described(
    Role,
    "角色 | Role of a viewer.",
    {
        "PUBLIC": "公众(未登录)| public, no token",
        "RESIDENT": "居民 | resident",
        "MEMBER": "党员 | party member",
        "GRID_WORKER": "网格员 | grid worker",
        "AGENT": "代办员 | agent of a station",
        "SECRETARY": "组织书记 | secretary of an organization",
        "CITY_ADMIN": "市级管理员 | city administrator",
        "PROVINCE_ANALYST": "省级分析员 | provincial analyst",
        "PROVINCE_ADMIN": "省级管理员 | provincial administrator",
    },
)
_described(
    Employment,
    "专职或兼职 | Whether a post is its holder's whole work.",
    {
        "FULL_TIME": "专职 | the holder's whole work",
        "PART_TIME": "兼职 | the holder has other work",
    },
)
_described(
    PersonalClass,
    "个人信息类别,各有掩码方式 | Class of personal data; each has its mask.",
    {
        "NAME": "姓名,掩码如 李* | name, masked like 李*",
        "PHONE": "电话,掩码如 138****5678 | phone, masked like 138****5678",
        "ADDRESS": "住址,至多显示到区县 | address, shown down to the county at most",
        "HOUSEHOLD": "户信息,全部掩码 | household, masked whole",
        "ID_NUMBER": "证件号码,仅显示首末位 | identity number, first and last sign shown",
    },
)
_described(
    RefusalCode,
    "未予办理的原因,为固定集合。 | Why a mutation was not carried out; a closed set.",
    {
        "FORBIDDEN": "没有权限 | the token lacks the permission there",
        "ID_UNKNOWN": "没有此编号的对象 | nothing has this id",
        "ORGANIZATION_UNKNOWN": "没有此组织 | no such organization",
        "ORGANIZATION_ENDED": "组织已撤销或已定撤销日期 | it has ended, or its end is set",
        "LEVEL_UNKNOWN": "没有此层级 | no such level",
        "LEVELS_DIFFER": "被合并的组织层级不同 | the merged ones are of several levels",
        "PARENT_NOT_ALLOWED": "层级不允许此上级 | the hierarchy does not allow the parent",
        "PARENT_REQUIRED": "须指明上级 | the parent must be named",
        "CODE_MALFORMED": "组织编码格式不正确 | the code is malformed",
        "CODE_TAKEN": "组织编码已被使用 | the code is in use, or was",
        "NAME_MALFORMED": "名称不合要求 | the name cannot be one",
        "NAME_UNCHANGED": "名称未变 | the name is that already",
        "NAME_TAKEN": "同一上级下已有同层级的同名组织 | the place has one of this name and level",
        "DATE_OUT_OF_RANGE": "日期不可用 | the day cannot be",
        "COUNT_OUT_OF_RANGE": "列表过短或过长 | the list is too short or too long",
        "UNDER_ITSELF": "不能移到自身或其下级之下 | it cannot stand under itself or its own",
        "PLACE_UNCHANGED": "已在此上级之下 | it stands there already",
        "CHILDREN_REMAIN": "还有下级组织 | organizations remain below it",
        "POSTS_REMAIN": "还有此后开始的任职 | posts begin there that day or later",
        "SUCCESSOR_NOT_ALLOWED": "不能由其继任 | that cannot succeed it",
        "POST_UNKNOWN": "没有此任职或岗位 | no such post, or kind of post",
        "POST_NOT_ALLOWED": "该层级不设此岗位 | the post is not held at that level",
        "POST_TAKEN": "岗位已有人 | somebody holds the post",
        "POST_ENDED": "任职已终止 | the post has ended",
        "PERSON_UNKNOWN": "没有此人员 | no such person",
        "PERSON_MALFORMED": "人员信息不合要求 | what is said of the person cannot be",
        "PHONE_MALFORMED": "电话号码不正确 | no telephone number",
        "SERVICE_UNKNOWN": "没有此服务事项 | no such service",
        "SERVICE_NOT_OPEN": "此事项不受理该身份的申请 | the service is not for this role",
        "TITLE_MALFORMED": "标题不合要求 | the title cannot be one",
        "TEXT_MALFORMED": "文字过长或含不可用字符 | the text is too long or cannot be stored",
        "QUESTION_UNKNOWN": "此事项没有该问题 | the service does not ask this",
        "ANSWER_REQUIRED": "必答问题未答 | a required answer is missing",
        "ANSWER_MALFORMED": "答案类型不符 | the answer is of another type",
        "PRIORITY_UNKNOWN": "不是该事项的重点服务对象 | no priority group of the service",
        "COORDINATES_MALFORMED": "坐标不正确 | no coordinates",
        "CONTACT_REQUIRED": "未登录上报须留联系方式 | without a token a contact is needed",
        "SIMILAR_OPEN": "附近已有相似的未办结事项 | similar issues are open nearby",
        "ALREADY_JOINED": "已上报或已附议此事项 | it is your own, or you have joined it already",
        "ISSUE_UNKNOWN": "没有此事项 | no such issue",
        "ISSUE_CLOSED": "事项已办结 | the issue is settled",
        "ACTION_UNKNOWN": "流程没有此动作 | the workflow has no such action",
        "ACTION_NOT_AVAILABLE": "当前状态或难度不可办理此动作 | not in this state or severity",
        "ISSUE_CHANGED": "事项在此期间已有更新 | the issue has changed meanwhile",
        "TAKEN_OVER": "已由他人承办 | somebody else has taken it over",
        "CLAIMS_EXCEEDED": "未办结的认领已达上限 | too many open claims",
        "NOBODY_ABOVE": "上级中没有可办理的组织 | nobody above may handle it",
        "NO_DEADLINE": "没有正在计时的时限 | no deadline runs",
        "PAUSES_EXCEEDED": "挂起次数已达上限 | it was paused as often as may be",
        "EXTENSIONS_EXCEEDED": "延期次数已达上限 | it was extended as often as may be",
        "REOPENING_TOO_LATE": "已过可重办期限 | the window for reopening is past",
        "NEED_MISSING": "缺少所需内容 | something that the action needs is missing",
        "NEED_NOT_TAKEN": "此动作不使用该内容 | the action does not take this",
        "EVIDENCE_MALFORMED": "附件地址或类型不可用 | no address of a file of an allowed type",
        "HANDLER_UNKNOWN": "没有此承办组织或人员 | no such organization or holder of a post",
        "HANDLER_NOT_ALLOWED": "不能交由其承办 | it cannot be given to that one",
        "MERGE_NOT_ALLOWED": "不能并入该事项 | it cannot be merged into that one",
        "RATING_OUT_OF_RANGE": "满意度应为 1 至 5 | satisfied is from 1 to 5",
        "COOPERATIVE_UNKNOWN": "没有此合作社 | no such cooperative",
        "COOPERATIVE_DISSOLVED": "合作社已解散 | the cooperative is dissolved",
        "COOPERATIVE_CHANGED": "合作社或其成效在此期间已有更新 | it, or a result of it, has "
        "changed meanwhile",
        "INDUSTRY_UNKNOWN": "全省产业词汇中没有 | no industry of the province's vocabulary",
        "PRODUCT_MALFORMED": "产品名称不合要求 | no name of a product",
        "UNION_REQUIRED": "须为联合社,或不能为联合社 | it must be a union, or must not",
        "ALREADY_MEMBER": "已是成员 | it is a member already",
        "NOT_MEMBER": "不是成员 | it is no member",
        "MEMBERS_REMAIN": "还有成员 | members remain",
        "HOUSEHOLD_UNKNOWN": "没有此农户 | no such household",
        "HOUSEHOLD_EXISTS": "此人已是户主 | the person heads a household already",
        "SHARE_EXCEEDED": "股份合计超过 100% | the shares would be more than 100 %",
        "AMOUNT_OUT_OF_RANGE": "数额不可用 | the amount or quantity cannot be",
        "MEASURE_NOT_RECORDED": "本市不记录此指标 | the city does not record this",
        "RESULT_EXISTS": "该年成效已登记,更正须写明 | the year is recorded; correct it instead",
        "RESULT_UNKNOWN": "该年成效尚未登记 | the year is not recorded yet",
        "RESULT_EMPTY": "没有给出任何指标 | no measure is given",
        "ENTERPRISE_UNKNOWN": "没有此企业 | no such enterprise",
        "ENTERPRISE_LEFT": "企业已退出目录 | the enterprise has left the directory",
        "POSTING_UNKNOWN": "没有此供需信息 | no such posting",
        "POSTING_CLOSED": "供需信息已关闭 | the posting is closed",
        "POSTINGS_DIFFER": "供需信息与双方不符 | the postings are not of these two",
        "MATCHING_EVENT_UNKNOWN": "没有此对接会 | no such matching event",
        "DEAL_UNKNOWN": "没有此合作 | no such deal",
        "DEAL_CHANGED": "合作在此期间已有更新 | the deal has changed meanwhile",
        "DEAL_STATE_NOT_ALLOWED": "合作当前状态不可如此办理 | the deal's state does not allow it",
        "VILLAGE_LISTED": "该村已在集体经济薄弱村之列 | the village is listed as weak already",
        "VILLAGE_NOT_LISTED": "该村不在集体经济薄弱村之列 | the village is not listed as weak",
        "AGREEMENT_UNKNOWN": "没有此协议 | no such agreement",
        "AGREEMENT_STATE_NOT_ALLOWED": "协议当前状态不可如此办理 | its state does not allow it",
        "AGREEMENT_CHANGED": "协议在此期间已有更新 | the agreement has changed meanwhile",
        "CONTENT_STALE": "所见内容已非最新版本 | what was seen is not the newest version",
        "CONTENT_UNCHANGED": "内容没有变化 | the content is the same",
        "PARTY_UNKNOWN": "没有此方 | no such party",
        "PARTY_TWICE": "同一组织列为两方 | one organization is named twice",
        "PARTY_REQUIRED": "须指明代表哪一方 | say for which party",
        "PARTIES_TOO_FEW": "至少须有两方 | an agreement has two parties at least",
        "PARTIES_TOO_MANY": "成员过多 | too many parties",
        "ALREADY_SIGNED": "该方已签署此版本 | the party has signed this version",
        "DIMENSION_UNKNOWN": "全省联建维度中没有 | no dimension of the province's vocabulary",
        "COMMITMENT_UNKNOWN": "协议没有此项承诺 | the agreement has no such commitment",
        "COMMITMENT_MALFORMED": "承诺不合要求 | the commitment cannot be",
        "COMMITMENTS_OPEN": "还有未兑现的承诺 | commitments are not fulfilled yet",
        "DELIVERY_UNKNOWN": "没有此兑现记录 | no such delivery",
        "DELIVERY_ANSWERED": "兑现记录已被确认或提出异议 | it is confirmed or disputed already",
        "ALLIANCE_UNKNOWN": "本市没有此种联盟 | the city has no such kind of alliance",
        "WAY_UNKNOWN": "本市没有此种联动方式 | the city has no such way of working together",
    },
)
_described(
    ChangeKind,
    "组织的哪一方面变更 | What changes about an organization.",
    {
        "VALID_FROM": "开始存续(after 为首日)| it begins; after = first day",
        "VALID_TO": "不再存续(after 为首个不存续之日)| it ends; after = first day without it",
        "NAME": "名称 | name",
        "PARENT": "上级(before、after 为组织编码)| parent, as codes",
        "PATH": "连同下级的位置(affected 为涉及组织数)| place of it and of all below it, as paths",
        "SUCCESSOR": "继任组织(after 为组织编码)| a successor, as code",
        "POSTS": "任职(before、after 为人数,affected 为增减数)| posts, before and after as numbers",
    },
    name="OrganizationChangeKind",
)
_described(
    EventKind,
    "事件种类,为固定集合。 | Kinds of events; a closed set.",
    {
        "ORGANIZATION_ESTABLISHED": "设立组织 | an organization was established",
        "ORGANIZATION_RENAMED": "组织更名 | an organization was renamed",
        "ORGANIZATION_MOVED": "组织划转 | an organization was moved",
        "ORGANIZATION_MERGED": "组织合并 | an organization was merged into another",
        "ORGANIZATION_DISSOLVED": "组织撤销 | an organization was dissolved",
        "APPOINTED": "任命 | somebody was appointed",
        "RELIEVED": "免职 | somebody was relieved",
        "ISSUE_REPORTED": "上报 | an issue was reported",
        "ISSUE_ADVANCED": "办理一步 | it went a step further",
        "ISSUE_ASSIGNED": "派单、交办 | it was assigned",
        "ISSUE_CLAIMED": "抢单、认领 | it was claimed",
        "ISSUE_ESCALATED": "上报上级 | it went up",
        "ISSUE_RETURNED": "退回 | it went back",
        "ISSUE_SHARED": "请人协办 | others handle it jointly",
        "ISSUE_ANSWERED": "协办者答复 | one of those gave its answer",
        "ISSUE_MERGED": "并入另一件 | it was merged into another",
        "ISSUE_JOINED": "有人附议,或另一件并入 | somebody joined it, or another was merged into it",
        "ISSUE_PAUSED": "挂起 | its deadline was paused",
        "ISSUE_RESUMED": "挂起期满 | its deadline runs again",
        "ISSUE_EXTENDED": "延期 | its deadline was extended",
        "ISSUE_RESOLVED": "反馈、办复 | it was resolved",
        "ISSUE_REJECTED": "不予受理 | it was rejected",
        "ISSUE_RATED": "评价 | it was rated",
        "ISSUE_REOPENED": "重新办理 | it was reopened",
        "ISSUE_WITHDRAWN": "撤回 | it was withdrawn",
        "ISSUE_DUE_SOON": "临近时限 | it is due soon",
        "ISSUE_OVERDUE": "逾期 | it is overdue",
        "ISSUE_FOLLOWED_UP": "回访 | somebody asked after it",
        "COOPERATIVE_FOUNDED": "合作社成立 | a cooperative was founded",
        "COOPERATIVE_CHANGED": "合作社信息变更 | what is said of it changed",
        "COOPERATIVE_DISSOLVED": "合作社解散 | it was dissolved",
        "COOPERATIVE_JOINED_UNION": "加入联合社 | it joined a union",
        "COOPERATIVE_LEFT_UNION": "退出联合社 | it left a union",
        "COOPERATIVE_HOUSEHOLD_ENROLLED": "农户入社 | a household joined it",
        "COOPERATIVE_HOUSEHOLD_LEFT": "农户退社 | a household left it",
        "COOPERATIVE_HOUSEHOLD_CHANGED": "农户或其入社信息变更 | what is known of a household, or "
        "what it brought, changed",
        "COOPERATIVE_RESULT_RECORDED": "登记年度成效 | a year's results were recorded",
        "COOPERATIVE_RESULT_CORRECTED": "更正年度成效 | a year's results were corrected",
        "COOPERATIVE_POSTED": "合作社发布供需 | it posted supply or demand",
        "COOPERATIVE_POSTING_CLOSED": "合作社关闭供需 | it closed a posting",
        "COOPERATIVE_DEAL_PROPOSED": "提出合作 | a deal was proposed",
        "COOPERATIVE_DEAL_ADVANCED": "合作有进展 | a deal went a step further, or failed",
        "ECONOMY_ENTERPRISE_LISTED": "企业载入目录 | an enterprise joined the directory",
        "ECONOMY_ENTERPRISE_DELISTED": "企业退出目录 | an enterprise left the directory",
        "ECONOMY_ENTERPRISE_POSTED": "企业发布供需 | an enterprise posted supply or demand",
        "ECONOMY_POSTING_CLOSED": "企业关闭供需 | an enterprise closed a posting",
        "ECONOMY_MATCHING_HELD": "召开对接会 | a matching event was held",
        "ECONOMY_ASSET_TRADED": "集体资产成交 | what a village owns was traded",
        "ECONOMY_VILLAGE_LISTED": "列为集体经济薄弱村 | a village was listed as weak",
        "ECONOMY_VILLAGE_SUPPORTED": "拨付扶持资金 | a weak village was supported",
        "ECONOMY_VILLAGE_CLEARED": "薄弱村清零 | a village was weak no more",
        "AGREEMENT_DRAFTED": "起草协议 | an agreement was drafted",
        "AGREEMENT_PROPOSED": "提出协议 | it was proposed to all parties",
        "AGREEMENT_REVISED": "修改协议 | a new version was proposed",
        "AGREEMENT_PARTY_SIGNED": "一方签署 | a party signed it",
        "AGREEMENT_SIGNED": "各方均已签署 | every party has signed it",
        "AGREEMENT_ACTIVATED": "协议生效 | it came into force",
        "AGREEMENT_DECLINED": "一方拒签 | a party declined it",
        "AGREEMENT_COMPLETED": "协议完成或到期 | it was completed, or its term is over",
        "AGREEMENT_TERMINATED": "协议终止 | it was terminated",
        "AGREEMENT_RENEWED": "协议续签 | another one goes on with it",
        "AGREEMENT_DELIVERY_RECORDED": "登记兑现 | something was delivered",
        "AGREEMENT_DELIVERY_CONFIRMED": "确认兑现 | another party confirmed it",
        "AGREEMENT_DELIVERY_DISPUTED": "对兑现提出异议 | another party disputed it",
        "AGREEMENT_ACTIVITY_RECORDED": "登记会商或活动 | a meeting or activity was recorded",
        "PERSONAL_DATA_READ": "查看个人信息原文 | personal data were shown unmasked",
        "PERSONAL_DATA_DENIED": "拒绝查看个人信息 | personal data were denied",
        "PERSONAL_DATA_EXPORTED": "导出个人信息 | a person's data were exported",
        "PERSONAL_DATA_ERASED": "注销个人信息 | a person's data were erased",
    },
)
_described(
    ActionNeed,
    "办理动作需要提供的内容 | What the doer of an action must supply.",
    {
        "NOTE": "说明 | a note",
        "EVIDENCE": "佐证材料 | evidence",
        "ASSIGNEE": "承办人 | an assignee",
        "CO_HANDLERS": "协办人 | co-handlers",
        "MERGE_INTO": "并入的事项 | the issue to merge into",
        "UNTIL": "截止时间 | a time",
        "RATING": "评价 | a rating",
    },
)
_described(
    Effect,
    "动作的效果,为固定集合。 | What an action does besides the change of state; a closed set.",
    {
        "ASSIGN": "派单 | assign",
        "CLAIM": "抢单 | claim",
        "ESCALATE": "上报 | escalate to an ancestor",
        "RETURN": "退回 | return",
        "CO_HANDLE": "联合办理 | handle jointly",
        "MERGE": "合并 | merge",
        "PAUSE": "暂停 | pause",
        "EXTEND": "延期 | extend",
        "RESOLVE": "解决 | resolve",
        "REJECT": "不予受理 | reject",
        "RATE": "评价 | rate",
        "REOPEN": "重新办理 | reopen",
        "WITHDRAW": "撤回 | withdraw",
    },
    name="ActionEffect",
)
_described(
    Severity,
    "难度:一般、综合、重大。 | How hard an issue is to settle.",
    {
        "ORDINARY": "一般 | ordinary",
        "COMPLEX": "综合 | takes several to settle",
        "MAJOR": "重大 | major",
    },
)
_described(
    Channel,
    "上报渠道 | How an issue was raised.",
    {
        "APP": "手机应用 | app",
        "WEB": "网站 | web site",
        "MINI_PROGRAM": "小程序 | mini program",
        "PHONE": "电话、热线 | telephone or hotline",
        "STATION": "代办站、服务站 | at a station",
        "VISIT": "走访、巡查 | on a visit or patrol",
        "TERMINAL": "自助终端 | at a terminal",
        "OTHER": "其他 | another",
    },
)
_described(
    Solved,
    "是否解决,由上报人回答;与满意度是两个问题。 | Whether it was solved, as its reporter says.",
    {"YES": "已解决 | yes", "PARTLY": "部分解决 | partly", "NO": "未解决 | no"},
)
_described(
    DeadlineStatus,
    "时限状态:前四种为未办结,后两种为已办结。 | How it stands with the deadline; the last two "
    "once it is settled.",
    {
        "ON_TIME": "时限内 | on time",
        "DUE_SOON": "临近时限 | due soon",
        "OVERDUE": "逾期 | overdue",
        "PAUSED": "挂起 | paused",
        "MET": "按时办结 | met",
        "MISSED": "逾期办结 | missed",
    },
)
_described(
    IssueOrder,
    "事项的排序。 | Orders of a list of issues.",
    {
        "REPORTED_AT_DESC": "最新上报在前 | the newest first",
        "REPORTED_AT_ASC": "最早上报在前 | the oldest first",
        "DUE_AT_ASC": "正在计时的最先到期在前,其余随后、最早上报在前 | the soonest due first of "
        "those whose deadline runs; then the others, the oldest first",
        "PRIORITY": "重点服务对象在前,各自最早上报在前 | priority groups first, within each the "
        "oldest first",
    },
)
_described(
    TimeUnit,
    "时限单位 | Unit of a time limit.",
    {
        "WORKING_DAYS": "工作日 | working days",
        "DAYS": "自然日 | days",
        "HOURS": "小时 | hours",
    },
)
_described(
    QuestionKind,
    "提问的答案类型 | Type of an answer.",
    {
        "TEXT": "文字 | text",
        "NUMBER": "数字 | number",
        "DATE": "日期 | date",
        "BOOLEAN": "是否 | yes or no",
        "CHOICE": "单选 | one of the choices",
        "PHOTO": "照片 | photo",
    },
)
_described(
    Permission,
    "权限,为固定集合。 | What a role may do; a closed set.",
    {
        "READ_PUBLIC": "查看目录、组织、报道数字 | read catalogues, organizations and figures",
        "READ_STATISTICS": "查看公布的统计 | read published statistics",
        "READ_PEOPLE": "查看任职人员(姓名、电话掩码)| see who holds posts, masked",
        "READ_PERSONAL_DATA": "说明用途后查看个人信息原文 | see personal data, with a purpose",
        "READ_AUDIT": "查看审计记录 | read the audit",
        "READ_ISSUES": "查看事项(RESIDENT 仅本人上报的)| see issues; a resident its own",
        "REPORT_ISSUES": "上报、附议 | report issues, and join them",
        "HANDLE_ISSUES": "依流程办理事项 | handle issues as their workflows have it",
        "CHANGE_ORGANIZATIONS": "设立、更名、划转、合并、撤销组织 | change organizations",
        "APPOINT": "任命、免去 | appoint and relieve",
        "MANAGE_COOPERATIVES": "办理合作社、社员、成效、供需与合作 | change cooperatives, members, "
        "results, postings and deals",
        "READ_AGREEMENTS": "查看未签成的协议、兑现与活动 | see agreements before they are signed, "
        "deliveries and activities",
        "MANAGE_AGREEMENTS": "提出、签署协议,登记与确认兑现 | propose and sign agreements, record "
        "and confirm deliveries",
    },
)
_described(
    Reach,
    "权限范围,由窄到宽。 | How far a permission goes, from the narrowest.",
    {
        "SELF": "仅本人 | one's own",
        "SUBTREE": "所在组织及其下级 | one's organization and below",
        "TENANT": "整个城市(或省级自身)| the whole tenant",
        "PROVINCE": "全省各市 | all cities of the province",
        "EVERYWHERE": "全部租户 | every tenant",
    },
)
_described(
    CooperativeKind,
    "合作社的种类 | Kinds of cooperatives.",
    {
        "COOPERATIVE": "合作社 | cooperative of households",
        "VILLAGE_ENTERPRISE": "村办企业 | enterprise of a village",
        "UNION": "联合社 | union of cooperatives",
    },
)
_described(
    CooperativeMeasure,
    "合作社的指标;户与人是两种指标,从不相加。 | Measures of cooperatives; households and people "
    "are never added.",
    {
        "HOUSEHOLDS": "入社农户(户)| member households",
        "PEOPLE": "入社农户的人口(人)| people of member households",
        "REVENUE": "经营收入(元)| revenue, 元",
        "COLLECTIVE_INCOME": "村集体收入(元)| collective income, 元",
        "HOUSEHOLD_GAIN": "户均增收(元)| mean gain a household, 元",
        "ONLINE_SALES": "线上销售额(元)| online sales, 元",
        "JOBS": "带动就业(人)| jobs",
        "DEALS": "与企业的合作 | deals with enterprises",
        "ASSET_TRADES": "农村集体资产交易 | trades of collective assets",
    },
)
_described(
    OrganizationDimension,
    "组织统计的维度 | What statistics of organizations are broken down by.",
    {
        "CITY": "城市 | city",
        "RUNG": "可比层级 | rung",
        "LEVEL": "层级,由各市自定 | level, a city's own",
        "POST": "岗位种类,由各市自定 | kind of post, a city's own",
    },
)
_described(
    CooperativeDimension,
    "合作社统计的维度 | What statistics of cooperatives are broken down by.",
    {
        "CITY": "城市 | city",
        "KIND": "种类 | kind",
        "INDUSTRY": "产业 | industry",
    },
)
_described(
    PostingKind,
    "供或需 | Supply or demand.",
    {"SUPPLY": "供应 | supply", "DEMAND": "需求 | demand"},
)
_described(
    PostingState,
    "供需信息是否有效 | Whether counterparts are still sought.",
    {"OPEN": "有效 | open", "CLOSED": "已关闭 | closed"},
)
_described(
    DealState,
    "合作进展 | How far a deal has come.",
    {
        "PROPOSED": "已提出 | proposed",
        "INTENDED": "已达成意向 | both intend it",
        "CONTRACTED": "已签约 | contracted",
        "DELIVERED": "已交付 | delivered",
        "SETTLED": "已结算 | settled",
        "FAILED": "未成 | failed",
    },
)
_described(
    MatchReasonKind,
    "供需匹配的理由 | Why two postings are thought to suit each other, and how well.",
    {
        "PRODUCT_EXACT": "产品相同 | the same product",
        "PRODUCT_CONTAINS": "一方的产品名称包含另一方 | the name of one product holds the other",
        "QUANTITY_COVERED": "供应占需求数量的份额 | how much of the wanted quantity is supplied",
        "UNIT_DIFFERS": "单位不同,数量不可比 | units differ, so quantities do not compare",
        "PERIOD_OVERLAPS": "时间重叠 | the periods overlap",
        "PRICE_WITHIN": "供应价不高于需求价 | the price is not above the wanted one",
        "PRICE_ABOVE": "供应价高于需求价 | the price is above the wanted one",
        "PRICE_UNKNOWN": "未标价或单位不同,价格不可比 | a price is missing, or units differ",
        "DISTANCE": "组织树上的距离 | how far apart they are in the tree",
    },
)
_described(
    AgreementState,
    "协议的状态 | The life of an agreement.",
    {
        "DRAFT": "草案,仅起草方可见 | draft, for its own tenant alone",
        "PROPOSED": "待各方签署 | to be signed by every party",
        "SIGNED": "均已签署,尚未到期始 | signed by all, before its first day",
        "ACTIVE": "生效 | in force",
        "COMPLETED": "已完成或期满 | completed, or its term is over",
        "TERMINATED": "已终止 | terminated",
        "DECLINED": "已拒签 | declined",
    },
)
_described(
    PartyRole,
    "一方在协议中的角色 | What a party is to an agreement.",
    {"INITIATOR": "发起方 | initiator", "PARTNER": "联建方、成员单位 | partner or member"},
)
_described(
    DeliveryState,
    "对方对兑现记录的回应 | What another party says of a delivery.",
    {
        "RECORDED": "待确认 | to be confirmed",
        "CONFIRMED": "已确认 | confirmed",
        "DISPUTED": "有异议 | disputed",
    },
)
_described(
    ActivityKind,
    "会商或活动 | A meeting of the parties, or something that they did together.",
    {"MEETING": "联席会商 | meeting", "ACTIVITY": "联建活动 | activity"},
    name="AgreementActivityKind",
)
_described(
    EndReason,
    "协议结束的原因 | Why an agreement is over.",
    {
        "FULFILLED": "承诺均已兑现 | every commitment is fulfilled",
        "EXPIRED": "期满 | its term is over",
        "AGREED": "各方商定 | by mutual consent",
        "WITHDRAWN": "一方退出 | a party withdrew",
    },
    name="AgreementEndReason",
)
_described(
    Every,
    "承诺的数量按年计,或按全部期限计 | Whether a commitment's quantity is for a year or for all.",
    {"YEAR": "每年 | each year of the term", "ALL": "全部期限 | all of the term"},
    name="CommitmentEvery",
)
_described(
    Completion,
    "完成协议的理由 | Why parties complete an agreement.",
    {
        "FULFILLED": "承诺均已兑现 | every commitment is fulfilled",
        "AGREED": "各方商定结束 | the parties agree to end it",
    },
    name="AgreementCompletion",
)
_described(
    AgreementKind,
    "结对或联盟 | A pairing, or an alliance of many members.",
    {"PAIRING": "结对共建 | pairing", "ALLIANCE": "多方联盟,如大工委 | alliance of many members"},
)
_described(
    ProgressStatus,
    "承诺的状况 | How a commitment stands; of several, how they stand together.",
    {
        "NO_TARGET": "未定量 | no quantity was promised",
        "NOT_STARTED": "尚未开始 | nothing has been delivered yet",
        "IN_PROGRESS": "进行中 | something has been delivered",
        "FULFILLED": "已兑现 | what was promised is delivered, and confirmed",
        "OVERDUE": "逾期未兑现 | it is past its due date",
        "MISSED": "协议已结束而未兑现 | the agreement is over, and it is not fulfilled",
    },
)
_described(
    IssueDimension,
    "事项统计的维度 | What statistics of issues are broken down by.",
    {
        "CITY": "城市 | city",
        "ORGANIZATION": "现在所在的组织(不含其下级)| organization where they stand now, without "
        "those below it",
        "RUNG": "现在所在组织的可比层级 | rung of the organization where they stand now",
        "DOMAIN": "省级服务领域;未归入的不成行,见 unmapped | provincial service domain; what maps "
        "to none makes no row, see `unmapped`",
        "SERVICE": "服务事项 | service",
        "PHASE": "阶段 | phase",
        "SEVERITY": "难度 | severity",
        "CHANNEL": "上报渠道 | channel",
        "MONTH": "上报月份(北京时间)| month of the report, in China",
    },
)
_described(
    AgreementDimension,
    "协议统计的维度 | What statistics of agreements may be broken down by.",
    {
        "CITY": "城市:各市各有一份 | city: each that has a copy",
        "STATE": "状态 | state",
        "DIMENSION": "联建维度 | dimension of the agreement: one that has several is in each row",
        "CITY_PAIR": "城市对 | pair of cities of its parties",
        "ALLIANCE": "联盟种类 | kind of alliance",
        "YEAR": "各方均已签署之年 | year in which all had signed",
    },
)
_described(
    AgreementAction,
    "一方可对协议办理的 | What a party may do with an agreement; each is a mutation.",
    {
        "PROPOSE": "提出草案 | propose a draft",
        "REVISE": "修改,提出新版 | propose a new version",
        "SIGN": "签署 | sign",
        "DECLINE": "拒签 | decline",
        "COMPLETE": "完成 | complete",
        "TERMINATE": "终止 | terminate",
        "RENEW": "续签 | renew",
        "RECORD_DELIVERY": "登记兑现 | record a delivery",
        "CONFIRM_DELIVERY": "确认兑现 | confirm a delivery of another party",
        "DISPUTE_DELIVERY": "对兑现提出异议 | dispute a delivery of another party",
        "RECORD_ACTIVITY": "登记会商或活动 | record a meeting or activity",
    },
)
