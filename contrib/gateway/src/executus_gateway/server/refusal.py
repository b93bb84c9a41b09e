"""A request that is not answered: a status, a code for programs and one sentence for people."""

from __future__ import annotations

from dataclasses import dataclass, field

from pydantic_core import to_json
from starlette.responses import Response

__all__ = ["Refusal"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why.

    Attributes:
        status: HTTP status.
        code: For programs.
        message: One sentence; repeats nothing of what was sent.
        headers: Further ones of the answer.
    """

    status: int
    code: str
    message: str
    headers: dict[str, str] = field(default_factory=dict[str, str])

    def response(self) -> Response:
        """As an answer."""
        body = to_json({"error": {"code": self.code, "message": self.message}})
        return Response(body, self.status, self.headers, media_type="application/json")
