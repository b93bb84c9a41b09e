"""For any conversation and any window: what is sent is valid, keeps the task, and fits."""

import anyio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from executus.compact import CompactionScope, ContextCompactor
from executus.compact.weights import Scale, fixed_tokens
from majordomo.llm import (
    Message,
    Role,
    TextPart,
    ToolCallPart,
    ToolResultPart,
    dump_messages,
    user,
)
from majordomo.providers.fake import FakeProvider

TASK = "Count the boats."
SIZES = st.one_of(st.integers(0, 40), st.integers(0, 6_000))
CALLS = st.lists(st.tuples(SIZES, SIZES, st.booleans()), max_size=4)
TURNS = st.lists(st.tuples(SIZES, CALLS, st.none() | st.integers(0, 800)), max_size=20)


def conversation(turns):
    """Turns of an agent: a text, calls with their results, perhaps a word of the user."""
    messages, ids = [user(TASK)], 0
    for text, calls, said in turns:
        parts, results = [TextPart("a " * (text // 2 + 1))], []
        for arguments, result, failed in calls:
            ids += 1
            given = f'{{"x": "{"b" * arguments}"}}'
            parts.append(ToolCallPart(id=f"c{ids}", name="look", arguments=given))
            results.append(
                ToolResultPart(
                    call_id=f"c{ids}", name="look", text="r " * (result // 2), is_error=failed
                )
            )
        messages.append(Message(role=Role.ASSISTANT, parts=tuple(parts)))
        if results:
            messages.append(Message(role=Role.TOOL, parts=tuple(results)))
        if said is not None or not results:
            messages.append(user("u " * ((said or 0) // 2 + 1)))
    return messages


@settings(deadline=None, max_examples=40, suppress_health_check=list(HealthCheck))
@given(TURNS, st.integers(3_000, 60_000), st.integers(1, 12), st.booleans())
def test_what_is_sent_is_valid_keeps_the_task_and_fits(turns, window, keep, summarised):
    messages = conversation(turns)
    before = dump_messages(messages)

    async def summarise(prompt):
        await anyio.lowlevel.checkpoint()
        return "It counted some boats." if summarised else ""

    scope = CompactionScope(model=FakeProvider().model("m"), system="Be careful.")
    compactor = ContextCompactor(context_tokens=window, summarise=summarise, keep_recent=keep)
    sent = anyio.run(compactor.begin(scope).compact, tuple(messages))
    assert dump_messages(messages) == before
    assert sent[0].text.startswith(TASK)
    assert sent[-1].role is messages[-1].role
    asked = []
    for message in sent:
        if message.role is Role.TOOL:
            assert [result.call_id for result in message.tool_results] == asked
        else:
            assert not asked
        asked = [call.id for call in message.tool_calls]
    assert Scale().weigh_all(sent) + fixed_tokens("Be careful.", ()) <= window
