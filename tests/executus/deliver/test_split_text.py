"""Text in pieces: nothing lost, nothing too long, cut where a reader would."""

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from executus.deliver import split_text
from executus.errors import SetupError

SIZES = {
    "chars": len,
    "utf-16": lambda text: len(text.encode("utf-16-le", "surrogatepass")) // 2,
    "bytes": lambda text: len(text.encode("utf-8", "surrogatepass")),
}
UNITS = st.sampled_from(sorted(SIZES))
FAMILY = "👨‍👩‍👧‍👦"
OPENING = re.compile(r"( {0,3})(`{3,}|~{3,})(.*)")


def open_block(text):
    """What line opens again the code block that is open at the end of a text, told line by line."""
    block = None
    for line in text.split("\n")[:-1]:
        found = OPENING.fullmatch(line)
        if block is None and found and not (found[2][0] == "`" and "`" in found[3]):
            block = found
        elif block and found and found[2].startswith(block[2]) and not found[3].strip(" \t\r"):
            block = None
    if block is None:
        return None
    return block[1] + block[2] + "".join(block[3].split()[:1]), block[1] + block[2]


def explained(text, pieces, done=""):
    """Whether the pieces are the text, but for marks that close and open again what is cut."""
    if not pieces:
        return done == text
    block, body = open_block(done), pieces[0]
    if block:
        if not body.startswith(block[0] + "\n"):
            return False
        body = body[len(block[0]) + 1 :]
    return any(
        text.startswith(done + one) and explained(text, pieces[1:], done + one)
        for one in (body, *without_closing(done, body))
    )


def without_closing(done, body):
    """What a piece may have had before it was closed; more than one thing when it is unclear."""
    if marks := re.search(r"(?<=\n) {0,3}(`+|~+)\Z", body):
        rest = body[: marks.start()]
        for one in (rest, rest[:-1]):
            if (block := open_block(done + one + "\n")) and block[1] == marks[0]:
                yield one


@given(st.text(), st.integers(4, 40), UNITS)
@example("a" * 100, 4, "chars")
@example("\ud800" * 20, 4, "bytes")
@example("x\r\n" * 20, 4, "bytes")
@example("`" * 100, 16, "chars")
@example(" \n" * 50, 16, "chars")
@settings(max_examples=120, deadline=None)
def test_no_character_is_lost_and_no_piece_too_long(text, limit, unit):
    pieces = split_text(text, limit, unit=unit)
    assert all(0 < SIZES[unit](piece) <= limit for piece in pieces)
    if open_block(text + "\n") is None and not re.search("`{3}|~{3}", text):
        assert "".join(pieces) == text


WORDS = st.sampled_from(
    [
        "word",
        "a",
        "long" * 9,
        FAMILY,
        "é",
        "😀",
        " ",
        "  ",
        "\n",
        "\n",
        "\n\n",
        ". ",
        "x```y",
        "w ~~~",
        "\n~~~\n",
    ]
)
BLOCKS = st.tuples(
    st.sampled_from(["```py", "~~~", "````", "  ```js title=x", "```"]),
    st.lists(WORDS, max_size=12),
).map(lambda block: f"\n{block[0]}\n{''.join(block[1])}\n{block[0].rstrip('pyjs tile=x')}\n")


@given(st.lists(st.one_of(WORDS, BLOCKS), max_size=30), st.integers(80, 160), UNITS)
@example(["\n~~~\n" + "long" * 9 + "\n~~~" + "long" * 8 + "\n~~~\n"], 80, "bytes")
@settings(max_examples=80, deadline=None)
def test_code_blocks_are_closed_and_opened_again_and_nothing_else_is_added(parts, limit, unit):
    text = "".join(parts)
    pieces = split_text(text, limit, unit=unit)
    assert all(0 < SIZES[unit](piece) <= limit for piece in pieces)
    assert explained(text, pieces), pieces
    for piece in pieces[:-1]:
        assert open_block(piece + "\n") is None, piece


@given(st.lists(st.sampled_from(["a", "\r\n", "é", FAMILY, "🇩🇪", "👍🏽", "각", "각"])))
@settings(deadline=None)
def test_what_people_see_as_one_character_stays_whole(parts):
    for piece in split_text("".join(parts), 11):
        rest = piece
        while rest:
            whole = [one for one in parts if rest.startswith(one)]
            assert whole, piece
            rest = rest[len(max(whole, key=len)) :]


@pytest.mark.parametrize("limit", [20, 25, 30])
def test_words_are_not_cut_when_they_need_not_be(limit):
    text = "some words of which none is longer than a piece, " * 20
    assert [word for piece in split_text(text, limit) for word in piece.split()] == text.split()


