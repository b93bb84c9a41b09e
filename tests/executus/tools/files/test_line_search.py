"""Which lines match: as Python's `re` says, and never slower than the line is long."""

import re
from itertools import product

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from executus.tools.files.automaton import Automaton
from executus.tools.files.linesearch import LineSearch
from executus.tools.files.syntax import parse
from majordomo.llm import BadArguments

PATTERNS = [
    r"foo", r"fo+", r"^a", r"a$", r"^$", r"a|b",
    r"(ab)+c", r"a{2,3}", r"a{2}", r"a{,2}b", r"\bfoo\b",
    r"\Boo", r"[a-c]+x", r"[^a-c]", r"[]x]", r"[\]x]", r"[a\-c]", r"\d+\.\d+", r"\w+\s*=\s*\w+",
    r"(a|ab)(c|bcd)", r"a??b", r"a*?b", r"(?:x|y)*z", r"(?P<n>q)r", r"x{", r"a{x}", r"\.", r"\x41",
    r"\u00e9", r".", r"", r"(|a)b", r"(a*)*b", r"[[]", r"[+--]",
    r"(\b){3}a", r"(\b)?a", r"(){2}b", r"[&&x]", r"\tx", r"é+",
]  # fmt: skip
LINES = [
    "", "a", "b", "foo", "a foo b", "xfoox", "aaa",
    "aab", "ababc", "abcd", "abcx", "]", "x{", "a{x}",
    "a-c", "1.25", "x = y", "A", "é", "éé", "qr", "xyz", "z", "[", "&", "-", "\tx", "a" * 50 + "b",
]  # fmt: skip


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("flags", [0, re.IGNORECASE])
def test_both_ways_to_search_agree_with_re(pattern, flags):
    automaton = Automaton(parse(pattern), flags)
    search = LineSearch(pattern, ignore_case=bool(flags)) if pattern else None
    theirs = re.compile(
        pattern.replace("[[]", r"\[").replace("[&&x]", "[&x]").replace("--]", r"-\-]"), flags
    )
    for line in LINES:
        expected = bool(theirs.search(line))
        assert automaton.search(line) is expected, line
        if search:
            assert bool(search.matches(line)) is expected, line
            if expected:
                assert search.may_match(line.encode())


atoms = st.sampled_from(["a", "b", ".", "[ab]", r"\w", r"\b", "^", "$", "é", " "])


def grow(inner):
    quantified = st.tuples(inner, st.sampled_from(["*", "+", "?", "{2}", "{1,3}", "*?"]))
    return (
        st.tuples(inner, inner).map("".join)
        | st.tuples(inner, inner).map(lambda two: f"(?:{two[0]}|{two[1]})")
        | quantified.map(lambda pair: f"(?:{pair[0]}){pair[1]}")
    )


@settings(max_examples=200, deadline=None)
@given(st.recursive(atoms, grow, max_leaves=5), st.text("abé -_1", max_size=7))
def test_random_patterns_match_as_in_re(pattern, line):
    expected = bool(re.search(pattern, line))
    assert Automaton(parse(pattern)).search(line) is expected
    search = LineSearch(pattern)
    assert bool(search.matches(line)) is expected
    assert not expected or search.may_match(line.encode())


# What patterns are made of that a person writes. Each piece takes at most a few characters, so that
# `re`, the oracle, cannot take long over them.
PIECES = st.sampled_from(
    [
        *("a", "b", "foo", "=", " ", "\\.", "é", "ß", "K", "_", "0", "\t", "-"),
        *(".", "[ab]", "[^a]", "[a-c_]", "[^\\w ]", "[]x]", "[\\d.]", "[a\\-z]", "[é-ü]"),
        *("\\d", "\\D", "\\w", "\\W", "\\s", "\\S", "\\x41", "\\u00e9", "\\t"),
        *("\\b", "\\B", "^", "$", "\\A", "\\Z", "()", "(?:)"),
    ]
)
COUNTS = st.sampled_from(["", "", "*", "+", "?", "{2}", "{1,3}", "{,2}", "{2,}", "*?", "+?", "??"])


def larger(inner):
    def counted(pair):
        return f"(?:{pair[0]}){pair[1]}"

    alternatives = st.lists(inner, min_size=1, max_size=3).map("|".join)
    return (
        st.lists(inner, min_size=1, max_size=3).map("".join)
        | alternatives.map(lambda text: f"({text})")
        | alternatives.map(lambda text: f"(?P<n>{text})")
        | st.tuples(inner, COUNTS).map(counted)
    )


PATTERN = st.recursive(PIECES, larger, max_leaves=6)
# Letters with several cases, among them the ones that meet others only when case does not count.
LINE = st.text("abcfozAFK=. éßÉ\u017f\u212aK_0129\t-x]", max_size=9)


def comparable(pattern, line):
    """Until Python 3.14, `\\B` found nothing in an empty text, unlike everywhere else."""
    return line or "\\B" not in pattern


def rejected(pattern, flags):
    try:
        re.compile(pattern, flags)
    except re.error:  # two groups of one name, say
        return True
    return False


@settings(max_examples=400, deadline=None)
@given(PATTERN, st.lists(LINE, min_size=1, max_size=6), st.sampled_from([0, re.IGNORECASE]))
def test_every_way_to_search_finds_what_re_finds(pattern, lines, flags):
    assume(not rejected(pattern, flags))
    oracle = re.compile(pattern, flags)
    automaton = Automaton(parse(pattern), flags)
    search = LineSearch(pattern, ignore_case=bool(flags))
    for line in lines:
        if not comparable(pattern, line):
            continue
        expected = bool(oracle.search(line))
        assert automaton.search(line) is expected, (pattern, line)
        assert bool(search.matches(line)) is expected, (pattern, line, search.linear)
        assert not expected or search.may_match(line.encode()), (pattern, line)


