"""A Chromium without a window, driven by its DevTools protocol over two pipes."""

import asyncio
import base64
import fcntl
import io
import json
import os
import shutil
import sys
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from PIL import Image

from majordomo.clock import SYSTEM_CLOCK

BROWSER = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
MAX_MESSAGE = 64 * 1024 * 1024
START = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.dup2(int(sys.argv[2]), 4)
os.execv(sys.argv[3], sys.argv[3:])
"""


class DevtoolsError(Exception):
    """A command was refused; one that was under way when the page was left is, too."""


class Page:
    """One tab."""

    def __init__(self, devtools, session):
        self._devtools = devtools
        self._session = session

    async def command(self, method, **params):
        return await self._devtools.command(method, self._session, **params)

    async def goto(self, url):
        before = self._devtools.count("Page.loadEventFired")
        await self.command("Page.navigate", url=url)
        while self._devtools.count("Page.loadEventFired") == before:
            await SYSTEM_CLOCK.sleep(0.02)

    async def evaluate(self, expression):
        told = await self.command(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in told, told
        return told["result"].get("value")

    async def until(self, expression):
        """Wait until an expression is true, also over a navigation."""
        while True:
            with suppress(DevtoolsError):
                if await self.evaluate(expression):
                    return
            await SYSTEM_CLOCK.sleep(0.05)

    async def look(self, *, width, height, dark=False):
        await self.command(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        await self.command("Emulation.setEmulatedMedia", features=[scheme])

    async def picture(self, path=None, *, whole=False):
        told = await self.command("Page.captureScreenshot", captureBeyondViewport=whole)
        data = base64.b64decode(told["data"])
        if path is not None:
            await asyncio.to_thread(Path(path).write_bytes, data)
        return Image.open(io.BytesIO(data)).convert("RGB")

    async def click(self, selector):
        """A real click: it meets whatever is on top there."""
        place = (
            f"(() => {{ const found = document.querySelector({json.dumps(selector)});"
            "found.scrollIntoView({block: 'center', behavior: 'instant'});"
            "const box = found.getBoundingClientRect();"
            "return [box.x + box.width / 2, box.y + box.height / 2]; })()"
        )
        x, y = await self.evaluate(place)
        for kind in ("mousePressed", "mouseReleased"):
            await self.command(
                "Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1
            )

    async def type(self, selector, text):
        await self.evaluate(f"document.querySelector({json.dumps(selector)}).focus()")
        await self.command("Input.insertText", text=text)

    async def press_enter(self):
        key = {"key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 13, "text": "\r"}
        for kind in ("keyDown", "keyUp"):
            await self.command("Input.dispatchKeyEvent", type=kind, **key)

    @property
    def console(self):
        """What the page's console was told, refusals by its policy included."""
        return self._devtools.console


class _Devtools:
    def __init__(self, reader, writer):
        self._reader = reader
        self._writer = writer
        self._number = 0
        self._answers = {}
        self._events = []
        self.console = []

    def count(self, method):
        return self._events.count(method)

    async def command(self, method, session=None, **params):
        self._number += 1
        answer = self._answers[self._number] = asyncio.get_running_loop().create_future()
        message = {"id": self._number, "method": method, "params": params}
        if session:
            message["sessionId"] = session
        self._writer.write(json.dumps(message).encode() + b"\0")
        await self._writer.drain()
        told = await answer
        if "error" in told:
            raise DevtoolsError(told["error"]["message"])
        return told["result"]

    async def listen(self):
        while True:
            message = json.loads((await self._reader.readuntil(b"\0"))[:-1])
            if "id" in message:
                self._answers.pop(message["id"]).set_result(message)
                continue
            self._events.append(message["method"])
            if message["method"] == "Log.entryAdded":
                self.console.append(message["params"]["entry"]["text"])
            if message["method"] == "Runtime.exceptionThrown":
                self.console.append(json.dumps(message["params"]["exceptionDetails"]))


@asynccontextmanager
async def browser_page(profile):
    """A page of a browser of its own."""
    loop = asyncio.get_running_loop()
    (ours_in, theirs_out), (theirs_in, ours_out) = _pipe(), _pipe()
    command = [
        *(sys.executable, "-c", START, str(theirs_in), str(theirs_out)),
        *(BROWSER, "--headless=new", "--disable-gpu", "--hide-scrollbars", "--no-first-run"),
        *("--disable-background-networking", "--disable-dev-shm-usage"),
        *("--remote-debugging-pipe", f"--user-data-dir={profile}"),
        *(["--no-sandbox"] if os.geteuid() == 0 else []),
    ]
    process = await asyncio.create_subprocess_exec(
        *command,
        pass_fds=(theirs_in, theirs_out),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    os.close(theirs_in)
    os.close(theirs_out)
    reader = asyncio.StreamReader(limit=MAX_MESSAGE)
    source, _ = await loop.connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(ours_in, "rb")
    )
    sink, protocol = await loop.connect_write_pipe(
        asyncio.streams.FlowControlMixin, os.fdopen(ours_out, "wb")
    )
    devtools = _Devtools(reader, asyncio.StreamWriter(sink, protocol, None, loop))
    listening = asyncio.ensure_future(devtools.listen())
    try:
        made = await devtools.command("Target.createTarget", url="about:blank")
        attached = await devtools.command(
            "Target.attachToTarget", targetId=made["targetId"], flatten=True
        )
        page = Page(devtools, attached["sessionId"])
        for domain in ("Page", "Runtime", "Log"):
            await page.command(f"{domain}.enable")
        yield page
    finally:
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
        process.kill()
        await process.wait()
        source.close()
        sink.close()


def _pipe():
    """A pipe whose ends are not 3 or 4, which the browser takes for itself."""
    ends = []
    for end in os.pipe():
        ends.append(fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10))
        os.close(end)
    return ends
