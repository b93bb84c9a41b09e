"""How the pixels of a picture are to be turned, by its EXIF block."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from majordomo.media.exif import orientation


def block(value, order="<", kind=3):
    mark = {"<": b"II*\x00", ">": b"MM\x00*"}[order]
    other = struct.pack(f"{order}HHII", 0x010F, 2, 4, 0)
    entry = struct.pack(f"{order}HHIHH", 0x0112, kind, 1, value, 0)
    return mark + struct.pack(f"{order}IH", 8, 2) + other + entry + bytes(4)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("mark", [b"", b"Exif\x00\x00"])
@pytest.mark.parametrize("value", range(1, 9))
def test_each_orientation_is_read_in_both_byte_orders(value, mark, order):
    assert orientation(mark + block(value, order)) == value


@pytest.mark.parametrize("value", range(1, 9))
def test_what_an_encoder_writes_is_read(value):
    exif = Image.Exif()
    exif[0x0112] = value
    exif[0x010F] = "maker"
    assert orientation(exif.tobytes()) == value


@pytest.mark.parametrize(
    "broken",
    [b"", b"II", block(0), block(9), block(6, kind=4), block(6)[:20], b"II*\x00\xff\xff\xff\xff"],
    ids=str,
)
def test_a_block_that_says_nothing_sensible_means_upright(broken):
    assert orientation(broken) == 1


@given(st.binary(max_size=80))
def test_no_bytes_break_the_reader(data):
    assert 1 <= orientation(b"MM" + data) <= 8
