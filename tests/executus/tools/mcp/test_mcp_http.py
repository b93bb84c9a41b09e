"""What can go wrong over HTTP: sessions, refusals, outages, silence, secrets, proxies."""

import base64
import gzip
import json
import logging
import ssl

import anyio
import pytest
import trustme
from leaks import everything_shown
from mcphosts import http_at, python_http, run_calls
from mcpwire import hang, mcp_wire

from executus import ToolRegistry
from executus.tools.mcp import McpServer, McpUnavailable

pytestmark = [
    pytest.mark.slow,
    # The SDK and its HTTP client leave event streams to the garbage collector; trio tells.
    pytest.mark.filterwarnings("ignore:Async generator '(httpx2|httpcore2|mcp):ResourceWarning"),
]
PING = ("w__ping", {})
SECRET = "sk-canary-0123456789"


def at(wire, scheme="http", path="/mcp", **options):
    return McpServer.http(f"{scheme}://127.0.0.1:{wire.port}{path}", name="w", **options)


async def until(condition):
    with anyio.fail_after(60):
        while not condition():
            await anyio.sleep(0.01)


@pytest.mark.parametrize("status", [404, 400])
async def test_a_lost_session_costs_one_call(status):
    registry = ToolRegistry()
    async with mcp_wire() as wire, at(wire) as server:
        await server.register(registry)
        wire.on["tools/call"] = lambda message: (status, {"content-type": "text/plain"}, b"who?")
        (lost,) = await run_calls(registry, PING)
        del wire.on["tools/call"]
        (found,) = await run_calls(registry, PING)
    assert lost.is_error
    assert "ended our session; call again" in lost.text
    assert found.text == "pong"
    assert wire.sessions == 2


@pytest.mark.parametrize("status", [401, 403, 500, 502, 302])
async def test_a_refusal_names_its_status_and_keeps_the_session(status):
    registry = ToolRegistry()
    async with mcp_wire() as wire, at(wire) as server:
        await server.register(registry)
        wire.on["tools/call"] = lambda message: (
            status, {"content-type": "text/html", "location": "http://127.0.0.1:9/"}, b"<p>"
        )  # fmt: skip
        (refused,) = await run_calls(registry, PING)
        del wire.on["tools/call"]
        (found,) = await run_calls(registry, PING)
    assert refused.is_error
    assert (f"HTTP {status}" if status >= 400 else "not followed") in refused.text
    assert found.text == "pong"
    assert wire.sessions == 1


async def test_leaving_ends_the_session_at_the_server():
    async with mcp_wire() as wire:
        async with at(wire):
            pass
        assert wire.heads[-1].startswith(b"DELETE")
        assert b"mcp-session-id: s1" in wire.heads[-1].lower()


async def test_a_call_that_is_given_up_is_cancelled_at_the_server():
    registry = ToolRegistry()
    async with mcp_wire() as wire, at(wire, call_timeout_s=0.3) as server:
        await server.register(registry)
        wire.on["tools/call"] = hang
        (cut,) = await run_calls(registry, PING)
        assert "no answer within" in cut.text
        await until(lambda: "notifications/cancelled" in wire.methods())
        call = next(m for m in wire.seen if m.get("method") == "tools/call")
        told = next(m for m in wire.seen if m.get("method") == "notifications/cancelled")
        assert told["params"]["requestId"] == call["id"]


async def test_the_newest_revision_is_told_by_hanging_up():
    registry = ToolRegistry()
    calls = (("srv__slow", {}), ("srv__add", {"a": 1, "b": 1}), ("srv__cancelled", {}))
    async with python_http() as (port, _), http_at(port, call_timeout_s=5) as server:
        await server.register(registry)
        cut, after, *_ = await run_calls(registry, *calls)
        with anyio.fail_after(60):
            while (await run_calls(registry, calls[2]))[0].text != "1":
                await anyio.sleep(0.1)
    assert "no answer within" in cut.text
    assert after.text == "2"


async def test_a_dead_server_is_an_error_then_a_pause_then_a_new_connection():
    registry = ToolRegistry()
    async with python_http() as (port, process), http_at(port) as server:
        await server.register(registry)
        process.kill()
        await process.wait()
        add = ("srv__add", {"a": 1, "b": 1})
        others = (("srv__add", {"a": n, "b": n}) for n in (2, 3))
        results = await run_calls(registry, add, *others)
        assert all(result.is_error for result in results)
        assert any("is not available: ConnectError" in result.text for result in results)
        assert "tried again in" in results[2].text
        async with python_http(port):
            with anyio.fail_after(60):
                while (await run_calls(registry, add))[0].is_error:
                    await anyio.sleep(0.2)


async def test_a_server_that_dies_in_a_call_is_an_error():
    registry = ToolRegistry()
    async with python_http() as (port, _), http_at(port) as server:
        await server.register(registry)
        died, again = await run_calls(registry, ("srv__die", {}), ("srv__look", {}))
    assert died.is_error
    assert "whether the call took effect is unknown" in died.text
    assert again.is_error


