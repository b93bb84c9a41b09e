"""Each message is encoded once, but for big media; big texts are kept like any other."""

from dataclasses import dataclass

import pytest

from majordomo.llm import DocumentPart, ImagePart, ToolCallPart, tool_result, user
from majordomo.providers.encodings import Encodings

MiB = 1024 * 1024
IMAGE = ImagePart(mime="image/png", data=b"x")
CALL = ToolCallPart(id="c", name="look", arguments="{}")


@dataclass(frozen=True)
class Encoded:
    size: int


def encodings(size, known):
    asked = []

    def encode(message):
        asked.append(message)
        return Encoded(size)

    return Encodings(known, encode), asked


@pytest.mark.parametrize("size", [10, 2 * MiB])
def test_a_text_is_encoded_once_whatever_its_size(size):
    known = {}
    made, asked = encodings(size, known)
    message = user("x")
    assert made.of(message) is made.of(message)
    assert encodings(size, known)[0].of(message) is made.of(message)
    assert (asked, made.keep) == ([message], True)


def test_small_media_is_kept():
    made, asked = encodings(MiB - 1, {})
    message = user(IMAGE)
    assert made.of(message) is made.of(message)
    assert (len(asked), made.keep) == (1, True)


@pytest.mark.parametrize(
    "message",
    [
        user(IMAGE),
        user(DocumentPart(mime="application/pdf", data=b"x")),
        tool_result(CALL, "x", IMAGE),
    ],
    ids=["image", "document", "image in a result"],
)
def test_big_media_is_not_kept_a_second_time(message):
    known = {}
    made, asked = encodings(MiB, known)
    made.of(message)
    made.of(message)
    assert asked == [message, message]
    assert known == {}
    assert not made.keep
