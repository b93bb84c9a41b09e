"""Nothing that a tool, a model, a source or a spec says acts on a page, in any field."""

import re
from importlib.resources import files
from urllib.parse import quote

import pytest
from executus_gateway.schema import (
    AuthScheme,
    CallRecord,
    CredentialRef,
    Interaction,
    Outcome,
    RunProblem,
    TaskRun,
)
from executus_gateway.service import place_of
from hostile import DOCUMENT, FORM, HOSTILE, SEEN
from pagereader import KNOWN
from pydantic_core import to_json

from executus.testing import JSONAnswer, LoopbackServer

TEMPLATES = sorted(files("executus_gateway.web").joinpath("templates").iterdir(), key=str)


@pytest.fixture
async def hostile_gateway(gateway):
    """One whose every record holds hostile text wherever it may hold text."""
    ledger, workspace = gateway.ledger, gateway.ledger.workspace
    async with LoopbackServer(lambda request: JSONAnswer(body=DOCUMENT)) as server:
        await gateway.sources.add(
            place_of({"openapi": f"{server.url}/openapi.json"}), namespace="evil"
        )
        await gateway.sources.add(
            place_of({"command": HOSTILE, "args": [HOSTILE], "env": {HOSTILE: HOSTILE}})
        )
        source = gateway.sources.list()[0]
        scheme = AuthScheme(name=HOSTILE + "2", placement="header", key=HOSTILE, hint=HOSTILE)
        arguments = to_json({HOSTILE: HOSTILE, "many": f"{HOSTILE}\n" * 40}).decode()
        call = CallRecord(
            id="run_e.1",
            run="run_e",
            path=HOSTILE,
            arguments=arguments,
            state="failed",
            preview=to_json({HOSTILE: HOSTILE}).decode(),
            ended_ms=5,
        )
        common = {"workspace": workspace, "title": HOSTILE, "detail": HOSTILE, "run": "run_e"}
        await ledger.commit(
            "test",
            TaskRun(
                id="run_e",
                workspace=workspace,
                code=f"{HOSTILE}\n{HOSTILE}",
                client=HOSTILE,
                state="failed",
                outcome=Outcome(
                    value={HOSTILE: [HOSTILE]},
                    emitted=(HOSTILE, {HOSTILE: 1}),
                    printed=HOSTILE,
                    problem=RunProblem(kind="exception", message=HOSTILE),
                ),
                ended_ms=9,
            ),
            call,
            call.model_copy(update={"id": "run_e.2", "arguments": HOSTILE, "preview": HOSTILE}),
            CredentialRef(id="crd_e", source=source.id, scheme=scheme, label=HOSTILE),
            source.model_copy(update={"problem": HOSTILE, "state": "error"}),
            *(
                Interaction(id=f"ask_{kind}", kind=kind, call="run_e.1", path=HOSTILE, **common)
                for kind in ("approval", "confirm", "secret")
            ),
            Interaction(id="ask_form", kind="form", fields=FORM, **common),
            Interaction(
                id="ask_done",
                kind="approval",
                call="run_e.1",
                state="declined",
                note=HOSTILE,
                answered_by=HOSTILE,
                **common,
            ),
        )
        await gateway.policies.add("evil.*", "deny", reason=HOSTILE)
        yield gateway


def tool_of(gateway):
    return next(found.path for found in gateway.sources.catalogs.all())


async def test_hostile_texts_stay_texts_on_every_page(console, hostile_gateway):
    first, second = (source.id for source in hostile_gateway.sources.list())
    paths = {
        "/": 3,
        "/inbox": 20,
        "/runs": 2,
        "/runs/run_e": 12,
        "/tools": 1,
        "/sources": 1,
        f"/sources/{first}": 4,
        f"/sources/{second}": 1,
        "/policies": 1,
        f"/tools/{tool_of(hostile_gateway)}": 5,
    }
    for path, least in paths.items():
        page = await console.page(path)
        assert page.names <= KNOWN, path
        assert len(page.all("script")) == 1
        assert page.text.count(SEEN) >= least, (path, page.text.count(SEEN))
        for tag, attrs in page.elements:
            assert not any(key.startswith("on") for key in attrs), (path, tag, attrs)
            for key in ("href", "src", "action"):
                assert attrs.get(key, "/").startswith(("/console/", "?", "#", "/")), (path, attrs)
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u200b]", page.html), path
        assert "62615533" not in page.text, "nobody evaluates what looks like a template"


async def test_hostile_words_in_an_address_stay_words(console):
    for path in ("/tools?q=", "/tools?source=", "/policies?path=", "/runs?state=", "/runs?page="):
        page = await console.page(path + quote(HOSTILE))
        assert page.names <= KNOWN
        assert len(page.all("script")) == 1
    for path in ("/runs/", "/sources/", "/tools/"):
        page = await console.page(path + quote(HOSTILE, safe=""), 404)
        assert page.names <= KNOWN


async def test_what_cannot_be_seen_is_told_by_its_code(console, hostile_gateway):
    page = await console.page("/runs/run_e")
    assert "⟨U+001B⟩[2J⟨U+202E⟩evil⟨U+200B⟩" in page.text


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda found: found.name)
def test_no_template_switches_escaping_off(template):
    text = template.read_text(encoding="utf-8")
    assert not re.search(
        r"\|\s*(safe|tojson|urlize|xmlattr|striptags)\b|autoescape|<style|\son\w+=", text
    )
    unquoted = re.findall(r"\s[a-z-]+=\{\{", text)
    assert unquoted == [], "a value of an attribute stands in quotes"
    assert text.count("<script") == (1 if template.name == "layout.html" else 0)


def test_the_script_writes_no_markup_and_loads_nothing_foreign():
    script = files("executus_gateway.web").joinpath("static", "console.js").read_text("utf-8")
    assert not re.search(
        r"innerHTML|insertAdjacentHTML|document\.write|eval|Function\(|import|https?:", script
    )
