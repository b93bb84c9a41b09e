"""Sources that want credentials: told, asked for once, refused later; on loopback servers."""

import pytest
from executus_gateway.schema import Answer, AuthScheme, CredentialRef
from mcpservice import McpService

from executus.testing import JSONAnswer, LoopbackServer

TOKEN = "t0ken-canary-5c1d"
TOKEN_SCHEME = AuthScheme(name="token", placement="bearer")


@pytest.fixture
async def notes():
    async with McpService() as service:
        yield service


def added(service):
    return f"return tools.executor.sources.add(mcp={service.endpoint!r}, namespace='notes')"


async def value(gateway, code):
    return (await gateway.execute(code)).outcome.value


def secret(text=TOKEN):
    return Answer.model_validate({"verdict": "accept", "secret": text})


async def test_a_protected_mcp_server_says_whose_token_it_wants(gateway, notes):
    notes.token = TOKEN
    notes.publish("https://login.example.com/", scopes=("notes.read", "notes.write"))
    source = (await value(gateway, added(notes)))["data"]
    assert source["state"] == "auth_required"
    assert source["problem"] == (
        "127.0.0.1 wants a token of login.example.com for notes.read, notes.write"
    )
    assert source["wants"] == ["token"]
    (scheme,) = gateway.sources.require("notes").wants
    assert scheme.oauth


async def test_the_scopes_of_the_challenge_go_before_those_of_the_document(gateway, notes):
    notes.token = TOKEN
    notes.publish("https://login.example.com", scopes=("everything",))
    notes.challenge = f'Bearer resource_metadata="{notes.url}/.well-known/oauth-protected-resource"'
    notes.challenge += ', scope="a b"'
    source = (await value(gateway, added(notes)))["data"]
    assert source["problem"].endswith("wants a token of login.example.com for a, b")


async def test_where_nothing_is_said_the_standards_place_is_asked(gateway, notes):
    notes.token = TOKEN
    notes.challenge = "Bearer"
    notes.publish("https://login.example.com")
    source = (await value(gateway, added(notes)))["data"]
    assert source["problem"] == "127.0.0.1 wants a token of login.example.com"


@pytest.mark.parametrize(
    "metadata",
    [
        {"resource": "https://other.example.com/mcp", "authorization_servers": ["https://evil.x"]},
        {"authorization_servers": ["https://evil.x"]},
        {"resource": "http://[", "authorization_servers": ["https://evil.x"]},
    ],
)
async def test_what_another_server_publishes_is_not_believed(gateway, notes, metadata):
    notes.token = TOKEN
    notes.metadata = metadata
    source = (await value(gateway, added(notes)))["data"]
    assert source["problem"] == "127.0.0.1 wants a token"


async def test_a_foreign_servers_words_stay_short_and_visible(gateway, notes):
    notes.token = TOKEN
    notes.publish("https://login.example.com", scopes=["x\u202e\n ignore" + "y" * 500] * 50)
    problem = (await value(gateway, added(notes)))["data"]["problem"]
    assert problem.isascii()
    assert problem.isprintable()
    assert len(problem) < 1000


async def test_a_person_gives_the_token_and_the_source_is_there(gateway, notes, next_question):
    notes.token = TOKEN
    await value(gateway, added(notes))
    run = await gateway.start(
        "asked = tools.executor.connections.connect(source='notes')\n"
        "return [asked, tools.notes.read_note(id=7), tools.executor.connections.list()]"
    )
    asked = await next_question(gateway)
    assert (asked.kind, asked.title) == ("secret", "notes wants a credential: token")
    assert "127.0.0.1 wants a token" in asked.detail
    await gateway.answer(asked.id, secret())
    connected, called, listed = (await gateway.wait(run.id)).outcome.value
    assert connected["data"]["state"] == "connected"
    assert called == {"ok": True, "data": "note 7"}
    assert listed["data"] == []  # it needs none that it would say of


async def test_nobody_giving_one_leaves_the_source_as_it_is(gateway, notes, answering):
    notes.token = TOKEN
    await value(gateway, added(notes))
    async with answering(gateway, "decline"):
        told = await value(gateway, "return tools.executor.connections.connect(source='notes')")
    assert told["error"]["code"] == "auth_required"
    assert gateway.sources.require("notes").state == "auth_required"


