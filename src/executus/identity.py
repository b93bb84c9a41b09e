"""Who asks for a run: the caller, who of them is an administrator, and whom a name means.

Nobody is an administrator and everybody is themselves, until the host says otherwise.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Protocol

from executus.errors import SetupError

__all__ = [
    "ANONYMOUS",
    "NOBODY",
    "THEMSELVES",
    "AdminPolicy",
    "AdminRole",
    "Caller",
    "Directory",
    "MemberResolver",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Someone on whose behalf a run is made.

    Attributes:
        id: Stable and unique within the host; budgets, lanes and stores key on it.
        name: For people to read.
        roles: Host-defined; permissions look at them.

    Raises:
        SetupError: The id is no text, or the roles are one text or no collection of texts.
    """

    id: str
    name: str = ""
    roles: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        _check(self.id, self.roles)
        # A list is what configurations hold; kept as it came, it would match no tool's role.
        object.__setattr__(self, "roles", frozenset(self.roles))


def _check(caller_id: object, roles: object) -> None:
    if not isinstance(caller_id, str):
        raise SetupError(f"a caller's id is a text, not {caller_id!r}")
    if isinstance(roles, str) or not isinstance(roles, Collection):
        raise SetupError(f"a caller's roles are a collection of names, not {roles!r}")


ANONYMOUS = Caller(id="anonymous")


class AdminPolicy(Protocol):
    """Decides who may do what only administrators may. When it raises, the answer is no."""

    async def is_admin(self, caller: Caller) -> bool:
        """Whether this caller is an administrator."""
        ...


class MemberResolver(Protocol):
    """Turns what a user or a model wrote into the caller it means."""

    async def resolve(self, reference: str) -> Caller | None:
        """The caller a name, a mention or an id means; None when nobody, or not one alone."""
        ...


class _Nobody:
    async def is_admin(self, caller: Caller) -> bool:
        del caller
        return False


class _Themselves:
    async def resolve(self, reference: str) -> Caller | None:
        plain = reference.strip()
        return Caller(id=plain) if plain else None


NOBODY: AdminPolicy = _Nobody()
THEMSELVES: MemberResolver = _Themselves()
"""A reference is the id of a caller without a role; it exists because somebody says so."""


class AdminRole:
    """Administrators are the callers who have a role.

    Args:
        role: Its name; case counts.

    Example:
        >>> import anyio
        >>> policy = AdminRole("ops")
        >>> anyio.run(policy.is_admin, Caller(id="ann", roles=frozenset({"ops"})))
        True
    """

    def __init__(self, role: str = "admin") -> None:
        self._role = role

    async def is_admin(self, caller: Caller) -> bool:
        """Whether the caller has the role."""
        return self._role in caller.roles


_MENTION = re.compile(r"<@!?(.+)>|@(.+)")


class Directory:
    """The callers a host knows.

    A reference is an id, or else a name, as it is or as a mention (`@ann`, `<@17>`). Ids must agree
    exactly and come first, so that nobody takes another's by a name; for names, case and spacing do
    not matter, and a name that two callers have means neither.

    Args:
        callers: All of them.

    Raises:
        SetupError: Two have the same id.

    Example:
        >>> import anyio
        >>> known = Directory([Caller(id="17", name="Ann Lee"), Caller(id="18", name="Bob")])
        >>> anyio.run(known.resolve, "@ann lee").id
        '17'
    """

    def __init__(self, callers: Iterable[Caller]) -> None:
        self._by_id: dict[str, Caller] = {}
        self._by_name: dict[str, Caller | None] = {}
        for caller in callers:
            if caller.id in self._by_id:
                raise SetupError(f"two callers have the id {caller.id!r}; ids must be unique")
            self._by_id[caller.id] = caller
            if name := _plain(caller.name):
                self._by_name[name] = None if name in self._by_name else caller

    async def resolve(self, reference: str) -> Caller | None:
        """The caller who is meant, or None."""
        whole = reference.strip()
        mention = _MENTION.fullmatch(whole)
        forms = [whole, (mention[1] or mention[2]).strip()] if mention else [whole]
        for form in forms:
            if form in self._by_id:
                return self._by_id[form]
        for form in forms:
            if found := self._by_name.get(_plain(form)):
                return found
        return None


def _plain(name: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())
