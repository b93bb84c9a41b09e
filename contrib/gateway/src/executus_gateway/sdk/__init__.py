"""The face a program sees: `Client`, the same whatever target is behind it."""

from executus_gateway.sdk.client import Client
from executus_gateway.sdk.hostprompter import HostPrompter, OnInputRequest
from executus_gateway.sdk.inproc import InprocTarget
from executus_gateway.sdk.target import Target

__all__ = ["Client", "HostPrompter", "InprocTarget", "OnInputRequest", "Target"]
