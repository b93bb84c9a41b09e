"""The face a program sees: `Client`, the same whatever target is behind it."""

from executus_gateway.sdk.client import DEFAULT_FOLDER, Client
from executus_gateway.sdk.daemonstart import DaemonAddress, find_daemon, start_daemon
from executus_gateway.sdk.daemonstop import stop_daemon
from executus_gateway.sdk.daemontarget import DaemonTarget
from executus_gateway.sdk.hostprompter import HostPrompter, OnInputRequest
from executus_gateway.sdk.inproc import InprocTarget
from executus_gateway.sdk.target import Target

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
