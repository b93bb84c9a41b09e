"""A long conversation is encoded once over all its runs, and remembered within bounds."""

import gc
import sys
import threading
import weakref

import anyio
import pytest

from executus import Executor, Invocation, RunnableAgent
from executus.compact import CompactionScope, ContextCompactor
from executus.run.histories import EncodedHistories
from executus.testing import FakeClock, LoopbackServer, Turn
from executus.testing.server import openai_answer
from majordomo.llm import (
    DocumentPart,
    Fragments,
    ImagePart,
    Message,
    OpaquePart,
    Role,
    TextPart,
    ThinkingPart,
    ToolCallPart,
    Usage,
    assistant,
    tool_result,
    user,
)
from majordomo.providers.fake import FakeProvider
from majordomo.providers.openai import openai_provider

MB = 2**20
LONG = 40
CALL = ToolCallPart(id="c", name="look", arguments="{}")
PNG = ImagePart(data=b"\x89PNG", mime="image/png")


class Watched(TextPart):
    """A text that counts how often it is read."""

    reads = 0

    def __getattribute__(self, name):
        if name == "text":
            Watched.reads += 1
        return super().__getattribute__(name)


def talk(count=LONG, *, said="said"):
    """A conversation that ends with an answer."""
    return tuple((user, assistant)[n % 2](f"{said} {n}") for n in range(count))


def watched_talk():
    first = Message(role=Role.USER, parts=(Watched("watched"),))
    return (first, *talk()[1:])


def answer(request):
    del request
    return openai_answer(Turn.text("answer"))


def memory(clock=None, *, most_bytes=MB):
    return EncodedHistories(clock or FakeClock(), most_bytes=most_bytes)


def encoded(messages):
    """A memory in which something is known of each message."""
    fragments = Fragments()
    fragments.of("dialect").update({id(message): (message, b"") for message in messages})
    return fragments


# Runs


async def test_a_conversation_that_goes_on_is_read_once_over_all_its_runs():
    history, counts = watched_talk(), []
    async with LoopbackServer(answer) as server:
        model = openai_provider("key", base_url=server.url).model("m")
        executor, agent = Executor(), RunnableAgent(model=model)
        for number in range(5):
            Watched.reads = 0
            result = await executor.run(agent, Invocation(f"and {number}?", history=history))
            assert result.output == "answer"
            counts.append(Watched.reads)
            history = result.messages
        bodies = [request.body for request in server.requests]
    assert counts[0] > 0
    assert counts[1:] == [0, 0, 0, 0]
    assert [body.count(b"watched") for body in bodies] == [1] * 5
    assert b"and 0?" in bodies[-1]
    assert b"and 4?" not in bodies[-2]


async def test_a_question_asked_again_reads_nothing_of_its_history_anew():
    history, counts, answers = watched_talk(), [], iter(["one", "two", "three"])

    def other_answer(_request):
        return openai_answer(Turn.text(next(answers)))

    async with LoopbackServer(other_answer) as server:
        model = openai_provider("key", base_url=server.url).model("m")
        executor, agent = Executor(), RunnableAgent(model=model)
        for said in ("one", "two", "three"):
            Watched.reads = 0
            result = await executor.run(agent, Invocation("and?", history=history))
            assert result.output == said
            counts.append(Watched.reads)
    assert counts[0] > 0
    assert counts[1:] == [0, 0]


async def test_what_is_sent_is_what_an_executor_without_memory_sends():
    """Also when a conversation forks, is cut, or loses its beginning."""
    base = talk()
    histories = [base, base[:-2], (*base, *talk(2, said="fork")), base[2:], base, base[:-1]]

    async def bodies(**options):
        async with LoopbackServer(answer) as server:
            model = openai_provider("key", base_url=server.url).model("m")
            executor, agent = Executor(**options), RunnableAgent(model=model)
            for number, history in enumerate(histories * 2):
                invocation = Invocation(f"question {number}", history=history)
                assert (await executor.run(agent, invocation)).output == "answer"
            return [request.body for request in server.requests]

    assert await bodies() == await bodies(remember_bytes=0)


async def test_runs_at_once_over_one_history_send_each_its_own_question():
    history, count = talk(), 8
    async with LoopbackServer(answer) as server:
        model = openai_provider("key", base_url=server.url).model("m")
        executor, agent = Executor(), RunnableAgent(model=model)
        async with anyio.create_task_group() as group:
            for number in range(count):
                invocation = Invocation(f"question {number}.", history=history)
                group.start_soon(executor.run, agent, invocation)
        bodies = [request.body for request in server.requests]
    assert [body.count(b"question") for body in bodies] == [1] * count
    assert sorted(body[body.index(b"question") :][:10] for body in bodies) == [
        f"question {number}".encode() for number in range(count)
    ]


