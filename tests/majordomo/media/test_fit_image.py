"""One image against the limits of a target."""

import contextlib
import sys

import pictures
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pictures import (
    QUADRANTS,
    animation,
    box_file,
    colourful,
    corners,
    fading,
    file_of,
    opened,
    photo,
    png_header,
    quadrants,
)
from PIL import Image

from majordomo.errors import ErrorKind, MissingExtra, UnsupportedRequest, classify
from majordomo.llm import ImagePart
from majordomo.media import ImageLimits, fit_image
from majordomo.media.pillow_codec import open_picture

PNG, JPEG, WEBP, GIF = "image/png", "image/jpeg", "image/webp", "image/gif"
NO_LIMITS = ImageLimits()


def part(data, mime=None):
    return ImagePart.from_bytes(data, mime)


def only(*mimes, **limits):
    return ImageLimits(mimes=frozenset(mimes), **limits)


@pytest.fixture
def without_pillow(monkeypatch):
    """Call it, and from then on pillow is not installed."""

    def uninstall():
        for name in [name for name in sys.modules if name.split(".")[0] == "PIL"]:
            monkeypatch.delitem(sys.modules, name)
        monkeypatch.setitem(sys.modules, "PIL", None)
        monkeypatch.delitem(sys.modules, "majordomo.media.pillow_codec", raising=False)

    return uninstall


def refusal(image, limits):
    with pytest.raises(UnsupportedRequest) as caught:
        fit_image(image, limits)
    assert classify(caught.value) is ErrorKind.UNSUPPORTED
    assert "\n" not in str(caught.value)
    return caught.value


# -- what fits is left alone ----------------------------------------------------------------------


@pytest.mark.parametrize("kind", pictures.MIMES)
def test_without_limits_every_image_is_the_same_object(kind):
    image = part(file_of(photo(30, 20), kind))
    assert fit_image(image, NO_LIMITS) is image


def test_an_image_within_all_limits_is_the_same_object():
    image = part(file_of(photo(30, 20), "PNG"))
    limits = only(PNG, max_edge_px=30, max_bytes=len(image.data))
    assert fit_image(image, limits) is image


def test_what_fits_needs_no_pillow(without_pillow):
    image = part(file_of(photo(30, 20), "WEBP"))
    without_pillow()
    assert fit_image(image, only(WEBP, max_edge_px=30)) is image


# -- the declared type ----------------------------------------------------------------------------


@pytest.mark.parametrize("declared", ["image/jpg", "image/png", "application/octet-stream"])
def test_a_wrong_declaration_is_corrected_and_the_bytes_are_kept(declared, without_pillow):
    data = file_of(photo(30, 20), "JPEG")
    without_pillow()
    fitted = fit_image(ImagePart(data=data, mime=declared), only(JPEG))
    assert fitted.mime == JPEG
    assert fitted.data is data


def test_a_type_by_its_bytes_decides_what_is_accepted():
    lie = ImagePart(data=file_of(photo(30, 20), "BMP"), mime=PNG)
    fitted = fit_image(lie, only(PNG))
    assert opened(fitted.data).format == "PNG"


def test_bytes_of_no_known_image_declared_as_a_known_one_are_refused():
    error = refusal(ImagePart(data=b"x" * 50, mime=PNG), NO_LIMITS)
    assert "declared as image/png" in str(error)


def test_a_type_unknown_here_goes_only_to_a_target_that_may_know_it():
    drawing = ImagePart(data=b"<svg/>", mime="image/svg+xml")
    assert fit_image(drawing, NO_LIMITS) is drawing
    assert fit_image(drawing, only(PNG, "image/svg+xml")) is drawing
    refusal(drawing, only(PNG))


def test_a_document_is_no_image():
    assert "application/pdf" in str(refusal(ImagePart(data=b"%PDF-1.7", mime=PNG), NO_LIMITS))


