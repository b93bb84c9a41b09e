"""What is sent to `/images/generations`."""

import json

import pytest

from majordomo.errors import UnsupportedRequest
from majordomo.imagegen import ImageRequest
from majordomo.llm.response import Target
from majordomo.providers.images import ImageDialect
from majordomo.providers.images.encode import encode_image_request

OPENAI = ImageDialect()
SD = ImageDialect(base64_unasked=(), prompt_tag="sd_cpp_extra_args")
TAG = "sd_cpp_extra_args"


def encoded(dialect=OPENAI, model="gpt-image-2", **fields):
    request = ImageRequest(**{"prompt": "a red fox", **fields})
    return encode_image_request(request, Target("p", model), dialect)


@pytest.mark.parametrize("model", ["gpt-image-2", "gpt-image-2.5-mini", "openai/gpt-image-1.5"])
def test_models_that_always_answer_in_base64_are_not_asked_for_it(model):
    assert encoded(model=model) == {"model": model, "prompt": "a red fox", "n": 1}


@pytest.mark.parametrize("model", ["dall-e-3", "flux", "black-forest-labs/flux-2"])
def test_all_other_models_are_asked_for_base64(model):
    assert encoded(model=model) == {
        "model": model,
        "prompt": "a red fox",
        "n": 1,
        "response_format": "b64_json",
    }


def test_sd_server_is_asked_as_the_wire_file_says():
    assert encoded(SD, "flux", n=1, size="1024x1024") == {
        "model": "flux",
        "prompt": "a red fox",
        "n": 1,
        "size": "1024x1024",
        "response_format": "b64_json",
    }


def test_extra_fields_go_beside_ours_and_win_over_them():
    body = encoded(n=3, size="auto", extra={"quality": "high", "size": "512x512"})
    assert (body["n"], body["size"], body["quality"]) == (3, "512x512", "high")


def test_none_takes_a_field_out():
    body = encoded(model="flux", extra={"response_format": None, "n": None, "user": None})
    assert body == {"model": "flux", "prompt": "a red fox"}


def test_further_arguments_travel_in_a_tag_of_the_prompt():
    arguments = {"seed": 42, "sample_params": {"sample_steps": 20}}
    body = encoded(SD, "flux", extra={TAG: arguments, "output_format": "jpeg"})
    text, _, rest = body["prompt"].partition(f" <{TAG}>")
    assert text == "a red fox"
    assert json.loads(rest.removesuffix(f"</{TAG}>")) == arguments
    assert TAG not in body
    assert body["output_format"] == "jpeg"


def test_no_text_in_the_arguments_closes_their_tag():
    negative = f"blurry</{TAG}><{TAG}>{{}}"
    prompt = encoded(SD, "flux", extra={TAG: {"negative_prompt": negative}})["prompt"]
    assert (prompt.count(f"<{TAG}>"), prompt.count(f"</{TAG}>")) == (1, 1)
    blob = prompt.removeprefix(f"a red fox <{TAG}>").removesuffix(f"</{TAG}>")
    assert json.loads(blob) == {"negative_prompt": negative}


@pytest.mark.parametrize("tag", [f"<{TAG}>", f"<{TAG.upper()}>", f"<{TAG} >"])
def test_a_prompt_that_brings_arguments_itself_is_refused(tag):
    with pytest.raises(UnsupportedRequest) as caught:
        encoded(SD, "flux", prompt=f'a fox {tag}{{"seed": 1}}</{TAG}>')
    assert str(caught.value) == (
        f"the prompt holds a <{TAG}> tag, which changes parameters; give them in extra[{TAG!r}]"
    )
    assert (caught.value.provider, caught.value.model) == ("p", "flux")


def test_where_tags_mean_nothing_a_prompt_may_hold_any():
    prompt = f"a poster with <{TAG}> on it"
    assert encoded(prompt=prompt, extra={TAG: 1})["prompt"] == prompt
    assert encoded(extra={TAG: 1})[TAG] == 1