@pytest.mark.parametrize(
    ("text", "limit", "pieces"),
    [
        ("", 10, []),
        ("short", 10, ["short"]),
        ("exactly 10", 10, ["exactly 10"]),
        ("One two.\n\nThree. Four\nfive.", 20, ["One two.\n\n", "Three. Four\nfive."]),
        ("One two\nthree. Four five", 16, ["One two\n", "three. Four five"]),
        ("One two. Three four five", 16, ["One two. ", "Three four five"]),
        ("“One two.” Three four fi", 16, ["“One two.” ", "Three four fi"]),
        ("一二三四五。六七八九十", 8, ["一二三四五。", "六七八九十"]),
        ("one two three four", 10, ["one two ", "three four"]),
        ("one two three", 7, ["one two", " three"]),
        ("one\n\ntwo", 3, ["one", "\n\n", "two"]),
        ("12\u00a0345", 4, ["12\u00a03", "45"]),
        ("Hi there " + "x" * 30, 20, ["Hi there ", "x" * 20, "x" * 10]),
        ("Hi.\n\n" + "ten-chars " * 3, 30, ["Hi.\n\nten-chars ten-chars ", "ten-chars "]),
        (FAMILY + FAMILY, 11, [FAMILY, FAMILY]),
        (FAMILY, 6, [FAMILY[:6], FAMILY[6:]]),
        ("🇩🇪🇫🇷", 3, ["🇩🇪", "🇫🇷"]),
        ("ae\u0301", 2, ["a", "e\u0301"]),
        ("`" * 5 + "e\u0301" * 2, 6, ["`" * 5, "e\u0301" * 2]),
        ("a b\u200d", 2, ["a ", "b\u200d"]),
    ],
)
def test_a_text_is_cut_at_the_best_place(text, limit, pieces):
    assert split_text(text, limit) == pieces


@pytest.mark.parametrize(
    ("unit", "limit", "pieces"),
    [
        ("chars", 4, ["😀😀😀😀", "é"]),
        ("utf-16", 4, ["😀😀", "😀😀", "é"]),
        ("bytes", 4, ["😀", "😀", "😀", "😀", "é"]),
        ("bytes", 18, ["😀😀😀😀é"]),
        ("bytes", 17, ["😀😀😀😀", "é"]),
    ],
)
def test_a_limit_counts_what_it_says(unit, limit, pieces):
    assert split_text("😀😀😀😀é", limit, unit=unit) == pieces


def test_a_cut_code_block_keeps_its_language_and_marks():
    text = "See:\n\n~~~~python title=x\na = 1\nb = 2\nc = 3\nd = 4\n~~~~\nDone."
    assert split_text(text, 52) == [
        "See:\n\n~~~~python title=x\na = 1\nb = 2\nc = 3\n~~~~",
        "~~~~python\nd = 4\n~~~~\nDone.",
    ]


def test_a_cut_goes_rather_before_a_code_block_than_into_it():
    text = "Some words to begin with.\n```\na = 1\nb = 2\n```\n"
    assert split_text(text, 40) == ["Some words to begin with.\n", "```\na = 1\nb = 2\n```\n"]


def test_a_long_line_of_code_is_cut_within_its_block():
    assert split_text("```\n" + "x" * 20 + "\n```", 20) == [
        "```\n" + "x" * 12 + "\n```",
        "```\n" + "x" * 8 + "\n```",
    ]


def test_a_block_that_is_never_closed_stays_so():
    assert split_text("```\naaaa\nbbbb\ncccc\n", 18) == ["```\naaaa\nbbbb\n```", "```\ncccc\n"]


def test_a_block_whose_fences_leave_no_room_is_cut_as_it_is():
    text = "```a-language\ncode\n```"
    assert "".join(split_text(text, 10)) == text


def test_marks_in_a_line_never_become_a_block():
    text = "words and words then ```code``` and ~~~ more"
    for limit in range(10, 40):
        for piece in split_text(text, limit):
            assert not re.match(" {0,3}(```|~~~)", piece), limit


def test_a_long_text_takes_time_that_grows_with_its_length_alone():
    """Each of these hard kinds would take minutes if it grew with the square."""
    for text in ("`" * 2**17, "\n" * 2**17, "```\n" * 2**15, "word " * 2**15, "~~~\n \n" * 2**14):
        assert split_text(text, 2000)


@pytest.mark.parametrize(("unit", "least"), [("chars", 1), ("utf-16", 2), ("bytes", 4)])
def test_a_limit_smaller_than_a_character_is_refused(unit, least):
    assert len(split_text("ab" * least, least, unit=unit)) == 2
    with pytest.raises(SetupError, match=f"at least {least} {unit}"):
        split_text("a", least - 1, unit=unit)
