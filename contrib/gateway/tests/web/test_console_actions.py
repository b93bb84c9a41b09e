"""What a form does: once, said in a sentence, and refused with one."""

import pytest
from executus_gateway.schema import AuthScheme, CredentialId, CredentialRef, TaskRun
from executus_gateway.service import place_of
from pydantic_core import to_json

CREATE = "return tools.pets.pets.create_pet(body={'name': 'Rex'})"
CANARY = "kanarienvogel-5a7c0e"


async def asked(gateway, kind, **options):
    question = gateway.broker.question(kind, "A question?", **options)
    await gateway.ledger.commit("interaction.asked", question)
    return question


async def test_approving_makes_the_call_once_and_the_record_says_where(
    console, gateway, pets, next_question
):
    run = await gateway.start(pets.add() + CREATE)
    question = await next_question(gateway)
    told = await console.send("inbox.answer", id=question.id, verdict="accept", note="go on")
    again = await console.send("inbox.answer", id=question.id, verdict="decline")
    await gateway.wait(run.id)
    assert told["said"] == "Allow pets.pets.create_pet? Accepted."
    assert again["said"] == "It was accepted before: your word changed nothing."
    assert len(pets.writes) == 1
    known = gateway.ledger.require(type(question), question.id)
    assert (known.answered_by, known.note) == ("browser", "go on")


async def test_declining_tells_the_model_why(console, gateway, pets, next_question):
    run = await gateway.start(pets.add() + CREATE)
    question = await next_question(gateway)
    await console.send("inbox.answer", id=question.id, verdict="decline", note="not Rex")
    ended = await gateway.wait(run.id)
    assert "not Rex" in ended.outcome.value["error"]["message"]
    assert pets.writes == []


@pytest.mark.parametrize("verdict", ["", "cancel", "allow"])
async def test_no_verdict_is_no_answer(console, gateway, verdict):
    question = await asked(gateway, "confirm")
    told = await console.send("inbox.answer", 400, id=question.id, verdict=verdict)
    assert told["said"] == "a question is accepted or declined"
    assert gateway.inbox() == [gateway.ledger.require(type(question), question.id)]


async def test_an_unknown_question_says_where_questions_are(console):
    told = await console.send("inbox.answer", 404, id="ask_0", verdict="accept")
    assert "look into the inbox" in told["said"]


async def test_a_forms_values_have_the_types_of_its_schema(console, gateway):
    fields = {
        "type": "object",
        "required": ["city"],
        "properties": {"city": {"type": "string"}, "count": {"type": "integer"}},
    }
    question = await asked(gateway, "form", fields=fields)
    page = await console.page("/inbox")
    assert page.all("input", name="field:city", required=None)
    assert page.all("input", name="field:count", type="number", step="1")
    refused = await console.send(
        "inbox.answer", 400, id=question.id, verdict="accept", field__count="2"
    )
    assert "'city' is a required property" in refused["said"]
    await console.send(
        "inbox.answer", id=question.id, verdict="accept", field__city="Bonn", field__count="2"
    )
    answered = gateway.ledger.require(type(question), question.id)
    assert answered.values == {"city": "Bonn", "count": 2}


async def test_a_form_is_declined_without_filling_it_in(console, gateway):
    question = await asked(gateway, "form", fields={"required": ["a"], "properties": {"a": {}}})
    await console.send("inbox.answer", id=question.id, verdict="decline", field__a="{")
    assert gateway.ledger.require(type(question), question.id).state == "declined"


async def test_a_secret_is_typed_into_a_field_that_hides_it_and_goes_to_the_vault_alone(
    console, gateway, home
):
    question = await asked(gateway, "secret", credential=CredentialId("crd_typed"))
    (field,) = (await console.page("/inbox")).all("input", name="secret")
    assert (field["type"], field["autocomplete"]) == ("password", "off")
    empty = await console.send("inbox.answer", 400, id=question.id, verdict="accept")
    assert "asks for a secret" in empty["said"]
    told = await console.send("inbox.answer", id=question.id, verdict="accept", secret=CANARY)
    assert await gateway.broker._vault.get(CredentialId("crd_typed")) == CANARY
    assert CANARY not in str(told)
    assert CANARY.encode() not in (home / "events.jsonl").read_bytes()


