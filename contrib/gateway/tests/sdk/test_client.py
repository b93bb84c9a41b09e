"""What a client does, whatever target is behind it: one suite, a fixture per target."""

import anyio
import pytest
from daemons import daemon_home, end_daemon
from executus_gateway.errors import DaemonFailed, Refused, UnknownId
from executus_gateway.schema import Answer, AuthScheme
from executus_gateway.sdk import Client

from executus.egress import Egress


@pytest.fixture(params=["inproc", pytest.param("daemon", marks=pytest.mark.slow)])
async def create(request, home):
    """Make clients of one target."""
    if request.param == "inproc":

        async def created(**options):
            guard = Egress(allow_hosts=["127.0.0.1"])
            return await Client.create(folder=home, guard=guard, **options)

        yield created
        return

    async def created(**options):
        return await Client.create(adapter="daemon", folder=home, **options)

    daemon_home(home)
    yield created
    await end_daemon(home)


@pytest.fixture
async def client(create):
    async with await create() as made:
        yield made


async def test_a_run_is_made_and_found_again(client):
    run = await client.execute("print('p')\nreturn [1, tools.search('x')['ok']]")
    assert (run.state, run.outcome.value, run.outcome.printed) == ("completed", [1, True], "p\n")
    assert [found.id for found in await client.runs()] == [run.id]
    assert [call.path for call in await client.calls(run.id)] == ["search"]


async def test_sources_policies_and_credentials(client, pets):
    pets.secured = True
    source = await client.add_source(openapi=f"{pets.url}/openapi.json", namespace="pets")
    assert (source.state, source.tool_count) == ("auth_required", 4)
    scheme = AuthScheme(name="key", placement="header", key="X-Key")
    await client.connect("pets", scheme, "s3cr3t-canary")
    assert (await client.sources())[0].state == "connected"
    rule = await client.add_policy("pets.*", "deny", scope="organisation")
    assert (await client.explain("pets.pets.list_pets")).rule == rule.id
    run = await client.execute("return [tools.pets.pets.list_pets(), tools.search('pets')]")
    denied, found = run.outcome.value
    assert denied["error"]["code"] == "denied"
    assert found["data"] == []
    assert (await client.refresh_source("pets")).state == "connected"
    await client.remove_source("pets")
    assert await client.sources() == []


async def test_a_question_waits_in_the_inbox_and_is_answered_there(client, pets):
    await client.add_source(openapi=f"{pets.url}/openapi.json", namespace="pets")
    run = await client.start("return tools.pets.pets.create_pet(body={'name': 'Rex'})")
    paused = await client.wait(run.id, through_pauses=False)
    (asked,) = await client.inbox()
    assert (paused.state, paused.waiting_for) == ("paused", (asked.id,))
    async with client.events() as events:
        await client.answer(asked.id, Answer(verdict="accept"))
        kinds = [(await anext(events)).kind]
        ended = await client.wait(run.id)
        while kinds[-1] != "run.completed":
            kinds.append((await anext(events)).kind)
    assert ended.outcome.value["data"]["name"] == "Rex"
    assert kinds == [
        "interaction.accepted",
        "run.resumed",
        "call.started",
        "call.ended",
        "run.completed",
    ]


async def test_a_run_can_be_ended_and_takes_its_questions_along(client, pets):
    await client.add_source(openapi=f"{pets.url}/openapi.json", namespace="pets")
    run = await client.start("return tools.pets.pets.create_pet(body={'name': 'Rex'})")
    await client.wait(run.id, through_pauses=False)
    ended = await client.cancel(run.id)
    assert ended.outcome.problem.kind == "cancelled"
    assert await client.inbox() == []
    assert pets.writes == []


async def test_mistakes_are_typed(client):
    with pytest.raises(UnknownId, match="list of runs"):
        await client.wait("run_0")
    with pytest.raises(Refused, match="one of url="):
        await client.add_source()
    with pytest.raises(Refused, match="leave credentials out"):
        await client.add_source(mcp="https://user:pw@example.com/mcp")
    with pytest.raises(Refused, match="there is no tool"):
        await client.explain("nothing.here")


