"""Settings with types: what a source says, read, checked and given a default."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar, overload

from executus.config.source import EnvironmentSource, LayeredSource, MappingSource, Source
from executus.config.values import (
    looks_secret,
    parse_bool,
    parse_duration,
    parse_float,
    parse_int,
    parse_list,
)
from executus.errors import SetupError

__all__ = ["ENVIRONMENT", "NO_CONFIG", "BadSetting", "Config"]

T = TypeVar("T")
D = TypeVar("D")

_SHOWN_CHARS = 80


class BadSetting(SetupError):
    """What is configured cannot be read, or is out of its range.

    Attributes:
        name: The variable that holds it, or its key in another source.
        says: What is wrong with it; without the value where that may be a secret.
        wanted: What would fit.
    """

    def __init__(self, name: str, says: str, wanted: str) -> None:
        self.name, self.says, self.wanted = name, says, wanted
        super().__init__(f"{name} {says}; write {wanted}, or unset it")


class Config:
    """Typed settings of one source; asked anew each time, so a change counts at the next `get`.

    A value that cannot be read, or is out of its range, is refused: a mistyped bound must not
    become another one. A source that fails is passed over, which is logged (ADR 0159).

    Args:
        source: Where the values come from.

    Example:
        >>> import anyio
        >>> config = Config(MappingSource({"run.timeout": "1h30m", "tools": "web.*, calc.*"}))
        >>> anyio.run(config.get_duration, "run.timeout", 600.0)
        5400.0
        >>> anyio.run(config.get_list, "tools")
        ('web.*', 'calc.*')
        >>> anyio.run(config.get_int, "run.steps", 10)
        10
    """

    def __init__(self, source: Source) -> None:
        self._source = LayeredSource(source)

    @property
    def waits(self) -> bool:
        """Whether an answer may take time: not where all sources are of this process."""
        return self._source.waits

    @overload
    async def get(self, key: str) -> str | None: ...
    @overload
    async def get(self, key: str, default: D) -> str | D: ...
    async def get(self, key: str, default: object = None) -> object:
        """The text of a key, without white space around it; the default when there is none.

        Args:
            key: Names with dots between them, such as `tier.fast`.
            default: What holds when nothing, or only white space, is configured.
        """
        value = await self._source.get(key)
        return default if value is None else value.strip() or default

    async def get_int(
        self, key: str, default: D, *, minimum: int | None = None, maximum: int | None = None
    ) -> int | D:
        """A whole number, from `minimum` to `maximum`.

        Raises:
            BadSetting: Something else is configured.
        """
        return await self._read(key, default, parse_int, minimum=minimum, maximum=maximum)

    async def get_float(
        self, key: str, default: D, *, minimum: float | None = None, maximum: float | None = None
    ) -> float | D:
        """A finite number, from `minimum` to `maximum`.

        Raises:
            BadSetting: As `get_int` does.
        """
        return await self._read(key, default, parse_float, minimum=minimum, maximum=maximum)

    async def get_duration(
        self, key: str, default: D, *, minimum: float | None = None, maximum: float | None = None
    ) -> float | D:
        """Seconds of a duration such as `30s`, `5m`, `1h30m`, or of plain seconds.

        Args:
            key: See `get`.
            default: What holds when nothing is configured.
            minimum: Least seconds.
            maximum: Most seconds.

        Raises:
            BadSetting: As `get_int` does.
        """
        return await self._read(key, default, parse_duration, minimum=minimum, maximum=maximum)

    async def get_bool(self, key: str, default: D) -> bool | D:
        """A switch: 1, true, yes, on; 0, false, no, off; in any case.

        Raises:
            BadSetting: As `get_int` does.
        """
        return await self._read(key, default, parse_bool)

    async def get_list(self, key: str, default: Sequence[str] = ()) -> tuple[str, ...]:
        """What stands between commas."""
        return tuple(await self._read(key, default, parse_list))

    async def _read(
        self, key: str, default: D, parse: Callable[..., T], **bounds: float | None
    ) -> T | D:
        text = await self.get(key)
        if text is None:
            return default
        try:
            return parse(text, **bounds)
        except ValueError as error:
            wanted = str(error)
        # Outside the handler: the errors below it hold the value, which may be a secret.
        says = "cannot be read" if looks_secret(key, text) else f"is {text[:_SHOWN_CHARS]!r}"
        raise BadSetting(await self._source.origin(key), says, wanted)


ENVIRONMENT = Config(EnvironmentSource())
"""The process's variables `EXECUTUS_…`."""

NO_CONFIG = Config(MappingSource({}))
"""Nothing is configured: every default holds."""