def test_threads_may_share_an_executor():
    history, failures = talk(), []
    provider = FakeProvider()
    executor, agent = Executor(), RunnableAgent(model=provider.model("m"))

    def work():
        for number in range(20):
            result = executor.run_sync(agent, Invocation(f"{number}", history=history))
            if result.error is not None:
                failures.append(result.error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


async def test_an_executor_that_is_left_remembers_nothing():
    history, agent = watched_talk(), RunnableAgent(model=FakeProvider().model("m"))
    executor, counts = Executor(), []

    async def run():
        Watched.reads = 0
        await executor.run(agent, Invocation("go", history=history))
        counts.append(Watched.reads)

    async with executor:
        await run()
        await run()
    await run()
    first, again, after = counts
    assert after == first > again


async def test_a_run_that_failed_puts_nothing_back():
    """It may have ended in the midst of anything."""
    history, provider = watched_talk(), FakeProvider()
    provider.enqueue("m", RuntimeError("no"))
    executor, agent, counts = Executor(), RunnableAgent(model=provider.model("m")), []
    for fails in (True, False, False):
        Watched.reads = 0
        result = await executor.run(agent, Invocation("go", history=history))
        assert (result.error is not None) is fails
        counts.append(Watched.reads)
    assert counts[1] > counts[2]


async def test_a_compactor_weighs_a_conversation_once_over_all_its_runs():
    history, fragments = watched_talk(), Fragments()
    scope = CompactionScope(model=FakeProvider().model("m"), fragments=fragments)
    counts = []
    for number in range(3):
        Watched.reads = 0
        run = ContextCompactor().begin(scope)
        messages = (*history, user(f"question {number}"))
        assert await run.compact(messages) is messages
        assert await run.compact(messages, reported=Usage(input=9)) is messages
        counts.append(Watched.reads)
        history = (*messages, assistant("answer"))
    assert counts[0] > 0
    assert counts[1:] == [0, 0]


async def test_a_run_with_remembered_weights_folds_when_another_would():
    history = (*talk(said="said at length " * 20), user("and now?"))
    fragments = Fragments()
    for _ in range(2):
        scope = CompactionScope(model=FakeProvider().model("m"), fragments=fragments)
        run = ContextCompactor(context_tokens=1_000).begin(scope)
        sent = await run.compact(history)
        assert run.folds == 1
        assert len(sent) < len(history)


# The memory


@pytest.mark.parametrize("end", ["answer", "history"])
def test_a_memory_is_found_by_the_answer_and_by_the_history_it_began_with(end):
    kept, history = memory(), talk()
    fragments, messages = encoded(history), (*history, user("q"), assistant("a"))
    kept.put_back(fragments, messages, history=len(history))
    assert kept.take(messages if end == "answer" else history) is fragments


def test_one_run_at_a_time_has_a_memory():
    kept, messages = memory(), talk()
    kept.put_back(encoded(messages), messages)
    first, second = kept.take(messages), kept.take(messages)
    assert first.of("dialect")
    assert not second.of("dialect")


def test_equal_messages_that_are_not_the_same_meet_no_memory():
    kept, messages = memory(), talk()
    kept.put_back(encoded(messages), messages)
    assert not kept.take(talk()).of("dialect")


def test_the_memory_put_back_last_stands_for_its_history():
    kept, messages = memory(), talk()
    first, second = encoded(messages), encoded(messages)
    kept.put_back(first, messages)
    kept.put_back(second, messages)
    assert kept.take(messages) is second
    assert kept.take(messages) is not first


@pytest.mark.parametrize("count", [0, 1, 31])
def test_a_short_conversation_is_not_remembered(count):
    kept, messages = memory(), talk(count)
    fragments = encoded(messages)
    kept.put_back(fragments, messages)
    assert kept.take(messages) is not fragments


@pytest.mark.parametrize(
    "media",
    [
        user(PNG),
        user(DocumentPart(data=b"%PDF", mime="application/pdf")),
        tool_result(CALL, "", PNG),
    ],
    ids=["image", "document", "result"],
)
def test_media_do_not_outlive_their_run(media):
    kept, messages = memory(), (*talk(), media)
    fragments = encoded(messages)
    kept.put_back(fragments, messages)
    assert kept.take(messages) is not fragments


@pytest.mark.parametrize(
    "message",
    [
        user("x" * MB),
        assistant(ToolCallPart(id="c", name="f", arguments="x" * MB)),
        tool_result(CALL, "x" * MB),
        assistant(ThinkingPart("x" * MB)),
        assistant(OpaquePart(provider="p", kind="k", data="x" * MB)),
    ],
    ids=["text", "arguments", "result", "thinking", "opaque"],
)
def test_all_that_is_long_counts_twice(message):
    messages = (*talk(), message)
    for most_bytes, remembered in ((2 * MB, False), (2 * MB + 100_000, True)):
        kept, fragments = memory(most_bytes=most_bytes), encoded(messages)
        kept.put_back(fragments, messages)
        assert (kept.take(messages) is fragments) is remembered


def test_each_dialect_a_conversation_was_encoded_in_counts():
    messages = talk(said="x" * 1_000)
    for dialects, remembered in ((1, True), (3, True), (4, False)):
        kept, fragments = memory(most_bytes=250_000), Fragments()
        for number in range(dialects):
            known = fragments.of(("model", number))
            known.update({id(message): (message, b"") for message in messages})
        kept.put_back(fragments, messages)
        assert (kept.take(messages) is fragments) is remembered


def test_the_oldest_are_forgotten_when_there_is_no_room():
    kept = memory(most_bytes=300_000)
    talks = [talk(said="x" * 1_000) for _ in range(10)]
    for messages in talks:
        kept.put_back(encoded(messages), messages)
    found = [bool(kept.take(messages).of("dialect")) for messages in talks]
    assert found == [False] * 8 + [True] * 2


def test_what_was_taken_leaves_room():
    kept = memory(most_bytes=300_000)
    for _ in range(10):
        messages = talk(said="x" * 1_000)
        kept.put_back(encoded(messages), messages)
        assert kept.take(messages).of("dialect")
    first, second = talk(said="x" * 1_000), talk(said="x" * 1_000)
    for messages in (first, second):
        kept.put_back(encoded(messages), messages)
    assert kept.take(first).of("dialect")
    assert kept.take(second).of("dialect")


def test_what_nobody_went_on_with_for_ten_minutes_is_forgotten():
    clock = FakeClock()
    kept, old, young = memory(clock), talk(), talk()
    kept.put_back(encoded(old), old)
    clock.advance(599)
    kept.put_back(encoded(young), young)
    clock.advance(1)
    assert not kept.take(old).of("dialect")
    assert kept.take(young).of("dialect")


def test_what_is_forgotten_is_held_by_nobody():
    clock = FakeClock()
    kept = memory(clock)

    class Held(TextPart):
        pass

    def put_one_back():
        messages = (*talk(), Message(role=Role.USER, parts=(part := Held("x"),)))
        kept.put_back(encoded(messages), messages, history=LONG)
        return weakref.ref(part)

    held = put_one_back()
    gc.collect()
    assert held() is not None
    clock.advance(600)
    kept.take(talk())
    gc.collect()
    assert held() is None


def test_a_memory_that_serves_run_after_run_does_not_grow():
    """Each run over one history adds its own question and answer."""
    kept, history = memory(), talk()
    for number in range(500):
        fragments = kept.take(history)
        messages = (*history, user(f"q {number}"), assistant("a"))
        fragments.of("dialect").update({id(message): (message, b"") for message in messages})
        kept.put_back(fragments, messages, history=len(history))
    known = kept.take(history).of("dialect")
    assert LONG <= len(known) <= LONG + 2
    assert all(id(message) in known for message in history)


async def test_what_other_runs_over_one_history_were_asked_is_not_held():
    """It would count for nothing, and be there for as long as the history is used."""
    history, executor, asked = talk(), Executor(), []

    class Question(TextPart):
        pass

    async with LoopbackServer(answer) as server:
        provider = openai_provider("key", base_url=server.url)
        for number in range(10):
            question = Question(f"question {number}")
            asked.append(weakref.ref(question))
            agent = RunnableAgent(model=provider.model("m" if number < 5 else "n"))
            await executor.run(agent, Invocation([question], history=history))
            del question
    gc.collect()
    assert sum(one() is not None for one in asked) <= 1


def test_nought_bytes_remember_nothing():
    kept, messages = memory(most_bytes=0), talk()
    fragments = encoded(messages)
    kept.put_back(fragments, messages)
    assert kept.take(messages) is not fragments


def test_threads_that_take_and_put_back_lose_no_count():
    kept, talks = memory(most_bytes=200_000), [talk() for _ in range(4)]

    def work(messages):
        for _ in range(300):
            kept.put_back(kept.take(messages), messages)
            other = talks[0]
            kept.put_back(kept.take(other), other)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        threads = [threading.Thread(target=work, args=(messages,)) for messages in talks]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    for messages in talks:
        kept.take(messages)
    big = talk(said="x" * 2_000)  # takes all of the room, so nothing may be counted that is gone
    kept.put_back(encoded(big), big)
    assert kept.take(big).of("dialect")
