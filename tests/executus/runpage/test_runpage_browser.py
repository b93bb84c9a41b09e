"""A real browser draws the page, and runs nothing that a run has said."""

import os
import shutil
import subprocess
from functools import partial

import anyio
import pytest
from PIL import Image
from runstories import HOSTILE, call, many, rich, run, step, story_of

from executus.runpage import run_page

BROWSER = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
PAPER, DARK_PAPER = (0xFB, 0xFB, 0xFA), (0x12, 0x14, 0x18)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        BROWSER is None,
        reason="NOBODY LOOKED AT THE PAGE: no browser; apt-get install chromium",
    ),
]


@pytest.fixture
def anyio_backend():
    """The browser is the same; one will do."""
    return "asyncio"


def _browse(tmp_path, page, *arguments):
    file = tmp_path / "page.html"
    file.write_text(page, encoding="utf-8")
    command = [
        *(BROWSER, "--headless=new", "--disable-gpu", "--hide-scrollbars"),
        *("--no-first-run", "--disable-background-networking", "--disable-dev-shm-usage"),
        f"--user-data-dir={tmp_path / 'profile'}",
        *(["--no-sandbox"] if os.geteuid() == 0 else []),
        *arguments,
        file.as_uri(),
    ]
    return subprocess.run(command, capture_output=True, check=True, cwd=tmp_path).stdout.decode()


async def dom(tmp_path, page):
    """The page as the browser holds it, after it could have run scripts."""
    return await anyio.to_thread.run_sync(partial(_browse, tmp_path, page, "--dump-dom"))


async def picture(tmp_path, page, *, width=1000, height=700, dark=False):
    shot = tmp_path / "page.png"
    arguments = [f"--screenshot={shot}", f"--window-size={width},{height}"]
    if dark:
        arguments.append("--blink-settings=preferredColorScheme=0")
    await anyio.to_thread.run_sync(partial(_browse, tmp_path, page, *arguments))
    with Image.open(shot) as image:
        return image.convert("RGB")


def colours(image):
    return {colour for _, colour in image.getcolors(image.width * image.height)}


async def test_hostile_texts_do_nothing_in_a_browser(tmp_path):
    records = [call("a", 1, 2, text=HOSTILE, tool=HOSTILE), step(0, 0, 1, model=HOSTILE)]
    held = await dom(tmp_path, run_page(await story_of(records, run(output=HOSTILE))))
    assert "<title>helper, ok: run " in held
    assert "<script" not in held
    assert "<img" not in held
    assert held.count("</body>") == 1
    assert held.count("&lt;script&gt;document.title") >= 3


async def test_the_style_is_the_one_its_policy_allows(tmp_path):
    """A browser that refuses the style draws on white."""
    story = await story_of(rich())
    image = await picture(tmp_path, run_page(story))
    assert image.getpixel((2, 2)) == PAPER
    assert {(0x4C, 0x5F, 0xD5), (0x17, 0x84, 0x6F), (0xC2, 0x31, 0x3C)} <= colours(
        await picture(tmp_path, run_page(story), height=1200)
    ), "bars of a model call, a tool call and one that failed"


async def test_it_is_dark_where_the_reader_wants_that(tmp_path):
    image = await picture(tmp_path, run_page(await story_of(rich())), dark=True)
    assert image.getpixel((2, 2)) == DARK_PAPER


async def test_five_hundred_steps_are_drawn_within_a_narrow_window(tmp_path):
    image = await picture(tmp_path, run_page(await story_of(many(500))), width=500, height=1000)
    assert (0x4C, 0x5F, 0xD5) in colours(image)
    right = [image.getpixel((497, y)) for y in range(0, 1000, 10)]
    assert set(right) == {PAPER}, "nothing sticks out of the page"
