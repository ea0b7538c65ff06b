"""What statistics of agreements are asked for, of a city, a subtree or a province."""

from dataclasses import dataclass
from typing import Annotated, Any

import strawberry

from schema.agreement_filters import AgreementFilter, AgreementWhere
from schema.agreement_measures import AgreementDimension
from schema.agreement_reach import agreement_reach
from schema.context import Context
from schema.errors import CodedError, ErrorCode
from schema.loaders.agreement_statistics import AgreementCounts
from tenants.definition import Definition

MOST = 3
"""Dimensions of one statistic at most."""


@dataclass(frozen=True)
class AgreementStatisticsArguments:
    """Arguments of `agreementStatistics` of a city, an organization or a province."""

    by: Annotated[
        list[AgreementDimension],
        strawberry.argument(
            description="按哪些维度分行,至多三个;空为只要合计 | what rows are broken down by, at "
            "most three; empty = only the total"
        ),
    ]
    where: AgreementWhere = None

    def checked(self, context: Context, root: Any) -> AgreementCounts:
        """What is to be counted, as far as the viewer sees agreements.

        Errors: `CodedError` BAD_REQUEST for more than three dimensions; those of the filter.
        """
        by = tuple(dict.fromkeys(self.by))
        if len(by) > MOST:
            raise CodedError(
                ErrorCode.BAD_REQUEST,
                f"by 有 {len(by)} 个维度,至多 {MOST} 个;请分几次查询。",
                f"by has {len(by)} dimensions, {MOST} at most; ask several times.",
                argument="by",
                given=len(by),
                limit=MOST,
            )
        tenant_id = root.tenant_id if isinstance(root, Definition) else root["tenant_id"]
        filters = (self.where or AgreementFilter()).checked(
            context, context.registry.by_id[tenant_id]
        )
        return AgreementCounts(agreement_reach(context, tenant_id), filters, by)
