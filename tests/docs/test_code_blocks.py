"""Every Python block of every page runs and prints what it says; the others are few and say why."""

import re
import subprocess
import sys

import pytest
from pages import ROOT, blocks_of, pages

BLOCKS = [block for page in pages() for block in blocks_of(page)]
PYTHON = [block for block in BLOCKS if block.language == "python"]
RUN = [block for block in PYTHON if not block.reason]
NOT_RUN = [block for block in PYTHON if block.reason]
SHELL = [block for block in BLOCKS if block.language == "sh"]
LANGUAGES = {"python", "sh", "text"}


def name_of(block):
    return f"{block.page}-{block.number}"


def expected_lines(code):
    """What `print(…)  # comment` lines promise, in order."""
    return re.findall(r"^\s*print\(.*\)\s+# (.*)$", code, re.MULTILINE)


def missing(promised, printed):
    """The first piece that was promised and not printed, in order; `…` stands for anything."""
    position = 0
    for line in promised:
        for piece in line.split("…"):
            found = printed.find(piece.strip(), position)
            if found < 0:
                return piece.strip()
            position = found + len(piece.strip())
    return ""


@pytest.mark.slow
@pytest.mark.parametrize("block", RUN, ids=name_of)
def test_a_block_runs_and_prints_what_it_says(block, tmp_path):
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", block.code],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)},
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert missing(expected_lines(block.code), done.stdout) == "", done.stdout


def test_what_is_not_printed_is_missed():
    assert missing(["ok … 2"], "ok and 2") == ""
    assert missing(["ok", "ok"], "ok") == "ok"
    assert missing(["2", "1"], "1 2") == "1"


def test_every_fence_is_a_block_with_a_language():
    for page in pages():
        fences = re.findall(r"^```", (ROOT / page).read_text(encoding="utf-8"), re.M)
        assert len(fences) == 2 * len(blocks_of(page)), page
    assert {block.language for block in BLOCKS} <= LANGUAGES


def test_blocks_that_are_not_run_are_few_and_other_libraries_code():
    """Only the code that somebody moves away from: their libraries are not installed here."""
    assert {block.page.rpartition("/")[0] for block in NOT_RUN} <= {"docs/migrate"}
    assert all(re.fullmatch(r"[\w. -]+ \d[\w.]*", block.reason) for block in NOT_RUN)
    assert len(NOT_RUN) <= 12
    assert len(RUN) >= 6 * len(NOT_RUN)


@pytest.mark.parametrize("block", NOT_RUN, ids=name_of)
def test_a_block_that_is_not_run_is_python_all_the_same(block):
    compile(block.code, name_of(block), "exec")


def test_shell_blocks_are_few_and_name_targets_there_are():
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.M))
    named = {name for block in SHELL for name in re.findall(r"^make ([\w-]+)", block.code, re.M)}
    assert named <= targets
    assert len(SHELL) <= 24
