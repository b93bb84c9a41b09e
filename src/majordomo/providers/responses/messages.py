"""Conversations as the Responses API takes them: one flat list of items.

Every call is answered directly after its turn; what that takes depends on neighbours, so it happens
between fragments. Source: wire/responses §3.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from majordomo.llm.fragments import Fragments
from majordomo.llm.message import Message, Role
from majordomo.llm.response import Target
from majordomo.providers.callids import PortableCallIds
from majordomo.providers.encodings import Encodings
from majordomo.providers.responses.content import Call, Fragment, encode_message
from majordomo.providers.responses.items import WIRE
from majordomo.providers.text import dump

__all__ = ["Conversation", "join_messages"]

_NEVER_ANSWERED = b',"type":"function_call_output","output":"Error: the call was not completed."}'


def join_messages(
    messages: Sequence[Message], fragments: Fragments, target: Target, *, stored: bool
) -> Conversation:
    """A conversation in this dialect; what was joined in earlier calls of the run is kept."""
    key = (WIRE, stored, target)
    known = fragments.of(key, Fragment)
    return fragments.joined(key, messages, lambda: Conversation(known, target, stored=stored))


class Conversation:
    """Items in the making.

    Every call gets exactly one output, directly after its turn; a call nobody answered gets an
    error, one whose id is taken or unfit gets an id of its own. Dropped: a result without its
    call, a second result.

    Attributes:
        system_texts: Texts of system messages, which go elsewhere.
    """

    def __init__(
        self, known: dict[int, tuple[Message, Fragment]], target: Target, *, stored: bool
    ) -> None:
        self.system_texts: list[str] = []
        self._encodings = Encodings(known, partial(encode_message, target=target, stored=stored))
        self._items: list[bytes] = []
        self._open: list[tuple[str, bytes]] = []
        self._ids = PortableCallIds()

    @property
    def keep(self) -> bool:
        """False once it holds media too big to keep beside the message."""
        return self._encodings.keep

    def add(self, message: Message) -> None:
        """Add the next message."""
        if message.role is Role.SYSTEM:
            self.system_texts.append(message.text)
            return
        fragment = self._encodings.of(message)
        for call_id, rest in fragment.answers:
            self._answer(call_id, rest)
        if fragment.items:
            self._items.extend(self._closing())
            self._open = []
        for item in fragment.items:
            self._items.append(self._call(item) if isinstance(item, Call) else item)

    def _call(self, call: Call) -> bytes:
        head = b'{"call_id":' + dump(self._ids.new(call.id))
        self._open.append((call.id, head))
        return head + call.rest

    def _answer(self, call_id: str, rest: bytes) -> None:
        for at, (asked, head) in enumerate(self._open):
            if asked == call_id:
                del self._open[at]
                self._items.append(head + rest)
                return

    def _closing(self) -> Iterator[bytes]:
        """Results for the calls of the last turn that have none."""
        return (head + _NEVER_ANSWERED for _, head in self._open)

    def encoded(self) -> bytes:
        """The items so far, joined by commas; more may still be added."""
        return b",".join((*self._items, *self._closing()))
