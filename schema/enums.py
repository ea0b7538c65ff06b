"""The enums that are fixed in code, with a description for each value."""

from enum import Enum
from typing import Any

import strawberry

from schema.access import Permission, Reach
from schema.changes import ChangeKind
from schema.events import EventKind
from schema.loaders.issue_order import IssueOrder
from schema.personal import PersonalClass
from schema.refusals import RefusalCode
from tenants.catalogue import QuestionKind
from tenants.channel import Channel
from tenants.deadline import DeadlineStatus
from tenants.definition import DataKind
from tenants.hierarchy import Rung
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
