"""Which reasoning outlives a change of the history before it."""

import pytest

from executus.compact.shrink import cut_texts
from executus.compact.thinking import rebased
from majordomo.llm import ProviderState, ThinkingPart, ToolCallPart, assistant

CALL = ToolCallPart(id="c", name="read")


def turn(wire, model="m", data="{}"):
    state = ProviderState(wire=wire, provider="p", model=model, data=data)
    return assistant(ThinkingPart("hm"), "x" * 500, CALL, state=state)


@pytest.mark.parametrize(
    ("message", "kept"),
    [
        (turn("anthropic", "claude-opus-5-5"), False),
        (turn("anthropic", "claude-sonnet-4-6"), False),
        (turn("anthropic", "claude-sonnet-4-5"), True),
        (turn("google"), False),
        (turn("openai-responses"), False),
        (turn("of tomorrow"), False),
        (turn("ollama"), True),
        (turn("openai", data='{"reasoning_content": "hm"}'), True),
        (turn("openai", data='{"reasoning_details": [{"signature": "S"}]}'), False),
    ],
    ids=lambda value: f"{value.state.wire}-{value.state.model}" if hasattr(value, "state") else "",
)
def test_bound_reasoning_goes_and_what_a_tool_loop_needs_stays(message, kept):
    after = rebased(message)
    if kept:
        assert after is message
    else:
        assert after == assistant("x" * 500, CALL)


def test_a_turn_without_state_is_left_alone():
    message = assistant(ThinkingPart("hm"), "So.")
    assert rebased(message) is message


@pytest.mark.parametrize(
    ("wire", "kept"), [("anthropic", False), ("google", False), ("openai", True), ("ollama", True)]
)
def test_a_state_that_holds_the_whole_turn_goes_when_the_turn_is_cut(wire, kept):
    message = turn(wire)
    cut = cut_texts(message, 100)
    assert len(cut.text) < 200
    assert (cut.state is not None) is kept
    assert cut_texts(message, 1_000) is message
