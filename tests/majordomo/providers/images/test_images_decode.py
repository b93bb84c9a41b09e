"""What comes back from `/images/generations`."""

import base64
import binascii

import pytest

from executus.testing.server import PNG
from majordomo.errors import ErrorKind
from majordomo.llm.parts import ImagePart
from majordomo.llm.response import Target, Usage
from majordomo.providers.faults import WireFault
from majordomo.providers.images.decode import decode_image_result
from majordomo.providers.wire import ResponseMeta

META = ResponseMeta(target=Target("p", "m"), request_id="req_1", raw=b"{}")
JPEG = b"\xff\xd8\xff\xe0" + b"j" * 9
WEBP = b"RIFF\x00\x00\x00\x00WEBPVP8 "
GIF = b"GIF89a" + b"g" * 5


def b64(data):
    return base64.b64encode(data).decode()


def decoded(*items, **fields):
    return decode_image_result({"created": 1, "data": list(items), **fields}, META)


def test_an_answer_of_openai():
    result = decoded(
        {"b64_json": b64(PNG), "url": None, "revised_prompt": "A red fox, at dusk"},
        output_format="png",
        size="1024x1024",
        quality="high",
        usage={
            "input_tokens": 1,
            "output_tokens": 2,
            "total_tokens": 3,
            "input_tokens_details": {},
        },
    )
    assert result.images == (ImagePart(data=PNG, mime="image/png"),)
    assert result.revised_prompts == ("A red fox, at dusk",)
    assert result.usage == Usage(input=1, output=2, requests=1)
    assert (result.target, result.request_id, result.raw) == (Target("p", "m"), "req_1", b"{}")


def test_an_answer_of_sd_server_says_no_more_than_the_images():
    result = decoded({"b64_json": b64(PNG)}, {"b64_json": b64(JPEG)}, output_format="png")
    assert [image.mime for image in result.images] == ["image/png", "image/jpeg"]
    assert result.revised_prompts == ("", "")
    assert result.usage == Usage(requests=1)


@pytest.mark.parametrize(
    ("data", "mime"),
    [(PNG, "image/png"), (JPEG, "image/jpeg"), (WEBP, "image/webp"), (GIF, "image/gif")],
)
@pytest.mark.parametrize("declared", ["png", "jpeg"])
def test_the_type_is_that_of_the_bytes_whatever_was_declared(data, mime, declared):
    [image] = decoded({"b64_json": b64(data)}, output_format=declared).images
    assert (image.data, image.mime) == (data, mime)


@pytest.mark.parametrize("length", range(12, 16))
@pytest.mark.parametrize("prefix", ["", "data:image/png;base64,"])
@pytest.mark.parametrize("padded", [True, False])
def test_base64_is_read_with_or_without_prefix_and_padding(length, prefix, padded):
    data = PNG[:length]
    text = b64(data) if padded else b64(data).rstrip("=")
    assert decoded({"b64_json": prefix + text}).images[0].data == data


def test_base64_may_be_broken_into_lines():
    text = base64.encodebytes(PNG).decode().replace("\n", "\r\n")
    assert decoded({"b64_json": text}).images[0].data == PNG


@pytest.mark.parametrize("text", ["!!!!", "iVBORw0KGgo_", "a", "iVBO=Rw0"])
def test_what_is_no_base64_is_a_malformed_answer(text):
    with pytest.raises(binascii.Error):
        decoded({"b64_json": text})


def test_fewer_images_than_asked_for_are_better_than_none():
    result = decoded({"b64_json": ""}, {"b64_json": b64(PNG), "revised_prompt": "b"}, {})
    assert (len(result.images), result.revised_prompts) == (1, ("b",))


@pytest.mark.parametrize(
    ("items", "code", "kind"),
    [
        ([{"url": "https://example.com/a.png"}], "no_image_bytes", ErrorKind.UNSUPPORTED),
        ([{"url": "https://x/a", "b64_json": None}], "no_image_bytes", ErrorKind.UNSUPPORTED),
        ([], "no_image", ErrorKind.TRANSIENT),
        ([{"b64_json": None}], "no_image", ErrorKind.TRANSIENT),
        ([{"b64_json": b64(b"<svg/>")}], "unknown_image_type", ErrorKind.UNSUPPORTED),
        ([{"b64_json": b64(b"%PDF-1.7")}], "unknown_image_type", ErrorKind.UNSUPPORTED),
    ],
)
def test_an_answer_without_image_bytes_is_a_typed_error(items, code, kind):
    with pytest.raises(WireFault) as caught:
        decoded(*items)
    assert (caught.value.fault.code, caught.value.fault.kind) == (code, kind)


@pytest.mark.parametrize("body", [{}, {"data": None}])
def test_an_answer_without_data_holds_no_image(body):
    with pytest.raises(WireFault, match="the answer holds no image"):
        decode_image_result(body, META)


@pytest.mark.parametrize("usage", [None, [], {}, {"input_tokens": None}, {"input_tokens": True}])
def test_usage_that_says_nothing_is_unknown(usage):
    assert decoded({"b64_json": b64(PNG)}, usage=usage).usage == Usage(requests=1)
