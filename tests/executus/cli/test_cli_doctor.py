"""`executus doctor`: planted mistakes are found, each with its fix; a good set-up is left alone."""

import json
import struct
import threading
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import urlsplit

import pytest
from commandline import TOKEN, executus_sync

from executus.cli.doctor.finding import Patient
from executus.cli.doctor.place import examine_place
from executus.cli.doctor.reach import examine_endpoints
from majordomo.builtin import default_registry
from majordomo.http import TransportError

pytestmark = pytest.mark.slow

GOOD = {"EXECUTUS_MODEL": "fake", "LLM_DEAD": ""}
KEY = "sk-canary-7f3"


def doctor(*arguments, **env):
    done = executus_sync("doctor", *arguments, env={**GOOD, **env})
    told = done.stdout.decode()
    assert KEY not in told
    assert TOKEN not in told
    assert b"Traceback" not in done.stderr
    return done.returncode, told


@pytest.fixture
def place(tmp_path):
    """Files with mistakes in them."""
    agents = tmp_path / "agents"
    agents.mkdir()
    (agents / "README.md").write_text("# Not an agent")
    (agents / "guide.md").write_text("---\nmodel: fake\ntols: [calc.*]\n---\nHelp.")
    (agents / "adder.toml").write_text('model = "fake"\n\ntools = ["clac.*"]\n')
    (tmp_path / "notes.db").write_text("shopping list: milk, eggs")
    (tmp_path / "servers.json").write_text(
        json.dumps({"mcpServers": {"w": {"command": "no-such-program-9c", "env": {"T": TOKEN}}}})
    )
    (tmp_path / "broken.json").write_text(json.dumps({"mcpServers": {"w": {"args": [TOKEN]}}}))
    head = bytearray(b"SQLite format 3\0".ljust(100, b"\0"))
    head[60:64] = struct.pack(">I", 999)
    return tmp_path


