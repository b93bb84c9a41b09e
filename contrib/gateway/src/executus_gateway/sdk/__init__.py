"""The face a program sees: `Client`, the same whatever target is behind it."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from executus_gateway.sdk.client import DEFAULT_FOLDER, Client
from executus_gateway.sdk.daemonstart import DaemonAddress, find_daemon, start_daemon
from executus_gateway.sdk.daemonstop import stop_daemon
from executus_gateway.sdk.daemontarget import DaemonTarget
from executus_gateway.sdk.hostprompter import HostPrompter, OnInputRequest
from executus_gateway.sdk.target import Target

if TYPE_CHECKING:
    from executus_gateway.sdk.inproc import InprocTarget

__all__ = [
    "DEFAULT_FOLDER",
    "Client",
    "DaemonAddress",
    "DaemonTarget",
    "HostPrompter",
    "InprocTarget",
    "OnInputRequest",
    "Target",
    "find_daemon",
    "start_daemon",
    "stop_daemon",
]


def __getattr__(name: str) -> Any:
    # A gateway in this process is all of it; most clients talk to the daemon.
    if name != "InprocTarget":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return import_module(f"{__name__}.inproc").InprocTarget
