"""What each page says, and how it is sent."""

import json

import httpx2
import pytest
from executus_gateway.schema import Answer, CallRecord, Interaction, TaskRun
from executus_gateway.web import console_routes
from starlette.applications import Starlette
from starlette.routing import Mount

CREATE = "return tools.pets.pets.create_pet(body={'name': 'Rex', 'note': 'a\\nb'})"
PAGES = ("/", "/inbox", "/runs", "/tools", "/sources", "/policies")
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)


@pytest.mark.parametrize(
    "path",
    [*PAGES, "/runs/run_0", "/act/inbox.answer", "/static/console.js", "/static/console.css"],
)
async def test_whatever_is_sent_forbids_what_the_console_does_not_need(console, path):
    answer = await (console.client.post(f"/console{path}") if "act" in path else console.get(path))
    assert answer.headers["content-security-policy"] == POLICY
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("path", PAGES)
async def test_an_empty_gateway_has_all_pages_and_no_inline_script_or_style(console, path):
    page = await console.page(path)
    assert page.all("script") == [{"src": "/console/static/console.js", "defer": None}]
    assert not any(
        "style" in attrs or key.startswith("on") for _, attrs in page.elements for key in attrs
    )
    assert "style" not in page.names
    assert len(page.all("a", aria_current="page")) == 1


async def test_every_input_has_a_label_and_every_table_a_name(console, gateway, pets):
    await gateway.execute(pets.add())
    for path in (*PAGES, f"/sources/{gateway.sources.list()[0].id}"):
        html = (await console.get(path)).text
        page = await console.page(path)
        named = {attrs["for"] for attrs in page.all("label") if "for" in attrs}
        for tag in ("input", "select", "textarea"):
            for attrs in page.all(tag):
                if attrs.get("type") == "hidden" or attrs.get("id") in named:
                    continue
                assert _inside_label(html, attrs["name"]), attrs
        for attrs in page.all("div", class_="table"):
            assert attrs.get("aria-label") or attrs.get("aria-labelledby")


def _inside_label(html, name):
    before = html.partition(f' name="{name}"')[0]
    return before.rfind("<label") > before.rfind("</label>")


async def test_the_overview_tells_what_waits_runs_and_is_wrong(
    console, gateway, pets, next_question
):
    assert "Add the first source" in (await console.page("/")).text
    run = await gateway.start(pets.add() + CREATE, client="claude")
    await next_question(gateway)
    pets.secured = True
    await gateway.sources.refresh("pets")
    page = await console.page("/")
    for text in ("Allow pets.pets.create_pet?", "auth required", "it wants a credential", "claude"):
        assert text in page.text
    assert page.all("a", href=f"/console/runs/{run.id}")


async def test_an_approval_shows_the_tool_the_reason_and_every_argument(
    console, gateway, pets, next_question
):
    await gateway.start(pets.add() + CREATE, client="claude")
    asked = await next_question(gateway)
    page = await console.page("/inbox")
    for text in (
        *("Call pets.pets.create_pet?", '"name": "Rex"', '"note": "a\\nb"', "of claude"),
        *("no rule matches", "write", "Create a pet", "1 question waiting for you", "(1) Inbox"),
    ):
        assert text in page.text, text
    assert page.all("article", id=asked.id)


async def test_an_approval_of_more_than_is_kept_says_that_not_all_is_seen(
    console, gateway, pets, next_question
):
    await gateway.start(
        pets.add() + "return tools.pets.pets.create_pet(body={'name': 'x' * 30000})"
    )
    await next_question(gateway)
    assert "You do not see all that would be sent." in (await console.page("/inbox")).text


async def test_an_argument_of_many_lines_says_that_there_is_more_to_see(console, gateway):
    call = CallRecord(
        id="run_1.1", run="run_1", path="a.b", arguments=json.dumps({"x": "y\n" * 300})
    )
    asked = {"id": "ask_1", "workspace": gateway.ledger.workspace, "kind": "approval"}
    await gateway.ledger.commit("test", call, Interaction(title="Long?", call=call.id, **asked))
    page = await console.page("/inbox")
    assert "301 lines: scroll to see all" in page.text
    assert page.all("pre", class_="scrolled", tabindex="0")


async def test_a_change_of_the_gateway_itself_is_marked_as_one(console, gateway, next_question):
    run = await gateway.start("return tools.executor.policies.add(pattern='*', action='allow')")
    await next_question(gateway)
    page = await console.page("/inbox")
    for text in ("changes this gateway", "Call executor.policies.add?", "Add a rule", '"allow"'):
        assert text in page.text, text
    await gateway.cancel(run.id)


async def test_a_run_tells_its_code_calls_pauses_output_and_outcome(
    console, gateway, pets, answering
):
    code = pets.add() + "emit('<i>hello</i>')\nprint('printed')\n" + CREATE
    async with answering(gateway, "accept"):
        run = await gateway.execute(code, client="claude")
    page = await console.page(f"/runs/{run.id}")
    for text in (
        *("completed", "asked by claude", "executor.sources.add", "pets.pets.create_pet"),
        *("succeeded", "Allow pets.pets.create_pet?", "accepted", "by host", '"name": "Rex"'),
        *("<i>hello</i>", "printed", "Returned to the model", "waiting included"),
    ):
        assert text in page.text, text
    assert "End this run" not in page.text


async def test_a_failed_run_tells_why(console, gateway):
    run = await gateway.execute("return 1 / 0")
    page = await console.page(f"/runs/{run.id}")
    assert "Ended by exception." in page.text
    assert "ZeroDivisionError" in page.text


async def test_a_long_value_is_folded_behind_its_first_line(console, gateway):
    run = await gateway.execute("return 'x' * 5000")
    page = await console.page(f"/runs/{run.id}")
    assert "5002 characters" in page.text
    assert page.all("details", class_="fold")


