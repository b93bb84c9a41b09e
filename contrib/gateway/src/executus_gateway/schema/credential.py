"""References to secrets, and where they go in a request; the values are in the vault alone."""

from __future__ import annotations

from typing import Literal, TypeAlias

from executus_gateway.schema.ids import CredentialId, SourceId
from executus_gateway.schema.record import Millis, Record, Value

__all__ = ["AuthScheme", "CredentialRef", "OAuthToken", "PlacementKind"]

PlacementKind: TypeAlias = Literal["header", "query", "cookie", "env", "bearer", "basic"]


class AuthScheme(Value):
    """One value a source wants with its calls.

    Attributes:
        name: The source's name for it; what credentials are found by.
        placement: Where the value goes. `bearer` and `basic` are the Authorization header, `env` a
            variable of an MCP server's process.
        key: Name of the header, parameter, cookie or variable; empty for bearer and basic.
        hint: One line for the person who is asked for it.
        oauth: Whether it comes from an authorization flow rather than from a person's keyboard.
    """

    name: str
    placement: PlacementKind
    key: str = ""
    hint: str = ""
    oauth: bool = False


class CredentialRef(Record):
    """That a source's credential is in the vault, under this record's id.

    Attributes:
        source: Whose.
        scheme: What it is for.
        label: What the person called it.
        refused: Whether the source has refused it since it was given.
    """

    collection: Literal["credential"] = "credential"
    source: SourceId
    scheme: AuthScheme
    label: str = ""
    refused: bool = False


class OAuthToken(Record):
    """What is known of a token of an authorization flow; both tokens are in the vault.

    Attributes:
        source: Whose.
        issuer: Who gave it.
        client_id: Registered with the issuer; public.
        scopes: Granted.
        access: Vault entry of the access token.
        refresh: Vault entry of the refresh token, if any.
        expires_ms: When the access token ends; 0 for unknown.
    """

    collection: Literal["token"] = "token"
    source: SourceId
    issuer: str
    client_id: str
    scopes: tuple[str, ...] = ()
    access: CredentialId
    refresh: CredentialId | None = None
    expires_ms: Millis = 0
