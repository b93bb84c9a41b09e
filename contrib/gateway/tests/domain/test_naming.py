"""Names of tools: identifiers, distinct, the same whatever order they come in."""

import keyword
import random

import pytest
from executus_gateway.domain import identifier, identifiers, namespace_from
from hypothesis import given
from hypothesis import strategies as st

NAMES = st.lists(st.text(max_size=90), max_size=12)


@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("listPets", "list_pets"),
        ("HTTPServer", "http_server"),
        ("get-user.by/id", "get_user_by_id"),
        ("2fa", "t_2fa"),
        ("class", "class_"),
        ("__a__", "a"),
        ("Größe", "gr_e"),
    ],
)
def test_a_name_becomes_what_a_person_would_write(name, made):
    assert identifier(name) == made


@given(st.text(max_size=200))
def test_any_text_gives_an_identifier_that_python_takes(name):
    made = identifier(name)
    assert made.isidentifier()
    assert made.isascii()
    assert not keyword.iskeyword(made)
    assert len(made) <= 65
    assert identifier(name) == made


@given(NAMES, st.randoms(use_true_random=False))
def test_names_are_distinct_and_do_not_depend_on_order(names, chance):
    made = identifiers(names)
    assert len(set(made.values())) == len(set(names))
    shuffled = list(names)
    chance.shuffle(shuffled)
    assert identifiers(shuffled) == made


def test_a_new_name_changes_no_other_but_one_it_collides_with():
    names = [f"tool-{number}" for number in range(50)]
    random.Random(1).shuffle(names)
    before, after = identifiers(names), identifiers([*names, "tool.7"])
    assert {name for name in names if before[name] != after[name]} == {"tool-7"}


@pytest.mark.parametrize(
    ("text", "taken", "made"),
    [
        ("api.github.com", [], "github"),
        ("mcp.notion.com", [], "notion"),
        ("localhost:8080", [], "t_8080"),
        ("www.example.co.uk", [], "example"),
        ("api", [], "source"),
        ("search.io", [], "search_2"),
        ("github.com", ["github", "github_2"], "github_3"),
    ],
)
def test_a_namespace_says_whose_the_tools_are(text, taken, made):
    assert namespace_from(text, taken) == made


@given(st.text(max_size=80), st.lists(st.text(max_size=5), max_size=3))
def test_any_text_gives_a_free_namespace(text, taken):
    made = namespace_from(text, taken)
    assert made.isidentifier()
    assert len(made) <= 40
    assert made not in taken