async def test_a_host_callback_answers_instead_of_the_inbox(create, pets):
    seen = []

    async def on_input_request(question):
        seen.append(question.path)
        return Answer(verdict="accept")

    async with await create(on_input_request=on_input_request) as client:
        await client.add_source(openapi=f"{pets.url}/openapi.json", namespace="pets")
        run = await client.execute("return tools.pets.pets.delete_pet(pet_id='a/b')")
    assert run.outcome.value["ok"]
    assert pets.writes[-1].path == "/api/pets/a%2Fb"
    assert seen == ["pets.pets.delete_pet"]


async def test_what_a_host_callback_does_not_answer_stays_in_the_inbox(create, pets):
    asked = anyio.Event()

    async def on_input_request(question):
        asked.set()

    async with await create(on_input_request=on_input_request) as client:
        await client.add_source(openapi=f"{pets.url}/openapi.json", namespace="pets")
        run = await client.start("return tools.pets.pets.delete_pet(pet_id='a')")
        await asked.wait()
        (question,) = await client.inbox()
        await client.answer(question.id, Answer(verdict="decline", note="not this one"))
        ended = await client.wait(run.id)
    assert "not this one" in ended.outcome.value["error"]["message"]
    assert pets.writes == []


async def test_tools_are_searched_and_described(client, pets):
    await client.add_source(openapi=f"{pets.url}/openapi.json", namespace="pets")
    found = await client.search("list pets", source="pets", limit=1)
    assert [hit["path"] for hit in found] == ["pets.pets.list_pets"]
    described = await client.describe("pets.pets.create_pet")
    assert described["policy"] == "ask"
    with pytest.raises(Refused, match=r"there is no tool pets\.pets\.list_pet"):
        await client.describe("pets.pets.list_pet")


async def test_a_rule_that_was_added_is_removed_by_its_id(client):
    rule = await client.add_policy("pets.*", "deny")
    assert (await client.remove_policy(rule.id)).pattern == "pets.*"
    assert await client.policies() == []


async def test_a_target_of_ones_own_serves():
    class Mine:
        async def request(self, method, params):
            return []

        async def aclose(self):
            pass

    async with await Client.create(adapter=Mine()) as client:
        assert await client.runs() == []


async def test_the_latest_runs_are_listed_without_the_others(client):
    begun = [(await client.execute(f"return {number}")).id for number in range(3)]
    assert [run.id for run in await client.runs(limit=2)] == begun[1:]
    assert [run.id for run in await client.runs()] == begun
    assert (await client.run(begun[0])).outcome.value == 0
    with pytest.raises(UnknownId, match="look into the list of runs"):
        await client.run("run_0")
    with pytest.raises(Refused, match="1 at least"):
        await client.runs(limit=0)


async def test_a_callback_that_fails_leaves_the_question_to_others(create, pets, caplog):
    asked = anyio.Event()

    async def broken(question):
        asked.set()
        raise OSError("the display is gone")

    async with await create(on_input_request=broken) as client:
        await client.add_source(openapi=f"{pets.url}/openapi.json", namespace="pets")
        run = await client.start("return tools.pets.pets.create_pet(body={'name': 'Rex'})")
        await asked.wait()
        (question,) = await client.inbox()
        await client.answer(question.id, Answer(verdict="accept"))
        assert (await client.wait(run.id)).outcome.value["ok"]
    assert f"{question.id} waits in the inbox" in caplog.text


async def test_an_answer_that_is_too_long_is_not_told_as_a_daemon_that_is_gone(served, monkeypatch):
    async with await Client.create(adapter="daemon", folder=served) as client:
        await client.execute("return 'x' * 100000")
        monkeypatch.setattr("executus_gateway.sdk.daemontarget.MAX_ANSWER_BYTES", 1000)
        with pytest.raises(DaemonFailed, match="too long to be read: ask for less"):
            await client.runs()
        monkeypatch.undo()
        assert len(await client.runs()) == 1
