"""The protocol's reference servers, from npm, driven by real runs."""

import pytest
from mcphosts import EVERYTHING, FILESYSTEM, NODE, everything_http, http_at, needs_npm, run_calls

from executus import ToolRegistry
from executus.registry import Effect
from executus.tools.mcp import McpServer

pytestmark = [
    pytest.mark.slow,
    needs_npm,
    # The SDK and its HTTP client leave event streams to the garbage collector; trio tells.
    pytest.mark.filterwarnings("ignore:Async generator '(httpx2|httpcore2|mcp):ResourceWarning"),
]

CALLS = (
    ("ev__echo", {"message": "hello"}),
    ("ev__get-sum", {"a": 2, "b": 3}),
    ("ev__get-tiny-image", {}),
    ("ev__get-structured-content", {"location": "Chicago"}),
    ("ev__get-resource-reference", {"resourceType": "Text", "resourceId": 1}),
    ("ev__get-resource-reference", {"resourceType": "Blob", "resourceId": 1}),
    ("ev__get-resource-links", {"count": 2}),
    ("ev__get-annotated-message", {"messageType": "error", "includeImage": True}),
    ("ev__trigger-long-running-operation", {"duration": 0.2, "steps": 4}),
    ("ev__get-resource-reference", {"resourceType": "Text", "resourceId": -1}),
    ("ev__get-sum", {"a": "x"}),
    ("ev__gzip-file-as-resource", {"data": "data:text/plain,hello", "outputType": "resource"}),
)


def check(results):
    echo, total, image, weather, text, blob, links, note, long, bad, wrong, zipped = results
    assert echo.text == "Echo: hello"
    assert "5" in total.text
    assert image.images[0].data.startswith(b"\x89PNG")
    assert "Light rain" in weather.text
    assert "[resource demo://resource/dynamic/text/1]" in text.text
    assert "not shown" in blob.text
    assert links.text.count("[resource ") == 2
    assert note.text.startswith("Error: Operation failed")
    assert note.images
    assert "Steps: 4" in long.text
    assert bad.is_error
    assert wrong.is_error
    assert "application/gzip" in zipped.text
    good = (echo, total, image, weather, text, blob, links, note, long, zipped)
    assert not any(result.is_error for result in good)


async def test_everything_over_stdio(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "canary-key")
    monkeypatch.setenv("LOGNAME", "canary-name")
    registry = ToolRegistry()
    async with McpServer.stdio(NODE, [EVERYTHING], name="ev", env={"GIVEN": "1"}) as server:
        await server.register(registry)
        *results, env = await run_calls(registry, *CALLS, ("ev__get-env", {}))
        assert registry.find("ev.gzip-file-as-resource").policy.effect is Effect.EXTERNAL
    check(results)
    assert "GIVEN" in env.text
    assert "canary" not in env.text


async def test_everything_over_http():
    registry = ToolRegistry()
    async with everything_http() as (port, _), http_at(port, name="ev") as server:
        await server.register(registry)
        check(await run_calls(registry, *CALLS))


async def test_a_restart_of_the_http_server_costs_one_call_at_most():
    """It answers 400, not 404, to a session it does not know.

    No call at all, where the broken stream of events was noticed before the first.
    """
    registry = ToolRegistry()
    echo = ("ev__echo", {"message": "hello"})
    async with everything_http() as (port, process), http_at(port, name="ev") as server:
        await server.register(registry)
        process.kill()
        await process.wait()
        async with everything_http(port):
            first, last = await run_calls(registry, echo, echo)
    assert first.text == "Echo: hello" or (first.is_error and "call again" in first.text)
    assert last.text == "Echo: hello"


async def test_files_are_read_and_written_under_the_root_alone(tmp_path):
    (tmp_path / "given.txt").write_text("given")
    registry = ToolRegistry()
    async with McpServer.stdio(NODE, [FILESYSTEM, str(tmp_path)], name="fs") as server:
        await server.register(registry)
        read, written, listed, outside = await run_calls(
            registry,
            ("fs__read_text_file", {"path": str(tmp_path / "given.txt")}),
            ("fs__write_file", {"path": str(tmp_path / "new.txt"), "content": "new"}),
            ("fs__list_directory", {"path": str(tmp_path)}),
            ("fs__read_text_file", {"path": "/etc/hostname"}),
        )
        assert registry.find("fs.read_text_file").policy.effect is Effect.WRITE
    assert read.text == "given"
    assert not written.is_error
    assert (tmp_path / "new.txt").read_text() == "new"
    assert "given.txt" in listed.text
    assert outside.is_error
