"""How a browser gets in: a ticket for one login, which becomes a session kept in a cookie."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from hashlib import sha256

from majordomo.clock import SYSTEM_CLOCK, Clock

__all__ = ["Tickets"]

TICKET_S = 60.0
SESSION_S = 12 * 3600.0
MAX_OPEN = 100


def random_word() -> str:
    """256 bits, as text for addresses and cookies."""
    return secrets.token_urlsafe(32)


class Tickets:
    """Tickets and sessions of one server, in memory: a restart ends all of them.

    Only hashes are kept, so that looking one up takes as long for a near miss as for any other.

    Args:
        clock: Ends both.
        new_word: Makes them.
        ticket_s: Seconds a ticket can be redeemed in.
        session_s: Seconds a browser stays logged in.
    """

    def __init__(
        self,
        *,
        clock: Clock = SYSTEM_CLOCK,
        new_word: Callable[[], str] = random_word,
        ticket_s: float = TICKET_S,
        session_s: float = SESSION_S,
    ) -> None:
        self._clock = clock
        self._new_word = new_word
        self._ticket_s = ticket_s
        self._session_s = session_s
        self._tickets: dict[bytes, float] = {}
        self._sessions: dict[bytes, float] = {}

    def issue(self) -> str:
        """A new ticket."""
        return self._keep(self._tickets, self._ticket_s)

    def redeem(self, ticket: str) -> str | None:
        """A session for a ticket; None when it is used, too old or no ticket at all."""
        ends = self._tickets.pop(_hash(ticket), None)
        if ends is None or ends <= self._clock.monotonic():
            return None
        return self._keep(self._sessions, self._session_s)

    def knows(self, session: str) -> bool:
        """Whether a session goes on."""
        return self._sessions.get(_hash(session), 0.0) > self._clock.monotonic()

    def _keep(self, where: dict[bytes, float], lasts_s: float) -> str:
        word = self._new_word()
        now = self._clock.monotonic()
        for ended in [key for key, ends in where.items() if ends <= now]:
            del where[ended]
        if len(where) >= MAX_OPEN:
            del where[next(iter(where))]  # the oldest
        where[_hash(word)] = now + lasts_s
        return word


def _hash(word: str) -> bytes:
    return sha256(word.encode("utf-8", "replace")).digest()
