"""A chain over scripted targets on a fake clock, asked whole or as a stream."""

from executus.testing import FakeClock
from majordomo.chain import Chain, ChainPolicy
from majordomo.errors import APIError, ErrorKind
from majordomo.health import HealthPolicy, HealthTracker
from majordomo.llm import Capabilities, Request, Target, user
from majordomo.providers.fake import FakeProvider

ASK = Request(messages=[user("hello")])


def error(kind=ErrorKind.TRANSIENT, status=503, model="a", **fields):
    return APIError("went wrong", provider="fake", model=model, kind=kind, status=status, **fields)


class Rig:
    def __init__(self, names="ab", *, policy=None, health=None, describe=None, **kwargs):
        self.clock = FakeClock()
        self.provider = FakeProvider(clock=self.clock)
        for name, fields in (describe or {}).items():
            self.provider.describe(name, Capabilities(**fields))
        self.health = HealthTracker(self.clock, HealthPolicy(**(health or {})))
        self.events = []
        kwargs.setdefault("observer", self.events.append)
        self.chain = Chain(
            [self.provider.model(name) for name in names],
            health=self.health,
            policy=ChainPolicy(**(policy or {})),
            clock=self.clock,
            random=lambda: 0.0,
            **kwargs,
        )

    def script(self, **outcomes):
        for name, queue in outcomes.items():
            self.provider.enqueue(name, *queue)
        return self

    async def ask(self, how, request=ASK):
        if how == "complete":
            return await self.chain.complete(request)
        async with self.chain.stream(request) as stream:
            return await stream.response()

    @property
    def dialled(self):
        return "".join(name for name, _ in self.provider.requests)

    def told(self):
        return [f"{type(e).__name__.lower()} {e.target.model}" for e in self.events]

    def failures(self, name):
        found = {h.target: h.failures for h in self.health.snapshot()}
        return found.get(Target("fake", name), 0)
