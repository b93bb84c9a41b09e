"""The requests every vendor is asked, in our words; a vendor's module says them in its SDK's."""

import base64
import struct
import zlib
from dataclasses import replace
from typing import Literal

from pydantic import BaseModel, Field
from vendor import Shape

from majordomo.llm.message import assistant, system, tool_result, user
from majordomo.llm.outputtype import OutputType
from majordomo.llm.parts import DocumentPart, ImagePart, ToolCallPart
from majordomo.llm.request import Request, Settings
from majordomo.llm.tool import Tool

HELLO = "What is the weather in Rome?"
SYSTEM = "You are terse."
TEXT = 'Grüße, 世界 😀 "quoted" \\ back\tslash\u2028line\x00nul </script>'


def _png(side):
    """A small picture, without anything that draws."""

    def chunk(kind, data):
        check = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)

    rows = (b"\x00" + b"\xff\x00\x00" * side) * side
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


PNG = _png(4)
OTHER_PNG = _png(5)
PDF = b"%PDF-1.4\n%%EOF\n"
PNG_64, OTHER_PNG_64, PDF_64 = (base64.b64encode(d).decode() for d in (PNG, OTHER_PNG, PDF))
PNG_URL, OTHER_PNG_URL = (f"data:image/png;base64,{d}" for d in (PNG_64, OTHER_PNG_64))
PDF_URL = f"data:application/pdf;base64,{PDF_64}"
_IMAGE, _OTHER_IMAGE = (ImagePart.from_bytes(data) for data in (PNG, OTHER_PNG))

LOOKUP = {
    "type": "object",
    "properties": {
        "city": {"type": "string", "description": "Where"},
        "days": {"type": "integer", "minimum": 1, "maximum": 7},
        "units": {"type": "string", "enum": ["C", "F"]},
    },
    "required": ["city"],
}
LOOKUP_TEXT = "Looks up the weather."
CLOCK = {"type": "object", "properties": {}}
CLOCK_TEXT = "Tells the time."


async def _never(arguments, context):
    raise AssertionError("no tool is called here")


_LOOKUP = Tool(name="lookup", description=LOOKUP_TEXT, parameters=LOOKUP, invoke=_never)
_CLOCK = Tool(name="clock", description=CLOCK_TEXT, parameters=CLOCK, invoke=_never)
_TOOLS = (_LOOKUP, _CLOCK)


class Wind(BaseModel):
    """How it blows."""

    speed: float
    gusts: bool | None


class Weather(BaseModel):
    """The weather at a place."""

    city: str = Field(description="Name of the city")
    celsius: int
    sky: Literal["clear", "cloudy"]
    wind: Wind
    stations: list[str]


class Bounded(BaseModel):
    """Constraints that not every vendor takes."""

    name: str = Field(min_length=2, max_length=9, pattern="^[a-z]+$")
    share: float = Field(ge=0, le=1)
    tags: list[str] = Field(min_length=1, max_length=3)
    note: str | None = None
    unit: Literal["C", "F"] = "C"
    site: str = Field(default="x", json_schema_extra={"format": "uri"})


WEATHER = (
    '{"city":"Rome","celsius":20,"sky":"clear","wind":{"speed":1.5,"gusts":null},"stations":["a"]}'
)
BOUNDED = '{"name":"rome","share":0.5,"tags":["a"],"note":null,"unit":"C","site":"x"}'

# Arguments as a model spaces them: what is replayed is what was written.
ARGUMENTS = '{"city": "Rome", "days": 2}'
PARSED = {"city": "Rome", "days": 2}
CALL_A, CALL_B = "call_A1", "call_B2"
_A = ToolCallPart(id=CALL_A, name="lookup", arguments=ARGUMENTS)
_B = ToolCallPart(id=CALL_B, name="clock")
_ASKED = (user(HELLO), assistant("Let me see.", _A, _B))
_ASKED_ONCE = (user(HELLO), assistant(_A))


