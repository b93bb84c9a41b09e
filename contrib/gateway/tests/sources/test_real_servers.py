"""The protocol's reference servers as sources: found, described, called, lost and found again."""

import pytest
from npmservers import EVERYTHING, FILESYSTEM, NODE, everything_http, needs_npm

pytestmark = [
    pytest.mark.slow,
    needs_npm,
    # The SDK and its HTTP client leave event streams to the garbage collector.
    pytest.mark.filterwarnings("ignore:Async generator '(httpx2|httpcore2|mcp):ResourceWarning"),
]


async def value(gateway, code):
    run = await gateway.execute(code)
    assert run.outcome.problem is None, run.outcome.problem
    return run.outcome.value


async def added(gateway, answering, *args, namespace):
    async with answering(gateway, "accept"):
        return await value(
            gateway,
            f"return tools.executor.sources.add(command={NODE!r}, args={list(args)!r}, "
            f"namespace={namespace!r})",
        )


async def test_everything_as_a_process_is_found_described_and_called(gateway, answering):
    source = await added(gateway, answering, EVERYTHING, namespace="ev")
    assert source["data"]["state"] == "connected"
    assert source["data"]["tools"] > 8
    found, described = await value(
        gateway,
        "hits = tools.search('echo message', source='ev')['data']\n"
        "return [hits[0]['path'], tools.describe(hits[0]['path'])['data']['input_schema']]",
    )
    assert found == "ev.echo"
    assert described["required"] == ["message"]
    echo, total, shape, bad = await value(
        gateway,
        "return [tools.ev.echo(message='hi'), tools.ev.get_sum(a=2, b=3), "
        "tools.ev.get_structured_content(location='Chicago'), tools.ev.get_sum(a='x', b=1)]",
    )
    assert echo == {"ok": True, "data": "Echo: hi"}
    assert "5" in total["data"]
    assert shape["data"]["conditions"]
    assert bad["error"]["code"] == "invalid_arguments"


async def test_files_are_written_after_a_person_agreed_and_read_without(
    gateway, answering, tmp_path
):
    (tmp_path / "given.txt").write_text("given")
    source = await added(gateway, answering, FILESYSTEM, str(tmp_path), namespace="fs")
    assert source["data"]["state"] == "connected"
    path = str(tmp_path / "given.txt")
    read = await value(gateway, f"return tools.fs.read_text_file(path={path!r})")
    assert "given" in str(read["data"])
    async with answering(gateway, "accept"):
        wrote = await value(
            gateway, f"return tools.fs.write_file(path={str(tmp_path / 'new')!r}, content='new')"
        )
    assert wrote["ok"]
    assert (tmp_path / "new").read_text() == "new"
    outside = await value(gateway, "return tools.fs.read_text_file(path='/etc/hostname')")
    assert not outside["ok"]


async def test_everything_over_http_is_detected_lost_and_found_again(gateway):
    async with everything_http() as (port, process):
        added_at = f"http://127.0.0.1:{port}/mcp"
        source = await value(
            gateway, f"return tools.executor.sources.add(url={added_at!r}, namespace='ev')"
        )
        assert (source["data"]["kind"], source["data"]["state"]) == ("mcp", "connected")
        assert (await value(gateway, "return tools.ev.echo(message='a')"))["ok"]
        process.kill()
        await process.wait()
        lost = await value(gateway, "return tools.ev.echo(message='b')")
        assert lost["error"]["code"] == "source_error"
        found = await value(gateway, "return tools.search('echo', source='ev')['data'][0]")
        assert found["path"] == "ev.echo"
        refreshed = await value(gateway, "return tools.executor.sources.refresh(source='ev')")
        assert refreshed["data"]["state"] == "error"
        assert refreshed["data"]["tools"] == source["data"]["tools"]
        async with everything_http(port):
            again = await value(gateway, "return tools.executor.sources.refresh(source='ev')")
            assert again["data"]["state"] == "connected"
            assert (await value(gateway, "return tools.ev.echo(message='c')"))["ok"]
