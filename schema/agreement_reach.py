"""How far a viewer sees agreements, and the arguments of fields that lead to them."""

from dataclasses import dataclass
from typing import Any, ClassVar

from schema.access import Permission, subtrees
from schema.context import Context
from schema.issue_reach import tenant_of
from schema.loaders.agreement import WHOLE, AgreementReach
from schema.scope import Login


def agreement_reach(context: Context, tenant_id: int) -> AgreementReach:
    """How far the viewer sees agreements of a tenant whole.

    Only a city's token has a reach: the login of the public and of provinces reads no texts of
    deliveries.
    """
    if context.scope.login is not Login.CITY:
        return AgreementReach(context.today)
    codes = subtrees(context.actor, Permission.READ_AGREEMENTS, tenant_id)
    return AgreementReach(context.today, codes)


def demand_whole(context: Context, root: Any) -> None:
    """Refuse who sees the agreement `root` only as it was agreed; needs `tenant_id` and `WHOLE`.

    Errors: `CodedError` FORBIDDEN.
    """
    if not root[WHOLE]:
        context.demand(Permission.READ_AGREEMENTS, root["tenant_id"])


@dataclass(frozen=True)
class AgreementReachArguments:
    """No arguments: how far the viewer sees agreements.

    For fields of a row, of a definition, and of a payload whose outcome names its tenant.
    """

    of_tenant: ClassVar[bool] = True

    def checked(self, context: Context, root: Any) -> AgreementReach:
        """The reach in the root's tenant."""
        return agreement_reach(context, tenant_of(root))