@pytest.mark.parametrize("method", ["initialize", "tools/list"])
async def test_a_server_that_never_answers_is_given_up(method):
    async with mcp_wire() as wire:
        wire.on[method] = hang
        with pytest.raises(McpUnavailable, match=r"not ready within 0\.5 s"):
            async with at(wire, connect_timeout_s=0.5):
                raise AssertionError
        await until(lambda: wire.hanging == 0)


@pytest.mark.parametrize("compressed", [False, True])
async def test_an_answer_without_end_is_cut_off(compressed):
    registry = ToolRegistry()
    async with mcp_wire() as wire, at(wire) as server:
        await server.register(registry)
        text = {"content": [{"type": "text", "text": "pong"}]}

        def answer(message):
            status, headers, body = _said(message, result=text)
            if compressed:
                return status, {"content-encoding": "gzip"}, gzip.compress(body)
            return status, headers, body + b" " * 34_000_000

        wire.on["tools/call"] = answer
        (cut,) = await run_calls(registry, PING)
        del wire.on["tools/call"]
        wire_again = await run_calls(registry, PING)
    assert cut.is_error
    assert len(cut.text) < 1000
    assert wire_again[0].text == "pong"


@pytest.mark.parametrize("body", [b"not json", b"[]", b'{"jsonrpc":"2.0"}', b""])
async def test_rubbish_is_an_error_of_the_call(body):
    registry = ToolRegistry()
    async with mcp_wire() as wire, at(wire) as server:
        await server.register(registry)
        wire.on["tools/call"] = lambda message: (200, {}, body)
        (bad,) = await run_calls(registry, PING)
        del wire.on["tools/call"]
        (good,) = await run_calls(registry, PING)
    assert bad.is_error
    assert good.text == "pong"


async def test_headers_reach_the_server_and_no_error_log_or_result(caplog):
    caplog.set_level(logging.DEBUG, "executus")
    caplog.set_level(logging.DEBUG, "mcp")
    registry = ToolRegistry()
    headers = {"Authorization": f"Bearer {SECRET}", "X-Team": "blue-and-green"}
    async with mcp_wire() as wire, at(wire, headers=headers) as server:
        await server.register(registry)
        text = {"content": [{"type": "text", "text": f"you are {SECRET} of blue-and-green"}]}
        wire.on["tools/call"] = lambda message: _said(message, result=text)
        (echoed,) = await run_calls(registry, PING)
        fault = {"code": -32602, "message": f"bad token {SECRET}"}
        wire.on["tools/call"] = lambda message: _said(message, error=fault)
        (refused,) = await run_calls(registry, PING)
    assert all(f"Bearer {SECRET}".encode() in head for head in wire.heads)
    assert echoed.text == "you are [secret Authorization] of blue-and-green"
    assert "bad token [secret Authorization]" in refused.text
    assert "Bearer" not in caplog.text


@pytest.mark.parametrize("moved", [False, True])
async def test_a_login_and_a_query_reach_the_server_and_no_log_of_anyone(caplog, moved):
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.INFO, "httpcore2")  # below that it logs the heads of answers
    registry = ToolRegistry()
    async with mcp_wire() as wire:
        answer = wire.answer

        def redirect(head, message):
            if moved and b"/there?" not in head:
                return 307, {"location": f"/there?key={SECRET}&at=2"}, b""
            return answer(head, message)

        wire.answer = redirect
        url = f"http://me:pw{SECRET}@127.0.0.1:{wire.port}/mcp?key={SECRET}"
        async with McpServer.http(url, name="w") as server:
            await server.register(registry)
            (found,) = await run_calls(registry, PING)
    assert found.text == "pong"
    login = base64.b64encode(f"me:pw{SECRET}".encode())
    for head in wire.heads:
        path = head.split(b" ")[1].decode()
        assert path in {f"/mcp?key={SECRET}", f"/there?key={SECRET}&at=2"}
        assert b"Basic " + login in head
    assert any(b"/there?" in head for head in wire.heads) is moved
    assert "HTTP Request: POST" in caplog.text  # the client did log
    assert SECRET not in caplog.text
    assert login.decode() not in caplog.text


async def test_an_error_of_connecting_holds_no_secret():
    with pytest.raises(McpUnavailable) as caught:
        async with McpServer.http(
            f"http://user:{SECRET}@127.0.0.1:9/mcp?key={SECRET}",
            name="w",
            headers={"Authorization": f"Bearer {SECRET}"},
        ):
            raise AssertionError
    assert SECRET not in everything_shown(caught.value)


async def test_proxies_of_the_environment_are_ignored(monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    registry = ToolRegistry()
    async with mcp_wire() as wire, at(wire) as server:
        await server.register(registry)
        (found,) = await run_calls(registry, PING)
    assert found.text == "pong"


async def test_tls_is_checked_against_whom_the_host_trusts():
    authority = trustme.CA()
    serving = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(serving)
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    registry = ToolRegistry()
    async with mcp_wire(tls=serving) as wire:
        with pytest.raises(McpUnavailable, match=r"(?i)certificate"):
            async with at(wire, "https"):
                raise AssertionError
        async with at(wire, "https", tls=trusting) as server:
            await server.register(registry)
            (found,) = await run_calls(registry, PING)
    assert found.text == "pong"


def _said(message, **what):
    answer = {"jsonrpc": "2.0", "id": message["id"], **what}
    return 200, {}, json.dumps(answer).encode()
