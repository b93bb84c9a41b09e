"""What is asked of an agent is checked where it is said, not in the middle of the run."""

import pytest

from executus import Caller, Invocation, Limits, SetupError
from executus.money import Money
from majordomo import DocumentPart, ImagePart, assistant, user

PNG = ImagePart(data=b"\x89PNG\r\n\x1a\n", mime="image/png")


@pytest.mark.parametrize(
    ("said", "about"),
    [
        (42, "the input must be a text, or a list of texts and parts, not int"),
        (None, "not NoneType"),
        (b"hello", "not bytes"),
        ({"role": "user"}, "not dict"),
        ([{"role": "user", "content": "hi"}], "each part .* not dict"),
        (["look", b"\x89PNG"], r"such as ImagePart.from_bytes\(…\), not bytes"),
    ],
)
def test_an_input_that_is_neither_text_nor_parts_is_refused(said, about):
    with pytest.raises(SetupError, match=about):
        Invocation(said)


@pytest.mark.parametrize(
    ("field", "value", "about"),
    [
        ("caller", "ann", r"such as Caller\(id='ann'\), not 'ann'"),
        ("limits", {"max_steps": 3}, r"such as Limits\(max_steps=5\), not {'max_steps': 3}"),
        ("history", ["hi"], "such as an earlier run's, not 'hi'"),
        ("history", [{"role": "user", "content": "hi"}], "not {'role'"),
    ],
)
def test_what_is_of_the_wrong_kind_is_refused_with_what_to_give(field, value, about):
    with pytest.raises(SetupError, match=about):
        Invocation("hi", **{field: value})


@pytest.mark.parametrize("said", ["", "hi", ["look", PNG], (DocumentPart(data=b"%PDF"),)])
def test_what_is_right_is_kept_as_it_was_said(said):
    asked = Invocation(
        said,
        caller=Caller(id="ann"),
        history=(user("a"), assistant("b")),
        limits=Limits(max_steps=2),
    )
    assert asked.input is said


def test_a_cap_on_money_is_an_amount():
    assert Limits(max_cost=Money("0.50")).max_cost == Money("0.50")
    with pytest.raises(SetupError, match=r"such as Money\('0.50'\), not 0.5"):
        Limits(max_cost=0.5)


def test_a_file_may_write_an_amount_as_people_do():
    for written in ("0.50", {"amount": "0.50"}, {"amount": "0.50", "currency": "USD"}):
        assert Limits.from_json({"max_cost": written}).max_cost == Money("0.50")


@pytest.mark.parametrize("amount", ["much", "", None, [1], b"1", float("nan"), "NaN"])
def test_what_is_no_amount_of_money_is_refused_in_one_sentence(amount):
    with pytest.raises(SetupError, match=r"amount"):
        Money(amount)
