"""The toolset `net`: plain HTTP requests and name lookups, behind the egress guard."""

from __future__ import annotations

import base64
import re
from collections.abc import Collection, Mapping
from dataclasses import replace
from http.client import responses
from typing import Any

from executus.egress import Egress, EgressResponse
from executus.errors import SetupError
from executus.registry import Effect, policy, with_policy
from executus.tools.framing import untrusted
from majordomo.llm import BadArguments, Tool, ToolContext, tool

__all__ = ["dns_tools", "net_tools"]

MAX_BODY_BYTES = 64 * 1024
MAX_RESULT_BYTES = 2 * MAX_BODY_BYTES
"""Room for a whole body and the headers before it."""
MAX_SENT_BYTES = 1024 * 1024
MAX_BASE64_BYTES = 8 * 1024
MAX_HEADERS = 60
MAX_HEADER_CHARS = 500

_SECRET = re.compile(r"\{secret:([^{}\s]+)\}")


def net_tools(egress: Egress, *, secrets: Collection[str] = ()) -> tuple[Tool, ...]:
    """The tools `http_request` and `dns_lookup`.

    Args:
        egress: The guarded way out.
        secrets: Names of secrets that a request's headers may carry, written `{secret:NAME}`. The
            model chooses where they are sent: name only those that may go to any host `egress`
            reaches, and limit the calls by a call policy.

    Raises:
        SetupError: A secret's name cannot be written in a header.
    """
    if isinstance(secrets, str):
        raise SetupError(f"secrets takes a collection of names: write [{secrets!r}]")
    for name in secrets:
        if not _SECRET.fullmatch(f"{{secret:{name}}}"):
            raise SetupError(f"the secret name {name!r} must have no space and no braces")
    return _http_request(egress, tuple(secrets)), *dns_tools(egress)


def dns_tools(egress: Egress) -> tuple[Tool, ...]:
    """The tool `dns_lookup` alone.

    Args:
        egress: Its resolver is asked, and its rules judge the answers.
    """

    @policy(effect=Effect.READ, idempotent=True, timeout_s=15, keep_overflow=False)
    @tool
    async def dns_lookup(name: str) -> str:
        """Look up the public internet addresses of a host name.

        Args:
            name: A host name such as "example.org", without scheme, port or path.
        """
        addresses = await egress.lookup(name.strip())
        return "\n".join(str(address) for address in addresses)

    return (dns_lookup,)


def _http_request(egress: Egress, secrets: tuple[str, ...]) -> Tool:
    @tool
    async def http_request(
        context: ToolContext[Any],
        url: str,
        method: str = "GET",
        headers: dict[str, str] | None = None,
        body: str = "",
    ) -> str:
        """Send one HTTP request to the public internet; gives status, headers and body.

        Args:
            context: The call.
            url: Absolute, http or https.
            method: GET, POST, PUT, PATCH, DELETE, HEAD or OPTIONS.
            headers: Header names and values.
            body: The body as text; set the header content-type along with it.
        """
        if len(body.encode("utf-8", "replace")) > MAX_SENT_BYTES:
            raise BadArguments(f"the body is over {MAX_SENT_BYTES} bytes: send less")
        filled, secret_headers = _filled(headers or {}, context.secrets)
        answer = await egress.fetch(
            method,
            url,
            headers=filled,
            content=body.encode("utf-8", "replace") if body else None,
            max_bytes=MAX_BODY_BYTES,
            oversize="cut",
            secret_headers=secret_headers,
        )
        return untrusted(_described(answer), source=answer.url)

    made = http_request
    if secrets:
        names = " ".join(f"{{secret:{name}}}" for name in secrets)
        told = f"{made.description}\n\nIn header values these stand for keys: {names}"
        made = replace(made, description=told)
    return with_policy(
        made, effect=Effect.EXTERNAL, secrets=secrets, max_result_bytes=MAX_RESULT_BYTES
    )


def _filled(
    headers: Mapping[str, str], secrets: Mapping[str, str]
) -> tuple[Mapping[str, str], Collection[str]]:
    """The headers with secrets in place, and the names of those that carry one."""
    filled: dict[str, str] = {}
    carrying: list[str] = []
    for header, value in headers.items():
        names = _SECRET.findall(value)
        unknown = [name for name in names if name not in secrets]
        if unknown:
            known = ", ".join(secrets) or "none"
            raise BadArguments(f"there is no secret {unknown[0]!r} for this tool; known: {known}")
        if names:
            carrying.append(header)
        filled[header] = _SECRET.sub(lambda match: secrets[match[1]], value)
    return filled, carrying


def _described(answer: EgressResponse) -> str:
    lines = [f"HTTP {answer.status} {responses.get(answer.status, '')}".rstrip()]
    lines += [f"{name}: {value[:MAX_HEADER_CHARS]}" for name, value in answer.headers[:MAX_HEADERS]]
    left_out = len(answer.headers) - MAX_HEADERS
    if left_out > 0:
        lines.append(f"({left_out} more headers)")
    return "\n".join([*lines, "", _body(answer)])


def _body(answer: EgressResponse) -> str:
    body = answer.body
    note = f"\n[cut here, after {len(body)} bytes]" if answer.truncated else ""
    if not body:
        return "(no body)"
    text = _as_text(body, cut=answer.truncated)
    if text is not None:
        return text + note
    shown = base64.b64encode(body[:MAX_BASE64_BYTES]).decode("ascii")
    kind = answer.header("content-type", "unknown type")
    rest = "" if len(body) <= MAX_BASE64_BYTES else f", of which the first {MAX_BASE64_BYTES} are"
    return f"[binary, {kind}: {len(body)} bytes{rest} shown as base64]\n{shown}{note}"


def _as_text(body: bytes, *, cut: bool) -> str | None:
    """The body, if it is text in UTF-8; a character broken by the cut is left out."""
    if b"\0" in body:
        return None
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        if cut and error.start >= len(body) - 3:
            return body[: error.start].decode("utf-8")
        return None
