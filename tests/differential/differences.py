"""Every difference that is meant, and why; one that does not occur any more is an error."""

from comparison import ABSENT, ANY, Difference, Equivalence
from schemas import at, inlined, untitled

STREAMED = "request/*, streamed"
TYPED = "request/output type*"
_ACCEPT = "ours says what it will read; the servers do not mind, and some proxies buffer otherwise"
_TITLES = "pydantic's titles repeat the names and cost tokens"
_REFS = "a reference and what it refers to mean the same; some servers know no references"


def _on(vendor):
    """Makes differences of one vendor."""

    def make(cases, at, why, ours=ANY, theirs=ANY):
        cases = (cases,) if isinstance(cases, str) else cases
        return Difference(vendor=vendor, cases=cases, at=at, ours=ours, theirs=theirs, why=why)

    return make


# -- Both of OpenAI's wires ---------------------------------------------------------------------

_TYPE_TEXT = "the type's docstring tells the model what the answer is for"
_STRICT_SUBSET = "strict mode refuses it (wire/openai §6), so it is said in words"
_STRICT_TOOLS = (
    "their `parse` insists on strict tools; ours sends tool schemas as they were written"
)
_NO_ERROR_FIELD = "the wire has no field for failure, so ours begins the text with it"
_IN_STREAM = "their error of a stream holds no status; ours has the one its type stands for"
_RETRY_STREAM = "they never try a stream again; whether ours may is its chain's business"
_NEGATIVE = "a negative wait is none; they read it and then ignore it"
_MONEY = "waiting does not bring money: ours gives up"
_SERVER_DECIDES = "the header decides whether ours is transient; their class is the status's"


def _both_openai(difference, schema):
    constrained = (
        ("name.minLength", ABSENT, 2),
        ("name.maxLength", ABSENT, 9),
        ("name.description", "at least 2 characters. at most 9 characters", ABSENT),
        ("unit.default", ABSENT, "C"),
        ("unit.description", "default 'C'", ABSENT),
        ("site.default", ABSENT, "x"),
        ("site.format", ABSENT, "uri"),
        ("site.description", "format uri. default 'x'", ABSENT),
    )
    where = f"body.{'.'.join(schema)}"
    return (
        difference(STREAMED, "headers.accept", _ACCEPT, "text/event-stream", "application/json"),
        difference(
            TYPED, f"{where.removesuffix('.schema')}.description", _TYPE_TEXT, theirs=ABSENT
        ),
        *(
            difference(
                "request/output type with constraints",
                f"{where}.properties.{name}",
                _STRICT_SUBSET,
                *values,
            )
            for name, *values in constrained
        ),
        difference("error/429 quota", "retried", _MONEY, False, True),
        difference("error/429 that should not be retried", "kind", _SERVER_DECIDES, "permanent"),
        difference("error/400 that should be retried", "kind", _SERVER_DECIDES, "transient"),
        difference("error/*in a stream", "request_id", _IN_STREAM, "req_7", None),
        difference("wait/negative", "wait_s", _NEGATIVE, None, -5.0),
    )


# -- Chat Completions ---------------------------------------------------------------------------

_CHAT_SCHEMA = ("response_format", "json_schema", "schema")
_chat = _on("openai")

CHAT = (
    *_both_openai(_chat, _CHAT_SCHEMA),
    _chat(
        "request/tool error",
        "body.messages.2.content",
        _NO_ERROR_FIELD,
        "Error: no such city",
        "no such city",
    ),
    _chat(
        "request/own answer replayed", "body.messages.1.refusal", "null says nothing", ABSENT, None
    ),
    _chat(
        "request/own answer replayed",
        "body.messages.1.annotations",
        "for people who read the answer; the server ignores them",
        ABSENT,
        [],
    ),
    _chat(
        ("request/output type", "request/output type with*", "request/output type and*"),
        "body.stream",
        "their `parse` says the default",
        ABSENT,
        False,
    ),
    _chat(
        "request/output type and tools",
        "body.tools.*.function.strict",
        _STRICT_TOOLS,
        ABSENT,
        True,
    ),
    *(
        _chat(
            "answer/fields nobody knows, streamed",
            f"usage.{name}",
            "their helper forgets the usage when a chunk without any follows it",
            theirs=None,
        )
        for name in ("input", "output", "cache_read", "cache_write", "reasoning")
    ),
    _chat("error/in a stream", "status", _IN_STREAM, 500, None),
    _chat("error/first in a stream", "status", _IN_STREAM, 429, None),
    _chat("error/*in a stream", "retried", _RETRY_STREAM, True, False),
)


# -- Responses ----------------------------------------------------------------------------------

_RESPONSES_SCHEMA = ("text", "format", "schema")
_responses = _on("responses")

