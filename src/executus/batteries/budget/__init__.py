"""Budgets over rolling windows, in tokens and money, per caller, agent or tenant."""

from executus.batteries.budget.memory import MemoryBudgetStorage
from executus.batteries.budget.rolling import BudgetUse, RollingBudget, metadata_tenant
from executus.batteries.budget.rules import BudgetRule, Estimate
from executus.batteries.budget.storage import (
    MAX_WINDOW_DAYS,
    Bound,
    BudgetStorage,
    Reservation,
    first_passed,
)

__all__ = [
    "MAX_WINDOW_DAYS",
    "Bound",
    "BudgetRule",
    "BudgetStorage",
    "BudgetUse",
    "Estimate",
    "MemoryBudgetStorage",
    "Reservation",
    "RollingBudget",
    "first_passed",
    "metadata_tenant",
]
