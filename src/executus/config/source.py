"""Where settings come from: the seam `Source`, and the shipped ones."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Protocol

from majordomo.threads import call_in_thread

__all__ = [
    "EnvironmentSource",
    "LayeredSource",
    "MappingSource",
    "Source",
    "from_sync",
]

logger = logging.getLogger("executus.config")

_NOT_IN_VARIABLES = re.compile(r"[^A-Za-z0-9]")


class Source(Protocol):
    """Tells what is configured: a host's database, a file, the environment."""

    async def get(self, key: str) -> str | None:
        """The value of a key such as `tier.fast` as it is now; None when nothing is configured."""
        ...


class EnvironmentSource:
    """Reads variables, anew each time: `tier.fast` is `EXECUTUS_TIER_FAST`.

    Args:
        prefix: Put before the key in capitals, whose other characters become underscores.
        environ: The variables.
    """

    def __init__(self, prefix: str = "EXECUTUS_", environ: Mapping[str, str] = os.environ) -> None:
        self._prefix = prefix
        self._environ = environ

    def variable(self, key: str) -> str:
        """The variable that holds a key."""
        return _variable(self._prefix, key)

    async def get(self, key: str) -> str | None:
        """See `Source.get`; an empty variable counts as not set."""
        return self._environ.get(self.variable(key), "").strip() or None


@lru_cache(maxsize=1024)  # every run asks for the same few
def _variable(prefix: str, key: str) -> str:
    return prefix + _NOT_IN_VARIABLES.sub("_", key).upper()


class MappingSource:
    """Reads a mapping, anew each time, so that what the host changes in it counts.

    Args:
        mapping: Values by key, such as `{"tier.fast": "fake"}`.
    """

    def __init__(self, mapping: Mapping[str, str]) -> None:
        self._mapping = mapping

    async def get(self, key: str) -> str | None:
        """See `Source.get`."""
        return self._mapping.get(key)


class LayeredSource:
    """Asks several sources in order; the first that has a key wins.

    A layer that fails is passed over. That is logged once, and once more when it fails again after
    it has worked; never with the error's text, in which drivers put the addresses they dial.

    Args:
        sources: From the strongest to the weakest.
    """

    def __init__(self, *sources: Source) -> None:
        self._sources = sources
        self._failing: set[int] = set()
        self.waits = any(_waits(source) for source in sources)
        """Whether an answer may take time: not where all sources are of this process."""

    async def get(self, key: str) -> str | None:
        """See `Source.get`; never raises."""
        for index, source in enumerate(self._sources):
            value = await self._ask(index, source, key)
            if value is not None:
                return value
        return None

    async def origin(self, key: str) -> str:
        """What to call a key where it is mended: the variable that holds it, or the key itself."""
        for index, source in enumerate(self._sources):
            if await self._ask(index, source, key) is None:
                continue
            if isinstance(source, LayeredSource):
                return await source.origin(key)
            return source.variable(key) if isinstance(source, EnvironmentSource) else key
        return key

    async def _ask(self, index: int, source: Source, key: str) -> str | None:
        try:
            value = await source.get(key)
        except Exception as error:  # noqa: BLE001 - an outage of one layer is not the host's
            if index not in self._failing:
                self._failing.add(index)
                logger.warning(
                    "the configuration source %s failed (%s) and is passed over",
                    type(source).__name__,
                    type(error).__name__,
                )
            return None
        self._failing.discard(index)
        return value


def _waits(source: Source) -> bool:
    if isinstance(source, LayeredSource):
        return source.waits
    return not isinstance(source, EnvironmentSource | MappingSource)


class _FunctionSource:
    """A plain function as a source."""

    def __init__(self, fn: Callable[[str], str | None], *, inline: bool) -> None:
        self._fn = fn
        self._inline = inline

    async def get(self, key: str) -> str | None:
        """See `Source.get`."""
        return self._fn(key) if self._inline else await call_in_thread(self._fn, key)


def from_sync(fn: Callable[[str], str | None], *, inline: bool = False) -> Source:
    """A source of a plain function.

    Args:
        fn: Returns the value of a key, or None.
        inline: Call it on the event loop instead of a worker thread: for one that never waits.
    """
    return _FunctionSource(fn, inline=inline)
