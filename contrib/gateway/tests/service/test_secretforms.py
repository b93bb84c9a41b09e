"""Secrets in long answers and in bytes, in the forms that services repeat them in."""

import base64
import json
from urllib.parse import quote

import pytest
from executus_gateway.ports import Credential
from executus_gateway.schema import AuthScheme, ToolOk
from executus_gateway.service.answers import MAX_SCRUBBED_CHARS, Answers
from executus_gateway.service.secretforms import masked, without

SECRET = 'kanarien "vogel"/0f3a9c1e7d'
WRITTEN = {
    "as it is": SECRET,
    "in JSON": json.dumps(SECRET),
    "in an address": quote(SECRET, safe=""),
    "in hexadecimal": SECRET.encode().hex(),
    "behind a user": base64.b64encode(f"user:{SECRET}".encode()).decode(),
    "alone": base64.b64encode(SECRET.encode()).decode(),
    "with two before": base64.b64encode(f"ab{SECRET}z".encode()).decode(),
}


def answers(name="key"):
    scheme = AuthScheme(name=name, placement="bearer")
    return Answers("run_1", [Credential(scheme=scheme, value=SECRET)], None)


@pytest.mark.parametrize("form", WRITTEN.values(), ids=WRITTEN)
def test_every_usual_form_is_taken_out(form):
    text = without(f"<{form}>", [("key", SECRET)])
    assert "[secret key]" in text
    data = masked(b"\xff" + form.encode() + b"\xfe", [("key", SECRET)])
    assert b"**" in data
    assert (data[:1], data[-1:], len(data)) == (b"\xff", b"\xfe", len(form) + 2)


def test_a_short_secret_is_left_in_what_is_long():
    assert without("abc1 abc1", [("key", "abc1")]) == "abc1 abc1"


@pytest.mark.parametrize("size", [10, MAX_SCRUBBED_CHARS])
@pytest.mark.parametrize("name", ["key", 'a "b"\n'])
async def test_no_answer_is_too_long_to_be_looked_through(size, name):
    result = ToolOk(data={"filler": "x" * size, "echo": SECRET})
    given = await answers(name).given(result)
    assert given.data["echo"].startswith("[secret ")
