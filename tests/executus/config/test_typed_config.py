"""Typed settings: defaults, ranges, and one warning for what cannot be read."""

import logging

import pytest

from executus.config import NO_CONFIG, Config, MappingSource


class Broken:
    async def get(self, key):
        raise OSError("no disk")


@pytest.fixture
def values():
    return {}


@pytest.fixture
def config(values):
    return Config(MappingSource(values))


async def test_values_are_read_by_their_type(config, values):
    values.update(n="3", x="0.5", d="1h30m", on="yes", names="a, b", t="  text ")
    assert await config.get_int("n", 0) == 3
    assert await config.get_float("x", 0.0) == 0.5
    assert await config.get_duration("d", 0.0) == 5400
    assert await config.get_bool("on", False) is True
    assert await config.get_list("names") == ("a", "b")
    assert await config.get("t") == "text"


async def test_nothing_configured_is_the_default_without_a_word(config, values, caplog):
    values["blank"] = "  "
    for key in ("blank", "absent"):
        assert await config.get_int(key, 7) == 7
        assert await config.get_list(key, ["x"]) == ("x",)
        assert await config.get(key, "d") == "d"
        assert await config.get(key) is None
    assert await NO_CONFIG.get_duration("tier.fast", None) is None
    assert caplog.records == []


async def test_a_bad_value_is_the_default_and_one_warning_per_key_and_value(config, values, caplog):
    values.update({"run.steps": "many", "other.steps": "many"})
    with caplog.at_level(logging.WARNING, "executus.config"):
        assert [await config.get_int("run.steps", 10) for _ in range(3)] == [10] * 3
        assert [r.getMessage() for r in caplog.records] == [
            "run.steps is 'many', not a whole number; 10 is used"
        ]
        await config.get_int("other.steps", 10)
        values["run.steps"] = "more"
        await config.get_int("run.steps", 10)
    assert len(caplog.records) == 3


async def test_what_is_out_of_its_range_is_a_bad_value(config, values, caplog):
    values["lane.openai"] = "0"
    assert await config.get_int("lane.openai", None, minimum=1) is None
    assert "lane.openai is '0', not at least 1; None is used" in caplog.text


@pytest.mark.parametrize(
    ("key", "value"), [("search.api_key", "canary-5d"), ("db", "x://me:canary-5d@host")]
)
async def test_a_value_that_may_be_a_secret_is_not_logged(config, values, caplog, key, value):
    values[key] = value
    assert await config.get_int(key, 1) == 1
    assert f"{key} is not a whole number" in caplog.text
    assert "canary" not in caplog.text


async def test_a_change_counts_at_the_next_look(config, values):
    assert await config.get_int("n", 1) == 1
    values["n"] = "2"
    assert await config.get_int("n", 1) == 2


async def test_a_source_that_fails_means_the_defaults_and_one_warning(caplog):
    config = Config(Broken())
    assert [await config.get_int("n", 4) for _ in range(2)] == [4, 4]
    assert [r.getMessage() for r in caplog.records] == [
        "the configuration source Broken failed (OSError) and is passed over"
    ]


async def test_warnings_are_remembered_in_bounded_memory(config, values, caplog):
    for number in range(3000):
        values["n"] = f"bad {number}"
        await config.get_int("n", 0)
    assert len(config._warned) <= 1000