# -- conversion -----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", pictures.MIMES)
@pytest.mark.parametrize("accepted", ["PNG", "JPEG", "WEBP"])
def test_every_format_becomes_one_that_is_accepted(kind, accepted):
    source = part(file_of(quadrants(), kind))
    fitted = fit_image(source, only(pictures.MIMES[accepted]))
    assert fitted.mime == pictures.MIMES[accepted]
    assert opened(fitted.data).format == accepted
    assert corners(fitted.data) == QUADRANTS


@pytest.mark.parametrize(
    ("image", "kind", "expected"),
    [
        (colourful(90, 60), "BMP", JPEG),
        (colourful(90, 60), "AVIF", JPEG),
        (quadrants(), "BMP", PNG),
        (quadrants(), "GIF", PNG),
        (colourful(90, 60).convert("RGBA"), "TIFF", JPEG),
        (Image.new("RGBA", (90, 60), (255, 0, 0, 100)), "TIFF", PNG),
        (fading(90, 60), "TIFF", PNG),
    ],
    ids=["photo", "photo avif", "drawing", "gif", "opaque alpha", "transparent", "fading"],
)
def test_photographs_become_jpeg_and_drawings_or_transparency_png(image, kind, expected):
    assert fit_image(part(file_of(image, kind)), only(PNG, JPEG)).mime == expected


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_format_that_is_accepted_is_kept_when_the_picture_is_reduced(kind):
    fitted = fit_image(part(file_of(colourful(90, 60), kind)), ImageLimits(max_edge_px=45))
    assert fitted.mime == pictures.MIMES[kind]
    assert opened(fitted.data).size == (45, 30)


def test_a_large_jpeg_is_not_decoded_at_its_full_size():
    data = file_of(colourful(1600, 1200), "JPEG")
    assert open_picture(data, JPEG, max_edge_px=200).size == (400, 300)
    assert open_picture(data, JPEG, max_edge_px=None).size == (1600, 1200)


def test_reducing_takes_the_mean_of_the_pixels_it_replaces():
    stripes = Image.new("L", (64, 64))
    stripes.putdata([255 * (x % 2) for _ in range(64) for x in range(64)])
    fitted = fit_image(part(file_of(stripes, "PNG")), ImageLimits(max_edge_px=32))
    assert opened(fitted.data).getextrema() in ((127, 127), (128, 128))


@pytest.mark.parametrize("accepted", [JPEG, PNG])
def test_transparency_becomes_white_only_where_the_type_has_none(accepted):
    clear = part(file_of(Image.new("RGBA", (20, 20), (0, 0, 0, 0)), "WEBP"))
    pixel = opened(fit_image(clear, only(accepted)).data).getpixel((5, 5))
    assert pixel == ((255, 255, 255) if accepted == JPEG else (0, 0, 0, 0))


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16"])
def test_every_way_to_store_a_pixel_is_converted(mode, kind):
    deep = mode == "I;16"
    image = Image.new("I;16", (8, 8), 0x8000) if deep else Image.new("RGB", (8, 8), "grey")
    image = image.quantize(4) if mode == "P" else image.convert(mode)
    kind = "TIFF" if mode == "CMYK" else kind
    fitted = fit_image(part(file_of(image, kind)), only(JPEG))
    red, green, blue = opened(fitted.data).convert("RGB").getpixel((4, 4))
    assert max(red, green, blue) - min(red, green, blue) <= 8
    assert mode == "1" or abs(green - 128) <= 12


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "AVIF"])
def test_of_an_animation_the_first_frame_is_kept_as_png(kind):
    moving = part(animation(kind, "red", "blue", "lime"))
    fitted = fit_image(moving, only(GIF, WEBP, PNG, JPEG, "image/avif"))
    assert fitted.mime == PNG
    assert corners(fitted.data) == ("red",) * 4
    assert fit_image(moving, NO_LIMITS) is moving


# -- orientation and metadata ---------------------------------------------------------------------

