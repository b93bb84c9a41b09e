"""A repository with a change that has every kind of file in it, made by the real git."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

SECRET = "canary-of-another-folder"
APP = """\
import os


def total(prices):
    result = 0
    for price in prices:
        result += price
    return result
"""
# The removed line, in a diff, looks like the header of a file.
TRICKY = "-- a/elsewhere.py\nkeep\n"
HEADERS = "diff --git a/fake.py b/fake.py\n+++ b/fake.py\n@@ -1 +1 @@\n"
QUOTED = 'odd "name"\tä.py'


def git(folder, *arguments):
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_SYSTEM": os.devnull,
        **{f"GIT_{who}_NAME": "Ann" for who in ("AUTHOR", "COMMITTER")},
        **{f"GIT_{who}_EMAIL": "ann@example.com" for who in ("AUTHOR", "COMMITTER")},
    }
    done = subprocess.run(
        ["git", "-C", str(folder), *arguments], env=environ, check=True, capture_output=True
    )
    return done.stdout.decode().strip()


def commit(folder, message="change"):
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", message)


@dataclass(frozen=True)
class Checkout:
    """A checkout at the head of a change, and the change's base."""

    path: Path
    base: str

    def diff(self):
        from gadfly.git import read_diff

        return read_diff(self.path, self.base, "HEAD")


def make_change(tmp_path):
    """A checkout whose head changes ten files: moved, deleted, binary, huge, oddly named ones."""
    root = tmp_path / "checkout of a change"
    (root / "src").mkdir(parents=True)
    (tmp_path / "secret.txt").write_text(SECRET)
    git(root, "init", "--quiet", "--initial-branch=main")
    _write_base(root)
    commit(root, "base")
    base = git(root, "rev-parse", "HEAD")
    git(root, "checkout", "--quiet", "-b", "feature")
    _write_head(root)
    commit(root)
    return Checkout(root, base)


def _write_base(root):
    (root / "src" / "app.py").write_text(APP)
    (root / "src" / "old name.py").write_text("".join(f"line {n}\n" for n in range(40)))
    (root / "gone.py").write_text("a = 1\nb = 2\n")
    (root / "latin.txt").write_bytes(b"caf\xe9\nth\xe9\n")
    (root / "huge.py").write_text("".join(f"value_{n} = {n}\n" for n in range(20_000)))
    (root / "logo.bin").write_bytes(bytes(range(256)))
    (root / "tricky.sql").write_text(TRICKY)
    (root / "run.sh").write_text("#!/bin/sh\n")
    (root / "no newline.txt").write_text("one")


def _write_head(root):
    (root / "src" / "app.py").write_text(
        APP.replace("result = 0", "result = 1").replace("import os\n", "import os\nimport sys\n")
    )
    old = root / "src" / "old name.py"
    (root / "src" / "new name.py").write_text(old.read_text().replace("line 20\n", "line twenty\n"))
    old.unlink()
    (root / "gone.py").unlink()
    (root / "latin.txt").write_bytes(b"caf\xe9 cr\xe8me\nth\xe9\n")
    (root / "huge.py").write_text("".join(f"value_{n} = {n + 1}\n" for n in range(20_000)))
    (root / "logo.bin").write_bytes(bytes(reversed(range(256))))
    (root / "tricky.sql").write_text("keep\n" + HEADERS)
    (root / "run.sh").chmod(0o755)
    (root / "no newline.txt").write_text("two")
    (root / QUOTED).write_text("x = 1\n")
