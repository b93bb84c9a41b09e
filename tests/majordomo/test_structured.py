"""Typed answers: one shot and streamed."""

import pickle

import pytest
from pydantic import BaseModel

from majordomo.errors import APIError, ErrorKind
from majordomo.llm import (
    FinishReason,
    ImagePart,
    Role,
    Settings,
    StreamInterrupted,
    Usage,
    assistant,
    user,
)
from majordomo.llm.output import ANSWER_TOOL, OutputMode
from majordomo.providers.fake import FakeProvider, Reply, StreamBreak
from majordomo.structured import OutputError, generate, generate_stream, generate_sync


class Person(BaseModel):
    name: str
    age: int


ADA = '{"name": "Ada", "age": 36}'
USED = Usage(input=10, output=5, requests=1)


def scripted(*outcomes, **options):
    provider = FakeProvider(**options)
    provider.enqueue("m", *outcomes)
    return provider, provider.model("m")


async def test_a_valid_answer_is_returned_typed():
    _, model = scripted(ADA)
    assert await generate(model, Person, "Who?") == Person(name="Ada", age=36)


async def test_text_is_returned_as_text_without_a_schema():
    provider, model = scripted("as it is")
    assert await generate(model, str, "Say") == "as it is"
    assert provider.requests[0][1].output is None


async def test_none_is_an_answer_too():
    _, model = scripted('{"value": null}')
    assert await generate(model, int | None, "Is there one?") is None


async def test_the_request_says_what_the_caller_said():
    provider, model = scripted("1")
    settings = Settings(temperature=0)
    await generate(model, int, "How many?", system="Count.", settings=settings, name="n!")
    request = provider.requests[0][1]
    assert (request.system, request.settings) == ("Count.", settings)
    assert request.output.name == "n_"
    assert list(request.messages) == [user("How many?")]


@pytest.mark.parametrize(
    ("prompt", "messages"),
    [
        ("hi", [user("hi")]),
        (
            [ImagePart(data=b"x", mime="image/png")],
            [user(ImagePart(data=b"x", mime="image/png"))],
        ),
        ([user("a"), assistant("b"), user("c")], [user("a"), assistant("b"), user("c")]),
    ],
)
async def test_a_prompt_is_a_text_parts_or_a_conversation(prompt, messages):
    provider, model = scripted("1")
    await generate(model, int, prompt)
    assert list(provider.requests[0][1].messages) == messages


async def test_a_wrong_answer_is_corrected_once_with_the_errors_stated():
    provider, model = scripted('{"name": "Ada"}', ADA)
    assert await generate(model, Person, "Who?") == Person(name="Ada", age=36)
    first, second = (request for _, request in provider.requests)
    assert list(second.messages[:2]) == [user("Who?"), assistant('{"name": "Ada"}')]
    assert second.messages[2].role is Role.USER
    assert "age: Field required" in second.messages[2].text
    assert second.output == first.output
    assert second.fragments is first.fragments


async def test_an_empty_answer_is_not_sent_back():
    provider, model = scripted("", ADA)
    await generate(model, Person, "Who?")
    assert [message.role for message in provider.requests[1][1].messages] == ["user", "user"]


async def test_the_error_names_model_attempt_text_and_faults():
    text = '{"name": "Ada"}' + " " * 600
    _, model = scripted(Reply(text="no", usage=USED), Reply(text=text, usage=USED))
    with pytest.raises(OutputError) as caught:
        await generate(model, Person, "Who?")
    error = caught.value
    said = str(error)
    assert "fake/m, attempt 2" in said
    assert "age: Field required" in said
    assert """its text: '{"name": "Ada"}'""" in said
    assert (error.text, error.attempts) == (text, 2)
    assert error.usage == USED + USED


async def test_the_error_shows_at_most_500_characters():
    _, model = scripted("y" * 2000)
    with pytest.raises(OutputError) as caught:
        await generate(model, Person, "Who?", retries=0)
    assert "y" * 500 in str(caught.value)
    assert "y" * 501 not in str(caught.value)


async def test_retries_are_counted():
    provider, model = scripted("a", "b", "c", "d")
    with pytest.raises(OutputError, match="attempt 3"):
        await generate(model, Person, "Who?", retries=2)
    assert provider.pending("m") == 1


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        (FinishReason.REFUSAL, "refused to answer"),
        (FinishReason.CONTENT_FILTER, "content filter"),
        (FinishReason.LENGTH, "cut off by the token limit; raise max_tokens"),
    ],
)
@pytest.mark.parametrize("tp", [Person, str])
async def test_asking_again_after_a_refusal_or_a_cut_would_not_help(reason, said, tp):
    provider, model = scripted(Reply(text="I won't", finish_reason=reason), ADA)
    with pytest.raises(OutputError, match=said) as caught:
        await generate(model, tp, "Who?")
    assert caught.value.text == "I won't"
    assert provider.pending("m") == 1


