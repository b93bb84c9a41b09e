"""Whole requests: what changes, what stays the same object, and where the work is done."""

import threading

import anyio
import anyio.lowlevel
import pytest
from pictures import colourful, file_of, opened

from majordomo.errors import UnsupportedRequest
from majordomo.llm import (
    Capabilities,
    Fragments,
    ImagePart,
    Request,
    Target,
    TextPart,
    ToolCallPart,
    assistant,
    tool_result,
    user,
)
from majordomo.media import fit_request, rewrite

SMALL = Capabilities(vision=True, max_image_pixels=32)
TINY = Capabilities(vision=True, max_image_pixels=16)
CALL = ToolCallPart(id="c1", name="look")


def picture(edge=64, kind="PNG"):
    return ImagePart.from_bytes(file_of(colourful(edge, edge), kind))


def edge_of(image):
    return max(opened(image.data).size)


@pytest.fixture
def fitted_in(monkeypatch):
    """The threads in which images were fitted, in order."""
    threads, real = [], rewrite.fit_image

    def spy(image, limits):
        threads.append(threading.get_ident())
        return real(image, limits)

    monkeypatch.setattr(rewrite, "fit_image", spy)
    return threads


async def test_a_request_without_images_is_the_same_object_and_starts_no_thread(fitted_in):
    request = Request(messages=[user("hello"), assistant(CALL), tool_result(CALL, "done")])
    assert await fit_request(request, SMALL) is request
    assert fitted_in == []


async def test_without_images_nothing_waits():
    fitting = fit_request(Request(messages=[user("hello")]), SMALL)
    with pytest.raises(StopIteration):
        fitting.send(None)


async def test_a_request_whose_images_fit_is_the_same_object():
    seen = tool_result(CALL, "seen", picture(32))
    request = Request(messages=[user("what is this?", picture(32)), assistant(CALL), seen])
    assert await fit_request(request, SMALL) is request


async def test_only_what_does_not_fit_is_a_new_object():
    fits, large = picture(32), picture(64)
    messages = (user("a"), user("b", fits), user("c", fits, large), assistant("d"))
    request = Request(messages=messages, system="be brief", keep_raw=True)
    fitted = await fit_request(request, SMALL)
    assert [new is old for new, old in zip(fitted.messages, messages, strict=True)] == [
        True,
        True,
        False,
        True,
    ]
    text, same, reduced = fitted.messages[2].parts
    assert text is messages[2].parts[0]
    assert same is fits
    assert edge_of(reduced) == 32
    assert (fitted.system, fitted.keep_raw, fitted.fragments) == (
        "be brief",
        True,
        request.fragments,
    )
    assert request.messages is messages
    assert messages[2].parts[2] is large


async def test_images_of_tool_results_are_fitted_too():
    fits, large = picture(32), picture(64)
    messages = [assistant(CALL), tool_result(CALL, "seen", fits, large, is_error=True)]
    fitted = await fit_request(Request(messages=messages), SMALL)
    [result] = fitted.messages[1].tool_results
    assert (result.call_id, result.text, result.is_error) == ("c1", "seen", True)
    assert result.images[0] is fits
    assert edge_of(result.images[1]) == 32


async def test_an_image_the_model_made_is_left_to_the_wire():
    request = Request(messages=[user("paint"), assistant(picture(64)), user("again")])
    assert await fit_request(request, SMALL) is request


async def test_a_target_without_vision_is_left_to_its_wire():
    request = Request(messages=[user(picture(64))])
    blind = Capabilities(vision=False, max_image_pixels=1)
    assert await fit_request(request, blind) is request


async def test_an_error_names_the_target_and_keeps_its_cause():
    request = Request(messages=[user(ImagePart(data=b"junk", mime="image/png"))])
    with pytest.raises(UnsupportedRequest) as caught:
        await fit_request(request, SMALL, target=Target("acme", "m1"))
    error = caught.value
    assert str(error).startswith("acme/m1: the image is declared as image/png")
    assert (error.provider, error.model) == ("acme", "m1")
    with pytest.raises(UnsupportedRequest, match=r"^the image"):
        await fit_request(request, SMALL)


# -- memory ---------------------------------------------------------------------------------------


