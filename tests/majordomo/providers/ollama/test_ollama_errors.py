"""What the server's sentences mean: a table."""

import pytest

from majordomo.errors import ErrorKind
from majordomo.providers.faults import Fault, kind_of_status
from majordomo.providers.ollama import OllamaWire

# (status of the answer, sentence): (kind, status of the error, field)
SENTENCES = {
    (400, '"gemma3:4b" does not support thinking'): (ErrorKind.UNSUPPORTED, 400, "think"),
    (400, "registry.ollama.ai/library/gemma3:4b does not support tools"): (
        ErrorKind.UNSUPPORTED,
        400,
        "tools",
    ),
    (400, "this model does not support images"): (ErrorKind.UNSUPPORTED, 400, None),
    (400, 'invalid think value: "x"'): (ErrorKind.PERMANENT, 400, None),
    (400, "the context is too long"): (ErrorKind.CONTEXT_OVERFLOW, 400, None),
    (400, "prompt too long; exceeds the limit"): (ErrorKind.CONTEXT_OVERFLOW, 400, None),
    (400, "the request exceeds the available context size"): (
        ErrorKind.CONTEXT_OVERFLOW,
        400,
        None,
    ),
    (400, "the input length exceeds the context length"): (ErrorKind.CONTEXT_OVERFLOW, 400, None),
    (400, "an input image exceeds the size limit"): (ErrorKind.PERMANENT, 400, None),
    (400, "json: cannot unmarshal string into Go struct field"): (ErrorKind.PERMANENT, 400, None),
    (400, 'option "seed" must be of type integer'): (ErrorKind.PERMANENT, 400, "options"),
    (401, "unauthorized"): (ErrorKind.AUTH, 401, None),
    (402, "no money"): (ErrorKind.QUOTA, 402, None),
    (403, "cloud is disabled"): (ErrorKind.AUTH, 403, None),
    (403, "this model requires a subscription, upgrade for access"): (ErrorKind.QUOTA, 403, None),
    (404, "model 'x:8b' not found"): (ErrorKind.NOT_FOUND, 404, "model"),
    (404, "model 'x' not found, try pulling it first"): (ErrorKind.NOT_FOUND, 404, "model"),
    (404, "404 page not found"): (ErrorKind.NOT_FOUND, 404, None),
    (405, "405 method not allowed"): (ErrorKind.PERMANENT, 405, None),
    (408, "timeout"): (ErrorKind.TRANSIENT, 408, None),
    (413, "too large"): (ErrorKind.PERMANENT, 413, None),
    (429, "you have reached your usage limit"): (ErrorKind.TRANSIENT, 429, None),
    (500, "model runner has unexpectedly stopped"): (ErrorKind.TRANSIENT, 500, None),
    (500, "model failed to load, this may be due to resource limitations"): (
        ErrorKind.TRANSIENT,
        500,
        None,
    ),
    (500, "model requires more system memory (9 GiB) than is available (4 GiB)"): (
        ErrorKind.PERMANENT,
        500,
        None,
    ),
    (500, "unsupported architecture"): (ErrorKind.PERMANENT, 500, None),
    (500, "failed to parse grammar"): (ErrorKind.UNSUPPORTED, 500, "format"),
    (500, "invalid JSON schema in format"): (ErrorKind.UNSUPPORTED, 500, "format"),
    (500, 'option "seed" must be of type integer'): (ErrorKind.PERMANENT, 500, "options"),
    (502, "upstream is gone"): (ErrorKind.TRANSIENT, 502, None),
    (503, "server busy, please try again.  maximum pending requests exceeded"): (
        ErrorKind.TRANSIENT,
        503,
        None,
    ),
    (504, "upstream is slow"): (ErrorKind.TRANSIENT, 504, None),
    # In a stream the status was good, and only the sentence is left.
    (0, "server busy, please try again"): (ErrorKind.TRANSIENT, 503, None),
    (0, "unauthorized"): (ErrorKind.AUTH, 401, None),
    (0, "model 'x' not found"): (ErrorKind.NOT_FOUND, 404, "model"),
    (0, '"x" does not support thinking'): (ErrorKind.UNSUPPORTED, 400, "think"),
    (0, "the context is too long"): (ErrorKind.CONTEXT_OVERFLOW, 400, None),
    (0, "an error was encountered while running the model"): (ErrorKind.TRANSIENT, None, None),
}


def kind_of(fault):
    return fault.kind or kind_of_status(fault.status or 500, fault.message)


@pytest.mark.parametrize(("given", "expected"), SENTENCES.items())
def test_a_sentence_means_one_thing(given, expected):
    status, message = given
    fault = Fault(message=message, status=status or None)
    refined = OllamaWire().refine(fault, status)
    assert (kind_of(refined), refined.status, refined.param) == expected
    assert refined.message == message
    assert OllamaWire().refine(refined, refined.status or 0) == refined


def test_a_status_in_the_line_counts():
    fault = OllamaWire().refine(Fault(message="no such thing", status=404), 0)
    assert kind_of(fault) is ErrorKind.NOT_FOUND
    busy = OllamaWire().refine(Fault(message="server busy", status=429), 0)
    assert (busy.status, busy.kind) == (429, ErrorKind.TRANSIENT)


def test_what_is_known_already_stays():
    fault = Fault(message="does not support x", code="truncated_stream", kind=ErrorKind.TRANSIENT)
    assert OllamaWire().refine(fault, 0) == fault
