"""The audits of npm graphql-http: does the server speak GraphQL over HTTP?"""

import json
import shutil
import socket
import subprocess
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import pytest
import strawberry
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Route
from starlette.types import ASGIApp

from server.documents import Documents
from server.execution.general import execute
from server.graphql import GraphQLEndpoint

FILES = Path(__file__).parent / "audits"
UNREACHABLE = ("ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ECONNRESET", "ETIMEDOUT", "ENETUNREACH")


@strawberry.type
class Query:
    hello: str = "你好"


@asynccontextmanager
async def open_context(request: Request) -> AsyncIterator[None]:
    yield None


@pytest.fixture
def app() -> ASGIApp:
    """The application under audit; it answers at /graphql."""
    schema = strawberry.Schema(Query)._schema
    endpoint = GraphQLEndpoint(Documents(schema), partial(execute, schema), open_context)
    return Starlette(routes=[Route("/graphql", endpoint)])


@pytest.fixture
def url(app: ASGIApp) -> Iterator[str]:
    """The address of the application, served on a free port of this machine."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, lifespan="off", ws="none", log_level="warning"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}/graphql"
    server.should_exit = True
    thread.join()
    listener.close()


@pytest.fixture(scope="module")
def audits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder outside the tree with the audits installed as the lock file says."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        pytest.skip("Node.js and npm are needed for the audits")
    folder = tmp_path_factory.mktemp("audits")
    shutil.copytree(FILES, folder, dirs_exist_ok=True)
    command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=0"]
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120)
    except subprocess.TimeoutExpired:
        pytest.skip("npm could not install the audits within 120 s")
    if any(code in done.stderr for code in UNREACHABLE):
        pytest.skip("npm could not reach a registry to install the audits")
    assert done.returncode == 0, done.stderr
    return folder


def test_audits(audits: Path, url: str) -> None:
    """All 61 audits pass, the recommendations among them too."""
    command = ["node", "audit.mjs", url]
    done = subprocess.run(command, cwd=audits, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    outcomes = json.loads(done.stdout)
    assert [outcome for outcome in outcomes if outcome["status"] != "ok"] == []
    assert len(outcomes) == 61
