"""The enums that are fixed in code, with a description for each value."""

from enum import Enum
from typing import Any

import strawberry

from schema.access import Permission, Reach
from schema.changes import ChangeKind
from schema.events import EventKind
from schema.personal import PersonalClass
from schema.refusals import RefusalCode
from tenants.catalogue import QuestionKind
from tenants.definition import DataKind
from tenants.hierarchy import Rung
from tenants.roles import Role
from tenants.workflow import ActionNeed, Effect, Phase, TimeUnit


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
