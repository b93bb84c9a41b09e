"""Conversations as `/api/chat` takes them: fragments, and what their neighbours ask for.

Source: wire/ollama §3.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from majordomo.llm.fragments import Fragments
from majordomo.llm.message import Message, Role
from majordomo.llm.response import Target
from majordomo.providers.callids import PortableCallIds
from majordomo.providers.encodings import Encodings
from majordomo.providers.ollama.content import Call, Fragment, Result, encode_message
from majordomo.providers.ollama.thinking import WIRE
from majordomo.providers.text import dump

__all__ = ["Conversation", "join_messages"]

_NOT_COMPLETED = dump("Error: the call was not completed.")


@dataclass(slots=True)
class _OpenCall:
    """A call of the last turn, and its result once it has come."""

    call: Call
    wire_id: str
    result: Result | None = None


def join_messages(
    messages: Sequence[Message], fragments: Fragments, target: Target
) -> Conversation:
    """A conversation in this dialect; what was joined in earlier calls of the run is kept."""
    key = (WIRE, target)
    known = fragments.of(key, Fragment)
    return fragments.joined(key, messages, lambda: Conversation(known, target))


class Conversation:
    """Wire messages in the making.

    The results of a turn's calls follow it in the order of the calls: servers that know no ids
    match them so. A call nobody answered gets an error, one whose id is taken or unfit an id of
    its own. Images of results follow in one user message. Dropped: a result without its call, a
    second result, and thinking once the user has spoken again.

    Attributes:
        system_texts: Texts of system messages, which go elsewhere.
    """

    def __init__(self, known: dict[int, tuple[Message, Fragment]], target: Target) -> None:
        self.system_texts: list[str] = []
        self._encodings = Encodings(known, partial(encode_message, target=target))
        self._joined: list[bytes] = []
        self._thoughts: list[tuple[int, bytes]] = []
        self._open: list[_OpenCall] = []
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
        for result in fragment.results:
            self._answer(result)
        if fragment.said:
            self._joined.extend(self._closing())
            self._open = [_OpenCall(call, self._ids.new(call.id)) for call in fragment.calls]
            if fragment.by_user:
                self._forget_thoughts()
            self._say(fragment)

    def _say(self, fragment: Fragment) -> None:
        calls = b",".join(b'{"id":' + dump(o.wire_id) + o.call.rest for o in self._open)
        rest = b',"tool_calls":[' + calls + b"]}" if calls else b"}"
        if fragment.thinking:
            self._thoughts.append((len(self._joined), fragment.said + rest))
        self._joined.append(fragment.said + fragment.thinking + rest)

    def _forget_thoughts(self) -> None:
        """Only the thinking of the current tool loop goes back."""
        for place, plain in self._thoughts:
            self._joined[place] = plain
        self._thoughts = []

    def _answer(self, result: Result) -> None:
        for open_call in self._open:
            if open_call.call.id == result.call_id and open_call.result is None:
                open_call.result = result
                return

    def _closing(self) -> Iterator[bytes]:
        """What must follow the last turn before anything else is said."""
        labels: list[str] = []
        images: list[bytes] = []
        for asked in self._open:
            result = asked.result or Result(asked.call.id, _NOT_COMPLETED)
            name, wire_id = dump(asked.call.name), dump(asked.wire_id)
            yield b'{"role":"tool","tool_name":%b,"tool_call_id":%b,"content":%b}' % (
                name,
                wire_id,
                result.content,
            )
            first = len(images) + 1
            images += result.images
            where = f"of {asked.call.name} ({asked.wire_id})"
            labels += (f"Image {at}: result {where}" for at in range(first, len(images) + 1))
        if images:
            content = dump("\n".join(labels))
            yield b'{"role":"user","content":%b,"images":[%b]}' % (content, b",".join(images))

    def encoded(self) -> bytes:
        """The wire messages so far, joined by commas; more may still be added."""
        return b",".join((*self._joined, *self._closing()))
