"""The console in a real browser: people answer, pages renew themselves, nothing else acts."""

import pytest
from browser import BROWSER, browser_page
from consoleserver import console_app, served_console
from executus_gateway.schema import Answer, CredentialId, Interaction, TaskRun
from hostile import FORM, HOSTILE
from starlette.responses import Response

from majordomo.clock import SYSTEM_CLOCK

PAPER, DARK_PAPER = (0xFB, 0xFB, 0xFA), (0x12, 0x14, 0x18)
ACCENT, WAITING = (0x4C, 0x5F, 0xD5), (0x8F, 0x57, 0x00)
CANARY = "kanarienvogel-77"
SETTLED = "performance.now() - movedAt > SETTLE_MS"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        BROWSER is None,
        reason="NOBODY LOOKED AT THE CONSOLE: no browser; apt-get install chromium",
    ),
]


def create(name):
    return f"tools.pets.pets.create_pet(body={{'name': '{name}'}})\n"


@pytest.fixture
async def page(tmp_path):
    async with browser_page(tmp_path / "profile") as opened:
        await opened.look(width=1200, height=800)
        yield opened


@pytest.fixture
async def console_url(gateway):
    async with served_console(gateway) as url:
        yield url


async def ask(gateway, kind, title, **options):
    question = gateway.broker.question(kind, title, **options)
    await gateway.ledger.commit("interaction.asked", question)
    return question


async def state_of(gateway, question, wanted):
    while gateway.ledger.require(Interaction, question.id).state != wanted:
        await SYSTEM_CLOCK.sleep(0.02)


async def test_a_paused_write_is_approved_in_the_page_and_made_once(
    page, console_url, gateway, pets, next_question
):
    await page.goto(f"{console_url}/inbox")
    assert await page.evaluate("document.title") == "Inbox · executus gateway"
    run = await gateway.start(pets.add() + "return " + create("Rex"), client="claude")
    asked = await next_question(gateway)
    await page.until(f"document.getElementById('{asked.id}') !== null")
    assert await page.evaluate("document.title") == "(1) Inbox · executus gateway"
    assert '"name": "Rex"' in await page.evaluate(
        f"document.getElementById('{asked.id}').innerText"
    )
    picture = await page.picture()
    seen = {colour for _, colour in picture.getcolors(picture.width * picture.height)}
    assert {PAPER, ACCENT, WAITING} <= seen, "the style was loaded, the card was drawn"
    await page.until(SETTLED)
    await page.type("[name=note]", "good dog")
    await page.click("[value=accept]")
    ended = await gateway.wait(run.id)
    assert ended.outcome.value == {"ok": True, "data": {"id": 1, "name": "Rex"}}
    assert len(pets.writes) == 1
    await page.until("document.querySelector('#asked article') === null")
    assert "Accepted." in await page.evaluate("document.getElementById('said').innerText")
    known = gateway.ledger.require(Interaction, asked.id)
    assert (known.answered_by, known.note) == ("browser", "good dog")
    assert page.console == []


async def test_a_run_is_watched_from_its_pause_to_its_end(
    page, console_url, gateway, pets, next_question
):
    run = await gateway.start(pets.add() + create("Rex") + create("Bello") + "return 'all there'")
    asked = await next_question(gateway)
    await page.goto(f"{console_url}/runs/{run.id}")
    await page.evaluate("document.querySelector('#call-1 details').open = true")
    await gateway.answer(asked.id, Answer(verdict="accept"))
    await page.until("document.querySelectorAll('#calls article').length === 3")
    assert await page.evaluate("document.querySelector('#call-1 details').open"), "stays unfolded"
    await gateway.answer((await next_question(gateway)).id, Answer(verdict="accept"))
    await page.until("document.getElementById('outcome').innerText.includes('all there')")
    assert await page.evaluate("document.querySelector('h1 + .state').innerText") == "completed"
    assert page.console == []


