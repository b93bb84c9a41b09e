"""Where settings come from, and what happens when a source fails."""

import logging
import threading

from executus.config import (
    ENVIRONMENT,
    Config,
    EnvironmentSource,
    LayeredSource,
    MappingSource,
    from_sync,
)


class Database:
    """A host's own source: fails while it is down."""

    def __init__(self, rows):
        self.rows = rows
        self.down = False

    async def get(self, key):
        if self.down:
            raise ConnectionError("postgres://me:hunter2@db.test is down")
        return self.rows.get(key)


async def test_a_key_is_a_variable_in_capitals():
    environ = {"EXECUTUS_TIER_FAST": " fake ", "HOST_LANE_OLLAMA_CLOUD": "2", "EXECUTUS_EMPTY": " "}
    source = EnvironmentSource(environ=environ)
    assert await source.get("tier.fast") == "fake"
    assert await source.get("empty") is None
    assert await source.get("tier") is None
    assert await EnvironmentSource("HOST_", environ).get("lane.ollama-cloud") == "2"


async def test_the_environment_and_a_mapping_are_read_anew_each_time(monkeypatch):
    monkeypatch.setenv("EXECUTUS_TEST_ONLY", "1")
    assert await ENVIRONMENT.get("test.only") == "1"
    monkeypatch.setenv("EXECUTUS_TEST_ONLY", "2")
    assert await ENVIRONMENT.get("test.only") == "2"
    values = {"a": "1"}
    source = MappingSource(values)
    values["a"] = "2"
    assert await source.get("a") == "2"


async def test_the_first_layer_that_has_a_key_wins():
    layered = LayeredSource(MappingSource({"a": "1"}), Database({"a": "2", "b": "3"}))
    assert [await layered.get(key) for key in "abc"] == ["1", "3", None]


async def test_a_failing_layer_is_passed_over_with_one_warning_per_outage(caplog):
    database = Database({"a": "mine"})
    layered = LayeredSource(database, MappingSource({"a": "theirs"}))
    database.down = True
    with caplog.at_level(logging.WARNING, "executus.config"):
        assert [await layered.get("a") for _ in range(3)] == ["theirs"] * 3
    [record] = caplog.records
    assert record.getMessage() == (
        "the configuration source Database failed (ConnectionError) and is passed over"
    )
    assert "hunter2" not in caplog.text
    database.down = False
    assert await layered.get("a") == "mine"
    database.down = True
    await layered.get("a")
    assert len(caplog.records) == 2


async def test_a_host_can_put_its_own_source_in_place_of_the_default():
    assert await Config(Database({"tier.fast": "fake"})).get("tier.fast") == "fake"


async def test_a_plain_function_runs_in_a_worker_thread_unless_it_is_inline():
    threads = []

    def read(key):
        threads.append(threading.current_thread())
        return key.upper()

    assert await from_sync(read).get("a") == "A"
    assert await from_sync(read, inline=True).get("b") == "B"
    assert threads[0] is not threading.current_thread()
    assert threads[1] is threading.current_thread()
