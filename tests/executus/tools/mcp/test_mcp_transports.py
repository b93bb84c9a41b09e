"""The same server in process, over stdio and over HTTP, driven by real runs."""

import mcpserver
import pytest
from mcphosts import reached, run_calls

from executus import ToolRegistry
from executus.registry import Effect

pytestmark = [
    pytest.mark.slow,
    # The SDK and its HTTP client leave event streams to the garbage collector; trio tells.
    pytest.mark.filterwarnings("ignore:Async generator '(httpx2|httpcore2|mcp):ResourceWarning"),
]
OVER = ["in_process", "stdio", "http"]


@pytest.mark.parametrize("over", OVER)
async def test_every_kind_of_result_arrives(over):
    registry = ToolRegistry()
    async with reached(over) as server:
        await server.register(registry)
        (
            added, picture, sound, weather, structured, documents, long, broken, wrong, huge, found
        ) = await run_calls(
            registry,
            ("srv__add", {"a": 2, "b": 3}),
            ("srv__picture", {}),
            ("srv__sound", {}),
            ("srv__weather", {"city": "Rome"}),
            ("srv__only_structured", {}),
            ("srv__documents", {}),
            ("srv__long", {"steps": 5}),
            ("srv__broken", {}),
            ("srv__add", {"a": "no number"}),
            ("srv__huge", {}),
            ("srv__suche_ber", {}),
        )  # fmt: skip
    assert (added.text, added.is_error) == ("5", False)
    assert picture.images[0].data == mcpserver.PNG
    assert sound.text == "[audio, audio/wav, 8 bytes, not shown]"
    assert "blue over Rome" in weather.text
    assert structured.text == '{"answer":42}'
    assert documents.text.splitlines() == [
        "[resource test://note]",
        "a note",
        "[resource test://blob, application/gzip, 3 bytes, not shown]",
        "[resource manual: test://manual]",
        "that is all",
    ]
    assert documents.images[0].data == mcpserver.PNG
    assert long.text == "5 steps"
    assert broken.is_error
    assert "disk is full" in broken.text
    assert wrong.is_error
    assert "valid integer" in wrong.text
    assert len(huge.text.encode()) <= 64 * 1024
    assert "read_more" in huge.text
    assert found.text == "gefunden"


@pytest.mark.parametrize("over", OVER)
async def test_hints_count_when_the_host_trusts_them(over):
    for trust, effect in ((False, Effect.WRITE), (True, Effect.READ)):
        registry = ToolRegistry()
        async with reached(over, trust_hints=trust) as server:
            await server.register(registry)
            policies = {name: registry.find(f"srv.{name}").policy for name in ("look", "add")}
        assert policies["look"].effect is effect
        assert policies["look"].idempotent is trust
        assert policies["add"].effect is Effect.WRITE
        assert not policies["add"].idempotent
