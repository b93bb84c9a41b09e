"""What may be set of a daemon: a file `gateway.toml` in its folder, and options over it."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from executus_gateway.errors import Refused
from executus_gateway.local import LOG_BYTES

__all__ = ["SETTINGS_FILE", "DaemonSettings"]

SETTINGS_FILE = "gateway.toml"


class DaemonSettings(BaseModel):
    """Settings.

    Attributes:
        port: On 127.0.0.1; 0 takes a free one at each start.
        allow_hosts: Internal hosts that sources may reach, as `executus.egress.Egress` takes them.
        idle_stop_s: Seconds without a request and without a run after which the daemon ends;
            0 for never.
        log_bytes: Size of the log of events past which it is folded into the snapshot.
        daemon_log_bytes: Size at which `daemon.log` begins anew; two older ones are kept.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    port: Annotated[int, Field(ge=0, lt=65536)] = 0
    allow_hosts: tuple[str, ...] = ()
    idle_stop_s: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0
    log_bytes: Annotated[int, Field(ge=10_000)] = LOG_BYTES
    daemon_log_bytes: Annotated[int, Field(ge=10_000)] = 2_000_000

    @classmethod
    def read(cls, folder: Path) -> DaemonSettings:
        """Of a folder; the defaults when it has no such file.

        Raises:
            Refused: The file cannot be read, or says what is not known.
        """
        path = folder / SETTINGS_FILE
        try:
            return cls.model_validate(tomllib.loads(path.read_text("utf-8")))
        except FileNotFoundError:
            return cls()
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            where = ".".join(map(str, first["loc"]))
            raise Refused(f"{path}: {where}: {first['msg']}") from None
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise Refused(f"{path} cannot be read: {error}") from error
