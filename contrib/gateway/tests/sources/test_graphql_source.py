"""A GraphQL endpoint, read by introspection from a real schema and called with variables."""

import pytest
from executus_gateway.domain import MisfitArguments
from executus_gateway.errors import SourceFailed
from executus_gateway.sources.graphql import GraphqlCatalog, connector
from executus_gateway.sources.graphql.catalog import compiled
from executus_gateway.sources.graphql.selecting import checked
from graphql import build_schema, graphql_sync

from executus.testing import JSONAnswer, LoopbackServer

SDL = """
enum Kind { CAT DOG }
input NewPet { name: String!, kind: Kind = DOG, friends: [NewPet!] }
type Owner { login: String! }
type Pet { id: ID!, name: String!, kind: Kind, owner: Owner, old: Int @deprecated }
type Query {
  "All pets of a kind"
  petsOf(kind: Kind!, first: Int): [Pet!]!
  version: String!
}
type Mutation { addPet(pet: NewPet!): Pet!, dropAll: Boolean }
"""


class Endpoint(LoopbackServer):
    def __init__(self):
        super().__init__(self.answer)
        self.schema = build_schema(SDL)
        self.script = None

    def answer(self, request):
        if self.script is not None:
            return self.script(request)
        pet = {"id": 7, "name": "Rex", "kind": "DOG", "owner": {"login": "ann"}}
        root = {"petsOf": [pet], "version": "1", "addPet": pet, "dropAll": True}
        asked = request.json
        result = graphql_sync(self.schema, asked["query"], root, None, asked.get("variables"))
        return JSONAnswer(body=result.formatted)


@pytest.fixture
async def endpoint():
    async with Endpoint() as server:
        yield server


def added(endpoint):
    return f"tools.executor.sources.add(graphql='{endpoint.url}/graphql', namespace='g')\n"


async def test_a_query_gets_plain_fields_and_those_one_step_below(gateway, endpoint):
    run = await gateway.execute(f"{added(endpoint)}return tools.g.query.pets_of(kind='DOG')")
    pet = {"id": "7", "name": "Rex", "kind": "DOG", "owner": {"login": "ann"}}
    assert run.outcome.value == {"ok": True, "data": [pet]}
    assert endpoint.requests[-1].json["variables"] == {"kind": "DOG"}


async def test_what_to_get_can_be_said(gateway, endpoint):
    code = "return tools.g.query.pets_of(kind='DOG', select='owner { login }')"
    run = await gateway.execute(added(endpoint) + code)
    assert run.outcome.value["data"] == [{"owner": {"login": "ann"}}]


@pytest.mark.parametrize("call", ["pets_of(kind='COW')", "pets_of()", "version(x=1)"])
async def test_misfit_arguments_are_not_sent(gateway, endpoint, call):
    run = await gateway.execute(f"{added(endpoint)}return tools.g.query.{call}")
    assert run.outcome.value["error"]["code"] == "invalid_arguments"
    assert len(endpoint.requests) == 1


async def test_a_mutation_asks_and_sends_nested_input(gateway, endpoint, answering):
    async with answering(gateway, "accept"):
        run = await gateway.execute(
            f"{added(endpoint)}"
            "return tools.g.mutation.add_pet(pet={'name': 'A', 'friends': [{'name': 'B'}]})"
        )
    assert run.outcome.value["data"]["name"] == "Rex"


@pytest.mark.parametrize(
    "select", ["id } dropAll other: addPet(pet: 1) { id", "id } }  mutation { dropAll", "}", "id {"]
)
def test_a_selection_cannot_reach_out_to_other_operations(select):
    with pytest.raises(MisfitArguments, match="select"):
        checked(select)


def test_a_comment_in_a_selection_hides_nothing():
    assert checked("id # } dropAll {").endswith("\n")


async def test_a_schema_file_serves_where_introspection_is_off(gateway, answering, tmp_path):
    path = tmp_path / "schema.graphql"
    path.write_text(SDL)
    async with answering(gateway, "accept"):
        run = await gateway.execute(
            "return tools.executor.sources.add("
            f"graphql='http://127.0.0.1:9/graphql', sdl={str(path)!r}, namespace='g')"
        )
    assert (run.outcome.value["data"]["state"], run.outcome.value["data"]["tools"]) == (
        "connected",
        4,
    )


async def test_a_selection_that_cannot_be_read_is_told_before_anybody_is_asked(gateway, endpoint):
    code = "return tools.g.mutation.add_pet(pet={'name': 'x'}, select='id }')"
    run = await gateway.execute(added(endpoint) + code)
    assert run.outcome.value["error"]["code"] == "invalid_arguments"
    assert gateway.inbox() == []


@pytest.mark.parametrize(
    ("status", "body", "code", "told"),
    [
        (500, {"message": "boom"}, "source_error", "answered 500, and not in GraphQL"),
        (200, {"data": [1]}, "source_error", "not in GraphQL"),
        (200, {"data": {"version": None}, "errors": [{"message": "a"}]}, "tool_error", "a"),
        (200, {"errors": ["odd"]}, "tool_error", "odd"),
        (200, {"errors": {"message": "b"}}, "tool_error", "b"),
        (200, [], "source_error", "not in GraphQL"),
    ],
)
async def test_every_answer_that_is_none_is_a_failure(gateway, endpoint, status, body, code, told):
    await gateway.execute(added(endpoint))
    endpoint.script = lambda request: JSONAnswer(status=status, body=body)
    run = await gateway.execute("return tools.g.query.version()")
    assert run.outcome.value["error"]["code"] == code
    assert told in run.outcome.value["error"]["message"]


async def test_an_answer_over_the_bound_is_told_with_what_to_do(gateway, endpoint, monkeypatch):
    monkeypatch.setattr(connector, "MAX_ANSWER_BYTES", 10)
    run = await gateway.execute(added(endpoint) + "return tools.g.query.pets_of(kind='DOG')")
    assert run.outcome.value["error"]["code"] == "too_large"
    assert "ask for less with select=" in run.outcome.value["error"]["message"]


@pytest.mark.parametrize(
    "schema",
    [
        {"types": [{}]},
        {"types": None},
        {"queryType": {"name": "Q"}, "types": [{"name": "Q", "fields": [{"name": "x"}]}]},
        {"queryType": 5, "types": []},
    ],
)
def test_a_schema_that_is_none_is_refused_in_a_sentence(schema):
    with pytest.raises(SourceFailed, match="lacks what every schema has"):
        GraphqlCatalog(compiled(schema))


def test_input_types_that_refer_to_each_other_without_end_are_described():
    field = {"kind": "SCALAR", "name": "String"}
    chain = [
        {
            "name": f"I{n}",
            "inputFields": [
                {"name": "next", "type": {"kind": "INPUT_OBJECT", "name": f"I{n + 1}"}}
            ],
        }
        for n in range(3000)
    ]
    argument = {"name": "a", "type": {"kind": "INPUT_OBJECT", "name": "I0"}}
    query = {"name": "Q", "fields": [{"name": "x", "args": [argument], "type": field}]}
    schema = {"queryType": {"name": "Q"}, "types": [query, *chain]}
    made = GraphqlCatalog(compiled(schema)).describe("query.x").input_schema
    assert len(made["$defs"]) == 3001
