"""Failover: several targets asked as one model, by what is known of their health."""

from majordomo.chain.chain import Chain
from majordomo.chain.errors import ChainDeadline, ChainExhausted, TargetOutcome
from majordomo.chain.events import (
    Advance,
    Attempt,
    Bench,
    ChainEvent,
    Observer,
    Retry,
    Skip,
    Success,
    observing,
)
from majordomo.chain.plan import Classifier
from majordomo.chain.policy import ChainPolicy
from majordomo.chain.stream import ChainStream

__all__ = [
    "Advance",
    "Attempt",
    "Bench",
    "Chain",
    "ChainDeadline",
    "ChainEvent",
    "ChainExhausted",
    "ChainPolicy",
    "ChainStream",
    "Classifier",
    "Observer",
    "Retry",
    "Skip",
    "Success",
    "TargetOutcome",
    "observing",
]
