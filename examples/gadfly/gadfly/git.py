"""Asks git for the diff, so that neither the repository nor the machine decides how it looks."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from gadfly.errors import GadflyError

__all__ = ["read_diff"]

GIT_TIMEOUT_S = 120
MAX_DIFF_BYTES = 64 * 1024 * 1024
# What the diff of a reviewer must not depend on: pagers, colours, prefixes, helper programs.
_PLAIN = ("-c", "core.quotePath=false", "--no-pager", "diff")
_OPTIONS = (
    "--no-color", "--no-ext-diff", "--no-textconv", "--find-renames", "--unified=3",
    "--src-prefix=a/", "--dst-prefix=b/", "--submodule=short", "--ignore-submodules=none",
    "--inter-hunk-context=0", "--diff-algorithm=histogram",
)  # fmt: skip


def read_diff(repo: Path, base: str, head: str) -> bytes:
    """The changes that `head` makes since it left `base`.

    Attributes files of the change are not asked: `*.py -diff` in one would hide all code.

    Raises:
        GadflyError: Git is not there, or cannot tell.
    """
    for name in (base, head):
        if not name or name.startswith("-"):
            raise GadflyError(f"{name!r} is no revision; set GADFLY_BASE and GADFLY_HEAD")
    folder = _git(repo, ("rev-parse", "--absolute-git-dir")).decode().strip()
    # As a bare repository, seen from its own folder, git finds no attributes in the change.
    bare = ("--git-dir=.", "--bare", *_PLAIN, *_OPTIONS, f"{base}...{head}", "--")
    data = _git(Path(folder), bare, GIT_ATTR_SOURCE=_no_files(repo), GIT_ATTR_NOSYSTEM="1")
    if len(data) > MAX_DIFF_BYTES:
        raise GadflyError(f"the diff is larger than {MAX_DIFF_BYTES:,} bytes; review it in parts")
    return data


def _no_files(repo: Path) -> str:
    """The name of the empty tree, from which newer versions of git take their attributes."""
    return _git(repo, ("hash-object", "-t", "tree", os.devnull)).decode().strip()


def _git(folder: Path, arguments: Sequence[str], **variables: str) -> bytes:
    environ = {**os.environ, "LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0", **variables}
    try:
        done = subprocess.run(
            ["git", "-c", "safe.directory=*", "-C", str(folder), *arguments],
            capture_output=True,
            check=False,
            env=environ,
            stdin=subprocess.DEVNULL,
            timeout=GIT_TIMEOUT_S,
        )
    except FileNotFoundError as error:
        raise GadflyError("git is not installed, and gadfly asks it for the diff") from error
    except subprocess.TimeoutExpired as error:
        raise GadflyError(f"git gave no diff within {GIT_TIMEOUT_S} s") from error
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise GadflyError(
            f"git cannot tell what changed: {said[0] if said else 'it failed'} "
            "(set GADFLY_REPO, GADFLY_BASE and GADFLY_HEAD; a shallow clone has no base)"
        )
    return done.stdout