SMALL = ["a", "b", ".", "[^a]", r"\w", r"\W", r"\b", r"\B", "^", "$", "(?:ab|a)", "a*", "b+", "b?"]
SMALL += [r"\w{2}", "b{1,2}", "(?:a|^)", r"(?:\b|b)", "é"]
SHORT = [
    "",
    "a",
    "b",
    "é",
    " ",
    "ab",
    "ba",
    "aa",
    "bb",
    "a ",
    " b",
    "éa",
    "aab",
    "abb",
    "b a",
    "-ab-",
]


@pytest.mark.parametrize("first", SMALL)
def test_every_two_and_three_pieces_find_what_re_finds(first):
    for second, third in product(SMALL, ["", "a", r"\B", "$", "b*"]):
        pattern = first + second + third
        automaton, oracle = Automaton(parse(pattern)), re.compile(pattern)
        for line in SHORT:
            if comparable(pattern, line):
                assert automaton.search(line) is bool(oracle.search(line)), (pattern, line)


@settings(max_examples=200, deadline=None)
@given(st.text("ab.*+?()[]{}|^$\\\\-é ", min_size=1, max_size=5), LINE, st.booleans())
def test_a_literal_is_found_as_it_stands(text, line, ignore_case):
    search = LineSearch(text, ignore_case=ignore_case, literal=True)
    flags = re.IGNORECASE if ignore_case else 0
    for one in (line, f"{line}{text}{line}"):
        expected = bool(re.search(re.escape(text), one, flags))
        assert bool(search.matches(one)) is expected
        assert not expected or search.may_match(one.encode())


@settings(max_examples=100, deadline=None)
@given(PATTERN, st.lists(LINE, min_size=8, max_size=20))
def test_an_automaton_that_forgets_finds_the_same(pattern, lines):
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("executus.tools.files.automaton.MAX_REMEMBERED", 30)
        try:
            forgetful, keeping = Automaton(parse(pattern)), Automaton(parse(pattern))
        except BadArguments:
            return
        assert [forgetful.search(one) for one in lines] == [keeping.search(one) for one in lines]


@pytest.mark.parametrize(
    "pattern",
    [
        r"(a+)+$", r"(a|a)*b", r"(a*)*b", r"(a?){50}a{50}b", r"a*a*a*a*a*b", r".*.*.*=x",
        r"(.*)(.*)(.*)(.*)[^a]c", r"(\w+\s?)+$!", r"([a-z]+)*[0-9]{3}x", r"(a{1,9}){1,9}b",
        r"(" * 40 + r"\b" + r"){200}" * 40 + "a+a+",
        r"[ab]*[ab]{200}c", r".*.{200}x", r"\w*" + r"\w" * 20 + r"\d",
        r"(a*b|\w+)" + "a" * 20 + "b",
    ],
)  # fmt: skip
def test_patterns_that_hang_re_do_not_hang_here(pattern):
    search = LineSearch(pattern)
    assert search.linear
    for line in ("a" * 2000, "a" * 1999 + "!", "a " * 1000):
        assert isinstance(search.matches(line), bool)


def test_simple_patterns_take_the_fast_way():
    for pattern in (r"def \w+\(", r"TODO|FIXME", r"\bclass\b", r"^import os", r"colou?r", "a.*b"):
        assert not LineSearch(pattern).linear
    for pattern in (r"def \w+\(self, another, third\)", r"[^\n]*\n is not much to try again"):
        assert not LineSearch(pattern).linear


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("(a", "a missing )"),
        ("a)", "an unmatched )"),
        ("[a", "a missing ]"),
        ("[z-a]", "a wrong class"),
        ("*a", "nothing to repeat"),
        ("^*", "nothing to repeat"),
        ("a**", "a second repetition"),
        ("a*+", "a second repetition"),
        (r"(a)\1", "a reference back"),
        ("(?=a)", "looks ahead"),
        ("(?<!a)b", "looks ahead"),
        ("a{2,1}", "a repetition that is none"),
        ("a{999}", "a repetition that is none"),
        ("((a+){100}){100}", "too large"),
        ("(" * 60 + ")" * 60, "nesting"),
        (r"\U00110000", "no character"),
        ("a" * 1001, "at most 1000"),
        ("a\\", "an escape"),
        ("", "give what"),
    ],
)
def test_what_cannot_be_searched_is_refused_with_the_reason(pattern, why):
    with pytest.raises(BadArguments, match=re.escape(why)):
        LineSearch(pattern).matches("a")


def test_what_is_remembered_stays_bounded(monkeypatch):
    monkeypatch.setattr("executus.tools.files.automaton.MAX_REMEMBERED", 100)
    automaton = Automaton(parse(r"(x+)+y"))
    for number in range(500):
        assert not automaton.search(chr(300 + number) + "x")
    assert len(automaton._states) < 15
    assert automaton.search("xxy")


def test_large_states_count_for_more_of_what_is_remembered(monkeypatch):
    monkeypatch.setattr("executus.tools.files.automaton.MAX_REMEMBERED", 2000)
    automaton = Automaton(parse(r"(a|b)*a[ab]{150}c"))
    line = "".join("ab"[number * number % 7 % 2] for number in range(900))
    held: list[int] = []
    for start in range(0, 800, 40):
        automaton.search(line[start : start + 100])
        held.append(sum(len(places) for places, _ in automaton._states))
    assert max(held) < 2200
