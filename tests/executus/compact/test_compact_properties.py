"""Whatever a conversation is like: what is sent is valid, fits, and leaves the transcript alone."""

import random

import anyio.lowlevel
import pytest
from longtalks import RULE, SPEAKERS, TASK, Talk
from wirerows import WIRE_ROWS

from executus.compact import NO_SUMMARY, CompactionScope, ContextCompactor
from executus.compact.weights import Scale, fixed_tokens
from majordomo.llm import Role, ThinkingPart, Usage, dump_messages
from majordomo.providers.fake import FakeProvider

SYSTEM = "Be careful."
EACH = pytest.mark.parametrize("speaker", SPEAKERS, ids=lambda s: s.wire.name)


def summariser(seed):
    """One that works, lies about lengths, says nothing, or fails."""
    dice = random.Random(seed)

    async def summarise(prompt):
        await anyio.lowlevel.checkpoint()
        match dice.randrange(4):
            case 0:
                raise ConnectionError("the cheap model is away")
            case 1:
                return ""
            case 2:
                return "a very long summary " * 5_000
            case _:
                return "It looked here and there."

    return summarise


def compactor(window, seed, *, summarise=None, **options):
    scope = CompactionScope(model=FakeProvider().model("m"), system=SYSTEM)
    summarise = summarise or summariser(seed)
    return ContextCompactor(context_tokens=window, summarise=summarise, **options).begin(scope)


def tokens(messages):
    return Scale().weigh_all(messages) + fixed_tokens(SYSTEM, ())


def broken_pairs(messages):
    """Calls and results that do not stand together, one for one."""
    asked = []
    for message in messages:
        if message.role is Role.TOOL:
            given = [result.call_id for result in message.tool_results]
            if given != asked:
                return asked, given
            asked = []
        elif asked:
            return asked, message.role
        asked = [call.id for call in message.tool_calls]
    return asked or None


class Binding:
    """Remembers after what each turn was written, as providers do who sign that."""

    def __init__(self):
        self.written_after = {}
        self.alive = []

    def prefixes(self, sent):
        known = [0]
        for message in sent:
            known.append(hash((known[-1], id(message))))
        return known

    def wrote(self, sent, answer):
        self.alive += [*sent, answer]
        self.written_after[id(answer)] = self.prefixes(sent)[-1]

    def invalid(self, sent):
        known = self.prefixes(sent)
        return [
            at
            for at, message in enumerate(sent)
            if message.state is not None and self.written_after[id(message)] != known[at]
        ]


def check(talk, sent, *, window, ratio=1.0):
    texts = "\n".join(message.text for message in sent)
    assert TASK in texts
    assert RULE in texts
    assert sent[0] is talk.messages[0]
    assert next(message for message in sent if message.role is not Role.SYSTEM).role is Role.USER
    assert broken_pairs(sent) is None
    assert tokens(sent) * ratio <= window
    assert talk.complaint(sent) is None


@EACH
@pytest.mark.parametrize(
    ("length", "window", "seed"),
    [(10, 3_000, 1), (60, 8_000, 2), (60, 60_000, 3), (200, 4_000, 4), (200, 30_000, 5)],
)
async def test_a_growing_conversation_stays_valid_and_fits(speaker, length, window, seed):
    talk, binding = Talk(speaker, seed), Binding()
    run = compactor(window, seed, keep_recent=random.Random(seed).randint(1, 20))
    ratio, reported = random.Random(seed).choice((0.6, 1.0, 1.3)), None
    while len(talk.messages) < length:
        count, dumped = len(talk.messages), dump_messages(talk.messages)
        sent = await run.compact(tuple(talk.messages), reported=reported)
        assert dump_messages(talk.messages) == dumped
        check(talk, sent, window=window, ratio=ratio)
        if speaker.bound:
            assert binding.invalid(sent) == []
        talk.grow()
        binding.wrote(sent, talk.messages[count])
        reported = Usage(input=int(tokens(sent) * ratio), output=5, requests=1)


@EACH
@pytest.mark.parametrize("length", [10, 100, 2_000])
@pytest.mark.slow
async def test_a_whole_transcript_at_once_becomes_valid_and_fits(speaker, length):
    talk = Talk(speaker, length)
    while len(talk.messages) < length:
        talk.grow()
    if talk.messages[-1].role is Role.ASSISTANT:
        talk.grow()
    dumped = dump_messages(talk.messages)
    whole = tokens(talk.messages)
    for share, summarise in ((0.9, None), (0.2, NO_SUMMARY), (0.02, None)):
        window = max(6_000, int(whole * share))
        sent = await compactor(window, length, summarise=summarise).compact(tuple(talk.messages))
        check(talk, sent, window=window)
        bound = [m for m in sent if m.state is not None] if speaker.bound else []
        assert bound == []
        shown = [m for m in sent if any(isinstance(p, ThinkingPart) for p in m.parts)]
        assert shown == [] or not speaker.bound
    assert dump_messages(talk.messages) == dumped


def test_every_wire_is_among_the_speakers():
    names = {speaker.wire.name for speaker in SPEAKERS}
    alike = {"ollama-cloud", "foreman", "llama-swap"}  # they speak Ollama's wire and OpenAI's
    assert names == {row.name for row in WIRE_ROWS} - alike
