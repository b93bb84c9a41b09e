"""The grammar of model names, asked of a small book of names; and against a naive reading of it."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from leaks import everything_shown

from majordomo.errors import ConfigError, UnknownModel
from majordomo.spec import (
    MAX_CHARS,
    MAX_DEPTH,
    Alias,
    AliasCycle,
    Dynamic,
    SpecError,
    TargetName,
    expand,
    extend_path,
    split,
)

OLLAMA, OPENAI, ROUTER, FAKE = "ollama-cloud", "openai", "openrouter", "fake"


class Book:
    """Names that count how often they are asked."""

    def __init__(self, aliases=(), *, providers=(OLLAMA, OPENAI, ROUTER, FAKE), deferring=False):
        self.aliases = dict(aliases)
        self.providers = providers
        self.deferring = deferring
        self.asked = 0

    def is_provider(self, name):
        return name in self.providers

    def default_model(self, provider):
        return "offline" if provider == FAKE else None

    def alias(self, name):
        self.asked += 1
        found = self.aliases.get(name)
        return Alias(found) if isinstance(found, str) else found

    def unknown(self, text, secret):
        return None if self.deferring else UnknownModel(secret or text)


def read(spec, aliases=(), **kwargs):
    """The elements as text, in order."""
    found = expand(spec, Book(aliases, **kwargs))
    return [e.name if isinstance(e, Dynamic) else f"{e.provider} {e.model}" for e in found]


@pytest.mark.parametrize(
    ("spec", "provider", "model"),
    [
        ("openai/gpt-6-sol", OPENAI, "gpt-6-sol"),
        ("openai:gpt-6-sol", OPENAI, "gpt-6-sol"),
        ("ollama-cloud/minimax-m3:cloud", OLLAMA, "minimax-m3:cloud"),
        ("ollama-cloud:minimax-m3:cloud", OLLAMA, "minimax-m3:cloud"),
        ("openrouter/meta-llama/llama-4:free", ROUTER, "meta-llama/llama-4:free"),
        ("openrouter:meta-llama/llama-4:free", ROUTER, "meta-llama/llama-4:free"),
        ("openai/openai/gpt-oss", OPENAI, "openai/gpt-oss"),
        ("openai/https://host/x", OPENAI, "https://host/x"),
        ("openai//x", OPENAI, "/x"),
        ("openai/:x", OPENAI, ":x"),
        ("openai/x/", OPENAI, "x/"),
        ("openai/x:", OPENAI, "x:"),
        ("openai/MiXeD Case", OPENAI, "MiXeD Case"),
        ("openai/gpt@2026-01-01#a?b=c&d%2F", OPENAI, "gpt@2026-01-01#a?b=c&d%2F"),
        ("openai/モデル", OPENAI, "モデル"),
        ("  openai/x\t", OPENAI, "x"),
        ("fake", FAKE, "offline"),
    ],
)
def test_the_model_id_is_what_follows_the_provider_verbatim(spec, provider, model):
    assert expand(spec, Book()) == (TargetName(provider, model),)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("a/b", ("a", "b")),
        ("a:b", ("a", "b")),
        ("a:b/c", ("a", "b/c")),
        ("a/b:c", ("a", "b:c")),
        ("a", ("a", "")),
        ("a/", ("a", "")),
        ("/a", ("", "a")),
        ("", ("", "")),
    ],
)
def test_a_split_is_at_the_first_separator_of_either_kind(text, parts):
    assert split(text) == parts


def test_the_text_is_split_only_where_a_provider_is_registered():
    aliases = {"tier/fast": "openai/f", "tier:slow": "openai/s", "openai/x": "openai/never"}
    assert read("tier/fast,tier:slow,openai/x", aliases) == ["openai f", "openai s", "openai x"]


@pytest.mark.parametrize(
    ("spec", "found"),
    [
        ("thinking", ["ollama-cloud m3:cloud", "openai k2"]),
        ("openai/x,thinking", ["openai x", "ollama-cloud m3:cloud", "openai k2"]),
        ("thinking,openai/x", ["ollama-cloud m3:cloud", "openai k2", "openai x"]),
        (" openai/x , thinking ", ["openai x", "ollama-cloud m3:cloud", "openai k2"]),
        ("outer", ["openai first", "ollama-cloud m3:cloud", "openai k2", "openai last"]),
        (
            "outer,fake",
            ["openai first", "ollama-cloud m3:cloud", "openai k2", "openai last", "fake offline"],
        ),
        ("twice", ["openai k2", "ollama-cloud m3:cloud"]),
    ],
)
def test_an_alias_expands_in_place_wherever_it_stands(spec, found):
    aliases = {
        "thinking": "ollama-cloud/m3:cloud,openai:k2",
        "outer": "openai/first,inner,openai/last",
        "inner": "thinking",
        "twice": "openai/k2,inner,thinking",
    }
    assert read(spec, aliases) == found


def test_equal_targets_are_kept_once_at_their_first_place():
    aliases = {"t": "openai/b,openai/a"}
    assert read("openai/a,t,openai:a,openai/c,t", aliases) == ["openai a", "openai b", "openai c"]
    assert read("openai/A,openai/a") == ["openai A", "openai a"]


def test_an_alias_goes_before_a_providers_bare_name():
    assert read("fake", {"fake": "openai/x"}) == ["openai x"]


@pytest.mark.parametrize(
    ("spec", "aliases", "path"),
    [
        ("a", {"a": "a"}, "a a"),
        ("a", {"a": "b", "b": "a"}, "a b a"),
        ("a", {"a": "openai/x,b", "b": "c,openai/y", "c": "openai/z,b"}, "b c b"),
        ("openai/x,a", {"a": "openai/x,a"}, "a a"),
        ("ok,a", {"ok": "openai/x", "a": "ok,b", "b": "ok,a"}, "a b a"),
        ("outside,a", {"outside": "a", "a": "b", "b": "outside"}, "outside a b outside"),
    ],
)
def test_a_cycle_is_an_error_that_prints_its_path(spec, aliases, path):
    with pytest.raises(AliasCycle) as caught:
        expand(spec, Book(aliases))
    assert caught.value.path == tuple(path.split())
    assert str(caught.value) == f"alias cycle: {path.replace(' ', ' -> ')}"
    assert isinstance(caught.value, SpecError)
    assert isinstance(caught.value, ConfigError)


def test_an_alias_used_twice_side_by_side_is_no_cycle():
    assert read("a,b,a", {"a": "c", "b": "c", "c": "openai/x"}) == ["openai x"]


@pytest.mark.parametrize("count", [10, MAX_DEPTH - 1])
def test_aliases_that_name_the_next_one_twice_cost_one_step_each(count):
    aliases = {f"a{n}": f"a{n + 1},a{n + 1}" for n in range(count)} | {f"a{count}": "openai/x"}
    book = Book(aliases)
    assert expand("a0,a0", book) == (TargetName(OPENAI, "x"),)
    assert book.asked == 2 * (count + 1)


def test_aliases_stand_inside_each_other_only_so_deep():
    def chain(length):
        names = {f"a{n}": f"a{n + 1}" for n in range(length - 1)}
        return names | {f"a{length - 1}": "openai/x"}

    assert read("a0", chain(MAX_DEPTH)) == ["openai x"]
    with pytest.raises(SpecError, match=f"more than {MAX_DEPTH} deep at 'a{MAX_DEPTH}'"):
        read("a0", chain(MAX_DEPTH + 1))


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ("", "the model name is empty; write provider/model, such as 'fake'"),
        (" \n ", "the model name is empty; write provider/model, such as 'fake'"),
        (",", "element 1 of ',' is empty; commas separate elements"),
        (",fake", "element 1 of ',fake' is empty; commas separate elements"),
        ("fake,", "element 2 of 'fake,' is empty; commas separate elements"),
        ("fake, ,fake/a", "element 2 of 'fake, ,fake/a' is empty; commas separate elements"),
        ("hole", "element 2 of 'fake,,fake/a' is empty; commas separate elements"),
        ("void", "the model name is empty; write provider/model, such as 'fake'"),
    ],
)
def test_an_empty_element_is_refused_with_its_place(spec, says):
    with pytest.raises(SpecError) as caught:
        expand(spec, Book({"hole": "fake,,fake/a", "void": ""}))
    assert str(caught.value) == says


@pytest.mark.parametrize("spec", ["openai", "openai/", "openai:", "fake/", "fake,openai:", "a"])
def test_a_provider_without_a_model_says_how_to_name_one(spec):
    with pytest.raises(UnknownModel, match=r"name a model of (\w+), as in \1/MODEL"):
        expand(spec, Book({"a": "openai"}))


@pytest.mark.parametrize("spec", ["nope", "nope/x", "/x", ":x", "openai /x", "a"])
def test_what_means_nothing_is_the_error_of_the_book(spec):
    with pytest.raises(UnknownModel, match=r"unknown model '(nope|/|:|openai )"):
        expand(spec, Book({"a": "fake,nope"}))


def test_what_only_a_resolver_may_know_stays_a_name_with_its_path():
    found = expand("openai/x,tier,outer", Book({"outer": "inner", "inner": "b"}, deferring=True))
    assert found == (TargetName(OPENAI, "x"), Dynamic("tier"), Dynamic("b"))
    assert [e.path for e in found[1:]] == [(), ("outer", "inner")]
    assert read("tier,fake,tier", deferring=True) == ["tier", "fake offline"]


def test_a_path_that_is_handed_in_is_guarded_like_the_own_one():
    book = Book({"a": "b", "b": "tier"}, deferring=True)
    assert expand("a", book, path=("up",))[0].path == ("up", "a", "b")
    with pytest.raises(AliasCycle, match="b -> a -> b"):
        expand("a", book, path=("up", "b"))


def test_a_path_grows_to_its_bound():
    path = ()
    for number in range(MAX_DEPTH):
        path = extend_path(path, str(number))
    assert path == tuple(map(str, range(MAX_DEPTH)))
    with pytest.raises(SpecError, match="deep at 'x'"):
        extend_path(path, "x")
    with pytest.raises(AliasCycle, match=r"^alias cycle: 49 -> 49$"):
        extend_path(path, "49")


CANARY = "hunter2"
SECRET = "LLM_MINE"


@pytest.mark.parametrize(
    "text",
    [
        CANARY,
        f"{CANARY}/x",
        f"fake,{CANARY}",
        f"fake/{CANARY},,fake",
        f"fake/{CANARY},",
        f"fake/{CANARY},openai",
        f"fake/{CANARY},openai:",
        f"fake/{CANARY},mine",
        f"through,{CANARY}",
        f"fake/{CANARY},nested",
    ],
)
def test_no_fault_of_a_secret_text_shows_a_piece_of_it(text):
    aliases = {
        "outer": "fake,mine",
        "mine": Alias(text, SECRET),
        "through": "fake",
        "nested": "fake,openai/",
    }
    with pytest.raises(ConfigError) as caught:
        expand("outer", Book(aliases))
    assert CANARY not in everything_shown(caught.value)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("fake,,fake", f"element 2 of {SECRET} is empty; commas separate elements"),
        (" ", f"the model name of {SECRET} is empty; write provider/model, such as 'fake'"),
        (CANARY, f"unknown model '{SECRET}'"),
        ("next", f"unknown model '{SECRET}'"),
    ],
)
def test_a_fault_of_a_secret_text_names_the_variable(text, says):
    with pytest.raises(ConfigError, match=re.escape(says)):
        expand("mine", Book({"mine": Alias(text, SECRET), "next": f"fake,{CANARY}"}))


def test_a_secret_text_means_what_any_text_means():
    assert read("mine,fake", {"mine": Alias("openai/x,fake", SECRET)}) == [
        "openai x",
        "fake offline",
    ]


def test_a_name_out_of_a_secret_text_is_not_shown_while_it_waits_for_a_resolver():
    (found,) = expand("mine", Book({"mine": Alias(CANARY, SECRET)}, deferring=True))
    assert (found.name, found.secret) == (CANARY, SECRET)
    assert CANARY not in repr(found)
    assert repr(Dynamic("tier")) == "Dynamic('tier')"


# -- against a naive reading ----------------------------------------------------------------------


class Refused(Exception):
    pass


def naive(spec, aliases, deferring, stack=()):  # noqa: C901 - one plain reading
    """The grammar read in the plainest way: every alias is written out every time."""
    out = []
    if spec.strip() == "":
        raise Refused("empty")
    for part in [piece.strip() for piece in spec.split(",")]:
        match = re.match(r"([^/:]*)[/:](.*)", part)
        if part == "":
            raise Refused("empty")
        if match and match[1] in ("p", "q"):
            if not match[2]:
                raise Refused("no model")
            out.append((match[1], match[2]))
        elif part in aliases:
            if part in stack:
                raise Refused(" ".join([*stack[stack.index(part) :], part]))
            out += naive(aliases[part], aliases, deferring, (*stack, part))
        elif part == "q":
            out.append(("q", "standard"))
        elif part == "p":
            raise Refused("no model")
        elif deferring:
            out.append(part)
        else:
            raise Refused(part)
    return out


class SmallBook(Book):
    def default_model(self, provider):
        return "standard" if provider == "q" else None


def reality(spec, aliases, deferring):
    try:
        found = expand(spec, SmallBook(aliases, providers="pq", deferring=deferring))
    except AliasCycle as error:
        return " ".join(error.path)
    except SpecError as error:
        return "empty" if "is empty" in str(error) else f"unexpected: {error}"
    except UnknownModel as error:
        return "no model" if "name a model" in str(error) else error.name
    return [e.name if isinstance(e, Dynamic) else (e.provider, e.model) for e in found]


elements = st.sampled_from(
    ["p/m", "p:m", "p/x/y:z", "q:a/b", " q/m ", "q", "a", "b", "c", "d", "d", "a/x", "b:y"]
) | st.sampled_from(["p", "p/", "zz", "zz/1", "", " "])
plain = st.sampled_from(["p/m", "p:n", "q", "q:m", "a", "b", "c", "d", "a/x"])
texts = st.one_of(
    st.lists(plain, min_size=1, max_size=4).map(",".join),
    st.lists(elements, max_size=4).map(",".join),
)


@settings(deadline=None, max_examples=120)
@given(
    spec=texts,
    aliases=st.dictionaries(st.sampled_from(["a", "b", "c", "d", "a/x", "q"]), texts),
    deferring=st.booleans(),
)
def test_random_specs_mean_what_a_naive_reading_says(spec, aliases, deferring):
    try:
        expected = list(dict.fromkeys(naive(spec, aliases, deferring)))
    except Refused as refused:
        expected = str(refused)
    assert reality(spec, aliases, deferring) == expected


@settings(deadline=None, max_examples=100)
@given(st.text(st.sampled_from("pq/:, \tab%@é"), max_size=20))
def test_any_text_is_read_or_refused_with_a_config_error(spec):
    try:
        found = expand(spec, SmallBook({"a": "p/x", "b": "a,q"}, providers="pq"))
    except ConfigError:
        return
    assert found
    assert len(set(found)) == len(found)


@pytest.mark.parametrize("aliases", [{}, {"long": "x" * (MAX_CHARS + 1)}])
def test_text_too_long_to_be_a_name_is_refused_without_being_shown(aliases):
    spec = "long" if aliases else "x" * (MAX_CHARS + 1)
    with pytest.raises(SpecError, match="has 4097 characters; at most 4096") as caught:
        read(spec, aliases)
    assert len(str(caught.value)) < 100


def test_a_spec_of_just_the_longest_length_is_read():
    model = "x" * (MAX_CHARS - len("fake/"))
    assert read(f"fake/{model}") == [f"fake {model}"]


def test_too_long_an_alias_of_a_variable_is_told_by_its_variable():
    aliases = {"tier": Alias("x" * (MAX_CHARS + 1), "LLM_TIER")}
    with pytest.raises(SpecError, match="the model name of LLM_TIER has"):
        read("tier", aliases)