async def test_runs_are_listed_latest_first_on_pages_and_by_state(console, gateway):
    for number in range(120):
        state = "failed" if number % 2 else "completed"
        await gateway.ledger.commit(
            "run.ended",
            TaskRun(
                id=f"run_{number}",
                workspace=gateway.ledger.workspace,
                code=f"return {number}",
                state=state,
                created_ms=1000 + number,
            ),
        )
    first, last = await console.page("/runs"), await console.page("/runs?page=3")
    assert "return 119" in first.text
    assert "return 69" not in first.text
    assert "Page 1 of 3" in first.text
    assert "return 0" in last.text
    assert first.all("a", rel="next", href="?page=2")
    failed = await console.page("/runs?state=failed&page=2")
    assert "Page 2 of 2" in failed.text
    assert "return 1" in failed.text
    assert failed.all("a", rel="prev", href="?state=failed&page=1")
    assert "Page 3 of 3" in (await console.page("/runs?page=99")).text
    assert "Page 1 of 3" in (await console.page("/runs?page=-1%20or%201")).text


async def test_calls_of_a_long_run_are_in_order_and_on_pages(console, gateway):
    run = await gateway.execute("return 1")
    calls = [
        CallRecord(id=f"{run.id}.{number}", run=run.id, path=f"a.call_{number}", state="succeeded")
        for number in range(1, 251)
    ]
    await gateway.ledger.commit("call.ended", *calls)
    page = await console.page(f"/runs/{run.id}")
    assert [attrs["id"] for attrs in page.all("article")] == [f"call-{n}" for n in range(1, 101)]
    assert "Page 1 of 3" in page.text


async def test_tools_are_found_by_words_and_by_source_with_their_policy(console, gateway, pets):
    await gateway.execute(pets.add())
    await gateway.policies.add("pets.*.delete*", "deny", reason="never")
    page = await console.page("/tools")
    assert "4 tools" in page.text
    assert "pets.pets.delete_pet" in page.text, "a person sees what a model may not"
    assert page.all("span", class_="state deny")
    found = await console.page("/tools?q=list+pets")
    assert "pets.pets.list_pets" in found.text
    assert "Nothing fits" in (await console.page("/tools?q=submarine")).text
    assert "have no tools" in (await console.page("/tools?source=nobody")).text


async def test_a_tool_has_its_schema_its_policy_and_what_it_beat(console, gateway, pets):
    await gateway.execute(pets.add())
    await gateway.policies.add("pets.*", "ask")
    await gateway.policies.add("pets.*.delete*", "deny", reason="never")
    page = await console.page("/tools/pets.pets.delete_pet")
    for text in ("deny", "never", "pets.*.delete*", "pet_id", "required", '"type": "object"'):
        assert text in page.text, text
    assert "Also matched" in page.text


async def test_an_explanation_is_readable_without_script(console, gateway, pets):
    await gateway.execute(pets.add())
    page = await console.page("/policies?path=tools.pets.pets.create_pet")
    assert "no rule matches" in page.text
    assert (
        "there is no tool pets.nothing" in (await console.page("/policies?path=pets.nothing")).text
    )


async def test_a_source_has_its_state_its_place_and_its_problem(console, gateway):
    await console.send("sources.add", kind="mcp", address="http://127.0.0.1:9/x", namespace="gone")
    page = await console.page("/sources")
    for text in ("gone", "MCP server", "http://127.0.0.1:9/x", "error", "0 tools", "not available"):
        assert text in page.text, text


@pytest.mark.parametrize("path", ["/runs/run_0", "/sources/src_0", "/tools/no.such"])
async def test_what_there_is_not_is_said_with_the_way_back(console, path):
    page = await console.page(path, 404)
    assert "there is no" in page.text
    assert page.all("a", href="/console/")


async def test_a_page_that_has_not_changed_is_not_sent_again(console, gateway):
    first = await console.get("/runs")
    same = await console.get("/runs", headers={"if-none-match": first.headers["etag"]})
    assert (same.status_code, same.content) == (304, b"")
    await gateway.execute("return 1")
    other = await console.get("/runs", headers={"if-none-match": first.headers["etag"]})
    assert other.status_code == 200


async def test_answered_questions_stay_readable(console, gateway, pets, next_question):
    run = await gateway.start(pets.add() + CREATE)
    asked = await next_question(gateway)
    await gateway.answer(asked.id, Answer(verdict="decline", note="not today", channel="terminal"))
    await gateway.wait(run.id)
    page = await console.page("/inbox")
    for text in ("Nothing waits for you.", "declined", "terminal", "not today"):
        assert text in page.text, text


async def test_a_fault_of_ours_is_a_number_and_nothing_else(console, gateway, monkeypatch, caplog):
    def broken():
        raise RuntimeError("kanarienvogel")

    monkeypatch.setattr(gateway.policies, "list", broken)
    page = await console.page("/policies", 500)
    assert "its log has fault" in page.text
    assert "kanarienvogel" not in page.html
    assert "kanarienvogel" in caplog.text


async def test_the_console_works_below_any_path(gateway):
    nested = Mount("/a/b", routes=[Mount("/c", routes=console_routes(gateway))])
    for app, root in (
        (Starlette(routes=[nested]), "/a/b/c"),
        (Starlette(routes=console_routes(gateway)), ""),
    ):
        transport = httpx2.ASGITransport(app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://h") as client:
            html = (await client.get(f"{root}/inbox")).text
            assert f'href="{root}/static/console.css"' in html
            assert (await client.get(f"{root}/static/console.css")).status_code == 200
            assert f'href="{root}/runs"' in html