async def test_turn_after_turn_an_image_is_fitted_once_and_its_message_stays_the_same(fitted_in):
    fragments, messages, seen = Fragments(), [user("look", picture(64))], set()
    for turn in range(200):
        request = Request(messages=tuple(messages), fragments=fragments)
        fitted = await fit_request(request, SMALL)
        assert fitted.messages[1:] == request.messages[1:]
        seen.add(id(fitted.messages[0]))
        messages += [assistant(CALL), tool_result(CALL, f"turn {turn}")]
    assert len(seen) == len(fitted_in) == 1


async def test_a_message_without_images_is_looked_at_once_per_run():
    looks = []

    class Watched(TextPart):
        @property
        def __class__(self):
            looks.append(1)
            return TextPart

    async def count(turns):
        fragments, messages = Fragments(), [user(Watched("hello"))]
        looks.clear()
        for _ in range(turns):
            await fit_request(Request(messages=tuple(messages), fragments=fragments), SMALL)
            messages.append(assistant("well"))
        return len(looks)

    assert await count(2) == await count(50) > 0


async def test_each_set_of_limits_has_its_own_memory(fitted_in):
    fragments, message = Fragments(), user(picture(64))
    for _ in range(3):
        request = Request(messages=[message], fragments=fragments)
        assert edge_of((await fit_request(request, SMALL)).messages[0].parts[0]) == 32
        assert edge_of((await fit_request(request, TINY)).messages[0].parts[0]) == 16
    assert len(fitted_in) == 2


async def test_messages_made_anew_for_each_call_do_not_have_their_image_fitted_again(fitted_in):
    fragments, image = Fragments(), picture(64)
    for turn in range(100):
        request = Request(messages=[user(f"turn {turn}", image)], fragments=fragments)
        fitted = await fit_request(request, SMALL)
        assert edge_of(fitted.messages[0].parts[1]) == 32
    assert len(fitted_in) == 1


async def test_what_a_compacted_history_no_longer_holds_is_forgotten():
    fragments, limits = Fragments(), rewrite.ImageLimits.of(SMALL)
    for _ in range(100):
        request = Request(messages=[user(picture(33))], fragments=fragments)
        await fit_request(request, SMALL)
    for kind in ("messages", "images"):
        assert len(fragments.of(("media", kind, limits))) <= 20


async def test_two_calls_at_once_send_the_same_message(fitted_in):
    fragments, messages, sent = Fragments(), [user(picture(64), picture(60))], []

    async def call():
        request = Request(messages=messages, fragments=fragments)
        sent.append((await fit_request(request, SMALL)).messages[0])

    async with anyio.create_task_group() as group:
        group.start_soon(call)
        group.start_soon(call)
    assert sent[0] is sent[1]


# -- threads --------------------------------------------------------------------------------------


async def test_images_are_fitted_in_another_thread(fitted_in):
    await fit_request(Request(messages=[user(picture(64), picture(40))]), SMALL)
    assert len(fitted_in) == 2
    assert threading.get_ident() not in fitted_in


async def test_the_event_loop_runs_on_while_an_image_is_fitted(monkeypatch):
    ticked, real = threading.Event(), rewrite.fit_image

    def slow(image, limits):
        assert ticked.wait(60), "the loop stood still"
        return real(image, limits)

    async def tick():
        for _ in range(10):
            await anyio.lowlevel.checkpoint()
        ticked.set()

    monkeypatch.setattr(rewrite, "fit_image", slow)
    async with anyio.create_task_group() as group:
        group.start_soon(tick)
        fitted = await fit_request(Request(messages=[user(picture(64))]), SMALL)
    assert edge_of(fitted.messages[0].parts[0]) == 32


async def test_a_cancelled_call_leaves_at_once_and_the_next_one_works(monkeypatch):
    begun, release, real = threading.Event(), threading.Event(), rewrite.fit_image

    def slow(image, limits):
        begun.set()
        assert release.wait(60)
        return real(image, limits)

    monkeypatch.setattr(rewrite, "fit_image", slow)
    request = Request(messages=[user(picture(64))])
    async with anyio.create_task_group() as group:
        group.start_soon(fit_request, request, SMALL)
        while not begun.is_set():
            await anyio.lowlevel.checkpoint()
        group.cancel_scope.cancel()
    release.set()
    fitted = await fit_request(request, SMALL)
    assert edge_of(fitted.messages[0].parts[0]) == 32
