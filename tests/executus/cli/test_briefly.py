"""A command calls the garbage collector seldom, and leaves a program that called it as it was."""

import gc
import subprocess
import sys

from executus.cli.briefly import briefly


def test_the_collector_is_as_it_was_behind_the_block():
    before, frozen = gc.get_threshold(), gc.get_freeze_count()
    with briefly():
        assert gc.get_threshold() == (50_000, *before[1:])
    assert gc.get_threshold() == before
    assert gc.get_freeze_count() == frozen


def test_what_is_there_at_the_end_of_the_process_is_not_collected():
    program = """
import atexit, gc, sys
atexit.register(lambda: print(gc.get_freeze_count() > 1000))  # called after those behind it
from executus.cli.briefly import briefly
with briefly():
    sys.exit(0)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    assert (done.stdout, done.stderr) == ("True\n", "")
