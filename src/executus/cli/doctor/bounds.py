"""Bounds and lanes that variables configure: read as a run reads them."""

from __future__ import annotations

from collections.abc import AsyncIterator

from executus.cli.doctor.finding import Finding, Patient
from executus.config import BadSetting, Config, EnvironmentSource
from executus.model import ProviderLanes
from executus.run.resolving import configured_limits

__all__ = ["BOUNDS", "LANE", "examine_bounds"]

BOUNDS = (
    "EXECUTUS_MAX_STEPS",
    "EXECUTUS_MAX_RUNTIME",
    "EXECUTUS_MAX_TOOL_CALLS",
    "EXECUTUS_MAX_TOKENS",
)
LANE = "EXECUTUS_LANE_"


async def examine_bounds(patient: Patient) -> AsyncIterator[Finding]:
    """Look at each bound alone: a run would stop at the first that cannot be read."""
    for name in BOUNDS + tuple(sorted(one for one in patient.environ if one.startswith(LANE))):
        config = Config(EnvironmentSource(environ={name: patient.get(name)}))
        try:
            await configured_limits(config)
            await ProviderLanes(config).lane(name.removeprefix(LANE).lower())
        except BadSetting as error:
            yield Finding(
                about=name,
                says=f"{error.says}, so no run begins that it would bound",
                fix=f"write {error.wanted}, or unset it",
            )
