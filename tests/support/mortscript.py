"""A bot over a folder in this process, with a scripted model and no clock but the test's."""

from contextlib import asynccontextmanager

from executus.testing import FakeClock, FakeProvider
from majordomo.models import ModelRegistry
from mort.bot import open_mort
from mort.commands import hear


class Room:
    """A bot, what it has said, and the model behind it."""

    def __init__(self, mort, said, provider):
        self.mort, self.said, self.provider = mort, said, provider

    async def ask(self, name, text):
        """Say something, and what came of it."""
        before = len(self.said)
        await hear(self.mort, name, text)
        return [post.text for post in self.said[before:] if post.to == name]

    def script(self, *outcomes, model="m"):
        self.provider.enqueue(model, *outcomes)


@asynccontextmanager
async def room(home, *, clock=None, **capabilities):
    said, clock = [], clock or FakeClock(auto_advance=False)
    provider = FakeProvider("script", clock=clock, **capabilities)
    models = ModelRegistry()
    models.register("script", provider)
    async with open_mort(home, show=said.append, models=models, clock=clock) as mort:
        yield Room(mort, said, provider)
