"""The command with the data that it loads."""

import subprocess
import sys

import pytest


@pytest.mark.soak
def test_the_dictionary_stays_out() -> None:
    """A process that serves does not hold the dictionary of pinyin."""
    program = "import sys, seeds.cli; sys.exit('pypinyin' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
