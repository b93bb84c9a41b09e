"""A provider without a network: scripted for tests, a small deterministic model for demos."""

from majordomo.providers.fake.provider import FakeModel, FakeProvider
from majordomo.providers.fake.script import Delay, Hang, Outcome, Reply, StreamBreak

__all__ = ["Delay", "FakeModel", "FakeProvider", "Hang", "Outcome", "Reply", "StreamBreak"]