async def test_the_answer_tool_of_tool_mode_is_read_as_text():
    call = Reply(calls=[(ANSWER_TOOL, {"name": "Ada", "age": 36})])
    _, model = scripted(call, output_mode=OutputMode.TOOL)
    assert await generate(model, Person, "Who?") == Person(name="Ada", age=36)


async def test_errors_of_the_model_pass_through():
    error = APIError("down", provider="fake", model="m", kind=ErrorKind.TRANSIENT)
    _, model = scripted(error)
    with pytest.raises(APIError) as caught:
        await generate(model, Person, "Who?")
    assert caught.value is error


def test_output_error_survives_pickling():
    error = OutputError("no", text="t", attempts=2, usage=USED)
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.text, again.attempts, again.usage) == ("no", "t", 2, USED)


def test_the_sync_twin_gives_the_same():
    _, model = scripted("wrong", ADA)
    assert generate_sync(model, Person, "Who?") == Person(name="Ada", age=36)


async def test_the_sync_twin_works_inside_a_running_loop():
    _, model = scripted("5")
    assert generate_sync(model, int, "How many?") == 5


async def partials_of(model, tp, **options):
    async with generate_stream(model, tp, "Go", **options) as stream:
        partials = [partial async for partial in stream]
        return partials, await stream.result()


async def test_partials_grow_into_the_result():
    _, model = scripted('{"value": [1, 2, 3]}', chunk_chars=1)
    partials, result = await partials_of(model, list[int])
    assert partials == [[], [1], [1, 2], [1, 2, 3]]
    assert result == [1, 2, 3]


async def test_streamed_text_grows():
    _, model = scripted("abcdef", chunk_chars=2)
    assert await partials_of(model, str) == (["ab", "abcd", "abcdef"], "abcdef")


async def test_arguments_of_the_answer_tool_stream_as_text():
    call = Reply(text="Let me see.", calls=[(ANSWER_TOOL, '{"value": [1, 2]}')])
    _, model = scripted(call, output_mode=OutputMode.TOOL)
    partials, result = await partials_of(model, list[int])
    assert partials == [[1], [1, 2]]
    assert result == [1, 2]


async def test_result_may_be_asked_without_reading_partials():
    _, model = scripted(ADA)
    async with generate_stream(model, Person, "Who?") as stream:
        assert await stream.result() == Person(name="Ada", age=36)
        assert await stream.result() == Person(name="Ada", age=36)
        assert [partial async for partial in stream] == []


async def test_a_streamed_mismatch_is_corrected_and_shows_last():
    provider, model = scripted('{"name": "Ada"}', ADA)
    partials, result = await partials_of(model, Person)
    assert partials == [result] == [Person(name="Ada", age=36)]
    assert "Field required" in provider.requests[1][1].messages[-1].text


async def test_a_hopeless_stream_ends_in_the_output_error():
    _, model = scripted("a", "b")
    async with generate_stream(model, Person, "Who?") as stream:
        with pytest.raises(OutputError, match="attempt 2"):
            await anext(stream)
        with pytest.raises(OutputError, match="attempt 2"):
            await stream.result()


async def test_a_broken_stream_is_interrupted_after_its_partials():
    error = APIError("cut", provider="fake", model="m", kind=ErrorKind.TRANSIENT)
    _, model = scripted(StreamBreak(3, error, '{"value": [1, 2]}'))
    async with generate_stream(model, list[int], "Go") as stream:
        assert await anext(stream) == [1]
        with pytest.raises(StreamInterrupted):
            await anext(stream)
        with pytest.raises(StreamInterrupted):
            await stream.result()


async def test_reading_partials_of_a_long_answer_stays_linear(monkeypatch):
    from majordomo.llm.outputtype import OutputType

    read = 0
    whole = OutputType.parse_partial

    def counted(self, text):
        nonlocal read
        read += len(text)
        return whole(self, text)

    monkeypatch.setattr(OutputType, "parse_partial", counted)
    length = 20_000
    _, model = scripted("x" * length)
    partials, result = await partials_of(model, str)
    assert read < 60 * length
    assert partials[-1] == result


async def test_a_model_may_be_named():
    assert await generate("fake", int, "17 apples") == 17