BOX = f"openai-compatible://{TOKEN}@127.0.0.1:9?tls=0"
PLANTED = {
    "a key in quotes": ({"OPENAI_API_KEY": f"'{KEY}'"}, "OPENAI_API_KEY", "to the key alone"),
    "another vendor's key": (
        {"OPENAI_API_KEY": f"sk-ant-{KEY}"}, "ANTHROPIC_API_KEY would", "set ANTHROPIC_API_KEY"),
    "a misspelt variable": (
        {"ANTROPIC_API_KEY": KEY}, "ANTROPIC_API_KEY", "mean ANTHROPIC_API_KEY?"),
    "two keys that differ": (
        {"GOOGLE_API_KEY": KEY, "GEMINI_API_KEY": f"{KEY}x"},
        "differs from", "unset GEMINI_API_KEY"),
    "a declaration that hides a key": (
        {"OPENAI_API_KEY": KEY, "LLM_OPENAI": f"openai://{TOKEN}@h.test"},
        "OPENAI_API_KEY is not used", "give LLM_OPENAI another name"),
    "a broken declaration": (
        {"LLM_BOX": f"opnai://{TOKEN}@h.test"},
        "did you mean 'openai'", "LLM_BOX=scheme://token@host"),
    "a server that is down": ({"LLM_BOX": BOX}, "http://127.0.0.1:9/v1", "start the server"),
    "an alias cycle": ({"LLM_A": "b", "LLM_B": "a"}, "a -> b -> a", "set LLM_A to provider/model"),
    "a model nobody knows": (
        {"EXECUTUS_MODEL": "fakee"}, "did you mean 'fake'", "set EXECUTUS_MODEL"),
    "a model without its key": (
        {"EXECUTUS_MODEL": "openai/m"}, "set OPENAI_API_KEY", "set EXECUTUS_MODEL to"),
    "a tier nobody knows": ({"EXECUTUS_TIER_FAST": "nobody/m"}, "'nobody/m'", "EXECUTUS_TIER_FAST"),
    "a tier with a token": ({"EXECUTUS_TIER_FAST": BOX}, "is a URL", "LLM_<NAME>="),
    "a bound that is no number": (
        {"EXECUTUS_MAX_STEPS": "ten"}, "is 'ten', so no run", "write a whole number"),
    "a bound that is no duration": (
        {"EXECUTUS_MAX_RUNTIME": "5 minutes"}, "EXECUTUS_MAX_RUNTIME", "such as 30s, 5m"),
    "a lane that is no number": (
        {"EXECUTUS_LANE_OPENAI": "many"}, "EXECUTUS_LANE_OPENAI", "write a whole number"),
    "a misspelt bound": (
        {"EXECUTUS_MAX_STEP": "5"}, "EXECUTUS_MAX_STEP", "mean EXECUTUS_MAX_STEPS?"),
    "a misspelt declaration": (
        {"LLM_OPENAI_KEYY": KEY}, "LLM_OPENAI_KEYY: declares nothing", "mean OPENAI_API_KEY?"),
    "an address of one call": (
        {"OPENAI_BASE_URL": "https://h.test/v1/chat/completions"}, "of one call", "leave the last"),
    "a proxy that cannot be used": (
        {"ALL_PROXY": "socks5://p.test"}, "ALL_PROXY", "http://host:port"),
    "a proxy before this machine": (
        {"HTTP_PROXY": "http://127.0.0.1:9", "LLM_BOX": BOX},
        "through the proxy", "NO_PROXY=127.0.0.1"),
    "an encoding without most characters": (
        {"PYTHONIOENCODING": "latin-1"}, "iso8859-1", "PYTHONIOENCODING=utf-8"),
    "certificates that are gone": (
        {"SSL_CERT_FILE": "/nowhere.pem"}, "/nowhere.pem", "unset SSL_CERT"),
    "agents with mistakes": (
        {"EXECUTUS_AGENTS": "{place}/agents"}, "guide.md, line 3: tols", "mend line 3"),
    "an agent whose tools are none": (
        {"EXECUTUS_AGENTS": "{place}/agents"},
        "adder.toml, line 3: tools", "did you mean 'calc.*'"),
    "a folder that is none": (
        {"EXECUTUS_AGENTS": "{place}/agnts"}, "is no folder", "EXECUTUS_AGENTS"),
    "a server's program that is missing": (
        {"EXECUTUS_MCP": "{place}/servers.json"}, "no-such-program-9c", "full path"),
    "a server without an address": (
        {"EXECUTUS_MCP": "{place}/broken.json"}, "either a command or a url", "mend "),
    "a store that is no database": (
        {"EXECUTUS_STORE": "sqlite:///{place}/notes.db"}, "is not a database", "name another file"),
    "a store in no folder": (
        {"EXECUTUS_STORE": "sqlite:///{place}/gone/runs.db"}, "gone is missing", "mkdir -p"),
    "a store of no kind": (
        {"EXECUTUS_STORE": "redis://h"}, "no store for redis", "set EXECUTUS_STORE"),
}  # fmt: skip


@pytest.mark.parametrize("mistake", PLANTED)
def test_a_planted_mistake_is_found_with_its_fix(mistake, place):
    env, says, fix = PLANTED[mistake]
    code, told = doctor(**{name: value.format(place=place) for name, value in env.items()})
    assert code == 1
    assert any(says in line and fix in line for line in told.splitlines()), told


def test_a_good_set_up_has_nothing_wrong(tmp_path):
    agents = tmp_path / "agents"
    agents.mkdir()
    (agents / "adder.md").write_text("---\nmodel: fake\ntools: [calc.*]\n---\nAdd.")
    with answering() as url:
        code, told = doctor(
            EXECUTUS_AGENTS=str(agents),
            OPENAI_API_KEY=KEY,
            EXECUTUS_MAX_RUNTIME="10m",
            EXECUTUS_TIER_FAST="openai/m,fake",
            LLM_BOX=f"openai-compatible://{TOKEN}@{url}?tls=0",
            EXECUTUS_SECRET_GITHUB=TOKEN,
            EXECUTUS_TIER_MINE="fake",
            EXECUTUS_LANE_OLLAMA_CLOUD="2",
            LLM_MINE="fast",
        )
    assert (code, told) == (0, "nothing wrong\n")


