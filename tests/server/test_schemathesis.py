"""Generated operations over the whole schema: whatever is asked, the answer is of one shape."""

import asyncio
import re
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import APIOperation, Case, GenerationMode
from schemathesis.config import SchemathesisConfig
from schemathesis.core.result import Ok
from schemathesis.core.transport import Response
from schemathesis.graphql import nodes

from schema.errors import ErrorCode
from schema.ids import GlobalId
from schema.keyring import Keyring
from schema.root import sdl
from server.claims import Claims
from server.settings import Settings
from server.tokens import open_mint
from tenants.roles import Role
from tests.conftest import copied_database, load_all
from tests.schema.people.staffed import TENANTS
from tests.server.processes import Server, start_server, wait_ready

AnyCase = Case[Any]

# amounts and quantities as numbers: a text would be tried empty too, which is none
schemathesis.graphql.scalar("Decimal", st.sampled_from((0, 1, 2, -1, 10**30)).map(nodes.Int))

SECRET = "a secret for tests that is long enough"
SECONDS = 60.0
"""How long anything may take on a busy machine."""
BEARERS = {
    "PUBLIC": None,
    "CITY_ADMIN": ("CITY_ADMIN", "990100"),
    "PROVINCE_ANALYST": ("PROVINCE_ANALYST", "990000"),
}


IDS = """{ city(code: "990100") { id organizations(first: 5) { nodes { id } }
  people(first: 5) { nodes { id posts(first: 1) { nodes { id } } } } } }"""


@dataclass(frozen=True)
class Values:
    """What arguments with a meaning are given most of the time; else they are any text."""

    tenants: tuple[str, ...] = ("990100", "north", "990200", "990000", "nowhere", "999999", "")
    organizations: tuple[str, ...] = ("S1", "S2", "S1-G1", "S2-G2", "S1-G8", "S1-G9", "990100")
    levels: tuple[str, ...] = ("city", "street", "grid", "none")
    posts: tuple[str, ...] = ("secretary", "full_time", "helper", "none")
    sizes: tuple[int, ...] = (1, 2, 100, 0, -1, 101, 2**31 - 1)
    ids: tuple[str, ...] = ()
    texts: tuple[str, ...] = ("网格", "wangge", "\0", "\U0001f600", "%", "'", "\u202e", "a" * 300)
    phones: tuple[str, ...] = ("13800138000", "+8613800138000", "110", "１３８００１３８０００")
    cursors: tuple[str, ...] = ("WyJkYSBsaWFuIGppZSBkYW8iLCIyMTA0MDMwMDQiXQ", "W10", "bnVsbA")

    def config(self) -> SchemathesisConfig:
        """Which argument takes which values, by the names of arguments."""
        named = {
            "tenants": ["*.city.code", "*.province.code", "*.cities.province", "*.*.input.tenant"],
            "organizations": ["*.organization.code", "*.*.under", "*.*.input.organization"],
            "levels": ["*.*.level", "*.*.input.level"],
            "posts": ["*.*.kind", "*.*.input.kind"],
            "sizes": ["*.*.first", "*.*.last"],
            "ids": ["*.node.id", "*.nodes.ids[*]", "*.*.input.person", "*.*.input.post"],
            "texts": ["*.*.search", "*.*.input.name", "*.*.subject"],
            "phones": ["*.*.phone", "*.*.input.newPerson.phone"],
            "cursors": ["*.*.after", "*.*.before"],
        }
        named["tenants"].append("*.*.input.city")
        named["organizations"] += [
            "*.*.input.parent",
            "*.*.input.into",
            "*.*.input.organizations[*]",
            "*.*.input.successors[*]",
        ]
        return SchemathesisConfig.from_dict(
            {
                "dictionaries": {name: {"values": list(getattr(self, name))} for name in named},
                "parameters": {
                    path: {"dictionary": name, "probability": 0.8}
                    for name, paths in named.items()
                    for path in paths
                },
            }
        )