def _ask(*messages, **fields):
    return Request(messages=messages or (user(HELLO),), **fields)


def _set(**settings):
    return _ask(settings=Settings(**settings))


def replay_in_loop(response):
    """The answer goes back as it came, its calls answered."""
    results = [tool_result(call, "sunny") for call in response.message.tool_calls]
    return Request(messages=(user(HELLO), response.message, *results), tools=_TOOLS)


def replay(response):
    """The same, and the user asks on."""
    asked = replay_in_loop(response)
    return replace(asked, messages=(*asked.messages, user("And tomorrow?")))


TOOLED = _ask(tools=_TOOLS)
RESULT_AND_QUESTION = _ask(
    *_ASKED_ONCE, tool_result(_A, "sunny"), user("And this?", _IMAGE), tools=_TOOLS
)

SHAPES = (
    Shape(name="plain text", request=_ask()),
    Shape(name="plain text, streamed", request=_ask(), streaming=True),
    Shape(name="odd characters", request=_ask(user(TEXT), system=TEXT)),
    Shape(name="system", request=_ask(system=SYSTEM)),
    Shape(name="several system messages", request=_ask(system("Two."), user(HELLO), system="One.")),
    Shape(name="several turns", request=_ask(user("Hi."), assistant("Hello!"), user(HELLO))),
    Shape(name="tools", request=TOOLED),
    Shape(name="tools, streamed", request=TOOLED, streaming=True),
    Shape(name="some tool forced", request=_ask(tools=_TOOLS, tool_choice="required")),
    Shape(name="one tool forced", request=_ask(tools=_TOOLS, tool_choice=_LOOKUP)),
    Shape(name="tools forbidden", request=_ask(tools=_TOOLS, tool_choice="none")),
    Shape(
        name="one call at a time",
        request=_ask(tools=_TOOLS, settings=Settings(parallel_tool_calls=False)),
    ),
    Shape(
        name="tool results",
        request=_ask(*_ASKED, tool_result(_A, "sunny"), tool_result(_B, "12:00"), tools=_TOOLS),
    ),
    Shape(
        name="tool error",
        request=_ask(*_ASKED_ONCE, tool_result(_A, "no such city", is_error=True), tools=_TOOLS),
    ),
    Shape(
        name="image in a tool result",
        request=_ask(*_ASKED_ONCE, tool_result(_A, "a picture", _IMAGE), tools=_TOOLS),
    ),
    Shape(name="image", request=_ask(user("What is this?", _IMAGE))),
    Shape(
        name="images among text",
        request=_ask(user("First:", _IMAGE, "second:", _OTHER_IMAGE, "compare.")),
    ),
    Shape(name="PDF", request=_ask(user("Sum up.", DocumentPart(data=PDF, name="a.pdf")))),
    Shape(name="output type", request=_ask(output=OutputType(Weather).schema)),
    Shape(
        name="output type, streamed",
        request=_ask(output=OutputType(Weather).schema),
        streaming=True,
    ),
    Shape(name="output type with constraints", request=_ask(output=OutputType(Bounded).schema)),
    Shape(
        name="output type and tools", request=_ask(output=OutputType(Weather).schema, tools=_TOOLS)
    ),
    Shape(name="most tokens", request=_set(max_tokens=77)),
    Shape(name="sampling", request=_set(temperature=0.2, top_p=0.9)),
    Shape(name="stop texts", request=_set(stop=("END", "###"))),
    Shape(name="seed", request=_set(seed=7)),
    Shape(name="effort high", request=_set(reasoning_effort="high")),
    Shape(name="effort none", request=_set(reasoning_effort="none")),
    Shape(name="prompt caching", request=_set(prompt_caching=True)),
    Shape(name="service tier", request=_set(service_tier="auto")),
    Shape(name="own answer replayed", request=TOOLED, then=replay),
)
"""Every vendor says each of these, or why it cannot."""
