"""Messages and their parts."""

import dataclasses

import pytest

from majordomo.llm import (
    ImagePart,
    Message,
    ProviderState,
    Role,
    TextPart,
    ThinkingPart,
    ToolCallPart,
    ToolResultPart,
    assistant,
    sniff_mime,
    system,
    tool_result,
    user,
)

PNG = b"\x89PNG\r\n\x1a\nrest"
STATE = ProviderState(wire="w", provider="p", model="m", data="{}")


def test_constructors_set_the_role_and_wrap_texts():
    picture = ImagePart(data=PNG, mime="image/png")
    assert user("see", picture) == Message(role=Role.USER, parts=(TextPart("see"), picture))
    assert system("be kind") == Message(role=Role.SYSTEM, parts=(TextPart("be kind"),))
    assert assistant("hi", state=STATE).state is STATE


def test_a_tool_result_answers_its_call():
    call = ToolCallPart(id="1", name="add")
    picture = ImagePart(data=PNG, mime="image/png")
    message = tool_result(call, "no", picture, is_error=True)
    assert message.role is Role.TOOL
    assert message.tool_results == (
        ToolResultPart(call_id="1", name="add", text="no", images=(picture,), is_error=True),
    )


def test_views_select_parts_in_order():
    one, two = ToolCallPart(id="1", name="a"), ToolCallPart(id="2", name="b")
    message = assistant(ThinkingPart("t1"), "x", one, ThinkingPart("t2"), "y", two)
    assert (message.text, message.thinking, message.tool_calls) == ("xy", "t1t2", (one, two))
    assert message.tool_results == ()


def test_without_state_is_the_same_message_without_state():
    assert assistant("x", state=STATE).without_state() == assistant("x")
    plain = assistant("x")
    assert plain.without_state() is plain


def test_messages_cannot_change():
    with pytest.raises(dataclasses.FrozenInstanceError):
        user("x").role = Role.TOOL


@pytest.mark.parametrize(
    ("data", "mime"),
    [
        (PNG, "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"GIF89a..", "image/gif"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "image/webp"),
        (b"\x00\x00\x00\x18ftypheic", "image/heic"),
        (b"\x00\x00\x00\x18ftypmp42", None),
        (b"BM1234", "image/bmp"),
        (b"%PDF-1.7", "application/pdf"),
        (b"RIFF\x00\x00\x00\x00WAVE", None),
        (b"", None),
    ],
)
def test_types_are_told_from_the_first_bytes(data, mime):
    assert sniff_mime(data) == mime


def test_an_image_is_read_from_bytes_path_and_data_url(tmp_path):
    file = tmp_path / "x.png"
    file.write_bytes(b"\x89PNG\r\n\x1a\n")
    expected = ImagePart(data=b"\x89PNG\r\n\x1a\n", mime="image/png")
    assert ImagePart.from_path(file) == expected
    assert ImagePart.from_bytes(file.read_bytes()) == expected
    assert ImagePart.from_data_url("data:image/png;base64,iVBORw0KGgo=") == expected
    assert ImagePart.from_data_url("data:;base64,iVBORw0KGgo=") == expected


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("https://example.com/x.png", "expected a URL of the form"),
        ("data:image/png,abc", "expected a URL of the form"),
        ("data:image/png;base64", "expected a URL of the form"),
        ("data:image/png;base64,***", "base64 is broken"),
        ("data:;base64,AAAA", "no known image type"),
        ("data:text/plain;base64,AAAA", "no known image type"),
    ],
)
def test_a_bad_data_url_is_refused(url, said):
    with pytest.raises(ValueError, match=said):
        ImagePart.from_data_url(url)


@pytest.mark.parametrize("data", [b"%PDF-1.7", b"nothing"])
def test_bytes_that_are_no_image_are_refused(data):
    with pytest.raises(ValueError, match="no known image type"):
        ImagePart.from_bytes(data)
