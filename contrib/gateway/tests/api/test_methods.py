"""Methods by name: JSON in, JSON out, mistakes typed, secrets in no sentence."""

import pytest
from executus_gateway.api import Api
from executus_gateway.errors import Refused, UnknownId
from pydantic_core import from_json, to_json

CANARY = "kanarienvogel-api-31"


@pytest.fixture
def api(gateway):
    return Api(gateway, client="test")


async def test_every_method_is_listed_and_gives_plain_json(api, pets):
    source = await api.request(
        "sources.add", {"openapi": f"{pets.url}/openapi.json", "namespace": "pets"}
    )
    rule = await api.request("policies.add", {"pattern": "pets.*", "action": "allow"})
    run = await api.request("execute", {"code": "return tools.pets.pets.list_pets()['ok']"})
    begun = await api.request("runs.start", {"code": "return 1"})
    told = [
        source,
        rule,
        run,
        await api.request("runs.wait", {"run": begun["id"]}),
        await api.request("runs.cancel", {"run": begun["id"]}),
        await api.request("runs.list", {}),
        await api.request("runs.list", {"limit": 1}),
        await api.request("runs.get", {"run": run["id"]}),
        await api.request("runs.calls", {"run": run["id"]}),
        await api.request("sources.list", {}),
        await api.request("sources.refresh", {"source": "pets"}),
        await api.request("policies.list", {}),
        await api.request("policies.explain", {"path": "pets.pets.list_pets"}),
        await api.request("policies.remove", {"rule": rule["id"]}),
        await api.request("inbox.list", {}),
        await api.request("sources.remove", {"source": "pets"}),
    ]
    for value in told:
        assert from_json(to_json(value)) == value
    assert run["outcome"]["value"] is True
    assert run["client"] == "test"
    assert {"execute", "inbox.answer", "sources.connect"} <= set(api.methods)


@pytest.mark.parametrize(
    ("method", "params", "told"),
    [
        ("no.such", {}, "there is no method 'no.such'"),
        ("execute", {}, "execute needs 'code'"),
        ("runs.wait", {}, "runs.wait needs 'run'"),
        ("sources.add", {}, "give one of url=, command="),
        ("sources.add", {"url": "https://a.test", "mcp": "https://a.test"}, "give url= alone"),
        ("policies.add", {"pattern": "a", "action": "allow", "other": 1}, "does not take these"),
        ("policies.add", {"pattern": "a", "action": "maybe"}, "action"),
    ],
)
async def test_requests_that_do_not_fit_are_refused_with_what_they_lack(api, method, params, told):
    with pytest.raises(Refused, match=told):
        await api.request(method, params)


async def test_an_unknown_id_says_where_ids_are(api):
    with pytest.raises(UnknownId, match="look into the inbox"):
        await api.request("inbox.answer", {"id": "ask_0", "verdict": "accept"})


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("inbox.answer", {"id": "ask_0", "verdict": CANARY, "secret": CANARY}),
        ("inbox.answer", {"id": "ask_0", "verdict": "accept", "secret": {"a": CANARY}}),
        ("sources.connect", {"source": "pets", "scheme": {"name": CANARY}, "value": CANARY}),
        ("sources.connect", {"source": "pets", "scheme": CANARY, "value": CANARY}),
    ],
)
async def test_what_was_given_is_not_in_what_is_told(api, method, params):
    with pytest.raises(Refused) as caught:
        await api.request(method, params)
    assert CANARY not in str(caught.value)


async def test_a_source_that_wants_a_credential_is_given_one(api, pets):
    pets.secured = True
    added = {"url": f"{pets.url}/openapi.json", "namespace": "pets"}
    assert (await api.request("sources.add", added))["state"] == "auth_required"
    scheme = {"name": "key", "placement": "header", "key": "X-Key"}
    given = {"source": "pets", "scheme": scheme, "value": CANARY}
    reference = await api.request("sources.connect", given)
    assert CANARY not in str(reference)
    assert (await api.request("sources.list", {}))[0]["state"] == "connected"
