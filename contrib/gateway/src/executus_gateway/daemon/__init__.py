"""The process that serves a folder: one per folder, started by whoever needs it first."""

from executus_gateway.daemon.process import run_daemon
from executus_gateway.daemon.settings import SETTINGS_FILE, DaemonSettings

__all__ = ["SETTINGS_FILE", "DaemonSettings", "run_daemon"]