TURNED = {
    1: (0, 1, 2, 3),
    2: (1, 0, 3, 2),
    3: (3, 2, 1, 0),
    4: (2, 3, 0, 1),
    5: (0, 2, 1, 3),
    6: (2, 0, 3, 1),
    7: (3, 1, 2, 0),
    8: (1, 3, 0, 2),
}


def exif(value):
    block = Image.Exif()
    block[0x0112] = value
    block[0x010F] = "SecretMaker"
    block.get_ifd(0x8825)[1] = "N"
    return block


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
@pytest.mark.parametrize(("value", "order"), TURNED.items())
def test_a_converted_picture_lies_as_its_orientation_says(kind, value, order):
    data = file_of(quadrants(), kind, exif=exif(value))
    fitted = fit_image(part(data), only("image/bmp", PNG, max_edge_px=40, max_bytes=10**6))
    assert corners(fitted.data) == tuple(QUADRANTS[index] for index in order)
    assert opened(fitted.data).size == ((40, 20) if value < 5 else (20, 40))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_converted_picture_carries_no_metadata(kind):
    options = {"exif": exif(6), "comment": b"SecretMaker", "icc_profile": b"SecretMaker" * 20}
    data = file_of(colourful(90, 60), kind, **options)
    assert b"SecretMaker" in data
    fitted = fit_image(part(data), ImageLimits(max_edge_px=45))
    assert fitted.mime == pictures.MIMES[kind]
    assert b"SecretMaker" not in fitted.data
    assert not {"exif", "comment", "icc_profile", "xmp"} & opened(fitted.data).info.keys()


# -- budgets --------------------------------------------------------------------------------------


@pytest.mark.parametrize("accepted", [(PNG,), (JPEG,), (WEBP,), (PNG, JPEG, WEBP)], ids=str)
def test_a_byte_budget_is_met_by_quality_and_then_by_size(accepted):
    source = part(file_of(photo(400, 300), "PNG"))
    sizes = set()
    for budget in (60_000, 30_000, 12_000, 8_000):
        fitted = fit_image(source, only(*accepted, max_bytes=budget))
        assert len(fitted.data) <= budget
        sizes.add(opened(fitted.data).size)
    assert (PNG in accepted and len(accepted) == 1) or (400, 300) in sizes
    assert len(sizes) > 1


def test_transparency_outlives_a_byte_budget_where_a_type_allows_it():
    image = fading(400, 300)
    source = part(file_of(image, "PNG"))
    budget = len(source.data) // 2
    kept = fit_image(source, only(PNG, JPEG, WEBP, max_bytes=budget))
    assert (kept.mime, opened(kept.data).mode) == (WEBP, "RGBA")
    assert fit_image(source, only(PNG, JPEG, max_bytes=budget)).mime == JPEG


def test_a_higher_budget_buys_a_higher_quality():
    source = part(file_of(colourful(400, 300), "BMP"))
    best = fit_image(source, only(JPEG))
    worse = fit_image(source, only(JPEG, max_bytes=len(best.data) - 1))
    assert opened(worse.data).size == (400, 300)
    assert len(worse.data) < len(best.data)


def test_a_budget_nothing_readable_fits_is_refused():
    error = refusal(part(file_of(photo(400, 300), "PNG")), ImageLimits(max_bytes=300))
    assert "cannot be made that small" in str(error)


def test_a_target_that_takes_only_what_is_never_written_is_refused():
    error = refusal(part(file_of(photo(40, 30), "PNG")), only("image/bmp"))
    assert "is of type image/png, accepted are image/bmp" in str(error)


