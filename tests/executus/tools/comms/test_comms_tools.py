"""The toolset `comms`: messages now, files with the answer, questions to a person."""

import base64
import math

import pytest

from executus import Executor, Invocation, Ports, RunnableAgent, RunStatus
from executus.asking import PENDING
from executus.deliver import CallbackDeliverer, DeliveryFailed
from executus.errors import SetupError
from executus.identity import Caller
from executus.registry import ToolRegistry, own_policy
from executus.run import MemoryCheckpointer
from executus.tools import comms_tools
from majordomo.providers.fake import FakeProvider, Reply


def call(name, /, **arguments):
    return Reply(calls=[(f"comms__{name}", arguments)])


async def use(*replies, deliverer=None, sent=None, invocation=None, max_bytes=1000, **options):
    registry = ToolRegistry()
    deliverer = deliverer or CallbackDeliverer((sent if sent is not None else []).append)
    registry.add("comms", comms_tools(deliverer, max_bytes=max_bytes))
    provider = FakeProvider()
    provider.enqueue("m", *replies, "done")
    agent = RunnableAgent(name="postman", model=provider.model("m"), tools=["comms.*"])
    executor = Executor(registry=registry, agents=[agent], **options)
    return await executor.run(agent, invocation or Invocation("go", run_id="r"))


def answers_of(result):
    return [part.text for message in result.messages for part in message.tool_results]


async def test_a_message_goes_out_with_all_that_says_where():
    sent = []
    invocation = Invocation(
        "go", run_id="r", caller=Caller(id="ann"), metadata={"channel": "general"}
    )
    files = [
        {"name": "a.csv", "text": "x,y"},
        {"name": "b", "base64": base64.b64encode(b"\0").decode(), "media_type": "x/y"},
    ]
    result = await use(
        call("send", text="hello", attachments=files), sent=sent, invocation=invocation
    )
    assert answers_of(result) == ["sent"]
    parcel = sent[0]
    assert (parcel.text, parcel.run_id, parcel.agent) == ("hello", "r", "postman")
    assert (parcel.caller.id, parcel.metadata) == ("ann", {"channel": "general"})
    assert [(a.name, a.media_type, a.data) for a in parcel.attachments] == [
        ("a.csv", "text/csv", b"x,y"),
        ("b", "x/y", b"\0"),
    ]


async def test_each_message_has_a_key_of_its_own_that_another_attempt_shares():
    first, again = [], []
    replies = [call("send", text=text) for text in ("one", "two", "two!", "one")]
    await use(*replies, sent=first)
    await use(*replies, sent=again)
    keys = [parcel.key for parcel in first]
    assert len(set(keys)) == 4
    assert keys == [parcel.key for parcel in again]
    assert all(key.startswith("r/") for key in keys)


async def test_a_host_reads_why_its_own_deliverer_failed():
    class Closed:
        async def deliver(self, parcel):
            raise DeliveryFailed("the channel is closed")

    result = await use(call("send", text="hello"), deliverer=Closed())
    assert "DeliveryFailed: the channel is closed" in answers_of(result)[0]


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ({"text": " "}, "nothing to send"),
        ({"text": "x" * 100_001}, "at most 100000 characters"),
        ({"text": "x", "attachments": [{"name": "a", "text": ""}] * 11}, "at most 10"),
        ({"text": "x", "attachments": [{"name": "a"}]}, "either as text or as base64"),
        ({"text": "x", "attachments": [{"name": "a", "base64": "?"}]}, "base64 is not valid"),
        ({"text": "x", "attachments": [{"name": "a", "text": "y" * 1001}]}, "1,001 bytes"),
        ({"text": "x", "attachments": [{"name": "a", "base64": "A" * 2004}]}, "too long"),
        ({"text": "x", "attachments": [{"name": "a", "text": "y" * 600}] * 2}, "at most 1,000"),
        ({"text": "x", "attachments": [{"name": "a", "text": "", "media_type": "?"}]}, "media"),
    ],
)
async def test_what_cannot_be_sent_is_refused_with_the_reason(arguments, why):
    sent = []
    result = await use(call("send", **arguments), sent=sent)
    assert why in answers_of(result)[0]
    assert sent == []


async def test_what_is_attached_goes_out_with_the_answer_once():
    file = {"name": "report.md", "text": "# Hi"}
    result = await use(call("attach", **file), call("attach", **file))
    assert answers_of(result) == [
        "attached report.md (4 bytes)",
        "report.md was attached already: the same content goes out once",
    ]
    assert [(a.name, a.data) for a in result.attachments] == [("report.md", b"# Hi")]


async def test_a_person_is_asked_and_the_answer_is_the_result():
    result = await use(call("ask_user", question="Which?"), on_approval=lambda r: "the blue one")
    assert answers_of(result) == ["the blue one"]


async def test_with_nobody_to_ask_the_model_is_told_to_go_on():
    result = await use(call("ask_user", question="Which?"))
    assert "no approver configured; do not ask again" in answers_of(result)[0]


async def test_a_question_may_pause_the_run():
    journals = MemoryCheckpointer()
    ports = Ports(checkpointer=journals)
    paused = await use(
        call("ask_user", question="Which?"), ports=ports, on_approval=lambda r: PENDING
    )
    assert paused.status is RunStatus.PAUSED
    registry = ToolRegistry()
    registry.add("comms", comms_tools(CallbackDeliverer(print)))
    provider = FakeProvider()
    provider.enqueue("m", "done")
    agent = RunnableAgent(name="postman", model=provider.model("m"), tools=["comms.*"])
    executor = Executor(registry=registry, agents=[agent], ports=ports)
    result = await executor.resume("r", answers={paused.pending[0].id: "the blue one"})
    assert (result.output, answers_of(result)) == ("done", ["the blue one"])


def test_what_is_sent_is_seen_outside_and_a_person_may_take_long():
    send, _, ask = (own_policy(tool) for tool in comms_tools(CallbackDeliverer(print)))
    assert (send.effect, send.idempotent) == ("external", False)
    assert ask.timeout_s == math.inf


def test_bounds_below_what_makes_sense_are_refused():
    with pytest.raises(SetupError):
        comms_tools(CallbackDeliverer(print), max_bytes=0)
