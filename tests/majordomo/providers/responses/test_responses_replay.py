"""Own turns go back as they came, to their writer alone; what is not usable leaves no trace."""

import json

import pytest

from majordomo.llm import (
    Fragments,
    ProviderState,
    Request,
    TextPart,
    ThinkingPart,
    ToolCallPart,
    assistant,
    dump_messages,
    load_messages,
    tool_result,
    user,
)
from majordomo.llm.response import Target
from majordomo.providers.responses import ResponsesOptions, ResponsesWire
from majordomo.providers.wire import ResponseMeta

TARGET = Target("openai-responses", "gpt-6.1-sol")
THOUGHT = {
    "type": "reasoning",
    "id": "rs_1",
    "summary": [{"type": "summary_text", "text": "Hm é"}],
    "encrypted_content": "gAAA/+==",
}
SAID = {
    "type": "message",
    "id": "msg_1",
    "role": "assistant",
    "status": "completed",
    "phase": "commentary",
    "content": [{"type": "output_text", "text": "Looking…", "annotations": [], "logprobs": []}],
}
ASKED = {
    "type": "function_call",
    "id": "fc_1",
    "call_id": "call_A",
    "name": "lookup",
    "arguments": '{"q": "x"}',
    "status": "completed",
}
ASKED_TOO = {**ASKED, "id": "fc_2", "call_id": "call_B"}
CUT = {**ASKED, "id": "fc_3", "call_id": "call_C", "arguments": '{"q', "status": "incomplete"}
SEARCH = {"type": "web_search_call", "id": "ws_1", "status": "completed"}
PACKED = {"type": "compaction", "id": "cmp_1", "encrypted_content": "gBBB"}
CUSTOM = {"type": "custom_tool_call", "id": "ctc_1", "call_id": "call_X", "input": "x"}
BARE = {"type": "reasoning", "id": "rs_2", "summary": []}
OPEN = {**BARE, "content": [{"type": "reasoning_text", "text": "t"}]}


def nameless(item):
    return {name: value for name, value in item.items() if name != "id"}


def answered(*items, target=TARGET, status="completed", **fields):
    """The turn of an answer with these items."""
    answer = {"status": status, "output": list(items), **fields}
    return ResponsesWire().decode(answer, ResponseMeta(target=target)).message


def sent(*messages, target=TARGET, options=ResponsesOptions(), fragments=None):
    request = Request(messages=messages, fragments=fragments or Fragments())
    return json.loads(ResponsesWire(options).encode(request, target, streaming=False).body)["input"]


def turn_of(message, **options):
    """What of a turn is sent, without the results of its calls."""
    items = sent(message, **options)
    return [item for item in items if item.get("type") != "function_call_output"]


TURNS = {
    "all kinds": [THOUGHT, SAID, ASKED, ASKED_TOO],
    "no thinking": [SAID, ASKED],
    "phase alone": [{**SAID, "phase": "final_answer"}],
    "thinking between calls": [THOUGHT, ASKED, {**THOUGHT, "id": "rs_9"}, ASKED_TOO],
    "hosted tools and a compaction": [THOUGHT, SEARCH, PACKED, SAID],
    "open weights": [OPEN, ASKED],
    "refusal": [{**SAID, "content": [{"type": "refusal", "refusal": "no"}]}],
    "cut text": [THOUGHT, {**SAID, "status": "incomplete"}],
}


@pytest.mark.parametrize("name", TURNS)
def test_a_turn_goes_back_as_it_came(name):
    assert turn_of(answered(*TURNS[name])) == TURNS[name]


@pytest.mark.parametrize("name", TURNS)
def test_a_stored_turn_goes_back_as_it_came(name):
    messages = [user("hi"), answered(*TURNS[name])]
    assert sent(*load_messages(dump_messages(messages))) == sent(*messages)


def test_results_follow_the_turn_of_their_calls():
    message = answered(THOUGHT, ASKED, ASKED_TOO)
    results = [tool_result(call, "42") for call in message.tool_calls]
    assert sent(message, *results)[3:] == [
        {"call_id": "call_A", "type": "function_call_output", "output": "42"},
        {"call_id": "call_B", "type": "function_call_output", "output": "42"},
    ]


FOREIGN = [
    Target("openai-responses", "gpt-6.1-terra"),
    Target("openai", "gpt-6.1-sol"),
    Target("azure", "gpt-6.1-sol"),
]
PLAIN = [
    {"role": "assistant", "content": "Looking…"},
    {
        "type": "function_call",
        "call_id": "call_A",
        "name": "lookup",
        "arguments": '{"q": "x"}',
    },
]


@pytest.mark.parametrize("target", FOREIGN, ids=str)
def test_others_get_text_and_calls_without_ids_only(target):
    message = answered(THOUGHT, SAID, ASKED)
    assert turn_of(message, target=target) == PLAIN


