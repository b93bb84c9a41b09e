"""The estimate, and what reported usage teaches it."""

import struct

import pytest

from executus.compact.weights import Gauge, Scale, text_tokens
from majordomo.llm import (
    DocumentPart,
    ImagePart,
    Message,
    OpaquePart,
    ProviderState,
    Role,
    ThinkingPart,
    ToolCallPart,
    Usage,
    assistant,
    tool_result,
    user,
)

PNG = ImagePart(data=b"\x89PNG", mime="image/png")


def picture(width, height):
    data = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + struct.pack(">II", width, height)
    return ImagePart(data=data, mime="image/png")


CALL = ToolCallPart(id="c", name="name", arguments='{"a":"b"}   ')


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("", 0),
        ("x", 1),
        ("four", 1),
        ("fives", 2),
        ("ü" * 4, 2),
        ("言葉" * 2, 3),
        ("\ud800" * 4, 1),
    ],
)
def test_a_text_is_a_quarter_of_its_bytes(text, tokens):
    assert text_tokens(text) == tokens


@pytest.mark.parametrize(
    ("message", "tokens"),
    [
        (user("x" * 40), 14),
        (user("x" * 40, PNG), 1_614),
        (user(picture(100, 100)), 260),
        (user(picture(900, 1_000)), 1_204),
        (user(picture(9_000, 9_000)), 1_604),
        (user(picture(0, 9)), 1_604),
        (user(ImagePart(data=b"?", mime="image/png")), 1_604),
        (user(DocumentPart(data=b"%PDF x")), 1_504),
        (user(DocumentPart(data=b"x" * 350_000)), 4_504),
        (user(DocumentPart(data=b"<</Type /Pages>> " + b"<</Type/Page /A>>" * 3)), 4_504),
        (assistant(ThinkingPart("x" * 400)), 4),
        (assistant(OpaquePart(provider="p", kind="k", data="x" * 400)), 4),
        (assistant(CALL), 16),
        (tool_result(CALL, "x" * 40, PNG, PNG), 3_222),
        (
            assistant(
                "x" * 40,
                state=ProviderState(wire="w", provider="p", model="m", data="s" * 400),
            ),
            104,
        ),
    ],
    ids=lambda value: value.role if isinstance(value, Message) else str(value),
)
def test_a_message_is_its_parts_or_its_state(message, tokens):
    assert Scale().weigh(message) == tokens


def test_a_message_is_weighed_once_and_forgotten_when_told():
    looked = []

    class Watched(Message):
        __slots__ = ()

        def __getattribute__(self, name):
            if name == "parts":
                looked.append(name)
            return super().__getattribute__(name)

    one, other = (Watched(role=Role.USER, parts=user("hello").parts) for _ in range(2))
    scale = Scale()
    assert scale.weigh_all([one, other, one, one]) == 4 * 6
    assert len(looked) == 2
    scale.keep_only([one])
    scale.weigh_all([one, other])
    assert len(looked) == 3


@pytest.mark.parametrize(
    ("reports", "ratio"),
    [
        ([(100, 150)], 1.5),
        ([(100, 150), (200, 240)], 1.35),
        ([(100, 60)], 0.8),
        ([(100, None)], 1.0),
        ([(100, 33)], 1.0),
        ([(100, 2_000)], 8.0),
        ([(100, 150), (200, 140)], 1.5),
        ([(100, 150), (90, 140)], 140 / 90),
    ],
    ids=str,
)
def test_a_report_is_believed_as_far_as_it_can_be_true(reports, ratio):
    gauge = Gauge()
    for estimated, counted in reports:
        gauge.learn(estimated, Usage(input=counted))
    assert gauge.ratio == pytest.approx(ratio)


def test_a_part_of_no_known_kind_is_a_defect_not_a_guess():
    with pytest.raises(AssertionError):
        Scale().weigh(Message(role=Role.USER, parts=("bare text",)))
