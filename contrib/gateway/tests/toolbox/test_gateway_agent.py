"""An agent of the harness whose one tool is the gateway: two services, and a person who decides."""

import json
import sys
from pathlib import Path

import pytest
from executus_gateway.ports import NO_PROMPTER
from executus_gateway.sdk import Client, InprocTarget
from executus_gateway.toolbox import gateway_tools

from executus import Executor, RunnableAgent
from executus.registry import ToolRegistry
from majordomo.providers.fake import FakeProvider, Reply

SERVER = Path(__file__).parents[1] / "support" / "renaming.py"
LOOK = "return sorted(hit['path'] for hit in tools.search('create pet value')['data'])"
ACT = """\
name = tools.srv.old()['data']['result']
made = tools.pets.pets.create_pet(body={'name': name})
return made['data'] if made['ok'] else made['error']['code']
"""


@pytest.fixture
async def client(gateway, pets):
    made = Client(InprocTarget(gateway, NO_PROMPTER))
    await made.add_source(openapi=f"{pets.url}/openapi.json", namespace="pets")
    await made.add_source(command=sys.executable, args=[str(SERVER)], namespace="srv")
    return made


def registry_of(client):
    registry = ToolRegistry()
    registry.add("gateway", gateway_tools(client))
    return registry


@pytest.mark.slow
@pytest.mark.parametrize(
    ("verdict", "told", "writes"),
    [("accept", {"id": 1, "name": "here"}, 1), ("decline", "declined", 0)],
)
async def test_a_task_over_two_services_is_solved_when_a_person_agrees(
    client, gateway, pets, answering, verdict, told, writes
):
    fake = FakeProvider()
    code = [[("gateway__execute", {"code": text})] for text in (LOOK, ACT)]
    fake.enqueue("m", Reply(calls=code[0]), Reply(calls=code[1]), "done")
    agent = RunnableAgent(model=fake.model("m"), tools=["gateway.*"])
    async with answering(gateway, verdict):
        result = await Executor(registry=registry_of(client)).run(agent, "name a pet by the value")
    assert (result.status, result.output) == ("ok", "done")
    found, made = [json.loads(message.tool_results[0].text) for message in result.messages[2::2]]
    assert {"pets.pets.create_pet", "srv.old"} <= set(found)
    assert made == told
    assert [request.json for request in pets.writes] == [{"name": "here"}] * writes
    offered = {tool.name for _, request in fake.requests for tool in request.tools}
    assert offered == {"gateway__execute", "read_more"}  # the second reads on in long results