RESPONSES = (
    *_both_openai(_responses, _RESPONSES_SCHEMA),
    _responses(
        "request/tool error",
        "body.input.2.output",
        _NO_ERROR_FIELD,
        "Error: no such city",
        "no such city",
    ),
    _responses("request/output type and tools", "body.tools.*.strict", _STRICT_TOOLS, False, True),
    _responses("error/in a stream", "status", _IN_STREAM, 429, None),
    _responses("error/in a stream", "retried", _RETRY_STREAM, True, False),
    _responses("error/a bad image in a stream", "status", _IN_STREAM, 400, None),
    _responses("error/failed in a stream", "status", _IN_STREAM, 500, None),
    _responses("error/failed in a stream", "retried", _RETRY_STREAM, True, False),
)


# -- Anthropic ----------------------------------------------------------------------------------

_anthropic = _on("anthropic")
_ANTHROPIC_SCHEMA = ("output_config", "format", "schema")
_IN_WORDS = "the same constraints in other words; the schema is made once for all vendors"
_KEY = "both are accepted; servers compatible with this wire often know only `x-api-key`"
_VERSION = "the older version still takes sampling from models that know it (wire/anthropic §1.1)"
_OWN_TYPE_HAS_STATUS = "the status they give is the stream's own; ours is the one its type has"
_TRANSIENT_TYPES = ("overloaded_error", "rate_limit_error", "api_error", "timeout_error")
_STATUS = {
    "first": 529,
    "overloaded_error": 529,
    "rate_limit_error": 429,
    "api_error": 500,
    "timeout_error": 504,
    "invalid_request_error": 400,
    "authentication_error": 401,
    "permission_error": 403,
    "not_found_error": 404,
    "billing_error": 402,
}

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
        _MONEY,
        False,
        True,
    ),
    _anthropic("error/429 that should not be retried", "kind", _SERVER_DECIDES, "permanent"),
    *(
        _anthropic(f"error/{name} in a stream", "status", _OWN_TYPE_HAS_STATUS, status, 200)
        for name, status in _STATUS.items()
    ),
    _anthropic("error/first in a stream", "retried", _RETRY_STREAM, True, False),
    *(
        _anthropic(f"error/{name} in a stream", "retried", _RETRY_STREAM, True, False)
        for name in _TRANSIENT_TYPES
    ),
    _anthropic("wait/negative", "wait_s", _NEGATIVE, None, -5.0),
)


# -- Google -------------------------------------------------------------------------------------

_GOOGLE_SCHEMA = ("generationConfig", "responseJsonSchema")
_ROLE = "the role of a system instruction is optional, and it has but one"
_CLOSED = "one schema for all vendors: objects are closed"
_NOT_READ = "the wire does not read it (wire/google §7): said in words; and all is required"
_google = _on("google")

GOOGLE = (
    _google("request/*", "headers.accept", "theirs takes anything", theirs="*/*"),
    *(
        _google(f"request/{name}", "body.systemInstruction.role", _ROLE, ABSENT, "user")
        for name in ("odd characters", "system", "several system messages")
    ),
    _google(TYPED, "body.generationConfig.responseJsonSchema.*", _CLOSED, False, ABSENT),
    *(
        _google(
            "request/output type with constraints",
            f"body.generationConfig.responseJsonSchema.{name}",
            _NOT_READ,
            *values,
        )
        for name, *values in (
            ("properties.name.minLength", ABSENT, 2),
            ("properties.name.maxLength", ABSENT, 9),
            ("properties.name.pattern", ABSENT, "^[a-z]+$"),
            (
                "properties.name.description",
                'at least 2 characters. at most 9 characters (pattern: "^[a-z]+$")',
                ABSENT,
            ),
            ("properties.note.default", ABSENT, None),
            ("properties.unit.default", ABSENT, "C"),
            ("properties.unit.description", "default 'C'", ABSENT),
            ("properties.site.default", ABSENT, "x"),
            ("properties.site.format", ABSENT, "uri"),
            ("properties.site.description", "format uri. default 'x'", ABSENT),
            ("required.3", "note", ABSENT),
            ("required.4", "unit", ABSENT),
            ("required.5", "site", ABSENT),
        )
    ),
    _google("answer/calls without ids*", "calls.*.id", "ours gives them ids", theirs=None),
    _google(
        "error/400 key",
        "code",
        "the detail tells more than the status' name",
        "API_KEY_INVALID",
        "INVALID_ARGUMENT",
    ),
    _google("error/429 for the day", "retried", "waiting for midnight is no retry", False, True),
    _google("error/*in a stream", "retried", _RETRY_STREAM, True, False),
)


# -- Ollama -------------------------------------------------------------------------------------

_CALLED = (
    "request/tool results",
    "request/tool error",
    "request/image in a tool result",
    "request/own answer replayed*",
)
_IDS = "their types know no ids of calls; newer servers do (wire/ollama §3)"
_OVERFLOW = "an overflow is an error for the chain, instead of messages dropped without a word"
_ALL_REQUIRED = "one schema for all vendors: said in words, and all is required"
_ollama = _on("ollama")

