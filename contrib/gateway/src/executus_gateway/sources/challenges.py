"""What a server says when it wants a credential: `WWW-Authenticate`, read. No I/O."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from executus.egress import EgressResponse

__all__ = ["INSUFFICIENT", "Challenge", "Refusal", "challenge_in", "refusal", "refusal_of"]

INSUFFICIENT = "insufficient_scope"

# A parameter follows a scheme or a comma; its value is a token or quoted (RFC 9110, 11.2).
_PARAMETER = re.compile(r'([A-Za-z_*-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))')
_SCHEME = re.compile(r"\s*([A-Za-z0-9!#$%&'*+.^_`|~-]+)(?:\s|$)")
_ESCAPE = re.compile(r"\\(.)")
MAX_HEADER_CHARS = 8192


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenge:
    """The challenge that matters most, the one for a bearer token where there is one.

    Attributes:
        scheme: In lower case; empty when there is no challenge.
        realm: What is protected.
        scopes: What a token must be good for.
        error: `invalid_token`, `insufficient_scope`, … (RFC 6750).
        metadata: Address of what the server says of its protection (RFC 9728).
    """

    scheme: str = ""
    realm: str = ""
    scopes: Sequence[str] = ()
    error: str = ""
    metadata: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """An answer that asks for a credential, or for one that may more.

    Attributes:
        status: 401 or 403.
        challenge: What it says with it.
    """

    status: int
    challenge: Challenge


def refusal_of(response: EgressResponse) -> Refusal | None:
    """What an answer asks for; None when it asks for no credential."""
    texts = [value for name, value in response.headers if name == "www-authenticate"]
    return refusal(response.status, *texts)


def refusal(status: int, *texts: str) -> Refusal | None:
    """What a status asks for, with the texts of `WWW-Authenticate`; None for no credential."""
    challenge = challenge_in(*texts)
    if status == 401 or (status == 403 and challenge.error == INSUFFICIENT):
        return Refusal(status=status, challenge=challenge)
    return None


def challenge_in(*texts: str) -> Challenge:
    """The challenge in the texts of `WWW-Authenticate`; an empty one when there is none.

    >>> challenge_in('Basic realm="a, b", Bearer error="invalid_token"').error
    'invalid_token'
    """
    found = [made for text in texts for made in _challenges(text[:MAX_HEADER_CHARS])]
    bearers = [made for made in found if made.scheme == "bearer"]
    return next(iter([*bearers, *found]), Challenge())


def _challenges(text: str) -> list[Challenge]:
    made: list[Challenge] = []
    scheme, parameters, at = "", dict[str, str](), 0
    while at < len(text):
        if pair := _PARAMETER.match(text, at):
            quoted = pair[2]
            value = pair[3] if quoted is None else _ESCAPE.sub(r"\1", quoted)
            parameters.setdefault(pair[1].lower(), value)
            at = pair.end()
        elif named := _SCHEME.match(text, at):
            made += _made(scheme, parameters)
            scheme, parameters, at = named[1].lower(), {}, named.end()
        else:
            at += 1
    return [*made, *_made(scheme, parameters)]


def _made(scheme: str, parameters: dict[str, str]) -> list[Challenge]:
    if not scheme:
        return []
    return [
        Challenge(
            scheme=scheme,
            realm=parameters.get("realm", ""),
            scopes=tuple(parameters.get("scope", "").split()),
            error=parameters.get("error", ""),
            metadata=parameters.get("resource_metadata", ""),
        )
    ]
