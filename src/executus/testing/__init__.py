"""The public test kit: a clock the test owns, scripted models, and vendors' servers on loopback."""

from executus.testing.clock import FakeClock
from executus.testing.server import (
    Answer,
    AnthropicServer,
    Close,
    GoogleServer,
    Hang,
    JSONAnswer,
    LlamaSwapServer,
    LoopbackServer,
    OllamaServer,
    OpenAIServer,
    RawAnswer,
    RecordedRequest,
    Reset,
    ResponsesServer,
    SSEAnswer,
    Turn,
)
from majordomo.providers.fake import FakeProvider, Reply

__all__ = [
    "Answer",
    "AnthropicServer",
    "Close",
    "FakeClock",
    "FakeProvider",
    "GoogleServer",
    "Hang",
    "JSONAnswer",
    "LlamaSwapServer",
    "LoopbackServer",
    "OllamaServer",
    "OpenAIServer",
    "RawAnswer",
    "RecordedRequest",
    "Reply",
    "Reset",
    "ResponsesServer",
    "SSEAnswer",
    "Turn",
]