@pytest.mark.parametrize("model", ["gpt-6.1-sol-2026-09-01", "gpt-6.1-sol"])
def test_a_dated_id_is_the_same_model(model):
    message = answered(THOUGHT, ASKED, target=Target("openai-responses", model))
    assert turn_of(message) == [THOUGHT, ASKED]


def test_one_run_may_go_to_several_targets():
    messages, fragments = [user("hi"), answered(THOUGHT, SAID, ASKED)], Fragments()
    for target in [TARGET, FOREIGN[0], TARGET]:
        expected = [THOUGHT, SAID, ASKED] if target == TARGET else PLAIN
        assert sent(*messages, target=target, fragments=fragments)[1:-1] == expected


def state(data, wire="openai-responses"):
    return ProviderState(wire=wire, provider=TARGET.provider, model=TARGET.model, data=data)


CALL = ToolCallPart(id="call_A", name="lookup", arguments='{"q": "x"}')


@pytest.mark.parametrize(
    "state_",
    [
        None,
        state(json.dumps([THOUGHT, SAID, ASKED]), wire="openai"),
        *(state(data) for data in ["", "{broken", "[]", "{}", "3", "[1]", "\ud800", "[NaN]"]),
    ],
)
def test_for_a_foreign_or_damaged_state_the_parts_are_sent(state_):
    message = assistant(ThinkingPart("Hm"), TextPart("Looking…"), CALL, state=state_)
    assert turn_of(message) == PLAIN


@pytest.mark.parametrize("calls", [(), (CALL, CALL), (ToolCallPart(id="other", name="lookup"),)])
def test_a_turn_whose_calls_were_edited_is_sent_as_its_parts(calls):
    message = assistant("x", *calls, state=state(json.dumps([THOUGHT, ASKED])))
    items = turn_of(message)
    assert items[0] == {"role": "assistant", "content": "x"}
    assert len(items) == 1 + len(calls)
    assert not [item for item in items if "id" in item]


# (items of the answer, items sent back)
PAIRS = {
    "thinking with nothing after it": ([SAID, THOUGHT], [SAID]),
    "thinking alone": ([THOUGHT], []),
    "thinking before a cut call": ([THOUGHT, SAID, THOUGHT, CUT], [THOUGHT, nameless(SAID)]),
    "a cut call": ([SAID, CUT], [SAID]),
    "thinking that nobody stored": ([BARE, SAID, ASKED], [nameless(SAID), nameless(ASKED)]),
    "only some thinking can be read": (
        [BARE, SAID, THOUGHT, ASKED],
        [nameless(SAID), THOUGHT, nameless(ASKED)],
    ),
    "a call nobody can answer": ([THOUGHT, CUSTOM, ASKED], [nameless(ASKED)]),
    "broken arguments": (
        [THOUGHT, {**ASKED, "arguments": "{oops"}],
        [THOUGHT, {**ASKED, "arguments": '{"invalid_arguments":"{oops"}'}],
    ),
}


@pytest.mark.parametrize("name", PAIRS)
def test_what_cannot_be_sent_back_is_left_out_with_what_hangs_on_it(name):
    items, back = PAIRS[name]
    assert turn_of(answered(*items)) == back


LIMIT = {"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}}
BACK = {
    "type": "function_call",
    "call_id": "call_C",
    "name": "lookup",
    "arguments": '{"invalid_arguments":"{\\"q"}',
}


@pytest.mark.parametrize(
    ("items", "back"),
    [
        ([SAID, CUT], [SAID, BACK]),
        ([THOUGHT, ASKED, CUT], [THOUGHT, ASKED, BACK]),
        ([THOUGHT, SAID, THOUGHT, CUT], [THOUGHT, nameless(SAID), BACK]),
    ],
)
def test_a_call_that_the_token_limit_cut_goes_back_with_the_answer_to_it(items, back):
    message = answered(*items, **LIMIT)
    assert turn_of(message) == back
    cut = message.tool_calls[-1]
    items = sent(message, tool_result(cut, "it was cut", is_error=True))
    outputs = {item["call_id"]: item["output"] for item in items if "output" in item}
    assert outputs["call_C"] == "Error: it was cut"


def test_a_storing_server_knows_its_thinking_by_its_id():
    message = answered(BARE, ASKED)
    assert turn_of(message, options=ResponsesOptions(store=True)) == [BARE, ASKED]


def test_ids_of_own_calls_are_set_apart_where_another_turn_took_them():
    foreign = ToolCallPart(id="call_A", name="lookup")
    own = answered(THOUGHT, ASKED)
    items = sent(
        assistant(foreign), tool_result(foreign, "1"), own, tool_result(own.tool_calls[0], "2")
    )
    calls = [item["call_id"] for item in items if item.get("type") == "function_call"]
    answers = [item["call_id"] for item in items if item.get("type") == "function_call_output"]
    assert calls == answers
    assert len(set(calls)) == 2
    assert [item["output"] for item in items if "output" in item] == ["1", "2"]


def test_a_turn_without_state_is_only_its_parts():
    message = answered(THOUGHT, SAID, ASKED).without_state()
    assert turn_of(message) == PLAIN
