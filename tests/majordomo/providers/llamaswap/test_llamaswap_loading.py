"""Loading chunks are dropped, model chunks are not, however the body is cut."""

import json

import pytest

from executus.testing import Turn
from executus.testing.server import loading_chunks, openai_stream
from majordomo.http import SSEReader
from majordomo.llm.response import Target
from majordomo.providers.faults import WireFault
from majordomo.providers.llamaswap import LlamaSwapWire
from majordomo.providers.wire import ResponseMeta

META = ResponseMeta(target=Target("llama-swap", "m"))
MODEL_CHUNKS = openai_stream(Turn.calls(("add", {"a": 1}), content="Let me see.")).chunks
BODY = b"".join([*loading_chunks(), *MODEL_CHUNKS])


def read(pieces):
    reader, decoder = SSEReader(), LlamaSwapWire().decoder()
    events = []
    for piece in pieces:
        for payload in reader.feed(piece):
            events.extend(decoder.feed(payload))
    for payload in reader.flush():
        events.extend(decoder.feed(payload))
    events.extend(decoder.end())
    assert decoder.done
    return events, decoder.response(META)


EXPECTED = read([b"".join(MODEL_CHUNKS)])


def test_what_is_left_is_what_the_model_said():
    assert read([BODY]) == EXPECTED


def test_the_events_are_the_same_byte_by_byte():
    assert read(BODY[at : at + 1] for at in range(len(BODY))) == EXPECTED


def test_the_events_are_the_same_for_every_cut():
    for at in range(len(BODY)):
        assert read([BODY[:at], BODY[at:]]) == EXPECTED, at


def delta(fields, **chunk):
    return {"choices": [{"delta": fields}], **chunk}


LOADING = {
    "as sent": delta({"reasoning_content": "."}),
    "empty": delta({"reasoning_content": ""}),
    "with a time": delta({"reasoning_content": "."}, created=1),
}
REAL = {
    "an id": delta({"reasoning_content": "Hm"}, id="c"),
    "an object": delta({"reasoning_content": "Hm"}, object="chat.completion.chunk"),
    "content": delta({"content": "Hm"}),
    "content too": delta({"reasoning_content": "a", "content": "b"}),
}


@pytest.mark.parametrize("body", LOADING.values(), ids=LOADING)
def test_a_chunk_of_reasoning_without_a_name_is_of_the_loading(body):
    decoder = LlamaSwapWire().decoder()
    assert list(decoder.feed(json.dumps(body).encode())) == []
    assert decoder.response(META).message.parts == ()
    assert decoder.response(META).message.state is None


@pytest.mark.parametrize("body", REAL.values(), ids=REAL)
def test_any_other_chunk_is_the_models(body):
    decoder = LlamaSwapWire().decoder()
    assert len(decoder.feed(json.dumps(body).encode())) > 0


def test_after_the_models_first_chunk_nothing_is_dropped():
    decoder = LlamaSwapWire().decoder()
    decoder.feed(json.dumps(delta({"content": "a"}, id="c")).encode())
    assert len(decoder.feed(json.dumps(delta({"reasoning_content": "b"})).encode())) == 1


@pytest.mark.parametrize(
    "payload",
    [b"[1]", b"7", b"{}", b'{"choices":[]}', b'{"choices":null}', b'{"choices":[{"delta":null}]}'],
)
def test_odd_chunks_are_left_to_openais_decoder(payload):
    def outcome(decoder):
        try:
            return list(decoder.feed(payload))
        except (TypeError, AttributeError, KeyError) as error:
            return type(error)

    plain = super(LlamaSwapWire, LlamaSwapWire()).decoder()
    assert outcome(LlamaSwapWire().decoder()) == outcome(plain)


def test_an_error_is_no_loading():
    payload = b'{"src":"llama-swap","error":{"message":"no","code":"internal_error"}}'
    with pytest.raises(WireFault, match="no"):
        LlamaSwapWire().decoder().feed(payload)