@given(
    st.sampled_from(list(pictures.MIMES)),
    st.integers(1, 300),
    st.integers(1, 300),
    st.sets(st.sampled_from([PNG, JPEG, WEBP, GIF])),
    st.none() | st.integers(1, 300),
    st.none() | st.integers(500, 200_000),
)
@settings(max_examples=60, deadline=None)
def test_the_result_is_within_the_limits_or_refused(kind, width, height, mimes, edge, budget):
    image = part(file_of(photo(width, height), kind))
    limits = ImageLimits(mimes=frozenset(mimes), max_edge_px=edge, max_bytes=budget)
    try:
        fitted = fit_image(image, limits)
    except UnsupportedRequest:
        assert mimes == {GIF} or (budget is not None and budget < 20_000)
        return
    found = opened(fitted.data)
    assert pictures.MIMES[found.format] == fitted.mime
    assert not mimes or fitted.mime in mimes
    assert edge is None or max(found.size) <= edge
    assert budget is None or len(fitted.data) <= budget
    assert fit_image(fitted, limits) is fitted


# -- hostile and broken data ----------------------------------------------------------------------


def test_a_picture_of_absurd_size_is_refused_without_decoding(without_pillow):
    bomb = part(png_header(50_000, 50_000))
    without_pillow()
    error = refusal(bomb, ImageLimits(max_edge_px=2000))
    assert "2500000000 pixels" in str(error)


@pytest.mark.parametrize("kind", ["TIFF", "GIF"])
def test_a_size_only_the_decoder_learns_is_checked_before_decoding(kind, monkeypatch):
    monkeypatch.setattr("majordomo.media.pillow_codec.MAX_PIXELS", 1000)
    error = refusal(part(file_of(photo(50, 50), kind)), only(PNG))
    assert "2500 pixels" in str(error)


@pytest.mark.parametrize("kind", pictures.MIMES)
def test_data_that_ends_too_early_is_refused(kind):
    data = file_of(photo(200, 200), kind)
    accepted = only(PNG if kind != "PNG" else JPEG)
    error = refusal(part(data[: len(data) // 2]), accepted)
    assert "damaged" in str(error)
    assert "object at 0x" not in str(error)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "BMP"])
def test_a_header_that_ends_too_early_is_refused_where_it_matters(kind):
    image = ImagePart(data=file_of(photo(200, 200), kind)[:15], mime=pictures.MIMES[kind])
    assert "header is broken" in str(refusal(image, ImageLimits(max_edge_px=100)))
    assert fit_image(image, NO_LIMITS) is image


@given(
    st.sampled_from(list(pictures.MIMES)), st.integers(0, 2000), st.binary(min_size=1, max_size=9)
)
@settings(max_examples=80, deadline=None)
def test_damaged_data_is_converted_or_refused_never_anything_else(kind, at, junk):
    data = file_of(photo(30, 30), kind)
    at = 16 + at % len(data)
    image = part(data[:at] + junk + data[at + len(junk) :])
    accepted = only(PNG if kind != "PNG" else JPEG)
    with contextlib.suppress(UnsupportedRequest):
        assert fit_image(image, accepted).mime in accepted.mimes


@pytest.mark.parametrize("brand", [b"heic", b"mif1"])
def test_heif_is_passed_through_or_refused(brand):
    image = part(box_file(brand, size=[(4032, 3024)]))
    assert fit_image(image, only("image/heic", "image/heif", max_edge_px=4032)) is image
    error = refusal(image, only(PNG, JPEG))
    assert "send JPEG or PNG" in str(error)
    refusal(image, only("image/heic", "image/heif", max_edge_px=3072))


# -- without pillow -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "limits"),
    [
        ("PNG", ImageLimits(max_edge_px=20)),
        ("JPEG", ImageLimits(max_bytes=20)),
        ("WEBP", only(PNG, JPEG)),
        ("TIFF", ImageLimits(max_edge_px=20)),
    ],
)
def test_without_pillow_what_does_not_fit_names_the_extra(kind, limits, without_pillow):
    image = part(file_of(photo(30, 20), kind))
    without_pillow()
    error = refusal(image, limits)
    assert "pip install 'executus[media]'" in str(error)
    assert isinstance(error.__cause__, MissingExtra)
    assert error.__cause__.extra == "media"
