"""HTTP servers on loopback that answer from a script: any bytes, or a vendor's wire."""

from executus.testing.server.answer import (
    Answer,
    Close,
    Hang,
    JSONAnswer,
    RawAnswer,
    Reset,
    SSEAnswer,
)
from executus.testing.server.anthropic_wire import (
    AnthropicServer,
    anthropic_answer,
    anthropic_calls,
    anthropic_error,
    anthropic_stream,
    anthropic_text,
)
from executus.testing.server.google_wire import (
    GoogleServer,
    google_answer,
    google_calls,
    google_error,
    google_stream,
    google_text,
)
from executus.testing.server.images import PNG, image_answer
from executus.testing.server.llamaswap_wire import (
    LlamaSwapServer,
    llama_swap_error,
    loading_chunks,
)
from executus.testing.server.loopback import LoopbackServer
from executus.testing.server.ollama_wire import (
    OllamaServer,
    ollama_answer,
    ollama_calls,
    ollama_error,
    ollama_stream,
    ollama_text,
)
from executus.testing.server.openai_wire import (
    OpenAIServer,
    openai_answer,
    openai_calls,
    openai_error,
    openai_stream,
    openai_text,
)
from executus.testing.server.request import RecordedRequest
from executus.testing.server.responses_wire import (
    ResponsesServer,
    responses_answer,
    responses_calls,
    responses_error,
    responses_stream,
    responses_text,
)
from executus.testing.server.turn import Turn

__all__ = [
    "PNG",
    "Answer",
    "AnthropicServer",
    "Close",
    "GoogleServer",
    "Hang",
    "JSONAnswer",
    "LlamaSwapServer",
    "LoopbackServer",
    "OllamaServer",
    "OpenAIServer",
    "RawAnswer",
    "RecordedRequest",
    "Reset",
    "ResponsesServer",
    "SSEAnswer",
    "Turn",
    "anthropic_answer",
    "anthropic_calls",
    "anthropic_error",
    "anthropic_stream",
    "anthropic_text",
    "google_answer",
    "google_calls",
    "google_error",
    "google_stream",
    "google_text",
    "image_answer",
    "llama_swap_error",
    "loading_chunks",
    "ollama_answer",
    "ollama_calls",
    "ollama_error",
    "ollama_stream",
    "ollama_text",
    "openai_answer",
    "openai_calls",
    "openai_error",
    "openai_stream",
    "openai_text",
    "responses_answer",
    "responses_calls",
    "responses_error",
    "responses_stream",
    "responses_text",
]
