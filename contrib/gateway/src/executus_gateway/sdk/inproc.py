"""A gateway in this process as a target."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from typing import Any, Self

from executus_gateway.api import Api
from executus_gateway.assembly import open_local
from executus_gateway.ports import Prompter
from executus_gateway.schema import Event
from executus_gateway.service import Gateway

__all__ = ["InprocTarget"]


class InprocTarget:
    """A `Target`; made by `open` in a folder, or around a gateway that somebody else closes.

    Args:
        gateway: An open one.
        prompter: The host's way to a person.
    """

    def __init__(self, gateway: Gateway, prompter: Prompter) -> None:
        self._gateway = gateway
        self._api = Api(gateway, prompter=prompter)
        self._stack = AsyncExitStack()

    @classmethod
    async def open(cls, folder: str | os.PathLike[str], prompter: Prompter, **options: Any) -> Self:
        """Open a folder; `options` as for `assembly.open_local`. Close in the same task."""
        async with AsyncExitStack() as stack:
            gateway = await stack.enter_async_context(open_local(folder, **options))
            made = cls(gateway, prompter)
            made._stack = stack.pop_all()
            return made

    async def request(self, method: str, params: Mapping[str, Any]) -> Any:
        """Call a method."""
        return await self._api.request(method, params)

    def events(self) -> AbstractAsyncContextManager[AsyncIterator[Event]]:
        """Events from now on."""
        return self._gateway.watch()

    async def aclose(self) -> None:
        """Close the gateway that `open` opened."""
        await self._stack.aclose()
