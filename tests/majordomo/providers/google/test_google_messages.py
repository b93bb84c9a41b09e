"""Conversations: parts, merged turns, repaired calls, and what is kept of them."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from executus.testing.server.google_rules import find_broken_rule
from majordomo.errors import UnsupportedRequest
from majordomo.llm import (
    DocumentPart,
    Fragments,
    ImagePart,
    Message,
    OpaquePart,
    ProviderState,
    Request,
    Role,
    Target,
    TextPart,
    ThinkingPart,
    ToolCallPart,
    ToolResultPart,
    assistant,
    system,
    tool_result,
    user,
)
from majordomo.providers.google import GoogleWire

NEW = Target("google", "gemini-3.8-flash")
OLD = Target("google", "gemini-2.5-flash")
EVERY_TARGET = pytest.mark.parametrize("target", [NEW, OLD], ids=["3.8", "2.5"])
DUMMY = "c2tpcF90aG91Z2h0X3NpZ25hdHVyZV92YWxpZGF0b3I="
PNG = ImagePart(data=b"\x89PNG\r\n\x1a\n", mime="image/png")
HEIC = ImagePart(data=b"heic", mime="image/heic")
LOST = {"error": "the call was never completed"}


def inline(file):
    data = base64.b64encode(file.data).decode()
    return {"inlineData": {"mimeType": file.mime, "data": data}}


def ask(id="c1", name="lookup", arguments='{"q":1}'):
    return ToolCallPart(id=id, name=name, arguments=arguments)


def answers(*given_answers):
    parts = tuple(
        ToolResultPart(call_id=id, name="lookup", text=text) for id, text in given_answers
    )
    return Message(role=Role.TOOL, parts=parts)


def encode(*messages, target=NEW, fragments=None):
    request = Request(messages=messages, fragments=fragments or Fragments())
    return GoogleWire().encode(request, target, streaming=False).body


def sent(*messages, **where):
    return json.loads(encode(*messages, **where))["contents"]


def text(value):
    return {"text": value}


def call(name="lookup", args=None, signed=True):
    made = {"functionCall": {"name": name, "args": {"q": 1} if args is None else args}}
    return {**made, "thoughtSignature": DUMMY} if signed else made


def response(said, name="lookup", **fields):
    said = {"output": said} if isinstance(said, str) else said
    return {"functionResponse": {"name": name, "response": said, **fields}}


def turn(role, *parts):
    return {"role": role, "parts": list(parts)}


BEGIN = turn("user", text("(The conversation begins.)"))
HI = user("hi")
HI_SENT = turn("user", text("hi"))


@pytest.mark.parametrize(
    ("part", "parts"),
    [
        (TextPart(" a "), [text(" a ")]),
        (TextPart(""), []),
        (TextPart(" \n"), []),
        (PNG, [inline(PNG)]),
        (HEIC, [inline(HEIC)]),
        (
            DocumentPart(data=b"%PDF-", name="a.pdf"),
            [text("a.pdf:"), inline(DocumentPart(data=b"%PDF-"))],
        ),
        (
            DocumentPart(data=b"hello", name="", mime="text/plain"),
            [inline(DocumentPart(data=b"hello", mime="text/plain"))],
        ),
        (ThinkingPart("hm"), []),
        (ask(), []),
        (OpaquePart(provider="google", kind="x", data="{}"), []),
    ],
)
def test_parts_of_a_user_s_turn(part, parts):
    assert sent(user("hi", part)) == [turn("user", text("hi"), *parts)]


@pytest.mark.parametrize(
    ("part", "parts"),
    [
        (TextPart(" a"), [text(" a")]),
        (TextPart(" "), []),
        (ThinkingPart("hm"), []),
        (OpaquePart(provider="google", kind="executableCode", data="{}"), []),
        (OpaquePart(provider="anthropic", kind="x", data="{}"), []),
        (PNG, [text("(a file of type image/png)")]),
        (DocumentPart(data=b"%PDF-"), [text("(a file of type application/pdf)")]),
    ],
)
def test_parts_of_a_foreign_assistant_s_turn(part, parts):
    assert sent(HI, assistant("yes", part), HI)[1] == turn("model", text("yes"), *parts)


@pytest.mark.parametrize("mime", ["image/gif", "image/bmp", "image/svg+xml"])
@EVERY_TARGET
def test_an_image_gemini_cannot_read_is_unsupported(mime, target):
    image = ImagePart(data=b"GIF89a", mime=mime)
    for message in (user(image), tool_result(ask(), "see", image)):
        with pytest.raises(UnsupportedRequest, match=mime.replace("+", r"\+")) as caught:
            encode(HI, assistant(ask()), message, target=target)
        assert caught.value.model == target.model


@pytest.mark.parametrize(
    ("arguments", "args"),
    [
        ('{"q": "é", "n": [1.0]}', {"q": "é", "n": [1.0]}),
        ("{}", {}),
        ("", {}),
        (" ", {}),
        ('["x"]', {"invalid_arguments": '["x"]'}),
        ('{"q": ', {"invalid_arguments": '{"q": '}),
        ('{"q": NaN}', {"invalid_arguments": '{"q": NaN}'}),
        ("null", {"invalid_arguments": "null"}),
    ],
)
def test_arguments_are_an_object(arguments, args):
    made = sent(HI, assistant(ask(arguments=arguments)), answers(("c1", "ok")))[1]
    assert made == turn("model", call(args=args))


@pytest.mark.parametrize(
    ("name", "wire_name"),
    [
        ("lookup", "lookup"),
        ("a.b:c-d", "a.b:c-d"),
        ("a b/c", "a_b_c"),
        ("1st", "_1st"),
        ("-x", "_-x"),
        ("é", "_"),
        ("", "_"),
        ("n" * 99, "n" * 64),
    ],
)
def test_names_of_foreign_calls_are_made_to_fit(name, wire_name):
    contents = sent(HI, assistant(ask(name=name)), answers(("c1", "ok")))
    assert contents[1:] == [
        turn("model", call(name=wire_name)),
        turn("user", response("ok", name=wire_name)),
    ]


def test_only_the_first_of_parallel_foreign_calls_has_the_dummy_signature():
    contents = sent(HI, assistant("ok", ask("a"), ask("b")), answers(("a", "1"), ("b", "2")))
    assert contents[1] == turn("model", text("ok"), call(), call(signed=False))


def test_every_step_s_first_foreign_call_has_the_dummy_signature():
    messages = [HI]
    for _ in range(3):
        messages += [assistant(ask()), answers(("c1", "ok"))]
    models = [c for c in sent(*messages) if c["role"] == "model"]
    assert models == [turn("model", call())] * 3


def test_models_without_signatures_get_no_dummy():
    assert sent(HI, assistant(ask()), answers(("c1", "x")), target=OLD)[1] == turn(
        "model", call(signed=False)
    )


@EVERY_TARGET
def test_results_stand_in_the_order_of_the_calls(target):
    contents = sent(
        HI,
        assistant(ask("a"), ask("b", "other"), ask("c")),
        answers(("c", "3"), ("a", "1")),
        user("and?"),
        answers(("b", "2")),
        target=target,
    )
    assert contents[2] == turn(
        "user", response("1"), response("2", name="other"), response("3"), text("and?")
    )


def test_a_result_has_the_name_of_its_call():
    result = ToolResultPart(call_id="c1", name="elsewhere", text="ok")
    contents = sent(HI, assistant(ask()), Message(role=Role.TOOL, parts=(result,)))
    assert contents[2] == turn("user", response("ok"))


@pytest.mark.parametrize(
    ("said", "is_error", "expected"),
    [
        ("42", False, {"output": "42"}),
        ("", False, {"output": ""}),
        ('{"a": 1}', False, {"output": '{"a": 1}'}),
        ("[1]", False, {"output": "[1]"}),
        ("no", True, {"error": "no"}),
        ("", True, {"error": "the tool failed"}),
    ],
)
def test_results_are_objects(said, is_error, expected):
    contents = sent(HI, assistant(ask()), tool_result(ask(), said, is_error=is_error))
    assert contents[2] == turn("user", response(expected))


def test_images_of_results_are_in_the_response_of_newer_models():
    contents = sent(HI, assistant(ask()), tool_result(ask(), "see", PNG, HEIC), user("and?"))
    label = text("(an image from the result of lookup)")
    assert contents[2] == turn(
        "user",
        response("see\n(see the image below)", parts=[inline(PNG)]),
        label,
        inline(HEIC),
        text("and?"),
    )


def test_an_image_of_a_result_alone():
    contents = sent(HI, assistant(ask()), tool_result(ask(), "", PNG))
    assert contents[2] == turn("user", response("", parts=[inline(PNG)]))


def test_images_of_results_follow_the_responses_for_older_models():
    contents = sent(
        HI,
        assistant(ask("a"), ask("b")),
        tool_result(ask("a"), "", PNG),
        answers(("b", "2")),
        user("and?"),
        target=OLD,
    )
    assert contents[2] == turn(
        "user",
        response("(see the image below)"),
        response("2"),
        text("(an image from the result of lookup)"),
        inline(PNG),
        text("and?"),
    )


CONVERSATIONS = {
    "nothing": ([], [BEGIN]),
    "system only": ([system("be")], [BEGIN]),
    "empty user": ([user("")], [BEGIN]),
    "neighbours merge": (
        [HI, user("there"), assistant("a"), assistant("b"), HI],
        [
            turn("user", text("hi"), text("there")),
            turn("model", text("a"), text("b")),
            HI_SENT,
        ],
    ),
    "the assistant begins": ([assistant("a"), HI], [BEGIN, turn("model", text("a")), HI_SENT]),
    "an empty turn is dropped": (
        [HI, assistant(ThinkingPart("hm")), user("there")],
        [turn("user", text("hi"), text("there"))],
    ),
    "a dangling call": (
        [HI, assistant(ask()), HI],
        [HI_SENT, turn("model", call()), turn("user", response(LOST), text("hi"))],
    ),
    "a dangling call at the end": (
        [HI, assistant(ask())],
        [HI_SENT, turn("model", call()), turn("user", response(LOST))],
    ),
    "a dangling call before more of the assistant": (
        [HI, assistant(ask()), assistant("so")],
        [
            HI_SENT,
            turn("model", call()),
            turn("user", response(LOST)),
            turn("model", text("so")),
        ],
    ),
    "half answered": (
        [HI, assistant(ask("a"), ask("b")), answers(("b", "2"))],
        [
            HI_SENT,
            turn("model", call(), call(signed=False)),
            turn("user", response(LOST), response("2")),
        ],
    ),
    "a result without its call": (
        [HI, assistant("a"), answers(("c9", "x")), assistant("b")],
        [HI_SENT, turn("model", text("a"), text("b"))],
    ),
    "results first of all": ([answers(("c1", "x")), HI], [HI_SENT]),
    "a second result": (
        [HI, assistant(ask()), answers(("c1", "x"), ("c1", "y"))],
        [HI_SENT, turn("model", call()), turn("user", response("x"))],
    ),
    "a late result": (
        [HI, assistant(ask()), HI, assistant("so"), answers(("c1", "x"))],
        [
            HI_SENT,
            turn("model", call()),
            turn("user", response(LOST), text("hi")),
            turn("model", text("so")),
        ],
    ),
    "one id twice in a turn": (
        [HI, assistant(ask(), ask()), answers(("c1", "x"), ("c1", "y"))],
        [
            HI_SENT,
            turn("model", call(), call(signed=False)),
            turn("user", response("x"), response("y")),
        ],
    ),
    "one id in every turn": (
        [HI, assistant(ask()), answers(("c1", "x")), assistant(ask()), answers(("c1", "y"))],
        [
            HI_SENT,
            turn("model", call()),
            turn("user", response("x")),
            turn("model", call()),
            turn("user", response("y")),
        ],
    ),
    "system messages go elsewhere": (
        [HI, system("be"), user("there"), system("brief")],
        [turn("user", text("hi"), text("there"))],
    ),
}


@pytest.mark.parametrize(("messages", "contents"), CONVERSATIONS.values(), ids=CONVERSATIONS)
def test_conversations(messages, contents):
    assert sent(*messages) == contents
    # Also when it grew message by message, as in a run.
    fragments = Fragments()
    for end in range(len(messages) + 1):
        grown = sent(*messages[:end], fragments=fragments)
    assert grown == contents


def test_lone_surrogates_reach_the_server_as_question_marks():
    contents = sent(user("a\ud800"), assistant(ask(arguments='{"q":"\ud800"}')))
    assert contents[0] == turn("user", text("a?"))
    assert contents[1] == turn("model", call(args={"q": "?"}))


TEXTS = st.sampled_from(["a", "", " "])
IDS = st.sampled_from(["c1", "c2", "toolu_1!"])
CALLS = st.builds(ask, id=IDS, name=st.sampled_from(["lookup", "1 x"]))
SIGNATURE_STATE = ProviderState(
    wire="google",
    provider="google",
    model=NEW.model,
    data='{"parts":[{"functionCall":{"name":"lookup"}}]}',
)
MESSAGES = st.one_of(
    st.builds(user, TEXTS),
    st.builds(user, TEXTS, st.just(PNG)),
    st.builds(system, TEXTS),
    st.builds(assistant, TEXTS),
    st.builds(assistant, TEXTS, CALLS),
    st.builds(assistant, CALLS, CALLS, state=st.sampled_from([None, SIGNATURE_STATE])),
    st.builds(assistant, CALLS, state=st.just(SIGNATURE_STATE)),
    st.builds(
        lambda *ids: answers(*((id, "ok") for id in ids)),
        IDS,
        IDS,
    ),
    st.builds(lambda id: tool_result(ask(id), "see", PNG), IDS),
)


@EVERY_TARGET
@given(messages=st.lists(MESSAGES, max_size=9))
def test_any_transcript_keeps_the_vendor_s_rules(target, messages):
    body = json.loads(encode(*messages, target=target))
    assert find_broken_rule(body, target.model, ()) is None


@given(messages=st.lists(MESSAGES, max_size=9), cuts=st.lists(st.integers(0, 9), max_size=3))
def test_shared_fragments_change_nothing(messages, cuts):
    fragments = Fragments()
    for cut in sorted(cuts):
        encode(*messages[:cut], fragments=fragments)
    encode(*messages[::-1], fragments=fragments)
    assert encode(*messages, fragments=fragments) == encode(*messages)


def test_a_message_is_encoded_once_in_a_run():
    reads = []

    class Watched(TextPart):
        def __getattribute__(self, name):
            if name == "text":
                reads.append(name)
            return super().__getattribute__(name)

    fragments, messages = Fragments(), [Message(role=Role.USER, parts=(Watched("go"),))]
    for _ in range(5):
        encode(*messages, fragments=fragments)
        messages += [assistant(ask()), answers(("c1", "ok"))]
    once = len(reads)
    encode(*messages, fragments=fragments)
    encode(*messages[:2], user("other"), fragments=fragments)
    assert len(reads) == once > 0


def test_big_media_is_not_kept_a_second_time():
    fragments = Fragments()
    big = ImagePart(data=b"\x89PNG\r\n\x1a\n" + bytes(1024 * 1024), mime="image/png")
    message = user(big)
    assert encode(message, fragments=fragments) == encode(message)
    assert not fragments.of(("google", NEW))
    assert made_anew(fragments, message)
    small = user(PNG)
    encode(small, fragments=fragments)
    assert id(small) in fragments.of(("google", NEW))
    assert not made_anew(fragments, small)


def made_anew(fragments, message):
    """Whether a conversation of one message is not kept from an earlier call."""
    made = []

    class Joiner:
        keep = True

        def add(self, message):
            made.append(message)

    fragments.joined(("google", NEW), [message], Joiner)
    return bool(made)
