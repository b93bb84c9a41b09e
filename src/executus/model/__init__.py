"""Models by tier: configured or from one table, behind lanes, metered and traced."""

from executus.model.calls import CallEnding, CallOutcome, ModelCall, TraceSink
from executus.model.errors import TierUnusable
from executus.model.lanes import LaneModel, ProviderLanes
from executus.model.listing import TierListing, TierSource, TierTarget
from executus.model.table import TIERS, TierEntry
from executus.model.tags import current_tags, tagging
from executus.model.tiers import DEFAULT_TIER, MODEL_VARIABLE, ModelTiers
from executus.model.trace import NO_TRACE, traced
from executus.model.usage import NO_USAGE, UsageRecord, UsageSink, metered
from executus.model.watched import WatchedModel

__all__ = [
    "DEFAULT_TIER",
    "MODEL_VARIABLE",
    "NO_TRACE",
    "NO_USAGE",
    "TIERS",
    "CallEnding",
    "CallOutcome",
    "LaneModel",
    "ModelCall",
    "ModelTiers",
    "ProviderLanes",
    "TierEntry",
    "TierListing",
    "TierSource",
    "TierTarget",
    "TierUnusable",
    "TraceSink",
    "UsageRecord",
    "UsageSink",
    "WatchedModel",
    "current_tags",
    "metered",
    "tagging",
    "traced",
]
