"""`POST /rpc`: `{method, params}` in, `{result}` or `{error: {code, message}}` out."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Mapping
from typing import Any, Final

import anyio
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import to_json
from starlette.requests import Request
from starlette.responses import Response

from executus_gateway.api import Api, MethodCall, fault_code
from executus_gateway.errors import GatewayError
from executus_gateway.server.refusal import Refusal

__all__ = ["Rpc"]

logger = logging.getLogger("executus_gateway.server")

WAITING: Final = frozenset({"execute", "runs.wait"})
"""Nothing is lost when these are given up with the connection: a run outlives who waits for it."""


class _Call(BaseModel):
    model_config = ConfigDict(extra="forbid")

    method: str
    params: dict[str, Any] = {}


class Rpc:
    """The route's endpoint.

    Args:
        api: The gateway's methods.
        further: Methods of the server itself.
    """

    def __init__(self, api: Api, further: Mapping[str, MethodCall]) -> None:
        self._api = api
        self._further = further

    async def answer(self, request: Request) -> Response:
        """Answer one request."""
        try:
            call = _Call.model_validate_json(await request.body())
        except ValidationError:
            return Refusal(
                status=400, code="bad_request", message='send {"method": "…", "params": {…}}'
            ).response()
        if call.method not in WAITING:
            return _response(await self._answered(call))
        return _response(await self._while_connected(request, call))

    async def _while_connected(self, request: Request, call: _Call) -> dict[str, Any]:
        answered: dict[str, Any] = {}

        async def leave_when_gone() -> None:
            while (await request.receive())["type"] != "http.disconnect":
                pass
            group.cancel_scope.cancel()

        async with anyio.create_task_group() as group:
            group.start_soon(leave_when_gone)
            answered.update(await self._answered(call))
            group.cancel_scope.cancel()
        return answered

    async def _answered(self, call: _Call) -> dict[str, Any]:
        further = self._further.get(call.method)
        try:
            if further is not None:
                return {"result": await further(call.params)}
            return {"result": await self._api.request(call.method, call.params)}
        except GatewayError as error:
            return {"error": {"code": fault_code(error), "message": str(error)}}
        except Exception:
            fault = secrets.token_hex(6)
            logger.exception("fault %s in %s", fault, call.method[:80])
            told = f"the gateway failed; its log has fault {fault}"
            return {"error": {"code": "internal", "message": told}}


def _response(answered: Mapping[str, Any]) -> Response:
    return Response(to_json(answered), media_type="application/json")
