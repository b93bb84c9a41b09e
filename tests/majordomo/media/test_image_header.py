"""Sizes and animation, read from the bytes alone."""

import pictures
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pictures import animation, box_file, file_of, photo, png_header

from majordomo.media.header import ImageHeader, read_header


@pytest.mark.parametrize("kind", [kind for kind in pictures.MIMES if kind != "TIFF"])
@pytest.mark.parametrize("size", [(1, 1), (7, 300), (300, 7)])
def test_the_size_is_read_as_the_encoder_wrote_it(kind, size):
    data = file_of(photo(*size), kind)
    assert read_header(data) == ImageHeader(mime=pictures.MIMES[kind], size=size)


def test_the_size_of_a_tiff_is_not_read():
    assert read_header(file_of(photo(4, 4), "TIFF")).size is None


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("WEBP", {"lossless": True}),
        ("WEBP", {"lossless": False}),
        ("WEBP", {"exif": b"Exif\x00\x00MM\x00*"}),
        ("JPEG", {"progressive": True}),
        ("JPEG", {"exif": b"Exif\x00\x00" + bytes(60_000), "comment": b"\xff\xc0" * 20}),
        ("PNG", {"bits": 8}),
        ("GIF", {"comment": b"\x2c" * 600}),
    ],
    ids=str,
)
def test_variants_of_a_format_keep_their_size(kind, options):
    header = read_header(file_of(photo(123, 45), kind, **options))
    assert (header.size, header.animated) == ((123, 45), False)


def test_a_bitmap_stored_from_the_top_or_with_the_oldest_header_has_its_size():
    flipped = b"BM" + bytes(12) + b"\x28\x00\x00\x00" + b"\x05\x00\x00\x00" + b"\xfd\xff\xff\xff"
    assert read_header(flipped).size == (5, 3)
    old = b"BM" + bytes(12) + b"\x0c\x00\x00\x00" + b"\x05\x00\x03\x00"
    assert read_header(old).size == (5, 3)


def test_the_largest_size_of_a_box_file_counts_not_that_of_a_tile():
    data = box_file(b"heic", size=[(512, 512), (4032, 3024), (160, 120)])
    assert read_header(data).size == (4032, 3024)


@pytest.mark.parametrize("kind", ["GIF", "WEBP"])
def test_more_than_one_frame_is_an_animation(kind):
    moving = animation(kind, "red", "blue")
    assert read_header(moving).animated
    assert not read_header(animation(kind, "red")).animated
    assert read_header(moving).size == (40, 20)


def test_a_gif_that_breaks_off_in_its_first_frame_counts_as_still():
    assert not read_header(animation("GIF", "red", "blue")[:60]).animated


def test_an_animated_png_counts_as_still():
    assert not read_header(animation("PNG", "red", "blue")).animated


@pytest.mark.parametrize("kind", [kind for kind in pictures.MIMES if kind != "TIFF"])
def test_a_header_cut_off_anywhere_gives_the_size_or_none(kind):
    data = file_of(photo(30, 20), kind)
    sizes = {header.size for end in range(700) if (header := read_header(data[:end]))}
    assert sizes == {None, (30, 20)}


def test_a_size_of_nothing_is_no_size():
    assert read_header(png_header(0, 7)).size is None


@given(
    st.sampled_from([b"\xff\xd8\xff", b"GIF89a", b"RIFF....WEBPVP8", b"BM", b"....ftypavif"]),
    st.binary(max_size=200),
)
def test_no_bytes_break_the_reader(magic, rest):
    header = read_header(magic + rest)
    assert header is not None
    assert header.size is None or min(header.size) >= 1
