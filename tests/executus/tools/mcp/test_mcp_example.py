"""The example program runs offline and says what it found."""

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.slow
def test_the_example_runs():
    example = Path(__file__).parents[4] / "examples" / "mcp_server.py"
    done = subprocess.run(
        [sys.executable, str(example)], capture_output=True, text=True, check=False, timeout=100
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "The lamp is 12 EUR; there is no sofa.\n"
