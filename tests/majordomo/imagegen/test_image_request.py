"""What may be asked of an image model, before anyone is asked."""

import dataclasses
import math

import pytest

from majordomo.imagegen import ImageRequest


@pytest.mark.parametrize("size", [None, "auto", "1024x1024", "1x99999", "1536x1024"])
@pytest.mark.parametrize("n", [1, 10])
def test_a_sensible_request_is_taken(n, size):
    request = ImageRequest(prompt="a red fox", n=n, size=size, timeout_s=0.5)
    assert (request.prompt, request.n, request.size) == ("a red fox", n, size)


def test_by_default_one_image_of_the_providers_size_is_asked_for():
    request = ImageRequest(prompt="x")
    assert (request.n, request.size, request.timeout_s, request.extra) == (1, None, None, {})
    assert not request.keep_raw


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"prompt": ""}, "the prompt is blank; say what the image shows"),
        ({"prompt": " \n"}, "the prompt is blank; say what the image shows"),
        ({"n": 0}, "n must be 1 or more, not 0"),
        ({"n": -3}, "n must be 1 or more, not -3"),
        *(
            ({"size": size}, f"size must be like '1024x1024', or 'auto', not {size!r}")
            for size in (
                "",
                "big",
                "1024",
                "1024x",
                "0x10",
                "1024X1024",
                " 1x1",
                "1x1\n",
                "1x123456",
            )
        ),
        ({"timeout_s": 0}, "timeout_s must be above 0 s, not 0 s"),
        ({"timeout_s": -1.5}, "timeout_s must be above 0 s, not -1.5 s"),
        ({"timeout_s": math.nan}, "timeout_s must be above 0 s, not nan s"),
    ],
)
def test_nonsense_is_refused_in_one_sentence(fields, sentence):
    with pytest.raises(ValueError) as caught:
        ImageRequest(**{"prompt": "x", **fields})
    assert str(caught.value) == sentence


def test_a_request_does_not_change():
    with pytest.raises(dataclasses.FrozenInstanceError):
        ImageRequest(prompt="x").n = 2
