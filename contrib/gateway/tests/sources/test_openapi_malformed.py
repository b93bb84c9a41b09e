"""Documents that are wrong in one or several places: read as far as they go, or refused."""

import copy
import json
import random

import pytest
from executus_gateway.domain import MisfitArguments
from executus_gateway.errors import SourceFailed
from executus_gateway.sources.openapi import OpenapiCatalog
from executus_gateway.sources.openapi.compiling import compiled
from executus_gateway.sources.openapi.document import parsed
from petservice import document

JUNK = (None, True, 0, 1.5, "x", "", [], {}, [None], {"a": 1}, {"$ref": "#/components/schemas/Pet"})
JUNK += ({"$ref": 5}, {"$ref": "#/x/y"}, {"type": ["x"]}, "\ud800", -1, "#/")
ARGUMENTS = {"pet_id": "1", "limit": 1, "kind": ["a"], "body": {"name": "x"}}


def places(node, path=()):
    """The ways to every value of a document."""
    if isinstance(node, dict | list):
        for key in node if isinstance(node, dict) else range(len(node)):
            yield (*path, key)
            yield from places(node[key], (*path, key))


def spoiled(base, chance):
    made = copy.deepcopy(base)
    for _ in range(chance.choice((1, 1, 2, 3))):
        *path, last = chance.choice(list(places(made)))
        node = made
        for key in path:
            node = node[key]
        node[last] = copy.deepcopy(chance.choice(JUNK))
    return made


def used(data):
    """All that is done with a document."""
    catalog = OpenapiCatalog(compiled(parsed(data)))
    for summary in catalog.summaries:
        catalog.describe(summary.path)
        try:
            catalog.plan(summary.path).build(ARGUMENTS)
        except MisfitArguments:
            continue


@pytest.mark.parametrize("seed", range(8))
def test_a_document_with_junk_in_it_is_read_or_refused_in_a_sentence(seed):
    chance, base = random.Random(seed), document(secured=True)
    form = {"multipart/form-data": {"schema": {"properties": {"f": {"format": "binary"}}}}}
    answer = {"200": {"content": {"application/json": {"schema": {"type": "object"}}}}}
    base["paths"]["/up"] = {"post": {"requestBody": {"content": form}, "responses": answer}}
    for _ in range(150):
        data = json.dumps(spoiled(base, chance)).encode()
        try:
            used(data)
        except SourceFailed as error:
            assert str(error)


def test_aliases_that_grow_without_bound_are_refused():
    lines = ["openapi: 3.0.0", "paths: {}", "a0: &a0 [x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    with pytest.raises(SourceFailed, match="aliases make it too large"):
        parsed("\n".join(lines).encode())


def test_a_document_that_holds_itself_is_refused():
    with pytest.raises(SourceFailed, match="aliases make it too large"):
        parsed(b"openapi: 3.0.0\nx: &x\n  y: *x\n")


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "neither a JSON nor a YAML object"),
        (b"[]", "neither a JSON nor a YAML object"),
        (b"\x00\xff", "neither JSON nor YAML"),
        (b"a: [", "neither JSON nor YAML"),
        (b'{"swagger": "2.0"}', "it is Swagger 2.0: the gateway reads"),
        (b"{}", "it is no OpenAPI document"),
    ],
)
def test_what_is_no_document_is_told(data, told):
    with pytest.raises(SourceFailed, match=told):
        parsed(data)


def test_a_document_with_a_byte_order_mark_is_read():
    assert parsed(b"\xef\xbb\xbf" + json.dumps(document()).encode())["openapi"] == "3.0.3"
