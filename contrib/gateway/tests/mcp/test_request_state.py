"""Who goes on with a paused run answers its questions: only who was asked them may."""

import pytest
from executus_gateway.assembly import open_local
from executus_gateway.mcp import make_server
from mcp import Client, MCPError
from mcp.types import ElicitResult

CREATE = "return tools.pets.pets.create_pet(body={'name': 'Rex'})"
REFUSED = "Invalid or expired requestState"


async def by_hand(context, params):
    """Says that questions can be put; those in a result are answered by the tests themselves."""
    raise AssertionError(f"not to be asked: {params.message}")


def client_of(gateway):
    return Client(make_server(gateway), elicitation_callback=by_hand)


async def begin(client, code):
    """What the client is given to come back with, and the question's id."""
    result = await client.session.call_tool("execute", {"code": code}, allow_input_required=True)
    return result.request_state, next(iter(result.input_requests))


async def accept(client, code, state, question):
    return await client.session.call_tool(
        "execute",
        {"code": code},
        request_state=state,
        input_responses={question: ElicitResult(action="accept", content={})},
        allow_input_required=True,
    )


async def test_the_ids_of_a_run_and_its_question_do_not_open_it(gateway, pets):
    """Any agent of the folder can list them."""
    code = pets.add() + CREATE
    async with client_of(gateway) as asked, client_of(gateway) as other:
        state, question = await begin(asked, code)
        run = gateway.runs()[0].id
        assert run not in state
        for forged in (run, f"v1.{run}", state[:-4] + "AAAA"):
            with pytest.raises(MCPError, match=REFUSED):
                await accept(other, code, forged, question)
        assert [open_one.id for open_one in gateway.inbox()] == [question]
        result = await accept(asked, code, state, question)
    assert '"name":"Rex"' in result.content[0].text
    assert len(pets.writes) == 1


async def test_what_was_given_out_is_for_the_same_code(gateway, pets):
    code = pets.add() + CREATE
    async with client_of(gateway) as client:
        state, question = await begin(client, code)
        with pytest.raises(MCPError, match=REFUSED):
            await accept(client, "return 1", state, question)
    assert pets.writes == []


async def test_what_was_given_out_is_known_after_a_restart(open_gateway, pets):
    code = pets.add() + CREATE
    async with open_gateway() as gateway, client_of(gateway) as client:
        state, question = await begin(client, code)
    async with open_gateway() as gateway, client_of(gateway) as client:
        result = await accept(client, code, state, question)
    assert '"name":"Rex"' in result.content[0].text
    assert len(pets.writes) == 1


async def test_another_folders_gateway_knows_nothing_of_it(gateway, tmp_path, pets):
    code = pets.add() + CREATE
    async with client_of(gateway) as client:
        state, question = await begin(client, code)
    async with open_local(tmp_path / "other") as other, client_of(other) as client:
        with pytest.raises(MCPError, match=REFUSED):
            await accept(client, code, state, question)
