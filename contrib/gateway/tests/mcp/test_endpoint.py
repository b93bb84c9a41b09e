"""The tools as agents call them: misfits are told, a named run is begun once, texts are cut."""

import pytest
from executus_gateway.mcp import make_server
from executus_gateway.mcp.protocol import RUN_KEY
from mcp import Client

RUN = "run_0123456789abcdef0123"


@pytest.fixture
async def client(gateway):
    async with Client(make_server(gateway)) as made:
        yield made


async def told(client, tool, meta=None, **arguments):
    result = await client.call_tool(tool, arguments, meta=meta)
    return result.is_error, result.content[0].text


@pytest.mark.parametrize(
    ("tool", "arguments", "sentence"),
    [
        ("execute", {}, "'code' is a required property"),
        ("execute", {"code": 1}, "code: 1 is not of type 'string'"),
        ("execute", {"code": "return 1", "timeout": "soon"}, "timeout: 'soon' is not of type"),
        ("execute", {"code": "return 1", "timeout": 0}, "timeout: 0 is less than or equal to"),
        ("execute", {"code": "return 1", "timout": 5}, "'timout'"),
        ("resume", {"run": RUN}, "'run_id' is a required property"),
        ("run", {"code": "return 1"}, "there is no such tool; use execute"),
    ],
)
async def test_what_does_not_fit_a_tool_is_told_and_nothing_runs(
    client, gateway, tool, arguments, sentence
):
    failed, text = await told(client, tool, **arguments)
    assert failed
    assert sentence in text
    assert gateway.runs() == []


async def test_a_run_that_was_named_is_begun_once(client, gateway):
    meta = {RUN_KEY: RUN}
    assert await told(client, "execute", meta, code="return 1") == (False, "1")
    failed, text = await told(client, "execute", meta, code="return 2")
    assert failed
    assert f"there is a run {RUN} already" in text
    assert [run.id for run in gateway.runs()] == [RUN]


@pytest.mark.parametrize(
    "name", ["src_0", "run_", "run_a.b", "run_é", "run_A", "run_a\n", "run_" + "a" * 40]
)
async def test_a_name_that_is_no_runs_is_refused(client, gateway, name):
    failed, text = await told(client, "execute", {RUN_KEY: name}, code="return 1")
    assert failed
    assert "this is no id of a run" in text
    assert gateway.runs() == []


async def test_what_is_cut_says_so(client, gateway):
    code = "for number in range(2000): print(number)\nemit('e' * 50000)\nreturn 'v' * 50000"
    result = await client.call_tool("execute", {"code": code})
    value, emitted = [part.text for part in result.content]
    (run,) = gateway.runs()
    assert (
        f"[50000 characters; read on in execute: tools.executor.runs.read(run='{run.id}'" in value
    )
    assert "[the last 8000 of " in value
    assert value.rstrip().endswith("1999")
    assert len(emitted) == 40_001
    assert emitted.endswith("…")


async def test_reading_on_begins_where_a_text_was_cut(client):
    _, text = await told(client, "execute", code="return 'line\\n' * 9_999 + 'end'")
    shown, _, hint = text.rpartition("\n[")
    assert shown == "line\n" * 8_000
    call = hint.partition("read on in execute: ")[2].removesuffix("]")
    _, rest = await told(client, "execute", code=f"return {call}['data']['json']")
    assert rest == r"line\n" * 1_999 + 'end"'


async def test_what_a_run_called_can_be_read_later(client, gateway):
    await told(client, "execute", {RUN_KEY: RUN}, code="tools.search('x')\nreturn 1")
    failed, text = await told(
        client, "execute", code=f"return tools.executor.runs.read(run='{RUN}')"
    )
    assert not failed
    assert '"calls":[{"path":"search","state":"succeeded"}]' in text
