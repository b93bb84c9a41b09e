"""OpenAPI's dialect in JSON Schema's words: shown as it is checked, no stricter than meant."""

import pytest
from executus_gateway.domain import MisfitArguments, check
from executus_gateway.sources.openapi import OpenapiCatalog
from executus_gateway.sources.openapi.compiling import compiled
from executus_gateway.sources.openapi.inlining import MAX_DEFINITIONS, Inliner

NODE = {
    "type": "object",
    "properties": {
        "value": {"type": "integer"},
        "next": {"$ref": "#/components/schemas/Node", "nullable": True},
    },
    "required": ["value"],
}


def catalog(schema, answer=None, operation=None, item=None, **components):
    content = {"application/json": {"schema": schema}}
    made = {
        "operationId": "make",
        "tags": ["t"],
        "requestBody": {"content": content},
        "responses": {"200": {"content": {"application/json": {"schema": answer or {}}}}},
        **(operation or {}),
    }
    return OpenapiCatalog(
        compiled(
            {
                "openapi": "3.0.3",
                "servers": [{"url": "https://api.test"}],
                "paths": {"/make": {"post": made, **(item or {})}},
                "components": {"schemas": components},
            }
        )
    )


def described(schema, **components):
    return catalog(schema, **components).describe("t.make").input_schema


def fits(schema, body, **components):
    try:
        check(described(schema, **components), {"body": body})
    except MisfitArguments as error:
        return str(error)
    return True


def ref(name, **beside):
    return {"$ref": f"#/components/schemas/{name}", **beside}


def test_a_schema_that_holds_itself_is_checked_all_the_way_down():
    assert fits(ref("Node"), {"value": 1, "next": {"value": 2, "next": None}}, Node=NODE) is True
    told = fits(ref("Node"), {"value": 1, "next": {"value": 2, "next": {"value": "x"}}}, Node=NODE)
    assert "body.next.next.value: 'x' is not of type 'integer'" in told


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "string", "nullable": True},
        {"type": "string", "enum": ["a"], "nullable": True},
        {"enum": ["a"], "nullable": True},
        {"type": "object", "allOf": [ref("Node")], "nullable": True},
        ref("Node", nullable=True),
        {"type": ["string", "null"]},
        {"oneOf": [{"type": "string"}, {"type": "null"}]},
    ],
)
def test_what_may_be_null_takes_none_however_that_is_said(schema):
    whole = {"type": "object", "properties": {"a": schema}}
    assert fits(whole, {"a": None}, Node=NODE) is True
    assert fits(whole, {"a": 5}, Node=NODE) is not True


def test_what_is_only_read_need_not_be_sent():
    pet = {
        "type": "object",
        "required": ["id", "born", "name"],
        "properties": {"id": {"readOnly": True}, "born": ref("Date"), "name": {}},
    }
    told = fits(ref("Pet"), {}, Pet=pet, Date={"type": "string", "readOnly": True})
    assert told == "body: 'name' is a required property"


CAT = {
    "type": "object",
    "properties": {"name": {"type": "string"}},
    "required": ["name"],
    "additionalProperties": False,
}
CLAWS = {"type": "object", "properties": {"claws": {"type": "integer"}}}


def test_closed_parts_of_a_whole_take_each_others_properties_and_no_others():
    whole = {"allOf": [ref("Cat"), CLAWS], "additionalProperties": False}
    assert fits(whole, {"name": "x", "claws": 5}, Cat=CAT) is True
    assert "'name' is a required property" in fits(whole, {"claws": 5}, Cat=CAT)
    assert "claws: 'x' is not of type" in fits(whole, {"name": "x", "claws": "x"}, Cat=CAT)
    assert "'paws' is not one of ['claws', 'name']" in fits(
        whole, {"name": "x", "paws": 4}, Cat=CAT
    )


@pytest.mark.parametrize(
    "other",
    [
        {"patternProperties": {"^x": {}}},
        {"additionalProperties": {"type": "integer"}},
        {"anyOf": [{"properties": {"paws": {}}}, {}]},
    ],
)
def test_a_part_whose_names_are_not_known_leaves_the_whole_open(other):
    assert fits({"allOf": [ref("Cat"), other]}, {"name": "x", "paws": 4}, Cat=CAT) is True


def test_wholes_of_parts_of_wholes_are_made_in_bounded_work():
    parts = {
        f"P{n}": {"additionalProperties": False, "allOf": [ref(f"P{n + 1}")] * 3} for n in range(40)
    }
    assert fits(ref("P0"), {"a": 1}, **parts) is True


def test_a_discriminator_leads_to_definitions():
    schema = {
        "oneOf": [ref("Cat"), ref("Node")],
        "discriminator": {
            "propertyName": "kind",
            "mapping": {"cat": "#/components/schemas/Cat", "node": "Node"},
        },
    }
    made = described(schema, Cat=CAT, Node=NODE)
    assert made["properties"]["body"]["discriminator"] == {
        "propertyName": "kind",
        "mapping": {"cat": "#/$defs/Cat", "node": "#/$defs/Node"},
    }
    assert set(made["$defs"]) == {"Cat", "Node"}


def test_what_is_said_beside_a_reference_is_kept_and_names_of_properties_are_not_keywords():
    schema = {
        "properties": {
            "example": {"type": "string"},
            "x-y": {"type": "string"},
            "a": ref("Cat", description="The one that is sought"),
        }
    }
    body = described(schema, Cat=CAT)["properties"]["body"]["properties"]
    assert set(body) == {"example", "x-y", "a"}
    assert body["a"]["description"] == "The one that is sought"


def test_two_components_of_almost_one_name_are_not_taken_for_each_other():
    schema = {"properties": {"a": ref("A b"), "b": ref("A_b")}}
    components = {"A b": {"type": "integer"}, "A_b": {"type": "string"}}
    assert fits(schema, {"a": 1, "b": "x"}, **components) is True


def test_what_only_the_answer_refers_to_is_not_in_the_arguments_and_is_bounded():
    chain = {f"C{n}": {"properties": {"next": ref(f"C{n + 1}")}} for n in range(300)}
    tool = catalog(ref("Cat"), answer=ref("C0"), Cat=CAT, **chain).describe("t.make")
    assert set(tool.input_schema["$defs"]) == {"Cat"}
    assert len(tool.output_schema["$defs"]) == 25


def test_a_document_with_endless_references_has_bounded_definitions():
    inliner = Inliner(lambda key: {"items": ref(f"{key.rpartition('/')[2]}x")})
    inliner.schema(ref("a"))
    assert len(inliner.definitions()) == MAX_DEFINITIONS


@pytest.mark.parametrize(
    ("operation", "item", "server"),
    [
        ({}, {}, ""),
        ({"servers": [{"url": "https://uploads.test"}]}, {}, "https://uploads.test"),
        ({}, {"servers": [{"url": "https://item.test"}]}, "https://item.test"),
    ],
)
def test_an_operation_may_have_a_server_of_its_own(operation, item, server):
    plan = catalog({}, operation=operation, item=item).plan("t.make")
    assert plan.server == server


def test_a_place_in_the_path_that_nobody_declares_is_told_and_not_sent():
    document = {
        "openapi": "3.0.0",
        "paths": {"/x/{id}": {"get": {"operationId": "look", "tags": ["t"]}}},
    }
    with pytest.raises(MisfitArguments, match=r"does not say what \{id\} in the path is"):
        OpenapiCatalog(compiled(document)).check("t.look", {})
