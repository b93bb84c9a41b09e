"""The whole way of a person: the command gives a login, the daemon's console the question."""

import sys

import anyio
import pytest
from browser import BROWSER, browser_page
from executus_gateway.sdk import Client

from majordomo.clock import SYSTEM_CLOCK

WRITE = "return tools.pets.pets.create_pet(body={'name': 'Rex'})"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        BROWSER is None,
        reason="NOBODY LOOKED AT THE CONSOLE: no browser; apt-get install chromium",
    ),
]


@pytest.fixture
async def client(served):
    async with await Client.create(adapter="daemon", folder=served) as made:
        yield made


async def login(home):
    """What `executus-gateway open` would open."""
    command = [sys.executable, "-c", "from executus_gateway.cli import main; main()"]
    told = await anyio.run_process([*command, "--home", str(home), "open", "--print-url"])
    return told.stdout.decode().strip()


async def test_a_person_logs_in_approves_and_sees_the_run(client, home, pets, tmp_path):
    await client.add_source(openapi=f"{pets.url}/openapi.json", namespace="pets")
    run = await client.start(WRITE)
    while not (asked := await client.inbox()):
        await SYSTEM_CLOCK.sleep(0.02)
    url = await login(home)
    async with browser_page(tmp_path / "profile") as page:
        await page.look(width=1200, height=800)
        await page.goto(url)
        console = (await page.evaluate("location.href")).rstrip("/")
        assert console.endswith("/console")
        await page.goto(f"{console}/inbox")
        await page.until(f"document.getElementById('{asked[0].id}') !== null")
        await page.until("performance.now() - movedAt > SETTLE_MS")
        await page.click("[value=accept]")
        ended = await client.wait(run.id)
        assert ended.outcome.value == {"ok": True, "data": {"id": 1, "name": "Rex"}}
        assert len(pets.writes) == 1
        await page.goto(f"{console}/runs/{run.id}")
        await page.until("document.getElementById('outcome').innerText.includes('Rex')")
        picture = await page.picture()
        assert len(picture.getcolors(picture.width * picture.height)) > 50, "a page was drawn"
        assert page.console == []
        await page.goto(url)
        assert "this login was used" in await page.evaluate("document.body.innerText")