async def test_no_page_holds_a_secret(console, gateway, pets, next_question):
    """A canary in the vault by both ways, echoed by the service, and in a program's variables."""
    pets.secured = pets.echo_headers = True
    add = f"tools.executor.sources.add(openapi='{pets.url}/openapi.json', namespace='pets')\n"
    run = await gateway.start(f"{add}return tools.pets.pets.list_pets()", client="claude")
    question = await next_question(gateway)
    assert question.kind == "secret"
    answers = [await console.send("inbox.answer", id=question.id, verdict="accept", secret=CANARY)]
    await gateway.wait(run.id)
    assert pets.requests[-1].headers["x-key"] == CANARY
    place = place_of({"command": "/nowhere", "env": {"TOKEN": CANARY}})
    await gateway.sources.add(place, namespace="program")
    source = gateway.sources.require("pets")
    answers.append(
        await console.send("sources.connect", source=source.id, name="key", value=CANARY)
    )
    fields = {"source": "src_0", "name": "key", "value": CANARY}
    answers.append(await console.send("sources.connect", 404, **fields))
    answers.append(
        await console.send("sources.connect", 400, **{**fields, "source": "pets", "name": "x"})
    )
    paths = ["/", "/inbox", "/runs", f"/runs/{run.id}", "/tools", "/tools/pets.pets.list_pets"]
    paths += ["/sources", f"/sources/{source.id}", "/policies"]
    paths += [f"/sources/{gateway.sources.require('program').id}"]
    for path in paths:
        answer = await console.get(path)
        assert CANARY.encode() not in answer.content, path
        assert answer.status_code == 200
    assert CANARY not in str(answers)
    assert "TOKEN" in (await console.get(paths[-1])).text


@pytest.mark.parametrize("kind", ["openapi", "url"])
async def test_a_source_is_added_by_address_refreshed_and_removed(console, gateway, pets, kind):
    told = await console.send(
        "sources.add", kind=kind, address=f"{pets.url}/openapi.json", namespace="pets"
    )
    (source,) = gateway.sources.list()
    assert told == {
        "said": "pets is connected, with 4 tools.",
        "go": f"/console/sources/{source.id}",
    }
    assert (await console.send("sources.refresh", source=source.id))["said"].startswith("pets is")
    assert (await console.send("sources.remove", source=source.id))["go"] == "/console/sources"
    assert gateway.sources.list() == []


async def test_a_source_is_added_by_command(console, gateway):
    await console.send(
        "sources.add",
        command="/no/such 'a program' --x",
        namespace="it",
        env="A=1\n\nB=x=y",
        cwd="/tmp",
        distrust_hints="yes",
    )
    (source,) = gateway.sources.list()
    assert source.place.model_dump(exclude={"type"}) == {
        "command": "/no/such",
        "args": ("a program", "--x"),
        "env": {"A": "1", "B": "x=y"},
        "cwd": "/tmp",
    }
    assert source.state == "error"
    assert not source.trust_hints


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({}, "kind is empty: fill it in"),
        ({"kind": "openapi"}, "address is empty: fill it in"),
        ({"kind": "ftp", "address": "x"}, "a source is one of url, openapi, mcp, graphql"),
        ({"kind": "mcp", "address": "file:///etc/passwd"}, "http"),
        ({"command": "a 'b"}, "the command has a quote that is not closed"),
        ({"command": "a", "env": "PATH"}, "variables are NAME=value, one a line"),
        ({"command": "a", "namespace": "No Namespace"}, "namespace"),
        ({"command": "a", "namespace": "executor"}, "is taken"),
    ],
)
async def test_what_cannot_be_a_source_is_refused_with_a_sentence(
    console, gateway, fields, sentence
):
    told = await console.send("sources.add", 400, **fields)
    assert sentence in told["said"]
    assert gateway.sources.list() == []


