"""Conversations as `contents`: fragments, joined into turns of user and model.

Merging turns, putting responses first and answering calls nobody answered depend on neighbours, so
they happen between fragments. Source: wire/google §3.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from majordomo.llm.fragments import Fragments
from majordomo.llm.message import Message, Role
from majordomo.llm.response import Target
from majordomo.providers.encodings import Encodings
from majordomo.providers.google.content import Call, Fragment, Result, encode_message, text_part
from majordomo.providers.google.models import family_of
from majordomo.providers.google.state import WIRE

__all__ = ["join_contents"]

_BEGIN = b",".join(text_part("(The conversation begins.)"))
_NEVER_ANSWERED = b',"response":{"error":"the call was never completed"}'


def join_contents(
    messages: Sequence[Message], fragments: Fragments, target: Target
) -> Conversation:
    """A conversation in this dialect; what was joined in earlier calls of the run is kept."""
    key = (WIRE, target)
    known = fragments.of(key, Fragment)
    return fragments.joined(key, messages, lambda: Conversation(known, target))


class Conversation:
    """Contents in the making: closed ones, and a turn of the model with what answers it.

    Neighbours of one role become one content and the first content is the user's. A turn's calls
    are answered by one response each, in their order, at the start of the next content; a call
    nobody answered gets an error. Dropped: a result without its call, and a second result.

    Attributes:
        system_texts: Texts of system messages, which go elsewhere.
    """

    def __init__(self, known: dict[int, tuple[Message, Fragment]], target: Target) -> None:
        self.system_texts: list[str] = []
        family = family_of(target.model)
        self._encodings = Encodings(known, partial(encode_message, target=target, family=family))
        self._closed: list[bytes] = []
        self._model: list[bytes] = []
        self._calls: list[Call] = []
        self._results: list[Result] = []
        self._user: list[bytes] = []

    @property
    def keep(self) -> bool:
        """False once it holds media too big to keep beside the message."""
        return self._encodings.keep

    def add(self, message: Message) -> None:
        """Add the next message.

        Raises:
            UnsupportedRequest: It shows an image of a type this wire does not take.
        """
        if message.role is Role.SYSTEM:
            self.system_texts.append(message.text)
            return
        fragment = self._encodings.of(message)
        if message.role is not Role.ASSISTANT:
            self._results += fragment.results
            if fragment.parts:
                self._user.append(fragment.parts)
        elif fragment.parts:
            self._begin_turn()
            self._model.append(fragment.parts)
            self._calls += fragment.calls

    def _begin_turn(self) -> None:
        """Close what came before the model speaks, unless it only goes on speaking."""
        if self._model and not self._user and not self._calls:
            return
        if not self._closed and not self._model and not self._user:
            self._user.append(_BEGIN)
        self._closed.extend(self._open())
        self._model, self._calls, self._results, self._user = [], [], [], []

    def _open(self) -> Iterator[bytes]:
        """The contents still open, with every call answered."""
        if self._model:
            yield b'{"role":"model","parts":[%b]}' % b",".join(self._model)
        if said := [*self._responses(), *self._user]:
            yield b'{"role":"user","parts":[%b]}' % b",".join(said)

    def _responses(self) -> Iterator[bytes]:
        """One response for each call, in their order, then the images those cannot hold."""
        left = list(self._results)
        media: list[bytes] = []
        for call in self._calls:
            found = next((result for result in left if result.call_id == call.id), None)
            body = _NEVER_ANSWERED
            if found is not None:
                left.remove(found)
                media += found.media
                body = found.body
            yield b'{"functionResponse":{%b%b}}' % (call.head, body)
        yield from media

    def encoded(self) -> bytes:
        """The contents so far, joined by commas; more may still be added."""
        contents = (*self._closed, *self._open())
        # With a system text alone nobody has spoken, and somebody has to.
        return b",".join(contents) or b'{"role":"user","parts":[%b]}' % _BEGIN