async def test_what_is_typed_survives_a_renewal_and_enter_in_a_note_answers_nothing(
    page, console_url, gateway
):
    first = await ask(gateway, "confirm", "The first?")
    await page.goto(f"{console_url}/inbox")
    await page.type("[name=note]", "half a no")
    second = await ask(gateway, "confirm", "The second?")
    await page.until(f"document.getElementById('{second.id}') !== null")
    assert await page.evaluate("document.querySelector('[name=note]').value") == "half a no"
    assert await page.evaluate("document.activeElement.name") == "note"
    await page.until(SETTLED)
    await page.press_enter()
    await page.click("[value=decline]")
    await state_of(gateway, first, "declined")
    assert gateway.ledger.require(Interaction, first.id).note == "half a no"
    assert [question.id for question in gateway.inbox()] == [second.id]


async def test_a_click_meant_for_a_question_that_has_gone_answers_no_other(
    page, console_url, gateway
):
    """What moves under the pointer is not clicked by the second half of a double click."""
    first, second = await ask(gateway, "confirm", "A?"), await ask(gateway, "confirm", "B?")
    await page.goto(f"{console_url}/inbox")
    await page.until(SETTLED)
    before = await page.evaluate("performance.now()")
    await page.click("[value=accept]")
    await page.until(f"document.getElementById('{first.id}') === null")
    assert await page.evaluate("movedAt") > before
    await page.evaluate(
        "movedAt = performance.now(); document.querySelector('[value=accept]').click()"
    )
    assert "look again" in await page.evaluate("document.getElementById('said').innerText")
    await page.until(SETTLED)
    assert [question.id for question in gateway.inbox()] == [second.id]
    await page.click("[value=accept]")
    await state_of(gateway, second, "accepted")


async def test_a_list_grows_around_the_row_that_a_person_is_at(page, console_url, gateway):
    await page.goto(f"{console_url}/runs")
    assert "yet" in await page.evaluate("document.querySelector('#runs .empty').innerText")
    first = await gateway.execute("return 1")
    await page.until(f"document.getElementById('row-{first.id}') !== null")
    assert await page.evaluate("document.querySelector('#runs .empty') === null")
    await page.evaluate(f"document.querySelector('#row-{first.id} a').focus()")
    second = await gateway.execute("return 2")
    await page.until(f"document.getElementById('row-{second.id}') !== null")
    assert await page.evaluate("document.activeElement.closest('tr').id") == f"row-{first.id}"
    for _ in range(50):
        last = await gateway.execute("return 3")
    await page.until(f"document.getElementById('row-{last.id}') !== null")
    await page.until("document.querySelector('#pager') !== null")
    assert await page.evaluate("document.querySelectorAll('#runs tbody tr').length") == 50
    assert await page.evaluate("document.querySelectorAll('#pager').length") == 1
    assert page.console == []


async def test_a_form_and_a_secret_are_filled_in_and_the_secret_leaves_nothing_behind(
    page, console_url, gateway
):
    fields = {
        "type": "object",
        "required": ["city"],
        "properties": {
            "city": {"type": "string"},
            "count": {"type": "integer"},
            "extras": {"type": "array", "items": {"enum": ["food", "toys", "bed"]}},
            "__proto__": {"type": "string"},
        },
    }
    form = await ask(gateway, "form", "Where to?", fields=fields)
    secret = await ask(gateway, "secret", "A token?", credential=CredentialId("crd_t"))
    await page.goto(f"{console_url}/inbox")
    await page.click(f"#{form.id} [value=accept]")
    assert await page.evaluate("document.querySelector(':invalid:not(form)').name") == "field:city"
    await page.type("[name='field:city']", "Bonn")
    await page.type("[name='field:count']", "3")
    await page.type("[name='field:__proto__']", "x")
    for choice in ("food", "bed"):
        await page.click(f"""[name='field:extras'][value='"{choice}"']""")
    await page.click(f"#{form.id} [value=accept]")
    await state_of(gateway, form, "accepted")
    values = gateway.ledger.require(Interaction, form.id).values
    assert values == {"city": "Bonn", "count": 3, "extras": ["food", "bed"], "__proto__": "x"}
    await page.until(f"document.getElementById('{form.id}') === null && {SETTLED}")
    await page.type("[name=secret]", CANARY)
    await page.click(f"#{secret.id} [value=accept]")
    await state_of(gateway, secret, "accepted")
    await page.until("document.querySelector('#asked article') === null")
    assert CANARY not in await page.evaluate("document.documentElement.outerHTML + location.href")
    assert await gateway.broker._vault.get(CredentialId("crd_t")) == CANARY
    assert page.console == []


