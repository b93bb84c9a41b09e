"""Images on their way to real wires: fitted per target, and a target that cannot take them."""

import base64
import json
import sys

import pytest
from pictures import animation, box_file, colourful, file_of, opened

from executus.testing import AnthropicServer, FakeClock, OpenAIServer, Turn
from executus.testing.server import openai_error
from majordomo.agent import Agent
from majordomo.chain import Advance, Chain, ChainExhausted
from majordomo.errors import UnsupportedRequest
from majordomo.health import HealthTracker
from majordomo.http import HttpxTransport
from majordomo.llm import Fragments, ImagePart, Request, ToolCallPart, assistant, tool_result, user
from majordomo.providers.anthropic import anthropic_provider
from majordomo.providers.openai import Dialect, openai_provider

CALL = ToolCallPart(id="c1", name="look")
HEIC = ImagePart(data=box_file(b"heic", size=[(40, 30)]), mime="image/heic")
LLAMA_CPP = Dialect(image_mimes=frozenset({"image/png", "image/jpeg"}), max_image_pixels=24)


@pytest.fixture
async def rig():
    transport = HttpxTransport()
    turns = [Turn.text("seen")] * 8
    async with AnthropicServer(turns) as anthropic, OpenAIServer(turns) as openai:
        yield Rig(anthropic, openai, transport)
        await transport.aclose()


class Rig:
    def __init__(self, anthropic, openai, transport):
        self.anthropic, self.openai, self.transport = anthropic, openai, transport
        self.health = HealthTracker(FakeClock())
        self.events = []

    def openai_model(self, dialect=Dialect()):
        url = self.openai.base_url
        made = openai_provider("k", base_url=url, dialect=dialect, transport=self.transport)
        return made.model("o")

    def anthropic_model(self):
        url = self.anthropic.base_url
        return anthropic_provider("k", base_url=url, transport=self.transport).model("claude-x")

    def chain(self, *models):
        return Chain(models, health=self.health, observer=self.events.append)

    def sent_to_openai(self):
        [image] = find(json.loads(self.openai.requests[-1].body), "image_url")
        head, _, data = image["url"].partition(";base64,")
        return head.removeprefix("data:"), base64.b64decode(data)

    def sent_to_anthropic(self):
        [source] = find(json.loads(self.anthropic.requests[-1].body), "source")
        return source["media_type"], base64.b64decode(source["data"])


def find(value, key):
    """Every value under a key, however deep."""
    if isinstance(value, list):
        return [found for item in value for found in find(item, key)]
    if isinstance(value, dict):
        own = [value[key]] if key in value else []
        return own + [found for item in value.values() for found in find(item, key)]
    return []


async def complete(model, request):
    return (await model.complete(request)).text


async def stream(model, request):
    async with model.stream(request) as opened_stream:
        return (await opened_stream.response()).text


both_ways = pytest.mark.parametrize("ask", [complete, stream])


def picture(kind="PNG", width=40, height=30):
    return ImagePart.from_bytes(file_of(colourful(width, height), kind))


@both_ways
async def test_a_single_target_gets_images_as_it_takes_them(rig, ask):
    wide = picture("BMP", 3000, 20)
    assert await ask(rig.anthropic_model(), Request(messages=[user(wide)])) == "seen"
    mime, data = rig.sent_to_anthropic()
    assert mime == "image/jpeg"
    assert opened(data).size == (2000, 13)


@both_ways
async def test_an_image_that_fits_is_sent_byte_for_byte(rig, ask):
    image = picture("WEBP")
    await ask(rig.openai_model(), Request(messages=[user(image)]))
    assert rig.sent_to_openai() == ("image/webp", image.data)


async def test_images_of_tool_results_are_fitted_on_the_wire(rig):
    messages = [user("look"), assistant(CALL), tool_result(CALL, "here", picture("TIFF"))]
    await rig.anthropic_model().complete(Request(messages=messages))
    mime, data = rig.sent_to_anthropic()
    assert mime == "image/jpeg"
    assert opened(data).size == (40, 30)


