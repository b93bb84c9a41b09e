"""The files of a folder by which its daemon is found: address and tokens."""

from __future__ import annotations

import fcntl
import os
import secrets
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from executus_gateway.errors import DaemonFailed
from executus_gateway.local.durable import PRIVATE_DIR, PRIVATE_FILE, write_durably

__all__ = ["DaemonFiles", "DaemonRecord"]

TOKEN_BYTES = 32


class DaemonRecord(BaseModel):
    """Where a daemon is.

    Attributes:
        pid: Its process.
        port: On 127.0.0.1.
        version: Of its distribution.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    pid: int = Field(gt=0)
    port: int = Field(gt=0, lt=65536)
    version: str = ""

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"


class DaemonFiles:
    """Beside the state in a gateway's folder, all mode 0600.

    Args:
        folder: Its path.

    Attributes:
        log: The daemon's log; older ones have a number behind the name.
        complaint: What the last start wrote to standard error.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = Path(folder).expanduser().absolute()
        self.log = self.folder / "daemon.log"
        self.complaint = self.folder / "daemon.err"
        self._record = self.folder / "daemon.json"
        self._token = self.folder / "token"
        self._agent_token = self.folder / "agent-token"
        self._lock = self.folder / "lock"
        self._turn = self.folder / "starting"

    def prepare(self) -> None:
        """Make the folder, and the tokens when there are none."""
        self.folder.mkdir(mode=PRIVATE_DIR, parents=True, exist_ok=True)
        _make_token(self._token)
        _make_token(self._agent_token)

    def token(self) -> str:
        """What programs of this user send: it opens everything.

        Raises:
            DaemonFailed: It cannot be read, or others can.
        """
        return _read_token(self._token)

    def agent_token(self) -> str:
        """What agents send: it opens the MCP endpoint alone.

        Raises:
            DaemonFailed: As for `token`.
        """
        return _read_token(self._agent_token)

    def write(self, record: DaemonRecord) -> None:
        """Tell where the daemon is."""
        write_durably(self._record, record.model_dump_json().encode())

    def forget(self) -> None:
        """There is no daemon any more."""
        self._record.unlink(missing_ok=True)

    def alive(self) -> DaemonRecord | None:
        """The daemon's record; None when what it tells of is dead.

        The folder's lock tells: it ends with its process, however that ended, and names it.
        """
        try:
            record = DaemonRecord.model_validate_json(self._record.read_bytes())
        except (OSError, ValidationError):
            return None
        return record if self.holder() == record.pid else None

    def holder(self) -> int | None:
        """The process that has the folder; 0 for one that has not said so yet."""
        if _is_free(self._lock):
            return None
        number = self._lock.read_text("ascii", "replace")
        return int(number) if number.isdecimal() else 0

    def take_turn(self) -> int | None:
        """The right to start a daemon, until the descriptor is closed; None when another has it."""
        descriptor = os.open(self._turn, os.O_RDWR | os.O_CREAT, PRIVATE_FILE)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            return None
        return descriptor


def _make_token(path: Path) -> None:
    if path.exists():
        return
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    write_durably(beside, secrets.token_urlsafe(TOKEN_BYTES).encode())
    try:
        os.link(beside, path)
    except FileExistsError:
        return  # another process was faster: its token counts
    finally:
        beside.unlink()


def _read_token(path: Path) -> str:
    try:
        mode = path.stat().st_mode
        token = path.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise DaemonFailed(
            f"{path} cannot be read: start the daemon, `executus-gateway daemon run`"
        ) from error
    if mode & 0o077:
        raise DaemonFailed(f"{path} can be read by others: delete it, and restart the daemon")
    if not token:
        raise DaemonFailed(f"{path} is empty: delete it, and restart the daemon")
    return token


def _is_free(path: Path) -> bool:
    """Whether nobody holds a lock; it is tried, and let go at once."""
    try:
        descriptor = os.open(path, os.O_RDWR)
    except OSError:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return True
