"""Conversations as the Messages API takes them: fragments, joined into alternating turns.

Merging turns, putting results first and answering calls nobody answered depend on neighbours, so
they happen between fragments. Source: wire/anthropic §3, §4.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from majordomo.llm.fragments import Fragments
from majordomo.llm.message import Message, Role
from majordomo.llm.response import Target
from majordomo.providers.anthropic.content import (
    WIRE,
    Fragment,
    call_name,
    encode_apart,
    encode_message,
    text_block,
)
from majordomo.providers.anthropic.options import AnthropicOptions
from majordomo.providers.encodings import Encodings
from majordomo.providers.text import dump

__all__ = ["call_names", "join_messages"]

_BEGIN = b",".join(text_block("(The conversation begins.)"))
_NEVER_ANSWERED = b"," + dump({"is_error": True, "content": "the call was never completed"})[1:]


def join_messages(
    messages: Sequence[Message],
    fragments: Fragments,
    target: Target,
    options: AnthropicOptions,
) -> Conversation:
    """A conversation in this dialect; what was joined in earlier calls of the run is kept."""
    key = (WIRE, options, target)
    known = fragments.of(key, Fragment)
    return fragments.joined(key, messages, lambda: Conversation(known, target))


class Conversation:
    """Wire messages in the making: an assistant's turn, and the user's that answers it.

    Turns of one role are merged and the first one is the user's. The results of a turn's calls
    stand first in the next message, in the order of the calls; a call nobody answered gets an
    error, and one whose id is taken gets an id of its own. Dropped: a result without its call, a
    second result, text of white space alone.

    Attributes:
        system_texts: Texts of system messages, which go elsewhere.
    """

    def __init__(self, known: dict[int, tuple[Message, Fragment]], target: Target) -> None:
        self.system_texts: list[str] = []
        self._encodings = Encodings(known, partial(encode_message, target=target))
        self._target = target
        self._messages: list[bytes] = []
        self._assistant: list[Fragment] = []
        self._calls: list[tuple[str, bytes]] = []
        self._answers: dict[str, list[bytes]] = {}
        self._taken: set[bytes] = set()
        self._user: list[bytes] = []

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
        if message.role is Role.ASSISTANT:
            self._add_assistant(self._apart(message, fragment))
        else:
            self._add_user(fragment)

    def _apart(self, message: Message, fragment: Fragment) -> Fragment:
        """The fragment, its call ids changed when they were used before."""
        ids = {wire_id for _, wire_id in fragment.calls}
        if len(ids) < len(fragment.calls) or not ids.isdisjoint(self._taken):
            fragment = encode_apart(message, self._target, len(self._taken))
        self._taken.update(wire_id for _, wire_id in fragment.calls)
        return fragment

    def _add_assistant(self, fragment: Fragment) -> None:
        """Add an assistant's blocks; what its user's turn lacked is known to be missing now."""
        if not fragment.blocks:
            return
        if self._user or self._calls:
            self._close()
        elif not self._messages and not self._assistant:
            self._user.append(_BEGIN)
            self._close()
        self._assistant.append(fragment)
        self._calls += fragment.calls
        self._answers |= {call_id: [] for call_id, _ in fragment.calls}

    def _add_user(self, fragment: Fragment) -> None:
        """Add a user's blocks, and results of calls that wait for them."""
        for call_id, answer in fragment.answers:
            if call_id in self._answers:
                self._answers[call_id].append(answer)
        if fragment.blocks:
            self._user.append(fragment.blocks)

    def _close(self) -> None:
        self._messages.extend(self._open_turns())
        self._assistant, self._user = [], []
        self._calls, self._answers = [], {}

    def _open_turns(self) -> Iterator[bytes]:
        """The turns still open, with every call answered."""
        left = {call_id: iter(answers) for call_id, answers in self._answers.items()}
        user = [
            b'{"type":"tool_result","tool_use_id":%b%b'
            % (wire_id, next(left[call_id], _NEVER_ANSWERED))
            for call_id, wire_id in self._calls
        ]
        user += self._user
        if self._assistant:
            blocks = [fragment.blocks for fragment in self._assistant]
            if not user:
                blocks[-1] = self._assistant[-1].final
            yield b'{"role":"assistant","content":[%b]}' % b",".join(blocks)
        if user:
            yield b'{"role":"user","content":[%b]}' % b",".join(user)

    def encoded(self) -> bytes:
        """The wire messages so far, joined by commas; more may still be added."""
        messages = (*self._messages, *self._open_turns())
        # With a system text alone nobody has spoken, and somebody has to.
        return b",".join(messages) or b'{"role":"user","content":[%b]}' % _BEGIN


def call_names(messages: Sequence[Message]) -> list[str]:
    """Names of the tools a conversation has called, as on the wire, in order of first use."""
    calls = (call_name(call) for message in messages for call in message.tool_calls)
    return list(dict.fromkeys(calls))
