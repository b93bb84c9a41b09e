"""One run over all toolsets, offline: a scripted model calls every tool there is."""

import json

from egressnet import reply
from loopback import serve

from executus import Executor, Invocation, Limits, Ports, RunnableAgent
from executus.deliver import CallbackDeliverer
from executus.egress import Egress
from executus.registry import default_registry
from executus.testing import FakeProvider, Reply
from executus.tools import (
    comms_tools,
    compose_tools,
    files_tools,
    meta_tools,
    net_tools,
    store_tools,
    web_tools,
)
from executus.tools.web import SearXNG
from majordomo.models import ModelRegistry

HITS = {"results": [{"title": "Tide tables", "url": "https://a.test/", "content": "high water"}]}
PAGE = "<title>Tides</title><main><h1>Tides</h1><p>High water at six.</p></main>" + "<p>x" * 9


def site(server, head):
    """A page, a search and an API on one loopback server."""
    if b" /search?" in head:
        return reply(200, json.dumps(HITS).encode(), content_type="application/json")
    if b" /api " in head:
        return reply(201, b'{"made":1}', content_type="application/json")
    return reply(200, PAGE.encode(), content_type="text/html; charset=utf-8")


def everything(port, folder, sent):
    """A registry of all toolsets whose tools are known before a run."""
    egress = Egress(allow_hosts=["127.0.0.1", "localhost"])
    registry = default_registry()
    registry.add("web", web_tools(egress, search=SearXNG(f"http://127.0.0.1:{port}")))
    registry.add("net", net_tools(egress))
    registry.add("store", store_tools())
    registry.add("compose", compose_tools())
    registry.add(
        "meta",
        meta_tools(models=["mine/wise"], summary_model="mine/small", agents={"poet": "odes"}),
    )
    registry.add("comms", comms_tools(CallbackDeliverer(sent.append)))
    registry.add("files", files_tools(folder))
    return registry


def calls(port):
    """What the model calls, in order, and words each answer must have."""
    base = f"http://127.0.0.1:{port}"
    step = {"tool": "store.get", "arguments": {"key": "log"}}
    return [
        ("clock.time_now", {}, "+00:00"),
        (
            "clock.time_convert",
            {"time": "2026-03-01T12:00", "from_timezone": "UTC", "to_timezone": "Asia/Tokyo"},
            "21:00",
        ),
        ("calc.calculate", {"expression": "6*7"}, "42"),
        ("store.put", {"key": "log", "value": "one"}, "log"),
        ("store.append", {"key": "log", "text": " two"}, "7 bytes"),
        ("store.get", {"key": "log"}, "one two"),
        ("store.list", {}, "log (7 bytes)"),
        ("compose.pipeline", {"steps": [step]}, "one two"),
        ("compose.render", {"template": "Dear {name}", "values": {"name": "Ann"}}, "Dear Ann"),
        ("compose.join", {"texts": ["a", "b"], "separator": "-"}, "a-b"),
        ("store.delete", {"key": "log"}, "deleted"),
        ("meta.think", {"thought": "so far so good"}, "noted"),
        ("meta.find_tools", {"query": "remember something for later"}, "store.put"),
        ("meta.describe_tool", {"name": "files.grep"}, "JSON Schema"),
        ("meta.call_tool", {"name": "calc.calculate", "arguments": {"expression": "2+2"}}, "4"),
        ("meta.summarise", {"text": "word " * 100, "max_chars": 100}, "in short"),
        ("meta.ask_model", {"prompt": "Why?", "model": "mine/wise"}, "because"),
        ("meta.dispatch", {"agent": "poet", "task": "An ode."}, "O tide"),
        ("web.fetch", {"url": f"{base}/page"}, "High water at six"),
        ("web.search", {"query": "tides"}, "Tide tables"),
        ("net.http_request", {"url": f"{base}/api", "method": "POST", "body": "x"}, "HTTP 201"),
        ("net.dns_lookup", {"name": "localhost"}, "1"),
        ("files.list", {}, "notes.txt"),
        ("files.read", {"path": "notes.txt"}, "high water"),
        ("files.glob", {"pattern": "*.txt"}, "notes.txt"),
        ("files.grep", {"pattern": "high"}, "notes.txt:1:"),
        ("comms.send", {"text": "half way"}, "sent"),
        ("comms.attach", {"name": "a.csv", "text": "x,y"}, "attached a.csv"),
        ("comms.ask_user", {"question": "Which harbour?"}, "the old one"),
    ]


async def test_an_agent_run_over_all_toolsets_works_offline(tmp_path):
    (tmp_path / "notes.txt").write_text("high water at six\n")
    sent, delivered = [], []
    provider, models = FakeProvider(name="mine"), ModelRegistry()
    models.register("mine", provider)
    provider.enqueue("small", "in short")
    provider.enqueue("wise", "because")
    provider.enqueue("p", "O tide")
    poet = RunnableAgent(name="poet", model=provider.model("p"))
    async with serve(site) as server:
        registry = everything(server.port, tmp_path, sent)
        script = calls(server.port)
        replies = [Reply(calls=[(name.replace(".", "__"), given)]) for name, given, _ in script]
        provider.enqueue("m", *replies, "all done")
        agent = RunnableAgent(name="sailor", model=provider.model("m"), tools=["*"])
        result = await Executor(
            models=models,
            registry=registry,
            agents=[agent, poet],
            ports=Ports(delivery=CallbackDeliverer(delivered.append)),
            on_approval=lambda request: "the old one",
        ).run(agent, Invocation("go", limits=Limits(max_steps=len(script) + 1)))
    assert (result.status, result.output) == ("ok", "all done")
    answers = [part for message in result.messages for part in message.tool_results]
    assert [
        (name, answer.text[:300])
        for (name, _, words), answer in zip(script, answers, strict=True)
        if answer.is_error or words not in answer.text
    ] == []
    assert {name for name, _, _ in script} == set(registry.names)
    assert [parcel.text for parcel in sent] == ["half way"]
    assert [one.name for one in delivered[-1].attachments] == ["a.csv"]
