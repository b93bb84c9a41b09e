"""The public test kit: a clock that the test owns and scripted servers on loopback."""

from executus.testing.clock import FakeClock
from executus.testing.server import (
    Answer,
    AnthropicServer,
    Close,
    Hang,
    JSONAnswer,
    LoopbackServer,
    OpenAIServer,
    RawAnswer,
    RecordedRequest,
    Reset,
    SSEAnswer,
    Turn,
)

__all__ = [
    "Answer",
    "AnthropicServer",
    "Close",
    "FakeClock",
    "Hang",
    "JSONAnswer",
    "LoopbackServer",
    "OpenAIServer",
    "RawAnswer",
    "RecordedRequest",
    "Reset",
    "SSEAnswer",
    "Turn",
]
