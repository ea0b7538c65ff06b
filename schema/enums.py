"""The enums that are fixed in code, with a description for each value."""

from enum import Enum
from typing import Any

import strawberry

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
