"""What is kept of an encoded conversation goes on only with what really follows it."""

import pytest

from majordomo.llm import Fragments, user


class Words:
    """A joiner that keeps texts, and refuses one of them."""

    def __init__(self):
        self.texts, self.keep = [], True

    def add(self, message):
        if message.text == "bad":
            raise ValueError("refused")
        self.texts.append(message.text)


A, B, C, BAD = user("a"), user("b"), user("c"), user("bad")


def test_a_longer_conversation_goes_on_where_the_last_one_ended():
    fragments = Fragments()
    first = fragments.joined("d", [A, B], Words)
    assert fragments.joined("d", [A, B, C], Words) is first
    assert first.texts == ["a", "b", "c"]


@pytest.mark.parametrize("changed", [[B, A], [A], [A, C], []])
def test_a_changed_conversation_begins_anew(changed):
    fragments = Fragments()
    fragments.joined("d", [A, B], Words)
    assert fragments.joined("d", changed, Words).texts == [m.text for m in changed]


def test_dialects_are_apart():
    fragments = Fragments()
    fragments.joined("d", [A], Words)
    assert fragments.joined("e", [B], Words).texts == ["b"]


def test_a_refused_message_leaves_nothing_behind():
    fragments = Fragments()
    fragments.joined("d", [A], Words)
    with pytest.raises(ValueError, match="refused"):
        fragments.joined("d", [A, B, BAD], Words)
    assert fragments.joined("d", [A, B], Words).texts == ["a", "b"]


def test_what_is_too_big_to_keep_is_joined_again():
    fragments = Fragments()
    first = fragments.joined("d", [A], Words)
    first.keep = False
    fragments.joined("d", [A, B], Words)
    assert fragments.joined("d", [A, B, C], Words) is not first