async def test_a_source_is_added_and_a_refusal_is_told(page, console_url, gateway, pets):
    await page.goto(f"{console_url}/sources")
    await page.type("[name=address]", "not an address")
    await page.click("form button.main")
    await page.until("document.getElementById('said').className === 'bad'")
    await page.evaluate("document.querySelector('[name=address]').value = ''")
    await page.type("[name=address]", f"{pets.url}/openapi.json")
    await page.click("form button.main")
    await page.until("location.pathname.includes('/sources/src_')")
    await page.until("document.body?.innerText.includes('connected')")
    (source,) = gateway.sources.list()
    assert source.tool_count == 4


async def test_hostile_texts_do_nothing_in_a_browser(page, console_url, gateway):
    await ask(gateway, "form", HOSTILE, detail=HOSTILE, fields=FORM)
    run = TaskRun(id="run_e", workspace=gateway.ledger.workspace, code=HOSTILE, client=HOSTILE)
    await gateway.ledger.commit("test", run)
    await gateway.policies.add("*", "ask", reason=HOSTILE)
    for path in ("/", "/inbox", "/runs", "/runs/run_e", "/policies"):
        await page.goto(console_url + path)
        await page.evaluate("renew()")
        assert "owned" not in await page.evaluate("document.title")
        assert await page.evaluate("document.scripts.length") == 1
        assert await page.evaluate("document.images.length") == 1
    assert page.console == []


async def test_no_page_is_wider_than_a_telephone_and_dark_is_dark(
    page, console_url, gateway, pets, next_question
):
    long = "tools.pets." + "very_long_name_" * 30
    run = await gateway.start(f"{pets.add()}x = '{long}'\n" + create("R" * 300))
    await next_question(gateway)
    await ask(gateway, "secret", "W" * 300, detail="W" * 300)
    (source,) = gateway.sources.list()
    await gateway.policies.add("pets." + "x" * 190, "deny", reason="W" * 300)
    paths = ("/", "/inbox", "/runs", f"/runs/{run.id}", "/tools", "/tools/pets.pets.create_pet")
    paths += ("/sources", f"/sources/{source.id}", "/policies")
    await page.look(width=390, height=800, dark=True)
    for path in paths:
        await page.goto(console_url + path)
        assert await page.evaluate("document.documentElement.scrollWidth") == 390, path
        assert (await page.picture()).getpixel((385, 795)) == DARK_PAPER, path


async def test_a_gateway_that_has_gone_is_told(page, gateway):
    async with served_console(gateway) as url:
        await page.goto(f"{url}/inbox")
        assert await page.evaluate("document.getElementById('lost').hidden")
    await page.until("document.getElementById('lost').innerText.includes('cannot be reached')")


async def test_what_a_form_sends_tells_its_origin_and_no_referrer(page, gateway):
    """Whoever serves the console judges requests by their Origin; hiding it would lock us out."""
    seen, inner = [], console_app(gateway)

    async def app(scope, receive, send):
        if scope["method"] == "POST":
            seen.append({name.decode(): value.decode() for name, value in scope["headers"]})
        await inner(scope, receive, send)

    async with served_console(gateway, app) as url:
        await page.goto(f"{url}/policies")
        await page.type("[name=pattern]", "a.*")
        await page.click("form button.main")
        await page.until("document.querySelector('#rules table') !== null")
    assert seen[0]["origin"] == url.removesuffix("/console")
    assert seen[0]["content-type"] == "application/json"
    assert "referer" not in seen[0]


async def test_a_session_that_has_ended_is_told(page, gateway):
    inner, ended = console_app(gateway), []

    async def app(scope, receive, send):
        await (Response(status_code=401) if ended else inner)(scope, receive, send)

    async with served_console(gateway, app) as url:
        await page.goto(f"{url}/inbox")
        ended.append(True)
        await page.until("document.getElementById('lost').innerText.includes('answered 401')")