OLLAMA = (
    _ollama(STREAMED, "headers.accept", _ACCEPT, "application/x-ndjson", "application/json"),
    _ollama("request/*", "body.truncate", _OVERFLOW, False, ABSENT),
    _ollama(_CALLED, "body.messages.1.tool_calls.*.id", _IDS, theirs=ABSENT),
    _ollama(_CALLED, "body.messages.*.tool_call_id", _IDS, theirs=ABSENT),
    _ollama(
        ("request/output type", "request/output type, *", "request/output type with*"),
        "body.format.*additionalProperties",
        _CLOSED,
        False,
        ABSENT,
    ),
    *(
        _ollama(
            "request/output type with constraints", f"body.format.{name}", _ALL_REQUIRED, *values
        )
        for name, *values in (
            ("properties.name.minLength", ABSENT, 2),
            ("properties.name.maxLength", ABSENT, 9),
            ("properties.name.description", "at least 2 characters. at most 9 characters", ABSENT),
            ("properties.note.default", ABSENT, None),
            ("properties.unit.default", ABSENT, "C"),
            ("properties.unit.description", "default 'C'", ABSENT),
            ("properties.site.default", ABSENT, "x"),
            ("properties.site.format", ABSENT, "uri"),
            ("properties.site.description", "format uri. default 'x'", ABSENT),
            ("required.3", "note", ABSENT),
            ("required.4", "unit", ABSENT),
            ("required.5", "site", ABSENT),
        )
    ),
    _ollama(
        "request/own answer replayed",
        "body.messages.1.thinking",
        "only the thinking of the current tool loop goes back (wire/ollama §3)",
        ABSENT,
        "Let me see.",
    ),
    _ollama(("answer/two calls*", "answer/thinking*"), "calls.*.id", _IDS, theirs=None),
    _ollama(
        "answer/fields nobody knows, whole",
        "model",
        "a server that passes a request on names the model that answered",
        "x",
        "qwen3:8b",
    ),
)


# -- Other spellings ----------------------------------------------------------------------------


def _as_blocks(message):
    content = message["content"]
    blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
    return {**message, "content": blocks}


def _camel(value):
    if isinstance(value, list):
        return [_camel(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {_camel_word(key): _camel(item) for key, item in value.items()}


def _camel_word(word):
    first, *others = word.split("_")
    return "".join([first, *(other.capitalize() for other in others)])


def _plain_base64(value):
    if isinstance(value, list):
        return [_plain_base64(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: item.replace("-", "+").replace("_", "/")
        if key in ("data", "thoughtSignature") and isinstance(item, str)
        else _plain_base64(item)
        for key, item in value.items()
    }


def _without_summaries(contents):
    return [{**c, "parts": [p for p in c["parts"] if not _says_nothing(p)]} for c in contents]


def _says_nothing(part):
    return part.keys() <= {"text", "thought"} and (part.get("thought") or not part.get("text"))


def _without_empty_config(body):
    return {key: value for key, value in body.items() if (key, value) != ("generationConfig", {})}


def _without_instruction(messages):
    said = messages[0]["content"].startswith("Answer with one JSON value")
    return messages[1:] if messages[0]["role"] == "system" and said else messages


def _without_empty_content(messages):
    return [
        {key: value for key, value in message.items() if (key, value) != ("content", "")}
        for message in messages
    ]


def _without_empty_tools(body):
    return {key: value for key, value in body.items() if (key, value) != ("tools", [])}


EQUIVALENCES = (
    Equivalence(
        vendor="ollama",
        rewrite=at("messages", rewrite=_without_instruction),
        why="ours says a schema in words as well: the cloud ignores `format` (wire/ollama §6)",
    ),
    Equivalence(
        vendor="ollama",
        rewrite=at("messages", rewrite=_without_empty_content),
        why="a message without content has an empty one",
    ),
    Equivalence(
        vendor="ollama", rewrite=_without_empty_tools, why="no tools are as good as none said"
    ),
    Equivalence(
        vendor="google",
        rewrite=_camel,
        why="the server takes both cases of names; theirs mixes them",
    ),
    Equivalence(
        vendor="google",
        rewrite=_plain_base64,
        why="the server takes both alphabets of base64; theirs writes that of URLs",
    ),
    Equivalence(
        vendor="google",
        rewrite=at("contents", rewrite=_without_summaries),
        why="unsigned summaries of thoughts and empty texts only cost tokens (wire/google §5.1)",
    ),
    Equivalence(
        vendor="google",
        rewrite=_without_empty_config,
        why="an empty object is as good as none",
    ),
    Equivalence(
        vendor="anthropic",
        rewrite=at("messages", rewrite=lambda messages: [_as_blocks(m) for m in messages]),
        why="a string is short for one text block",
    ),
    *(
        Equivalence(vendor=vendor, rewrite=at(*path, rewrite=rewrite), why=why)
        for vendor, path in (
            ("openai", _CHAT_SCHEMA),
            ("responses", _RESPONSES_SCHEMA),
            ("anthropic", _ANTHROPIC_SCHEMA),
            ("google", _GOOGLE_SCHEMA),
            ("ollama", ("format",)),
        )
        for rewrite, why in ((inlined, _REFS), (untitled, _TITLES))
    ),
)
DIFFERENCES = (*CHAT, *RESPONSES, *ANTHROPIC, *GOOGLE, *OLLAMA)