@dataclass
class Api:
    """A real server over two small cities, and who asks it."""

    server: Server
    headers: Mapping[str, Mapping[str, str]]
    valid: st.SearchStrategy[AnyCase]
    invalid: st.SearchStrategy[AnyCase]
    session: requests.Session = field(default_factory=requests.Session)

    def ask(self, case: AnyCase, who: str) -> Response:
        """The answer to a generated operation."""
        url = f"{self.server.url}/graphql"
        headers = {"accept": "application/graphql-response+json", **self.headers[who]}
        return case.call(base_url=url, session=self.session, headers=headers)


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file with the keys of the sample people."""
    return tmp_path_factory.mktemp("api") / "keys.json"


@pytest.fixture(scope="module")
def url(server_url: str, migrated_template: str, keys: Path) -> Iterator[str]:
    """A database with cities and sample people."""
    with copied_database(server_url, migrated_template) as made:
        asyncio.run(load_all(made, TENANTS, Keyring(keys)))
        yield made


@pytest.fixture(scope="module")
def api(url: str, keys: Path) -> Iterator[Api]:
    """The server; it has logged nothing to worry about when it stops."""
    server = start_server(
        "--no-prepare",
        cwd=keys.parent,
        database_url=url,
        personal_keys=keys,
        token_secret=SECRET,
        log_level="warning",
        rate_actor="1000000000/minute",
        rate_city="1000000000/minute",
    )
    try:
        wait_ready(server)
        headers = {who: bearer(*given) if given else {} for who, given in BEARERS.items()}
        operations = every_operation(server.url, headers["CITY_ADMIN"])
        yield Api(
            server,
            headers,
            st.one_of(*(each.as_strategy() for each in operations)),
            st.one_of(
                *(each.as_strategy(generation_mode=GenerationMode.NEGATIVE) for each in operations)
            ),
        )
    finally:
        server.process.terminate()
        code = server.process.poll()
        said, _ = server.process.communicate(timeout=SECONDS)
    assert (code, said) == (None, "")


def bearer(role: str, code: str) -> dict[str, str]:
    """The headers of a token, and of a purpose."""
    mint = open_mint(Settings(_env_file=None, token_secret=SECRET))
    assert mint is not None
    token = mint.token(Claims("someone", Role(role), (code,)), 1)
    return {"authorization": f"Bearer {token}", "x-purpose": "testing"}


def every_operation(url: str, headers: Mapping[str, str]) -> list[APIOperation[Any, Any, Any, Any]]:
    """The fields of queries and mutations, whose arguments know the ids that there are."""
    answer = requests.post(f"{url}/graphql", json={"query": IDS}, headers=dict(headers), timeout=60)
    found = sorted(set(re.findall(r'"id":"([^"]+)"', answer.text)))
    assert len(found) > 10, answer.text
    made = [GlobalId(kind, 990100, uuid.UUID(int=1).hex) for kind in ("Organization", "Person")]
    made += [GlobalId("Province", 990000), GlobalId("City", 990300)]
    config = Values(ids=(*found, *map(str, made), "x")).config()
    schema = schemathesis.graphql.from_file(sdl(), config=config)
    return [result.ok() for result in schema.get_all_operations() if isinstance(result, Ok)]


SOAK = (pytest.mark.soak, pytest.mark.timeout(3600))


def ask_often(api: Api, who: str, cases: st.SearchStrategy[AnyCase], times: int) -> Counter[str]:
    """How often each code was in the answers, which are all of the documented shape."""
    outcomes: Counter[str] = Counter()

    @settings(
        max_examples=times, deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )
    @given(case=cases)
    def ask(case: AnyCase) -> None:
        response = api.ask(case, who)
        outcomes.update(codes(response))
        case.operation.validate_response(response, case=case)

    ask()
    return outcomes


@pytest.mark.parametrize("times", [50, pytest.param(1_000, marks=SOAK)])
@pytest.mark.parametrize("who", BEARERS)
def test_valid_operations(api: Api, who: str, times: int) -> None:
    """Operations that fit the schema are answered or refused, whatever their arguments are."""
    outcomes = ask_often(api, who, api.valid, times)
    assert outcomes["data"] > times / 4
    assert outcomes["VALIDATION_FAILED"] == 0


@pytest.mark.parametrize("times", [10, pytest.param(500, marks=SOAK)])
@pytest.mark.parametrize("who", BEARERS)
def test_invalid_operations(api: Api, who: str, times: int) -> None:
    """Operations that do not fit the schema are refused, and say where."""
    outcomes = ask_often(api, who, api.invalid, times)
    assert outcomes["VALIDATION_FAILED"] > times / 2


def codes(response: Response) -> list[str]:
    """The codes of an answer, "data" where it has any; nothing else may be in it."""
    answer = response.json()
    assert response.status_code < 500, answer
    assert answer.keys() <= {"data", "errors"}
    found = ["data"] if answer.get("data") else []
    for error in answer.get("errors", ()):
        assert error.keys() <= {"message", "locations", "path", "extensions"}
        assert isinstance(error["message"], str)
        code = ErrorCode(error["extensions"]["code"])
        assert code is not ErrorCode.INTERNAL, error
        found.append(code.value)
    assert found, answer
    assert "Traceback" not in response.text
    return found
