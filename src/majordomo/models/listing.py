"""What a registry tells of its names: data for a listing, without a credential in it."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import StrEnum

from majordomo.llm import Access, Provider

__all__ = ["Listing", "Source", "access_of"]

_CREDENTIALS = re.compile(r"//[^/]*@")


class Source(StrEnum):
    """Where a name comes from."""

    BUILT_IN = "built-in"
    REGISTERED = "registered"
    """By the host's code."""
    VARIABLE = "variable"
    ALIAS = "alias"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """One name.

    Attributes:
        name: As it is written in a spec.
        source: Where it comes from.
        is_alias: It stands for other models, and is no provider.
        variable: The variable that declares it; empty when none does.
        access: How a provider is reached, and what it lacks; for a variable that cannot be read,
            its fault.
        spec: What an alias stands for; empty for one from a variable, whose text is not shown.
        default_model: Model id meant by a provider's bare name.
    """

    name: str
    source: Source
    is_alias: bool = False
    variable: str = ""
    access: Access = Access()
    spec: str = ""
    default_model: str | None = None

    @property
    def ready(self) -> bool:
        """Nothing is missing."""
        return not self.access.missing


def access_of(provider: Provider) -> Access:
    """How a provider is reached, as far as it says; credentials in its URL are left out."""
    # Not `isinstance(provider, ReachedProvider)`: a protocol's check took most of parsing a spec.
    said: object = getattr(provider, "access", None)
    access = said if isinstance(said, Access) else Access()
    if access.base_url is not None:
        access = replace(access, base_url=_CREDENTIALS.sub("//", access.base_url.partition("?")[0]))
    return access
