"""Every difference that is meant, and why; one that does not occur any more is an error."""

from comparison import ABSENT, ANY, Difference, Equivalence
from schemas import at, inlined, untitled

STREAMED = "request/*, streamed"
TYPED = "request/output type*"
_ACCEPT = "ours says what it will read; the servers do not mind, and some proxies buffer otherwise"
_TITLES = "pydantic's titles repeat the names and cost tokens"
_REFS = "a reference and what it refers to mean the same; some servers know no references"


def _openai(cases, at, why, ours=ANY, theirs=ANY):
    cases = (cases,) if isinstance(cases, str) else cases
    return Difference(vendor="openai", cases=cases, at=at, ours=ours, theirs=theirs, why=why)


_OPENAI_SCHEMA = ("response_format", "json_schema", "schema")
_TYPE_TEXT = "the type's docstring tells the model what the answer is for"
_STRICT_SUBSET = "strict mode refuses it (wire/openai §6), so it is said in words"
_IN_STREAM = "their error of a stream holds no status; ours has the one its type stands for"
_RETRY_STREAM = "they never try a stream again; whether ours may is its chain's business"
_SERVER_DECIDES = "the header decides whether ours is transient; their class is the status's"
_IMAGE_APART = "a tool message takes no image: it points to one that follows, labelled"

OPENAI = (
    _openai(STREAMED, "headers.accept", _ACCEPT, "text/event-stream", "application/json"),
    _openai(
        "request/tool error",
        "body.messages.2.content",
        "the wire has no field for failure, so ours begins the text with it",
        "Error: no such city",
        "no such city",
    ),
    _openai(
        "request/image in a tool result",
        "body.messages.2.content",
        _IMAGE_APART,
        "a picture\n(image in the next user message)",
        "a picture",
    ),
    _openai("request/image in a tool result", "body.messages.3.content.*", _IMAGE_APART),
    _openai(
        "request/own answer replayed",
        "body.messages.1.refusal",
        "null says nothing",
        ABSENT,
        None,
    ),
    _openai(
        "request/own answer replayed",
        "body.messages.1.annotations",
        "for people who read the answer; the server ignores them",
        ABSENT,
        [],
    ),
    _openai(TYPED, "body.response_format.json_schema.description", _TYPE_TEXT, theirs=ABSENT),
    _openai(
        ("request/output type", "request/output type with*", "request/output type and*"),
        "body.stream",
        "their `parse` says the default",
        ABSENT,
        False,
    ),
    _openai(
        "request/output type and tools",
        "body.tools.*.function.strict",
        "their `parse` insists on strict tools; ours sends tool schemas as they were written",
        ABSENT,
        True,
    ),
    *(
        _openai(
            "request/output type with constraints",
            f"body.response_format.json_schema.schema.properties.{name}",
            _STRICT_SUBSET,
            *values,
        )
        for name, *values in (
            ("name.minLength", ABSENT, 2),
            ("name.maxLength", ABSENT, 9),
            ("name.description", "at least 2 characters. at most 9 characters", ABSENT),
            ("unit.default", ABSENT, "C"),
            ("unit.description", "default 'C'", ABSENT),
            ("site.default", ABSENT, "x"),
            ("site.format", ABSENT, "uri"),
            ("site.description", "format uri. default 'x'", ABSENT),
        )
    ),
    *(
        _openai(
            "answer/fields nobody knows, streamed",
            f"usage.{name}",
            "their helper forgets the usage when a chunk without any follows it",
            theirs=None,
        )
        for name in ("input", "output", "cache_read", "cache_write", "reasoning")
    ),
    _openai(
        "error/429 quota", "retried", "waiting does not bring money: ours gives up", False, True
    ),
    _openai("error/429 that should not be retried", "kind", _SERVER_DECIDES, "permanent"),
    _openai("error/400 that should be retried", "kind", _SERVER_DECIDES, "transient"),
    _openai("error/in a stream", "status", _IN_STREAM, 500, None),
    _openai("error/first in a stream", "status", _IN_STREAM, 429, None),
    _openai("error/*in a stream", "request_id", _IN_STREAM, "req_7", None),
    _openai("error/*in a stream", "retried", _RETRY_STREAM, True, False),
    _openai(
        "wait/negative",
        "wait_s",
        "a negative wait is none; they read it and then ignore it",
        None,
        -5.0,
    ),
)

EQUIVALENCES = (
    Equivalence(vendor="openai", rewrite=at(*_OPENAI_SCHEMA, rewrite=inlined), why=_REFS),
    Equivalence(vendor="openai", rewrite=at(*_OPENAI_SCHEMA, rewrite=untitled), why=_TITLES),
)
DIFFERENCES = (*OPENAI,)
