"""What a server's result is to code: structured, text, and files by handle."""

import base64

import pytest
from executus_gateway.sources.mcpsource.results import MAX_FILES, told

PNG = base64.b64encode(b"\x89PNG").decode()
IMAGE = {"type": "image", "data": PNG, "mimeType": "image/png"}
TEXT = {"type": "text", "text": "seen"}


@pytest.fixture
def kept():
    return []


@pytest.fixture
def keep(kept):
    async def keeping(file):
        kept.append(file)
        return {"handle": f"fil_{len(kept)}", "content_type": file.content_type}

    return keeping


HANDLE = {"handle": "fil_1", "content_type": "image/png"}


@pytest.mark.parametrize(
    ("result", "data"),
    [
        ({"content": [TEXT]}, "seen"),
        ({"content": [TEXT], "structuredContent": {"a": 1}}, {"a": 1}),
        ({"content": []}, "(no output)"),
        ({"content": [IMAGE]}, {"text": "", "files": [HANDLE]}),
        ({"content": [TEXT, IMAGE]}, {"text": "seen", "files": [HANDLE]}),
        (
            {"content": [TEXT, IMAGE], "structuredContent": [1]},
            {"structured": [1], "files": [HANDLE]},
        ),
    ],
)
async def test_a_result_is_data_and_its_files_are_handles(keep, kept, result, data):
    assert (await told(result, keep)).data == data
    assert all(file.data == b"\x89PNG" for file in kept)


@pytest.mark.parametrize(
    ("given", "kept_as"),
    [
        ("image/png; q=1", "image/png"),
        ("image/png\r\nContent-Disposition: form-data; name=admin", "application/octet-stream"),
        ("größe/x", "application/octet-stream"),
        (7, "application/octet-stream"),
        (None, "application/octet-stream"),
    ],
)
async def test_a_content_type_is_one_or_it_is_not_taken(keep, kept, given, kept_as):
    await told({"content": [{**IMAGE, "mimeType": given}]}, keep)
    assert [file.content_type for file in kept] == [kept_as]


async def test_sounds_and_resources_are_files_too(keep, kept):
    blob = {"uri": "file:///a/b.pdf?x", "blob": PNG, "mimeType": "application/pdf"}
    sound = {"type": "audio", "data": PNG, "mimeType": "audio/wav"}
    await told({"content": [sound, {"type": "resource", "resource": blob}]}, keep)
    assert [(file.content_type, file.name) for file in kept] == [
        ("audio/wav", ""),
        ("application/pdf", "b.pdf"),
    ]


@pytest.mark.parametrize(
    "block", [{**IMAGE, "data": "?"}, {**IMAGE, "data": None}, "x", {"type": "resource"}, None]
)
async def test_what_is_broken_is_told_and_not_kept(keep, kept, block):
    assert isinstance((await told({"content": [block, TEXT]}, keep)).data, str)
    assert kept == []


async def test_of_many_files_some_are_kept(keep, kept):
    result = await told({"content": [IMAGE] * (MAX_FILES + 2)}, keep)
    assert len(kept) == len(result.data["files"]) == MAX_FILES


async def test_files_of_a_failure_are_not_kept(keep, kept):
    result = await told({"content": [TEXT, IMAGE], "isError": True}, keep)
    assert (result.ok, result.error.message) == (False, "seen")
    assert kept == []
