"""Settings and requests of the wrong kind are refused where they are made, in one sentence."""

import math
from collections import deque

import pytest

from majordomo.errors import ConfigError
from majordomo.llm import OutputSchema, Request, Settings, tool, user


@tool
def look() -> str:
    """Look."""
    return "seen"


def plain():
    """Plain."""


SETTINGS = {
    "a text for a number": ({"temperature": "0"}, "temperature must be a number, not '0'"),
    "a switch for a number": ({"temperature": True}, "temperature must be a number, not True"),
    "what JSON cannot carry": ({"top_p": math.nan}, "top_p must be a finite number, not nan"),
    "no bound on a share": ({"top_p": math.inf}, "top_p must be a finite number, not inf"),
    "half a token": ({"max_tokens": 1.5}, "max_tokens must be a whole number, not 1.5"),
    "less than no token": ({"max_tokens": -1}, "max_tokens must be at least 0, not -1"),
    "a text for a seed": ({"seed": "7"}, "seed must be a whole number, not '7'"),
    "a misspelt effort": (
        {"reasoning_effort": "hgih"},
        "reasoning_effort must be one of none, .* not 'hgih'; did you mean 'high'",
    ),
    "a number for a word": ({"reasoning_effort": 3}, "reasoning_effort must be one of none"),
    "a word for a switch": ({"prompt_caching": "yes"}, "prompt_caching must be True or False"),
    "a number for a switch": (
        {"parallel_tool_calls": 0},
        "parallel_tool_calls must be True or False, not 0",
    ),
    "a number for a tier": ({"service_tier": 1}, "service_tier must be a text, not 1"),
    "a text for a time": ({"timeout_s": "5m"}, "timeout_s must be a number, not '5m'"),
    "no time": ({"timeout_s": math.nan}, "timeout_s must be a finite number"),
    "one text for texts": ({"stop": "END"}, "stop must be a list of texts, such as .* type str"),
    "numbers for texts": ({"stop": ["a", 1]}, "stop must be a list of texts.* type int in it"),
    "a list for fields": ({"extra": [1]}, "extra must be a mapping of fields"),
}


@pytest.mark.parametrize(("given", "told"), SETTINGS.values(), ids=SETTINGS)
def test_settings_of_the_wrong_kind_are_refused(given, told):
    with pytest.raises(ConfigError, match=told):
        Settings(**given)


def test_a_list_that_has_no_slices_is_taken():
    assert len(Request(messages=deque([user("a"), user("b")], maxlen=2)).messages) == 2
    assert Request(messages=deque()).messages == deque()
    assert Settings(stop=deque(["END"])).stop == ("END",)


def test_settings_of_the_right_kinds_are_kept():
    given = {
        "max_tokens": 1,
        "temperature": 0,
        "top_p": 0.5,
        "seed": -1,
        "reasoning_effort": "xhigh",
        "prompt_caching": False,
        "service_tier": "flex",
        "timeout_s": math.inf,
        "deadline_s": -0.5,
    }
    settings = Settings(**given)
    assert {name: getattr(settings, name) for name in given} == given
    assert Settings(stop=["a", "b"]).stop == ("a", "b")


REQUESTS = {
    "a text for messages": ({"messages": "hi"}, r"a list of messages, such as .*type str"),
    "dicts for messages": ({"messages": [{"role": "user"}]}, "type dict in it"),
    "a text behind a message": ({"messages": [user("a"), "b"]}, "type str in it"),
    "nothing for system": ({"system": None}, "system must be a text, not None"),
    "a function for a tool": ({"tools": [look, plain]}, "made with @tool; .* type function in it"),
    "one tool for tools": ({"tools": look}, "tools must be a list of tools"),
    "a word for a choice": ({"tool_choice": "any"}, "auto, none, required or a tool, not 'any'"),
    "a type for the output": (
        {"output": dict},
        r"must be an OutputSchema; generate\(\) takes a type",
    ),
    "a dict for settings": (
        {"settings": {"seed": 1}},
        r"settings must be Settings\(…\), not {'seed",
    ),
}


@pytest.mark.parametrize(("given", "told"), REQUESTS.values(), ids=REQUESTS)
def test_a_request_of_the_wrong_kind_is_refused(given, told):
    with pytest.raises(ConfigError, match=told):
        Request(**{"messages": [user("hi")], **given})


def test_a_request_of_the_right_kinds_is_kept():
    output = OutputSchema(name="a", schema={"type": "object"})
    request = Request(messages=(), tools=(look,), tool_choice=look, output=output)
    assert (request.tool_choice, request.output) == (look, output)
