"""Every Python block of the README runs, in one folder, and prints what its comments say."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

README = (Path(__file__).parents[1] / "README.md").read_text()
BLOCKS = re.findall(r"^```python\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def run(code, folder):
    command = [sys.executable, "-W", "error", "-c", code]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)


@pytest.mark.slow
def test_the_blocks_run_and_print_what_they_say(tmp_path):
    for code in BLOCKS:
        done = run(code, tmp_path)
        assert (done.returncode, done.stderr) == (0, ""), code
        promised = re.findall(r"^\s*print\(.*\)\s+# (.*)$", code, re.MULTILINE)
        for line in promised:
            assert line.rstrip("…") in done.stdout
    assert len(BLOCKS) == 4
