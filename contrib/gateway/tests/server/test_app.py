"""The routes, over a gateway of this process."""

import json

import anyio
import pytest
from asgi import ask
from executus_gateway.server import make_app
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from majordomo.clock import SYSTEM_CLOCK

PORT = 4002
TOKEN = "right-token"
HOST = ("host", f"127.0.0.1:{PORT}")
HEADERS = [HOST, ("authorization", f"Bearer {TOKEN}"), ("content-type", "application/json")]


async def hello(request):
    return PlainTextResponse("the console")


@pytest.fixture
def app(gateway):
    async def stop(params):
        return {"stopping": params["soon"]}

    return make_app(
        gateway,
        token=TOKEN,
        port=PORT,
        console=[Route("/", hello)],
        methods={"daemon.stop": stop},
        about={"version": "1"},
    )


async def rpc(app, method, **params):
    body = json.dumps({"method": method, "params": params}).encode()
    answer = await ask(app, "POST", "/rpc", HEADERS, body)
    assert answer.status == 200
    return answer.json


async def test_a_method_gives_its_result(app):
    told = await rpc(app, "execute", code="return [1, 'zwei']")
    assert told["result"]["outcome"]["value"] == [1, "zwei"]


async def test_a_method_of_the_servers_own_goes_first(app):
    assert await rpc(app, "daemon.stop", soon=True) == {"result": {"stopping": True}}


@pytest.mark.parametrize(
    ("method", "params", "code", "told"),
    [
        ("runs.wait", {"run": "run_0"}, "unknown_id", "list of runs"),
        ("nothing", {}, "refused", "no method 'nothing'"),
        ("execute", {}, "refused", "execute needs 'code'"),
        ("tools.search", {"query": ""}, "refused", "tools.search: query"),
    ],
)
async def test_an_error_is_a_code_and_a_sentence(app, method, params, code, told):
    error = (await rpc(app, method, **params))["error"]
    assert error["code"] == code
    assert told in error["message"]


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"method": 1}', b'{"method":"x","y":1}'])
async def test_what_is_no_call_is_refused(app, body):
    answer = await ask(app, "POST", "/rpc", HEADERS, body)
    assert (answer.status, answer.code) == (400, "bad_request")


async def test_a_fault_of_ours_crosses_as_an_id_alone(gateway, caplog):
    async def fail(params):
        raise ZeroDivisionError("with a secret in it")

    app = make_app(gateway, token=TOKEN, port=PORT, methods={"fail": fail})
    error = (await rpc(app, "fail"))["error"]
    assert error["code"] == "internal"
    assert "secret" not in error["message"]
    assert error["message"].rpartition(" ")[2] in caplog.text


async def test_a_run_outlives_the_client_that_waited_for_it(app, gateway, pets):
    await gateway.execute(pets.add())
    code = "return tools.pets.pets.create_pet(body={'name': 'Rex'})"
    body = json.dumps({"method": "execute", "params": {"code": code}}).encode()
    gone = anyio.Event()
    with SYSTEM_CLOCK.deadline(60.0) as bound:
        async with gateway.watch() as events, anyio.create_task_group() as group:
            group.start_soon(lambda: ask(app, "POST", "/rpc", HEADERS, body, stay=gone))
            while (await anext(events)).kind != "run.paused":
                pass
            gone.set()
    assert not bound.cancelled_caught
    assert [run.state for run in gateway.runs()][-1] == "paused"


async def test_events_begin_when_the_head_has_come_and_end_with_the_gateway(app, gateway):
    lines = []
    begun, leave = anyio.Event(), anyio.Event()

    async def watch():
        scope_body = bytearray()

        async def send(message):
            scope_body.extend(message.get("body", b""))
            if b": watching" in scope_body:
                begun.set()
            if b"run.completed" in scope_body:
                lines.extend(bytes(scope_body).split(b"\n\n"))
                leave.set()

        async def receive():
            await leave.wait()
            return {"type": "http.disconnect"}

        first = {"type": "http.request", "body": b"", "more_body": False}
        given = [first]

        async def once():
            return given.pop() if given else await receive()

        scope = {
            "type": "http",
            "method": "GET",
            "path": "/events",
            "query_string": b"",
            "root_path": "",
            "headers": [(name.encode(), value.encode()) for name, value in HEADERS[:2]],
        }
        await app(scope, once, send)

    async with anyio.create_task_group() as group:
        group.start_soon(watch)
        await begun.wait()
        await gateway.execute("return 1")
    kinds = [json.loads(line[6:])["kind"] for line in lines if line.startswith(b"data: ")]
    assert kinds == ["run.started", "run.completed"]


async def test_health_tells_no_secret(app):
    answer = await ask(app, "GET", "/health", HEADERS)
    assert answer.json == {"status": "ok", "version": "1"}


async def test_a_ticket_logs_a_browser_in_once(app):
    path, _, query = (await rpc(app, "login.ticket"))["result"]["path"].partition("?")
    entered = await ask(app, "GET", path, [HOST], query=query.encode())
    assert (entered.status, entered.headers["location"]) == (303, "/console/")
    cookie = entered.headers["set-cookie"]
    for word in ("HttpOnly", "SameSite=strict", "Path=/console"):
        assert word in cookie
    session = [HOST, ("cookie", cookie.partition(";")[0])]
    page = await ask(app, "GET", "/console/", session)
    assert (page.status, page.body) == (200, b"the console")
    again = await ask(app, "GET", path, [HOST], query=query.encode())
    assert (again.status, again.code) == (403, "bad_ticket")


async def test_a_login_without_a_ticket_is_refused(app):
    assert (await ask(app, "GET", "/login", [HOST])).code == "bad_ticket"
    assert (await ask(app, "GET", "/console/", [HOST])).status == 401
