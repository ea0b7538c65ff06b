"""Who asks in the bench: a city's operations come with its token, a province's with its own."""

from functools import cache

from bench.drawn import CITY
from bench.operations import REPORT, Operation
from server.claims import Claims
from server.settings import Settings
from server.tokens import open_mint
from tenants.files import load_tenants
from tenants.registry import Registry
from tenants.roles import Role

SECRET = "the bench signs its own tokens with this"
HOURS = 24


def authorization(operation: Operation) -> str:
    """The header of the bearer who asks an operation; `SECRET` must be the server's."""
    mint = open_mint(Settings(_env_file=None, token_secret=SECRET))
    assert mint is not None
    province = operation.variables.get("province")
    if province is None:
        city = operation.variables.get("city", CITY)
        # an administrator of a city may do everything but ask for its services
        role = Role.SECRETARY if operation.key == REPORT else Role.CITY_ADMIN
        tenant = _registry().city(city)
    else:
        tenant, role = _registry().province(province), Role.PROVINCE_ANALYST
    assert tenant is not None
    claims = Claims("bench", role, (f"{tenant.tenant_id:06}",))
    return f"Bearer {mint.token(claims, HOURS)}"


@cache
def _registry() -> Registry:
    return Registry(load_tenants())
