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
_NEGATIVE = "a negative wait is none; they read it and then ignore it"
_SERVER_DECIDES = "the header decides whether ours is transient; their class is the status's"

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
    _openai("wait/negative", "wait_s", _NEGATIVE, None, -5.0),
)


def _anthropic(cases, at, why, ours=ANY, theirs=ANY):
    cases = (cases,) if isinstance(cases, str) else cases
    return Difference(vendor="anthropic", cases=cases, at=at, ours=ours, theirs=theirs, why=why)


_ANTHROPIC_SCHEMA = ("output_config", "format", "schema")
_IN_WORDS = "the same constraints in other words; the schema is made once for all vendors"
_KEY = "both are accepted; servers compatible with this wire often know only `x-api-key`"
_VERSION = "the older version still takes sampling from models that know it (wire/anthropic §1.1)"
_OWN_TYPE_HAS_STATUS = "the status they give is the stream's own; ours is the one its type has"
_TRANSIENT_TYPES = ("overloaded_error", "rate_limit_error", "api_error", "timeout_error")

ANTHROPIC = (
    _anthropic("request/*", "headers.authorization", _KEY, None, "Bearer sk-differential"),
    _anthropic("request/*", "headers.x-api-key", _KEY, "sk-differential", None),
    _anthropic("request/*", "headers.anthropic-version", _VERSION, "2023-06-01", "2026-10-21"),
    _anthropic(STREAMED, "headers.accept", _ACCEPT, "text/event-stream", "application/json"),
    *(
        _anthropic(
            "request/output type with constraints",
            f"body.output_config.format.schema.properties.{name}",
            _IN_WORDS,
            *values,
        )
        for name, *values in (
            (
                "name.description",
                'at least 2 characters. at most 9 characters (pattern: "^[a-z]+$")',
                "{maxLength: 9, minLength: 2, pattern: ^[a-z]+$}",
            ),
            ("share.description", "(maximum: 1, minimum: 0)", "{maximum: 1, minimum: 0}"),
            ("tags.description", "(maxItems: 3)", "{maxItems: 3}"),
            ("note.description", ABSENT, "{default: None}"),
            ("unit.description", "default 'C'", "{default: C}"),
            ("site.description", "format uri. default 'x'", "{default: x}"),
            ("site.format", ABSENT, "uri"),
        )
    ),
    *(
        _anthropic(
            "request/output type with constraints",
            f"body.output_config.format.schema.required.{index}",
            "one schema for all vendors: everything is required, what may be missing says so",
            name,
            ABSENT,
        )
        for index, name in ((3, "note"), (4, "unit"), (5, "site"))
    ),
    _anthropic(
        "error/429 limit of spending",
        "retried",
        "waiting does not bring money: ours gives up",
        False,
        True,
    ),
    _anthropic("error/429 that should not be retried", "kind", _SERVER_DECIDES, "permanent"),
    _anthropic("error/*in a stream", "status", _OWN_TYPE_HAS_STATUS, theirs=200),
    _anthropic("error/first in a stream", "retried", _RETRY_STREAM, True, False),
    *(
        _anthropic(f"error/{name} in a stream", "retried", _RETRY_STREAM, True, False)
        for name in _TRANSIENT_TYPES
    ),
    _anthropic("wait/negative", "wait_s", _NEGATIVE, None, -5.0),
)


def _as_blocks(message):
    content = message["content"]
    blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
    return {**message, "content": blocks}


EQUIVALENCES = (
    Equivalence(
        vendor="anthropic",
        rewrite=at("messages", rewrite=lambda messages: [_as_blocks(m) for m in messages]),
        why="a string is short for one text block",
    ),
    Equivalence(vendor="anthropic", rewrite=at(*_ANTHROPIC_SCHEMA, rewrite=inlined), why=_REFS),
    Equivalence(vendor="anthropic", rewrite=at(*_ANTHROPIC_SCHEMA, rewrite=untitled), why=_TITLES),
    Equivalence(vendor="openai", rewrite=at(*_OPENAI_SCHEMA, rewrite=inlined), why=_REFS),
    Equivalence(vendor="openai", rewrite=at(*_OPENAI_SCHEMA, rewrite=untitled), why=_TITLES),
)
DIFFERENCES = (*OPENAI, *ANTHROPIC)
