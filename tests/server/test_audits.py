"""The audits of npm graphql-http: does the server speak GraphQL over HTTP?"""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

FILES = Path(__file__).parent / "audits"
UNREACHABLE = ("ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ECONNRESET", "ETIMEDOUT", "ENETUNREACH")


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


def test_audits(audits: Path, site: str) -> None:
    """All 61 audits pass, the recommendations among them too."""
    command = ["node", "audit.mjs", f"{site}/graphql"]
    done = subprocess.run(command, cwd=audits, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    outcomes = json.loads(done.stdout)
    assert [outcome for outcome in outcomes if outcome["status"] != "ok"] == []
    assert len(outcomes) == 61