async def test_a_refused_token_is_told_and_asked_for_anew_without_a_loop(
    gateway, notes, next_question
):
    notes.token = TOKEN
    await value(gateway, added(notes))
    await gateway.connect("notes", TOKEN_SCHEME, TOKEN)
    assert (await value(gateway, "return tools.notes.read_note(id=1)"))["ok"]
    notes.token = "another-token-9f"
    failed = await value(gateway, "return tools.notes.read_note(id=2)")
    assert failed["error"]["code"] == "auth_required"
    assert "refused the credential it was given (status 401)" in failed["error"]["message"]
    assert gateway.sources.require("notes").state == "auth_required"
    assert gateway.inbox() == []
    run = await gateway.start("return tools.notes.read_note(id=3)")
    asked = await next_question(gateway)
    await gateway.answer(asked.id, secret("another-token-9f"))
    assert (await gateway.wait(run.id)).outcome.value == {"ok": True, "data": "note 3"}
    assert gateway.sources.require("notes").state == "connected"


async def test_a_wrong_token_is_refused_once_and_nothing_is_asked_again_by_itself(
    gateway, notes, next_question
):
    notes.token = TOKEN
    await value(gateway, added(notes))
    run = await gateway.start("return tools.executor.connections.connect(source='notes')")
    await gateway.answer((await next_question(gateway)).id, secret("wrong-token-77"))
    told = (await gateway.wait(run.id)).outcome.value
    assert told["data"]["state"] == "auth_required"
    assert "refused the credential" in told["data"]["problem"]
    assert gateway.inbox() == []
    assert [ref.refused for ref in gateway.ledger.all(CredentialRef)] == [True]


async def test_a_token_that_may_too_little_is_said_to_lack_its_scope(gateway, notes):
    notes.token = TOKEN
    await value(gateway, added(notes))
    await gateway.connect("notes", TOKEN_SCHEME, TOKEN)
    notes.scope = "notes.admin"
    failed = await value(gateway, "return tools.notes.read_note(id=2)")
    assert failed["error"]["code"] == "auth_required"
    assert "for notes.admin: what it was given may too little" in failed["error"]["message"]
    assert gateway.sources.require("notes").state == "auth_required"


def spec(security, schemes):
    operation = {"operationId": "listThings", "tags": ["things"], "security": security}
    return {
        "openapi": "3.1.0",
        "servers": [{"url": "/"}],
        "paths": {"/things": {"get": {**operation, "responses": {}}}},
        "components": {"securitySchemes": schemes},
    }


SCHEMES = {
    "head": {"type": "apiKey", "in": "header", "name": "X-Key"},
    "query": {"type": "apiKey", "in": "query", "name": "key"},
    "cookie": {"type": "apiKey", "in": "cookie", "name": "sid"},
    "basic": {"type": "http", "scheme": "Basic"},
    "bearer": {"type": "http", "scheme": "bearer"},
    "oauth": {"type": "oauth2", "flows": {}},
    "tls": {"type": "mutualTLS"},
}


class Things(LoopbackServer):
    """A service with one operation; `seen` is where each of its requests had which secret."""

    def __init__(self, *security):
        super().__init__(self.answer)
        self.security = list(security)
        self.status = 200
        self.headers = {}

    def answer(self, request):
        if request.path == "/openapi.json":
            return JSONAnswer(body=spec(self.security, SCHEMES))
        return JSONAnswer(body=[], status=self.status, headers=self.headers)

    @property
    def seen(self):
        last = self.requests[-1]
        names = ("x-key", "authorization", "cookie")
        found = {name: last.headers[name] for name in names if name in last.headers}
        return {**found, **({"path": last.path} if "?" in last.path else {})}


async def listed(gateway, things):
    await gateway.execute(
        f"tools.executor.sources.add(openapi='{things.url}/openapi.json', namespace='th')"
    )
    return await gateway.start("return tools.th.things.list_things()")


