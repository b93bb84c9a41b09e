"""The type of a file by its bytes."""

import pictures
import pytest
from pictures import box_file, file_of, photo

from majordomo.llm import sniff_mime


@pytest.mark.parametrize(("kind", "mime"), pictures.MIMES.items())
def test_a_file_written_by_an_encoder_is_recognised(kind, mime):
    assert sniff_mime(file_of(photo(20, 10), kind)) == mime


@pytest.mark.parametrize(
    ("data", "mime"),
    [
        (b"%PDF-1.7\n", "application/pdf"),
        (b"GIF87a", "image/gif"),
        (b"MM\x00*", "image/tiff"),
        (box_file(b"heic", b"mif1", b"heic"), "image/heic"),
        (box_file(b"hevc"), "image/heic"),
        (box_file(b"mif1", b"mif1", b"heic"), "image/heif"),
        (box_file(b"mif1", b"mif1", b"avif"), "image/avif"),
        (box_file(b"avis", b"avif"), "image/avif"),
        (box_file(b"isom", b"mp42"), None),
        (b"RIFF\x00\x00\x00\x00WAVEfmt ", None),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", None),
        (b"\x89PNG", None),
        (b"", None),
    ],
    ids=str,
)
def test_the_first_bytes_tell_the_type(data, mime):
    assert sniff_mime(data) == mime
