"""A folder that no path leaves: each component is opened below the one before, no link followed."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from executus.errors import SetupError
from majordomo.llm import BadArguments

__all__ = ["HIDDEN", "IGNORED", "Tree", "open_below", "opened"]

HIDDEN = (
    ".git", ".hg", ".svn", ".env", ".env.*", ".envrc", ".netrc", "_netrc", ".git-credentials",
    ".ssh", ".gnupg", ".aws", ".azure", ".gcloud", ".kube", ".docker", ".terraform.d",
    ".vault-token", ".npmrc", ".yarnrc.yml", ".pypirc", ".pgpass", ".my.cnf",
    "id_rsa", "id_ed25519", "*.pem", "*.key",
)  # fmt: skip
"""Names that may hold keys; a checkout's `.git/config` often does."""
IGNORED = (
    "node_modules", "__pycache__", ".venv", "venv", ".tox", ".mypy_cache", ".pytest_cache",
    ".ruff_cache", ".import_linter_cache", ".hypothesis", ".idea", ".DS_Store",
)  # fmt: skip
"""Names that are not searched."""

MAX_PATH_CHARS = 4096
MAX_DEPTH = 100
# Nothing opened here may block or become a terminal, whatever was put in its place meanwhile.
_SAFE = os.O_CLOEXEC | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
_FILE = os.O_RDONLY | _SAFE | getattr(os, "O_NOCTTY", 0)
_FOLDER = os.O_RDONLY | _SAFE | getattr(os, "O_DIRECTORY", 0)
_KINDS = (
    (stat.S_ISLNK, "a symbolic link, and links are not followed"),
    (stat.S_ISDIR, "a folder; list it"),
    (stat.S_ISFIFO, "a pipe, not a file"),
    (stat.S_ISSOCK, "a socket, not a file"),
    (stat.S_ISCHR, "a device, not a file"),
    (stat.S_ISBLK, "a device, not a file"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """A folder, and what of it is to be seen.

    Attributes:
        root: The folder. Links on the way to it are the host's own and are followed.
        hidden: Globs over names, by no means to be had; case does not count.
        ignored: Globs over names that searches leave out, and that may be read all the same.

    Raises:
        SetupError: There is no such folder, or the system cannot open files relative to a folder.
    """

    root: Path
    hidden: Sequence[str] = HIDDEN
    ignored: Sequence[str] = IGNORED

    def __post_init__(self) -> None:
        if os.open not in os.supports_dir_fd or not hasattr(os, "O_NOFOLLOW"):
            raise SetupError("the toolset files needs a system that opens files below a folder")
        if not self.root.is_dir():
            raise SetupError(f"there is no folder {str(self.root)!r}; files_tools needs one")

    def hides(self, name: str) -> bool:
        """Whether nothing of that name may be had."""
        return _among(name.casefold(), self.hidden)

    def skips(self, name: str) -> bool:
        """Whether searches leave out what has that name."""
        return self.hides(name) or _among(name, self.ignored)

    def parts(self, path: str) -> tuple[str, ...]:
        """The components of a path.

        Raises:
            BadArguments: It leaves the folder, or names what is hidden.
        """
        if len(path) > MAX_PATH_CHARS or "\0" in path:
            raise BadArguments("path: that is no path")
        if path.startswith(("/", "~")):
            raise BadArguments(
                f"path: {path!r} must be relative to the folder, such as src/main.py"
            )
        parts = tuple(part for part in path.split("/") if part not in ("", "."))
        if ".." in parts:
            raise BadArguments(f"path: {path!r} must not contain '..'; begin at the folder itself")
        if len(parts) > MAX_DEPTH:
            raise BadArguments(f"path: at most {MAX_DEPTH} folders deep")
        if any(self.hides(part) for part in parts):
            raise _missing(path)
        return parts

    @contextmanager
    def folder(self, path: str) -> Generator[int]:
        """A folder, open.

        Raises:
            BadArguments: There is none that may be had.
        """
        parts = self.parts(path)
        with _explained(path), opened(self._descend(parts, path)) as fd:
            yield fd

    @contextmanager
    def file(self, path: str) -> Generator[tuple[int, os.stat_result]]:
        """A regular file, open, and its facts.

        Raises:
            BadArguments: There is none that may be had.
        """
        parts = self.parts(path)
        if not parts:
            raise BadArguments(f"path: {path!r} is {_KINDS[1][1]}")
        with (
            _explained(path),
            opened(self._descend(parts[:-1], path)) as parent,
            opened(open_below(parent, parts[-1], path)) as fd,
        ):
            yield fd, os.fstat(fd)

    def open_root(self) -> int:
        """The folder itself, open; the caller closes it."""
        return os.open(self.root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)

    def _descend(self, parts: Sequence[str], path: str) -> int:
        fd = self.open_root()
        device = os.fstat(fd).st_dev
        try:
            for part in parts:
                inner = _enter(fd, part, path)
                os.close(fd)
                fd = inner
                _check_device(fd, device, part)
        except BaseException:
            os.close(fd)
            raise
        return fd


def _among(name: str, globs: Sequence[str]) -> bool:
    return any(fnmatchcase(name, glob) for glob in globs)


def _missing(path: str) -> BadArguments:
    return BadArguments(f"path: there is nothing to be had at {path!r}; list or glob shows what is")


def _enter(fd: int, name: str, path: str) -> int:
    try:
        return os.open(name, _FOLDER, dir_fd=fd)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENOTDIR):
            what = os.stat(name, dir_fd=fd, follow_symlinks=False)
            raise BadArguments(f"path: {name!r} in {path!r} is {_kind(what, 'a file')}") from error
        raise


def open_below(fd: int, name: str, path: str) -> int:
    """Open a regular file in an open folder; the caller closes it.

    It is looked at before it is opened, because opening a device may do something, and again after,
    because it may have been replaced between the two.

    Raises:
        BadArguments: It is something else.
        OSError: It cannot be opened.
    """
    _check_regular(os.stat(name, dir_fd=fd, follow_symlinks=False), path)
    inner = os.open(name, _FILE, dir_fd=fd)
    try:
        _check_regular(os.fstat(inner), path)
    except BaseException:
        os.close(inner)
        raise
    return inner


def _check_device(fd: int, device: int, name: str) -> None:
    if os.fstat(fd).st_dev != device:
        raise BadArguments(f"path: {name!r} is another file system, which is left out here")


def _check_regular(what: os.stat_result, path: str) -> None:
    if not stat.S_ISREG(what.st_mode):
        raise BadArguments(f"path: {path!r} is {_kind(what, 'no file')}")


def _kind(what: os.stat_result, otherwise: str) -> str:
    return next((text for is_of, text in _KINDS if is_of(what.st_mode)), otherwise)


@contextmanager
def opened(fd: int) -> Generator[int]:
    """Close a descriptor in the end."""
    try:
        yield fd
    finally:
        os.close(fd)


@contextmanager
def _explained(path: str) -> Generator[None]:
    """What the system refuses, for the model; nothing of where the folder lies."""
    try:
        yield
    except FileNotFoundError as error:
        raise _missing(path) from error
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise BadArguments(f"path: {path!r} is {_KINDS[0][1]}") from error
        raise BadArguments(f"path: {path!r} cannot be read: {error.strerror}") from error
    except UnicodeEncodeError as error:
        raise _missing(path) from error
