"""The style that linters cannot check."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def _tests() -> list[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    found = []
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            if node.name.startswith("test_"):
                found.append((f"{path.relative_to(ROOT)}:{node.name}", node))
    return found


def test_every_test_says_its_behaviour() -> None:
    """Each test has a docstring of one sentence."""
    wrong = []
    for place, node in _tests():
        text = (ast.get_docstring(node) or "").strip()
        if not text.endswith((".", "。")) or "\n\n" in text:
            wrong.append(place)
    assert wrong == []


def test_packages_have_empty_init_files() -> None:
    """No __init__.py holds code."""
    full = [
        str(path.relative_to(ROOT))
        for folder in ("server", "schema", "tenants", "seeds", "tests")
        for path in (ROOT / folder).rglob("__init__.py")
        if path.stat().st_size
    ]
    assert full == []


def test_no_file_names_a_city_in_a_condition() -> None:
    """What varies between cities is data: no code compares with a city's code or slug."""
    slugs = [path.stem for path in (ROOT / "tenants" / "cities").glob("*.yaml")]
    found = []
    for folder in ("server", "schema", "tenants"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Compare):
                    for part in ast.walk(node):
                        if isinstance(part, ast.Constant) and part.value in slugs:
                            found.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert found == []


def test_arrows_point_downward() -> None:
    """The import contracts of pyproject.toml hold."""
    linter = Path(sys.executable).parent / "lint-imports"
    if not linter.exists():
        pytest.fail("import-linter is not installed beside this Python: run make check")
    done = subprocess.run([linter], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
