"""Which variables declare something, and what it is called."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from majordomo.dsn import Declaration, provider_name, scan, variable_name


@pytest.mark.parametrize(
    ("variable", "name"),
    [
        ("LLM_M1", "m1"),
        ("LLM_OLLAMA_CLOUD", "ollama_cloud"),
        ("LLM_OLLAMA-CLOUD", "ollama-cloud"),
        ("LLM_GPT.4", "gpt.4"),
        ("LLM_1", "1"),
        ("llm_foreman", "foreman"),
        ("LLM_MixedCase", "mixedcase"),
        ("LLM__X", "_x"),
        ("LLM_API_KEY_2", "api_key_2"),
        ("LLM_MODELS", "models"),
        ("LLM_API_KEY", ""),
        ("LLM_MODEL", ""),
        ("LLM_BASE_URL", ""),
        ("llm_api_key", ""),
        ("Llm_Base_Url", ""),
        ("LLM_", ""),
        ("LLM", ""),
        ("LLMX", ""),
        ("MY_LLM_X", ""),
        ("LLM_A B", ""),
        ("LLM_A/B", ""),
        ("LLM_A,B", ""),
        ("LLM_A:B", ""),
        ("LLM_É", ""),
        ("LLM_\N{LATIN SMALL LETTER LONG S}", ""),
        ("LLM_A\n", ""),
        ("", ""),
    ],
)
def test_a_variable_declares_what_follows_its_prefix_in_lower_case(variable, name):
    assert provider_name(variable) == name


@pytest.mark.parametrize(
    ("name", "variable"),
    [
        ("m1", "LLM_M1"),
        ("ollama-cloud", "LLM_OLLAMA_CLOUD"),
        ("ollama_cloud", "LLM_OLLAMA_CLOUD"),
        ("gpt.4", "LLM_GPT.4"),
        ("M1", ""),
        ("api-key", ""),
        ("api_key", ""),
        ("model", ""),
        ("base-url", ""),
        ("", ""),
        ("a/b", ""),
        ("a b", ""),
        ("é", ""),
        ("ß", ""),
        ("m\N{LATIN SMALL LETTER DOTLESS I}stral", ""),
        ("\N{LATIN SMALL LIGATURE FI}reworks", ""),
    ],
)
def test_a_name_is_declared_by_one_variable_that_a_shell_can_set(name, variable):
    assert variable_name(name) == variable


@given(st.text(max_size=8) | st.from_regex(r"[a-z0-9._-]{1,8}", fullmatch=True))
def test_the_variable_of_a_name_declares_that_name(name):
    variable = variable_name(name)
    if variable:
        assert provider_name(variable) == name.replace("-", "_")


class Watched(dict):
    """Tells whose values were looked at."""

    def __init__(self, values):
        super().__init__(values)
        self.read = []

    def __getitem__(self, variable):
        self.read.append(variable)
        return super().__getitem__(variable)

    def get(self, variable, default=None):
        self.read.append(variable)
        return super().get(variable, default)


def test_a_scan_gives_what_declares_something_in_order_of_names():
    environ = Watched(
        {
            "LLM_Z": "fake://x",
            "PATH": "/bin",
            "LLM_TIER": "fake/a,fake/b",
            "LLM_A_B": "  openai://t@host  ",
            "LLM_API_KEY": "sk-1",
            "LLM_MODEL": "fake/m",
            "LLM_BASE_URL": "https://host/v1",
            "LLM_EMPTY": "",
            "LLM_BLANK": " \t",
            "SECRET": "s",
        }
    )
    assert list(scan(environ)) == [
        Declaration("LLM_A_B", "a_b", is_dsn=True),
        Declaration("LLM_TIER", "tier", is_dsn=False),
        Declaration("LLM_Z", "z", is_dsn=True),
    ]
    assert {name for name in environ.read if not name.startswith("LLM_")} == set()
    assert not {"LLM_API_KEY", "LLM_MODEL", "LLM_BASE_URL"} & set(environ.read)


def test_a_declaration_does_not_hold_its_value():
    (found,) = scan({"LLM_X": "openai://sk-canary@host"})
    assert "canary" not in repr(found)


def test_a_variable_unset_during_a_scan_is_passed_over():
    class Shrinking(dict):
        def __iter__(self):
            return iter(["LLM_A", "LLM_GONE", "LLM_Z"])

    environ = Shrinking(LLM_A="fake://a", LLM_Z="fake://z")
    assert [found.name for found in scan(environ)] == ["a", "z"]
