"""Which credential a server wants: its challenge, and what it publishes of itself (RFC 9728)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, cast
from urllib.parse import urlsplit, urlunsplit

from executus.egress import Egress, EgressError
from executus_gateway.ports import AuthRequired
from executus_gateway.schema import AuthScheme
from executus_gateway.sources.challenges import INSUFFICIENT, Challenge, Refusal
from executus_gateway.sources.jsonobjects import json_object
from executus_gateway.sources.urlparts import host_of

__all__ = ["TOKEN", "protected"]

WELL_KNOWN: Final = "/.well-known/oauth-protected-resource"
MAX_METADATA_BYTES = 64 * 1024
MAX_TOLD_CHARS = 80
MAX_TOLD = 8
TIMEOUT_S = 10.0

TOKEN: Final = "token"  # noqa: S105 - the name of a credential

_UNSEEN = re.compile(r"[^\x21-\x7e]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Metadata:
    issuers: Sequence[str] = ()
    scopes: Sequence[str] = ()


async def protected(guard: Egress, url: str, refusal: Refusal, *, given: bool) -> AuthRequired:
    """What to tell of a server that answered 401, or 403 for a token that may too little.

    At most two requests are made for what the server publishes; without it the challenge is told.

    Args:
        guard: Sends them.
        url: What was asked.
        refusal: What it answered.
        given: Whether a credential was sent.
    """
    challenge = refusal.challenge
    if challenge.scheme == "basic":
        scheme = AuthScheme(name=TOKEN, placement="basic", hint=f"user:password for {host_of(url)}")
        return AuthRequired(
            _sentence(url, challenge, _Metadata(), status=refusal.status, given=given), (scheme,)
        )
    metadata = await _published(guard, url, challenge)
    sentence = _sentence(url, challenge, metadata, status=refusal.status, given=given)
    scheme = AuthScheme(
        name=TOKEN,
        placement="bearer",
        hint=f"A token, without 'Bearer': {sentence}"[:300],
        oauth=bool(metadata.issuers),
    )
    return AuthRequired(sentence, (scheme,))


def _sentence(
    url: str, challenge: Challenge, metadata: _Metadata, *, status: int, given: bool
) -> str:
    host = host_of(url)
    what = "user and password" if challenge.scheme == "basic" else "a token"
    scopes = _told(challenge.scopes or metadata.scopes)
    issuers = _told(filter(None, map(host_of, metadata.issuers)))
    wanted = f"{what}{f' of {issuers}' if issuers else ''}{f' for {scopes}' if scopes else ''}"
    if challenge.error == INSUFFICIENT:
        return f"{host} wants {wanted}: what it was given may too little"
    if given:
        return f"{host} refused the credential it was given (status {status}); it wants {wanted}"
    return f"{host} wants {wanted}"


async def _published(guard: Egress, url: str, challenge: Challenge) -> _Metadata:
    for address in _addresses(url, challenge):
        try:
            answer = await guard.fetch(
                "GET",
                address,
                headers={"Accept": "application/json"},
                max_bytes=MAX_METADATA_BYTES,
                timeout_s=TIMEOUT_S,
            )
        except EgressError:
            continue
        if answer.status == 200 and (found := _read(answer.body, url)) is not None:
            return found
    return _Metadata()


def _addresses(url: str, challenge: Challenge) -> list[str]:
    """Where it says, or else where the standard says: for the path, then for the whole host."""
    if challenge.metadata:
        return [challenge.metadata]
    parts = urlsplit(url)
    paths = dict.fromkeys((f"{WELL_KNOWN}{parts.path.rstrip('/')}", WELL_KNOWN))
    return [urlunsplit((parts.scheme, parts.netloc, path, "", "")) for path in paths]


def _read(body: bytes, url: str) -> _Metadata | None:
    told = json_object(body)
    if _origin(str(told.get("resource", ""))) != _origin(url):
        return None  # of another server, or none at all: RFC 9728, 3.3
    return _Metadata(
        issuers=_texts(told.get("authorization_servers")),
        scopes=_texts(told.get("scopes_supported")),
    )


def _origin(url: str) -> tuple[object, ...]:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return ()
    return parts.scheme, parts.hostname, port


def _texts(value: object) -> tuple[str, ...]:
    items = cast("list[object]", value) if isinstance(value, list) else []
    return tuple(item for item in items if isinstance(item, str))


def _told(texts: Iterable[str]) -> str:
    """Words of a foreign server, short and of visible characters: they get into prompts."""
    clean = [_UNSEEN.sub("", text)[:MAX_TOLD_CHARS] for text in texts]
    return ", ".join(clean[:MAX_TOLD])