@both_ways
async def test_each_target_of_a_chain_gets_its_own_form_of_the_image(rig, ask):
    rig.openai.enqueue(openai_error(404, "no such model"))
    image = picture("WEBP")
    request = Request(messages=[user(image)], fragments=Fragments())
    chain = rig.chain(rig.openai_model(LLAMA_CPP), rig.anthropic_model())
    assert await ask(chain, request) == "seen"
    mime, data = rig.sent_to_openai()
    assert (mime, opened(data).size) == ("image/jpeg", (24, 18))
    assert rig.sent_to_anthropic() == ("image/webp", image.data)


@both_ways
async def test_a_target_that_takes_no_images_is_skipped_for_one_that_does(rig, ask):
    chain = rig.chain(rig.openai_model(Dialect(vision=False)), rig.anthropic_model())
    assert await ask(chain, Request(messages=[user(picture())])) == "seen"
    assert rig.openai.requests == []


@both_ways
async def test_an_image_the_head_cannot_take_advances_without_penalty(rig, ask):
    takes_heic = Dialect(image_mimes=frozenset({"image/heic"}))
    chain = rig.chain(rig.anthropic_model(), rig.openai_model(takes_heic))
    for _ in range(3):
        assert await ask(chain, Request(messages=[user(HEIC)])) == "seen"
    assert rig.anthropic.requests == []
    assert rig.sent_to_openai() == ("image/heic", HEIC.data)
    [advance, *_] = [event for event in rig.events if isinstance(event, Advance)]
    assert isinstance(advance.cause, UnsupportedRequest)
    assert all(not h.failures for h in rig.health.snapshot())


@both_ways
async def test_without_pillow_a_chain_goes_on_to_a_target_that_takes_the_image(
    rig, ask, monkeypatch
):
    image = picture("WEBP")
    monkeypatch.setitem(sys.modules, "majordomo.media.pillow_codec", None)
    chain = rig.chain(rig.openai_model(LLAMA_CPP), rig.anthropic_model())
    assert await ask(chain, Request(messages=[user(image)])) == "seen"
    assert rig.openai.requests == []
    with pytest.raises(UnsupportedRequest, match=r"executus\[media\]"):
        await ask(rig.openai_model(LLAMA_CPP), Request(messages=[user(image)]))


@both_ways
async def test_an_image_nobody_takes_says_so_for_each_target(rig, ask):
    chain = rig.chain(rig.anthropic_model(), rig.openai_model())
    with pytest.raises(ChainExhausted) as caught:
        await ask(chain, Request(messages=[user(HEIC)]))
    lines = str(caught.value).splitlines()[1:]
    assert len(lines) == 2
    assert all("the image is of type image/heic" in line for line in lines)
    assert [line.split(": the")[0].strip() for line in lines] == ["anthropic/claude-x", "openai/o"]


async def test_an_animation_reaches_every_wire_as_its_first_frame(rig):
    moving = ImagePart.from_bytes(animation("GIF", "red", "blue"))
    await rig.openai_model().complete(Request(messages=[user(moving)]))
    mime, data = rig.sent_to_openai()
    assert mime == "image/png"
    assert opened(data).getpixel((1, 1)) == (255, 0, 0)


async def test_a_run_sends_the_same_bytes_of_a_fitted_image_on_every_turn(rig):
    agent = Agent(rig.openai_model(LLAMA_CPP))
    first = await agent.run(user("look", picture("BMP")))
    sent = rig.sent_to_openai()
    assert opened(sent[1]).size == (24, 18)
    await agent.run("and now?", history=first.messages)
    assert rig.sent_to_openai() == sent
    assert first.messages[0].parts[1].mime == "image/bmp"


async def test_a_target_without_its_key_decodes_nothing(rig, monkeypatch):
    async def fail(*_args, **_kwargs):
        raise AssertionError("fitted for a target that cannot be asked")

    monkeypatch.setattr("majordomo.providers.client.fit_request", fail)
    keyless = openai_provider(None, base_url=rig.openai.base_url).model("o")
    chain = rig.chain(keyless, keyless)
    with pytest.raises(ChainExhausted, match="no API key"):
        await chain.complete(Request(messages=[user(picture("BMP"))]))
