"""Bounded concurrency with a fair share for every key: users, tenants, providers."""

from executus.lane.errors import LaneError, LaneFull, LaneTimeout
from executus.lane.fairqueue import FairQueue, Ticket
from executus.lane.lane import Lane, LaneSnapshot

__all__ = [
    "FairQueue",
    "Lane",
    "LaneError",
    "LaneFull",
    "LaneSnapshot",
    "LaneTimeout",
    "Ticket",
]
