"""How bodies are declared, described and written."""

import pytest
from executus_gateway.domain import FILE_SCHEMA, MisfitArguments, check
from executus_gateway.ports import File
from executus_gateway.sources.openapi.bodies import Body
from executus_gateway.sources.openapi.inlining import Inliner

BINARY = {"type": "string", "format": "binary"}


def body(content, **components):
    return Body.declared({"content": content}, Inliner(components.get))


def form(schema, kind="multipart/form-data", encoding=None, **components):
    media = {"schema": schema, "encoding": encoding or {}}
    return body({kind: media}, **{f"schemas/{k}": v for k, v in components.items()})


def parts(made, value):
    kind, data = made.written(value)
    boundary = kind.partition("boundary=")[2].encode()
    pieces = data.split(b"--" + boundary)
    assert (pieces[0], pieces[-1]) == (b"", b"--\r\n")
    return [piece.removeprefix(b"\r\n").removesuffix(b"\r\n") for piece in pieces[1:-1]]


@pytest.mark.parametrize(
    ("kinds", "chosen"),
    [
        (["multipart/form-data", "application/json"], "application/json"),
        (["text/plain", "application/x-www-form-urlencoded"], "application/x-www-form-urlencoded"),
        (["application/json; charset=utf-8", "text/plain"], "application/json; charset=utf-8"),
        (["image/png", "application/vnd.api+json"], "application/vnd.api+json"),
        (["image/png", "image/gif"], "image/png"),
    ],
)
def test_the_kind_is_one_that_code_has_as_a_value(kinds, chosen):
    assert body({kind: {} for kind in kinds}).kind == chosen


@pytest.mark.parametrize("kind", ["application/octet-stream", "text/csv", "application/x-ndjson"])
def test_what_is_neither_json_nor_a_form_is_a_file(kind):
    made = body({kind: {"schema": {"type": "string"}}})
    assert made.files == ((),)
    assert made.schema["properties"] == FILE_SCHEMA["properties"]
    assert made.written(File(data=b"x", content_type="a/b")) == (kind, b"x")


def test_a_body_of_any_kind_is_json_where_it_has_a_schema_else_a_file_of_its_own_kind():
    assert body({"*/*": {"schema": {}}}).written([1]) == ("application/json", b"[1]")
    made = body({"*/*": {}})
    assert made.written(File(data=b"x", content_type="image/png")) == ("image/png", b"x")


def test_the_parts_that_are_files_are_found_wherever_they_are_declared():
    made = form(
        {"allOf": [{"$ref": "#/components/schemas/A"}, {"properties": {"b": BINARY}}]},
        A={
            "properties": {
                "a": {"$ref": "#/components/schemas/Bytes"},
                "c": {"type": "array", "items": BINARY},
                "d": {"contentMediaType": "image/png"},
                "e": {"type": "string", "contentEncoding": "base64", "contentMediaType": "a/b"},
            },
            "required": ["a"],
        },
        Bytes=BINARY,
    )
    assert sorted(made.files) == [("a",), ("b",), ("c", "*"), ("d",)]
    assert made.schema["required"] == ["a"]
    assert made.schema["additionalProperties"] is False


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object"},
        {"properties": {"a": {}}, "additionalProperties": {"type": "string"}},
        {"properties": {"a": {}}, "patternProperties": {"x": {}}},
    ],
)
def test_a_form_that_says_it_takes_more_takes_more(schema):
    check(dict(form(schema).schema), {"other": "x"})


def test_parts_are_written_as_the_standard_says():
    made = form(
        {"properties": {"file": BINARY, "tags": {"type": "array"}, "meta": {"type": "object"}}},
    )
    photo = File(data=b"\0", content_type="image/png", name='a"b\r\n.png')
    value = {"file": photo, "tags": ["x", 2], "meta": {"a": [True]}, "none": None, "né": "ü"}
    assert parts(made, value) == [
        (
            b'Content-Disposition: form-data; name="file"; filename="a%22b%0D%0A.png"\r\n'
            b"Content-Type: image/png\r\n\r\n\0"
        ),
        b'Content-Disposition: form-data; name="tags"\r\n\r\nx',
        b'Content-Disposition: form-data; name="tags"\r\n\r\n2',
        (
            b'Content-Disposition: form-data; name="meta"\r\n'
            b'Content-Type: application/json\r\n\r\n{"a":[true]}'
        ),
        'Content-Disposition: form-data; name="né"\r\n\r\nü'.encode(),
    ]


def test_parts_have_the_type_the_document_gives_them():
    made = form(
        {"properties": {"a": {"type": "string"}, "b": BINARY, "c": {}, "d": {}}},
        encoding={
            "a": {"contentType": "text/csv"},
            "b": {"contentType": "image/gif"},
            "c": {"contentType": "application/json"},
            "d": {"contentType": "image/*, text/plain\r\nX: y"},
        },
    )
    a, b, c, d = parts(made, {"a": "1", "b": File(data=b"x"), "c": [1], "d": "x"})
    assert b"Content-Type: text/csv\r\n\r\n1" in a
    assert b'filename="file"\r\nContent-Type: image/gif' in b
    assert b"Content-Type: application/json\r\n\r\n[1]" in c
    assert b"Content-Type" not in d


def test_query_text_repeats_lists_and_writes_objects_in_brackets():
    made = form(
        {"properties": {"to": {}, "media": {}, "address": {}, "expand": {}, "json": {}}},
        "application/x-www-form-urlencoded",
        {"expand": {"style": "deepObject"}, "json": {"contentType": "application/json"}},
    )
    value = {
        "to": "a b",
        "media": ["x", "y"],
        "address": {"city": "Ulm", "none": None},
        "expand": ["z"],
        "json": {"a": 1},
        "empty": None,
    }
    kind, data = made.written(value)
    assert kind == "application/x-www-form-urlencoded"
    assert data.decode() == (
        "to=a+b&media=x&media=y&address%5Bcity%5D=Ulm&expand%5B0%5D=z&json=%7B%22a%22%3A1%7D"
    )


def test_a_form_is_given_as_an_object():
    with pytest.raises(MisfitArguments, match="given as an object"):
        form({"type": "object"}).written("a=b")


def test_a_form_that_refers_to_itself_in_every_branch_is_read_in_time():
    loop = {"allOf": [{"$ref": "#/components/schemas/A"}] * 50, "properties": {"a": BINARY}}
    made = form({"$ref": "#/components/schemas/A"}, A=loop)
    assert made.files == (("a",),)
    assert "additionalProperties" not in made.schema
