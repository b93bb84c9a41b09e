"""Credentials as headers of a request."""

from __future__ import annotations

import base64

from executus_gateway.ports import Credential, Credentials

__all__ = ["header_of", "headers_of"]


def header_of(credential: Credential) -> tuple[str, str] | None:
    """Name and value of the header a credential is; None for one that goes elsewhere."""
    scheme, value = credential.scheme, credential.value
    match scheme.placement:
        case "bearer":
            return "Authorization", f"Bearer {value}"
        case "basic":
            return "Authorization", f"Basic {base64.b64encode(value.encode()).decode()}"
        case "header":
            return scheme.key, value
        case _:
            return None


def headers_of(credentials: Credentials) -> dict[str, str]:
    """All headers that a source's credentials are."""
    return dict(filter(None, map(header_of, credentials)))
