import gzip
import tracemalloc
import zlib

import pytest

from majordomo.errors import ErrorKind
from majordomo.http import Inflater, TransportError

TEXT = b"the quick brown fox " * 50


ENCODED = {
    "none": ("", TEXT),
    "identity": ("Identity", TEXT),
    "gzip": ("gzip", gzip.compress(TEXT)),
    "x-gzip": (" X-GZIP ", gzip.compress(TEXT)),
    "deflate": ("deflate", zlib.compress(TEXT)),
}


@pytest.mark.parametrize(("encoding", "data"), ENCODED.values(), ids=ENCODED)
@pytest.mark.parametrize("size", [1, 7, 10_000])
def test_a_body_comes_out_as_it_was_for_every_chunk_size(encoding, data, size):
    inflater = Inflater(encoding, len(TEXT))
    chunks = [data[at : at + size] for at in range(0, len(data), size)]
    assert b"".join(map(inflater.feed, chunks)) == TEXT


@pytest.mark.parametrize(("encoding", "data"), ENCODED.values(), ids=ENCODED)
@pytest.mark.parametrize("size", [1, 7, 10_000])
def test_a_body_one_byte_over_the_bound_is_an_error(encoding, data, size):
    inflater = Inflater(encoding, len(TEXT) - 1)
    chunks = [data[at : at + size] for at in range(0, len(data), size)]
    with pytest.raises(TransportError) as caught:
        list(map(inflater.feed, chunks))
    assert (caught.value.code, caught.value.kind) == ("body_too_large", ErrorKind.PERMANENT)


def test_a_compression_bomb_is_not_inflated_past_the_bound():
    bomb = gzip.compress(bytes(20_000_000), 9)
    inflater = Inflater("gzip", 100_000)
    tracemalloc.start()
    try:
        with pytest.raises(TransportError):
            inflater.feed(bomb)
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak_bytes < 1_000_000


def test_broken_data_is_an_error():
    with pytest.raises(TransportError) as caught:
        Inflater("gzip", 1000).feed(b"this is not gzip")
    assert caught.value.code == "bad_encoding"


def test_an_encoding_nobody_can_undo_is_an_error():
    with pytest.raises(TransportError, match="'br'") as caught:
        Inflater("br", 1000)
    assert (caught.value.code, caught.value.kind) == ("bad_encoding", ErrorKind.PERMANENT)