async def test_a_credential_of_ones_own_says_where_it_goes(console, gateway, pets):
    await gateway.execute(pets.add())
    told = await console.send("sources.connect", 400, source="pets", value="v", placement="header")
    assert told["said"] == "a credential in the header needs the name it has there"
    await console.send(
        "sources.connect", source="pets", value="v", placement="header", key="X-Mine"
    )
    (reference,) = gateway.ledger.all(CredentialRef)
    assert reference.scheme == AuthScheme(name="X-Mine", placement="header", key="X-Mine")
    bad = await console.send(
        "sources.connect", 400, source="pets", value="v", placement="x", key="k"
    )
    assert bad["said"].startswith("placement:")
    assert (
        "empty" in (await console.send("sources.connect", 400, source="pets", name="key"))["said"]
    )


async def test_rules_are_added_changed_and_removed(console, gateway):
    await console.send(
        "policies.add", pattern="a.*", action="deny", scope="organisation", reason="r"
    )
    await console.send("policies.add", pattern="a.*", action="ask", scope="organisation")
    (rule,) = gateway.policies.list()
    assert (rule.pattern, rule.action, rule.scope, rule.reason) == (
        "a.*",
        "ask",
        "organisation",
        "",
    )
    await console.send("policies.remove", rule=rule.id)
    assert gateway.policies.list() == []
    assert (
        "there is no policy" in (await console.send("policies.remove", 404, rule=rule.id))["said"]
    )


@pytest.mark.parametrize(
    "fields",
    [
        {"pattern": "", "action": "ask"},
        {"pattern": f"a {CANARY}", "action": "ask"},
        {"pattern": "a", "action": "maybe"},
        {"pattern": "a", "action": "ask", "scope": "world"},
    ],
)
async def test_what_cannot_be_a_rule_is_refused(console, gateway, fields):
    told = await console.send("policies.add", 400, **fields)
    assert CANARY not in told["said"], "what was typed may have been meant for another field"
    assert gateway.policies.list() == []


async def test_a_run_is_ended(console, gateway, pets, next_question):
    run = await gateway.start(pets.add() + CREATE)
    await next_question(gateway)
    assert "End this run" in (await console.page(f"/runs/{run.id}")).text
    await console.send("runs.cancel", run=run.id)
    assert gateway.ledger.require(TaskRun, run.id).outcome.problem.kind == "cancelled"
    assert gateway.inbox() == []


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({"content-type": "application/x-www-form-urlencoded"}, b"pattern=a&action=allow", 415),
        ({"content-type": "text/plain"}, b'{"pattern":["a"],"action":["allow"]}', 415),
        ({}, b'{"pattern":["a"],"action":["allow"]}', 415),
        ({"content-type": "application/json"}, b"", 400),
        ({"content-type": "application/json"}, b"[]", 400),
        ({"content-type": "application/json"}, b'{"pattern":"a"}', 400),
        ({"content-type": "application/json"}, b'{"pattern":[1]}', 400),
        ({"content-type": "application/json"}, b"[" * 100_000, 400),
        ({"content-type": "application/json"}, b'{"a":["' + b"x" * 2**20 + b'"]}', 413),
    ],
)
async def test_only_a_short_object_of_texts_as_json_is_a_form(
    console, gateway, headers, body, status
):
    answer = await console.client.post("/console/act/policies.add", headers=headers, content=body)
    assert answer.status_code == status
    assert answer.json()["said"]
    assert gateway.policies.list() == []


async def test_nothing_is_changed_by_reading(console, gateway):
    before = gateway.ledger.sequence
    for action in ("policies.add?pattern=a&action=allow", "inbox.answer", "sources.remove"):
        assert (await console.get(f"/act/{action}")).status_code == 405
    assert gateway.ledger.sequence == before


async def test_a_fault_of_ours_is_told_by_its_number(console, gateway, monkeypatch, caplog):
    async def broken(*args, **options):
        raise RuntimeError("kanarienvogel")

    monkeypatch.setattr(gateway.policies, "add", broken)
    told = await console.send("policies.add", 500, pattern="a", action="ask")
    assert "its log has fault" in told["said"]
    assert "kanarienvogel" not in to_json(told).decode()
    assert "kanarienvogel" in caplog.text
