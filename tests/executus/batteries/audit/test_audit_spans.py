"""Spans bear the names and times that the GenAI conventions ask for."""

import warnings

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from executus import Executor, Invocation, Ports, RunnableAgent
from executus.batteries.audit import AuditLog, otel_sink
from executus.batteries.audit.otel import OTelSink
from executus.errors import SetupError
from majordomo.llm import ToolContext, Usage, tool
from majordomo.providers.fake import FakeProvider, Reply

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # the conventions are about to move to a package of their own
    from opentelemetry.semconv._incubating.attributes import gen_ai_attributes
    from opentelemetry.semconv.attributes import error_attributes

KNOWN = {
    getattr(module, name)
    for module in (gen_ai_attributes, error_attributes)
    for name in dir(module)
    if name.isupper() and isinstance(getattr(module, name), str)
}


@tool
async def fail() -> str:
    """Fail."""
    raise ValueError("no such thing")


async def spans_of(*, content=False):
    exporter = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    audit = AuditLog(sinks=[OTelSink(provider.get_tracer("t"), content=content)])
    fake = FakeProvider()
    usage = Usage(input=3, output=2, requests=1)
    fake.enqueue("m", Reply(calls=[("fail", {})], usage=usage), Reply(text="done", usage=usage))
    agent = RunnableAgent(name="helper", model=fake.model("m"), tools=[fail])
    await Executor(ports=Ports(audit=audit)).run(agent, Invocation("go", run_id="r"))
    provider.shutdown()
    return exporter.get_finished_spans()


async def test_a_run_is_one_tree_of_spans():
    spans = await spans_of()
    root = next(span for span in spans if span.name == "invoke_agent helper")
    names = sorted(span.name for span in spans)
    assert names == ["chat m", "chat m", "execute_tool fail", "invoke_agent helper"]
    for span in spans:
        if span is not root:
            assert span.parent.span_id == root.context.span_id
            assert root.start_time <= span.start_time <= span.end_time <= root.end_time
    assert root.attributes["gen_ai.usage.input_tokens"] == 6
    assert {s.kind for s in spans if s.name == "chat m"} == {SpanKind.CLIENT}


async def test_a_dispatched_run_stands_below_the_one_that_waited_for_it():
    exporter = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    sink = OTelSink(provider.get_tracer("t"))

    @tool
    async def send(context: ToolContext) -> str:
        """Dispatch."""
        return str((await context.run.dispatch("child", "go")).output)

    fake = FakeProvider()
    fake.enqueue("m", Reply(calls=[("send", {})]), "done")
    agent = RunnableAgent(name="helper", model=fake.model("m"), tools=[send])
    child = RunnableAgent(name="child", model="fake")
    ports = Ports(audit=AuditLog(sinks=[sink]))
    await Executor(agents=[child], ports=ports).run(agent, "go")
    provider.shutdown()
    spans = {span.name: span for span in exporter.get_finished_spans()}
    above, below = spans["invoke_agent helper"], spans["invoke_agent child"]
    assert above.parent is None
    assert below.parent.span_id == above.context.span_id
    assert below.context.trace_id == above.context.trace_id
    assert sink._open == sink._dispatched == {}
    assert sink._going == set()


async def test_a_run_that_failed_is_an_error():
    exporter = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    audit = AuditLog(sinks=[OTelSink(provider.get_tracer("t"))])
    fake = FakeProvider()
    fake.enqueue("m", ValueError("no"))
    agent = RunnableAgent(name="helper", model=fake.model("m"))
    await Executor(ports=Ports(audit=audit)).run(agent, "go")
    provider.shutdown()
    (span,) = [each for each in exporter.get_finished_spans() if each.parent is None]
    assert span.status.status_code is StatusCode.ERROR
    assert span.attributes["error.type"] == span.attributes["executus.run.status"] == "failed"


async def test_every_attribute_is_one_of_the_conventions_or_ours():
    for span in await spans_of(content=True):
        for name in span.attributes:
            assert name in KNOWN or name.startswith("executus."), name
        operation = span.attributes["gen_ai.operation.name"]
        assert operation in {each.value for each in gen_ai_attributes.GenAiOperationNameValues}


async def test_a_failed_call_is_an_error_and_content_goes_along_only_when_asked_for():
    for content in (False, True):
        spans = await spans_of(content=content)
        call = next(span for span in spans if span.name.startswith("execute_tool"))
        assert call.status.status_code is StatusCode.ERROR
        assert call.attributes["error.type"] == "error"
        assert ("gen_ai.tool.call.result" in call.attributes) is content


def test_without_the_extra_it_is_one_sentence(monkeypatch):
    assert isinstance(otel_sink(), OTelSink)

    def missing(name):
        raise ModuleNotFoundError(name)

    monkeypatch.setattr("executus.batteries.audit.tracing.import_module", missing)
    with pytest.raises(SetupError, match=r"pip install 'executus\[otel\]'"):
        otel_sink()
