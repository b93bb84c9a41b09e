"""What all requests of one chain have in common."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from majordomo.chain.events import Observer
from majordomo.chain.policy import ChainPolicy
from majordomo.clock import Clock
from majordomo.errors import ErrorKind
from majordomo.health import HealthTracker
from majordomo.llm.model import Model

__all__ = ["Classifier", "Plan"]

Classifier: TypeAlias = Callable[[BaseException], ErrorKind]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The targets in order, and how to go along them; see `Chain` for the fields."""

    models: tuple[Model, ...]
    health: HealthTracker
    policy: ChainPolicy
    clock: Clock
    observer: Observer | None
    classifier: Classifier
    random: Callable[[], float]
