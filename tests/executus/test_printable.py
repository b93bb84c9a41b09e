"""What is shown in a terminal cannot steer it."""

import pytest

from executus.printable import printable


@pytest.mark.parametrize(
    "text", ["plain", "line\n\tline", "naïve 日本", "👩\u200d💻", "e\u0301", ""]
)
def test_what_is_text_stays(text):
    assert printable(text) == text


@pytest.mark.parametrize(
    "character",
    "\x00\x07\x08\r\x0b\x1b\x7f\x85\x9b\u200f\u2028\u202e\u2066\u061c",
)
def test_what_moves_colours_or_reorders_is_replaced(character):
    assert printable(f"a{character}b") == "a\ufffdb"