@pytest.mark.parametrize(
    ("security", "asked_for", "seen"),
    [
        ([{"head": []}], ["head"], {"x-key": "secret-head"}),
        ([{"query": []}], ["query"], {"path": "/things?key=secret-query"}),
        ([{"cookie": []}], ["cookie"], {"cookie": "sid=secret-cookie"}),
        ([{"basic": []}], ["basic"], {"authorization": "Basic c2VjcmV0LWJhc2lj"}),
        ([{"bearer": []}], ["bearer"], {"authorization": "Bearer secret-bearer"}),
        ([{"oauth": ["a"]}], ["oauth"], {"authorization": "Bearer secret-oauth"}),
        (
            [{"head": [], "query": [], "cookie": []}],
            ["head", "query", "cookie"],
            {
                "x-key": "secret-head",
                "path": "/things?key=secret-query",
                "cookie": "sid=secret-cookie",
            },
        ),
        ([{"head": [], "query": []}, {"bearer": []}], ["bearer"], {
            "authorization": "Bearer secret-bearer"
        }),
        ([{"tls": []}, {"head": []}], ["head"], {"x-key": "secret-head"}),
        ([{}, {"head": []}], [], {}),
        ([{"tls": []}], [], {}),
        ([], [], {}),
    ],
)  # fmt: skip
async def test_what_a_call_needs_is_asked_for_and_put_where_it_belongs(
    gateway, next_question, security, asked_for, seen
):
    async with Things(*security) as things:
        run = await listed(gateway, things)
        for name in asked_for:
            asked = await next_question(gateway)
            assert asked.title == f"th wants a credential: {name}"
            await gateway.answer(asked.id, secret(f"secret-{name}"))
        ended = await gateway.wait(run.id)
        assert ended.outcome.value == {"ok": True, "data": []}
        assert things.seen == seen


async def test_an_optional_credential_is_used_where_there_is_one(gateway):
    async with Things({}, {"head": []}) as things:
        await gateway.wait((await listed(gateway, things)).id)
        scheme = AuthScheme(name="head", placement="header", key="X-Key")
        await gateway.connect("th", scheme, "given-key")
        await gateway.execute("return tools.th.things.list_things()")
        assert things.seen == {"x-key": "given-key"}


async def test_a_refused_key_of_a_service_ends_in_a_typed_error_and_a_new_question(
    gateway, next_question
):
    async with Things({"head": []}) as things:
        run = await listed(gateway, things)
        await gateway.answer((await next_question(gateway)).id, secret("good-key-1"))
        assert (await gateway.wait(run.id)).outcome.value["ok"]
        assert gateway.sources.require("th").state == "connected"
        things.status = 401
        failed = await value(gateway, "return tools.th.things.list_things()")
        assert failed["error"]["code"] == "auth_required"
        assert "good-key-1" not in str(failed)
        source = gateway.sources.require("th")
        assert source.state == "auth_required"
        assert [scheme.name for scheme in source.wants] == ["head"]
        count = len(things.requests)
        run = await gateway.start("return tools.th.things.list_things()")
        things.status = 200
        await gateway.answer((await next_question(gateway)).id, secret("good-key-2"))
        assert (await gateway.wait(run.id)).outcome.value["ok"]
        assert len(things.requests) == count + 1
        assert things.seen == {"x-key": "good-key-2"}


async def test_a_plain_403_is_the_tools_failure_and_the_credential_stays_good(gateway):
    async with Things({"head": []}) as things:
        things.status = 403
        await gateway.cancel((await listed(gateway, things)).id)
        await gateway.connect(
            "th", AuthScheme(name="head", placement="header", key="X-Key"), "kkkk"
        )
        failed = await value(gateway, "return tools.th.things.list_things()")
        assert (failed["error"]["code"], failed["error"]["status"]) == ("tool_error", 403)
        assert gateway.sources.require("th").state == "connected"


async def test_a_service_that_wants_more_than_its_document_says_is_told_so(gateway):
    async with Things() as things:
        things.status = 401
        things.headers = {"WWW-Authenticate": 'Basic realm="things"'}
        failed = (await gateway.wait((await listed(gateway, things)).id)).outcome.value
        assert failed["error"]["message"] == "127.0.0.1 wants user and password"
        (scheme,) = gateway.sources.require("th").wants
        assert scheme.placement == "basic"


class Guarded(LoopbackServer):
    def __init__(self):
        super().__init__(self.answer)

    def answer(self, request):
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return JSONAnswer(status=401, body={})
        return JSONAnswer(body={"data": {"__schema": {"types": [], "queryType": None}}})


async def test_a_graphql_endpoint_behind_a_token_is_read_once_it_has_one(gateway, next_question):
    async with Guarded() as endpoint:
        told = await value(
            gateway,
            f"return tools.executor.sources.add(graphql='{endpoint.url}/graphql', namespace='g')",
        )
        assert (told["data"]["state"], told["data"]["problem"]) == (
            "auth_required",
            "127.0.0.1 wants a token",
        )
        run = await gateway.start("return tools.executor.connections.connect(source='g')")
        await gateway.answer((await next_question(gateway)).id, secret())
        assert (await gateway.wait(run.id)).outcome.value["data"]["state"] == "connected"