class answering:
    """A server whose clock is off; counts what it is asked."""

    def __init__(self, skew_s=0):
        self.skew, self.asked = timedelta(seconds=skew_s), []

    def __enter__(self):
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                outer.asked.append(dict(self.headers))
                self.send_response_only(404)
                date = datetime.now(UTC) + outer.skew
                self.send_header("Date", format_datetime(date, usegmt=True))
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()
        return f"127.0.0.1:{self.server.server_port}"

    def __exit__(self, *_):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


def test_a_clock_that_is_off_is_noticed_and_no_key_is_sent_for_it():
    server = answering(skew_s=3600)
    with server as url:
        code, told = doctor("--json", LLM_BOX=f"openai-compatible://{TOKEN}@{url}?tls=0")
    [finding] = [json.loads(line) for line in told.splitlines()]
    assert (code, finding["about"], finding["level"]) == (1, "LLM_BOX", "problem")
    assert "NTP" in finding["fix"]
    [headers] = server.asked
    assert TOKEN not in str(headers)


class Refusing:
    """A transport that reaches nobody, and says who was to be reached."""

    def __init__(self):
        self.asked = []

    async def open(self, request):
        self.asked.append(request)
        raise TransportError("refused", code="connect_failed")

    async def aclose(self):
        pass


@pytest.mark.parametrize(
    ("online", "asked"), [(False, ["127.0.0.1"]), (True, ["127.0.0.1", "far"])]
)
async def test_other_machines_are_dialled_only_when_told_to(online, asked):
    environ = {
        "LLM_A": f"openai-compatible://{TOKEN}@127.0.0.1",
        "LLM_B": f"openai-compatible://{TOKEN}@far",
        "OPENAI_API_KEY": "",
    }
    patient = Patient(environ=environ, registry=default_registry(environ), online=online)
    transport = Refusing()
    findings = [one async for one in examine_endpoints(patient, transport=transport)]
    hosts = [urlsplit(request.url).hostname for request in transport.asked]
    assert sorted(host for host in hosts if host in ("127.0.0.1", "far")) == asked
    assert online or len(hosts) == 1
    assert len(findings) == len(hosts)
    assert all(request.headers == () for request in transport.asked)


def test_a_note_is_no_problem(tmp_path):
    code, told = doctor(EXECUTUS_STORE=f"sqlite:///{tmp_path}/runs.db")
    assert code == 0
    assert told.startswith("· EXECUTUS_STORE")
    assert not (tmp_path / "runs.db").exists()


NOTED = {
    "what another program may read": (
        {"LLM_VERBOSITY": "loud"}, "LLM_VERBOSITY", "unless another program reads it"),
    "a vendor's other variable": (
        {"GOOGLE_MAPS_API_KEY": KEY}, "is not read by executus", "if GOOGLE_API_KEY is meant"),
    "what a program of one's own may read": (
        {"EXECUTUS_ALLOWANCE": "5"}, "is not read by executus", "unless your program does"),
    "a name beside the one that is meant": (
        {"EXECUTUS_MAX_STEPS": "5", "EXECUTUS_MAX_STEP": "9"}, "EXECUTUS_MAX_STEP:", "unset it"),
    "a misspelt tier": (
        {"EXECUTUS_TIER_FATS": "fake"}, "EXECUTUS_TIER_FATS", "mean EXECUTUS_TIER_FAST?"),
    "a misspelt lane": (
        {"EXECUTUS_LANE_OPENIA": "2"}, "EXECUTUS_LANE_OPENIA", "mean EXECUTUS_LANE_OPENAI?"),
    "a lane of nobody": (
        {"EXECUTUS_LANE_QQQ": "2"}, "EXECUTUS_LANE_QQQ", "name a provider"),
}  # fmt: skip


@pytest.mark.parametrize("name", NOTED)
def test_a_name_that_may_be_anothers_is_noted(name):
    env, says, fix = NOTED[name]
    code, told = doctor(**env)
    assert code == 0
    [line] = told.splitlines()
    assert line.startswith("· ")
    assert says in line
    assert fix in line


def test_an_old_interpreter_is_named():
    patient = Patient(environ={}, registry=default_registry({}))
    [finding] = examine_place(patient, python=(3, 9))
    assert "3.11" in finding.fix
    assert list(examine_place(patient)) == []
