"""Runs mort as a process of its own, with a scripted model, and dies where `MORT_DIES` says.

A model that reads its part off the transcript, as a real one does: it may be asked again.
"""

import os
import signal
import sys

from majordomo.llm import Role
from majordomo.models import ModelRegistry
from majordomo.providers.fake import FakeProvider, Hang, Reply
from mort.__main__ import main
from mort.channel import ChannelDeliverer
from mort.database import HostDatabase
from mort.jsonlines import JsonLines

DIES = os.environ.get("MORT_DIES", "")


def die():
    os.kill(os.getpid(), signal.SIGKILL)


def part(request):
    """What the model does next."""
    messages = request.messages
    last = max(at for at, message in enumerate(messages) if message.role is Role.USER)
    asked, since = messages[last].text, messages[last + 1 :]
    results = [result.text for message in since for result in message.tool_results]
    word = asked.split()[0]
    if word == "remember":
        put = ("store__put", {"key": "told", "value": asked.removeprefix("remember ")})
        return "I will." if results else Reply(calls=[put])
    if word == "recall":
        get = ("store__get", {"key": "told"})
        return f"I found: {results[0]}" if results else Reply(calls=[get])
    if word == "thank":
        return thanks(results)
    name = request.system.split(".")[0].removeprefix("You are ").split(",")[0]
    notes = "likes tea" in request.system
    turns = sum(message.role is Role.USER for message in messages)
    return f"{name} here, notes {notes}, turn {turns}: {asked}"


def thanks(results):
    """A write, an attachment, and an answer to think about."""
    if not results:
        return Reply(calls=[("karma__give", {"name": "bob", "points": 1})])
    if len(results) == 1:
        note = {"name": "thanks.txt", "text": "thank you, bob"}
        return Reply(text=results[0], calls=[("comms__attach", note)])
    if DIES == "thinking":
        sys.stdout.write("thinking\n")
        sys.stdout.flush()
        return Hang()
    return f"Bob is thanked {DIES or 'well'}: {results[0]}"


def half_a_line(lines, value):
    """What a process leaves that dies while it writes."""
    with lines._path.open("ab") as file:
        file.write(b'{"key": "' + str(value).encode()[:20])
    die()


def write_and_die(database, name, points):
    give_karma(database, name, points)
    die()


async def deliver_and_die(deliverer, parcel):
    await deliver(deliverer, parcel)
    die()


give_karma, deliver = HostDatabase.give_karma, ChannelDeliverer.deliver


if __name__ == "__main__":
    if DIES == "writing":
        HostDatabase.give_karma = write_and_die
    if DIES == "delivered":
        ChannelDeliverer.deliver = deliver_and_die
    if DIES == "delivering":
        JsonLines.add = half_a_line
    provider = FakeProvider("script")
    provider.take = lambda model, request: part(request)
    models = ModelRegistry()
    models.register("script", provider)
    sys.exit(main(models=models))
