"""The canonical contract: what is said to models and what they say, the same for every provider.

Values and protocols only; nothing here does I/O. Frozen, slotted dataclasses: they are cheap to
make, cannot change under a running request, and validate only where text comes in (`load_messages`,
tool arguments).
"""

from majordomo.llm.fragments import Fragments
from majordomo.llm.magic import sniff_mime
from majordomo.llm.message import (
    Message,
    ProviderState,
    Role,
    assistant,
    system,
    tool_result,
    user,
)
from majordomo.llm.model import Access, Capabilities, Model, Provider, ReachedProvider
from majordomo.llm.parts import (
    DocumentPart,
    ImagePart,
    OpaquePart,
    Part,
    TextPart,
    ThinkingPart,
    ToolCallPart,
    ToolResultPart,
)
from majordomo.llm.request import OutputSchema, ReasoningEffort, Request, Settings, ToolChoice
from majordomo.llm.response import FinishReason, Response, Target, Usage
from majordomo.llm.schema import JsonSchema, schema_for
from majordomo.llm.scrub import MIN_SECRET_CHARS, Scrubber
from majordomo.llm.secrets import Secrets
from majordomo.llm.stream import (
    FinishEvent,
    Stream,
    StreamEvent,
    StreamInterrupted,
    TextDelta,
    ThinkingDelta,
    ToolCallDelta,
    ToolCallEnd,
    ToolCallStart,
    UsageEvent,
)
from majordomo.llm.tool import BadArguments, CallSuspended, Tool, tool
from majordomo.llm.toolbox import Toolbox
from majordomo.llm.toolcontext import ToolContext
from majordomo.llm.transcript import TranscriptError, dump_messages, load_messages

__all__ = [
    "MIN_SECRET_CHARS",
    "Access",
    "BadArguments",
    "CallSuspended",
    "Capabilities",
    "DocumentPart",
    "FinishEvent",
    "FinishReason",
    "Fragments",
    "ImagePart",
    "JsonSchema",
    "Message",
    "Model",
    "OpaquePart",
    "OutputSchema",
    "Part",
    "Provider",
    "ProviderState",
    "ReachedProvider",
    "ReasoningEffort",
    "Request",
    "Response",
    "Role",
    "Scrubber",
    "Secrets",
    "Settings",
    "Stream",
    "StreamEvent",
    "StreamInterrupted",
    "Target",
    "TextDelta",
    "TextPart",
    "ThinkingDelta",
    "ThinkingPart",
    "Tool",
    "ToolCallDelta",
    "ToolCallEnd",
    "ToolCallPart",
    "ToolCallStart",
    "ToolChoice",
    "ToolContext",
    "ToolResultPart",
    "Toolbox",
    "TranscriptError",
    "Usage",
    "UsageEvent",
    "assistant",
    "dump_messages",
    "load_messages",
    "schema_for",
    "sniff_mime",
    "system",
    "tool",
    "tool_result",
    "user",
]
