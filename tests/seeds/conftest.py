"""What the tests of loading stand on."""

from pathlib import Path

import pytest

from schema.keyring import Keyring


@pytest.fixture
def keys(tmp_path: Path) -> Keyring:
    """Keys of personal data."""
    return Keyring(tmp_path / "keys.json")
