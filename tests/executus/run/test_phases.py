"""A run of several phases: each has its own model and tools, and reads what came before."""

from dataclasses import dataclass

import pytest

from executus import Executor, Invocation, Limits, RunnableAgent, RunStatus
from executus.run import Phase
from majordomo.errors import APIError, ErrorKind
from majordomo.llm import tool, user
from majordomo.providers.fake import FakeProvider, Reply


@tool(inline=True)
def look(n: int) -> int:
    """Look something up."""
    return n * 2


@dataclass
class Plan:
    """What to do."""

    steps: list[str]


def pipeline(provider, *work):
    provider.enqueue("planner", Reply(text='{"steps": ["a", "b"]}'))
    provider.enqueue("worker", *(work or (Reply(calls=[("look", {"n": 21})]), "found 42")))
    provider.enqueue("writer", "42")
    return RunnableAgent(
        name="report",
        instructions="Be brief.",
        model=provider.model("writer"),
        tools=[look],
        output=int,
        phases=[
            Phase(name="plan", model=provider.model("planner"), tools=[], output=Plan),
            Phase(name="work", instructions="Follow the plan.", model=provider.model("worker")),
            Phase(name="write", tools=[]),
        ],
    )


async def test_each_phase_has_its_own_model_tools_and_instructions():
    provider, events = FakeProvider(), []
    agent = pipeline(provider)
    result = await Executor(on_event=events.append).run(agent, "the answer?")
    assert result.answer == 42
    asked = [(model, [t.name for t in r.tools], r.system) for model, r in provider.requests]
    assert asked == [
        ("planner", [], "Be brief."),
        ("worker", ["look"], "Be brief.\n\nFollow the plan."),
        ("worker", ["look"], "Be brief.\n\nFollow the plan."),
        ("writer", [], "Be brief."),
    ]
    phases = [(e.index, e.name) for e in events if e.kind == "phase"]
    assert phases == [(0, "plan"), (1, "work"), (2, "write")]


async def test_later_phases_read_what_was_asked_and_what_was_answered():
    provider = FakeProvider()
    await Executor().run(pipeline(provider), Invocation("why?", history=(user("earlier"),)))
    told = [m.text for m in provider.requests[-1][1].messages]
    assert told[0] == "earlier"
    assert told[1].startswith("why?")
    assert '<answer phase="plan">\n{"steps":["a","b"]}\n</answer>' in told[1]
    assert '<answer phase="work">\nfound 42\n</answer>' in told[1]


async def test_transcript_steps_and_usage_are_of_the_whole_run():
    provider = FakeProvider()
    result = await Executor().run(pipeline(provider), Invocation("why?", history=(user("then"),)))
    assert [m.role for m in result.messages] == [
        *("user", "user", "assistant"),
        *("user", "assistant", "tool", "assistant"),
        *("user", "assistant"),
    ]
    assert [step.index for step in result.steps] == [0, 1, 2, 3]
    assert result.usage.requests == 4
    assert result.tool_calls == 1


async def test_the_step_limit_counts_over_all_phases():
    provider = FakeProvider()
    result = await Executor(defaults=Limits(max_steps=2)).run(pipeline(provider), "go")
    assert result.status is RunStatus.MAX_STEPS
    assert len(result.steps) == 2


async def test_a_phase_that_fails_ends_the_run_and_keeps_the_earlier_ones():
    provider = FakeProvider()
    agent = pipeline(provider, APIError("down", provider="p", model="m", kind=ErrorKind.PERMANENT))
    result = await Executor().run(agent, "go")
    assert result.status is RunStatus.FAILED
    assert result.messages[1].text == '{"steps": ["a", "b"]}'
    assert result.usage.requests == 1


@pytest.mark.parametrize(
    ("phases", "says"),
    [
        ([Phase(name="a"), Phase(name="a")], "each phase needs a name of its own"),
        ([Phase(name="")], "each phase needs a name of its own"),
        ([Phase(name="a", output=int)], "set the agent's output"),
        ([Phase(name="a", tools=["clac.*"])], "did you mean 'calc.*'"),
        ([Phase(name="a", model="opnai/x")], "did you mean 'openai/x'"),
    ],
)
async def test_phases_put_together_wrongly_are_rejected_before_anything_is_spent(phases, says):
    provider = FakeProvider()
    agent = RunnableAgent(model=provider.model("m"), phases=phases)
    result = await Executor().run(agent, "go")
    assert result.status is RunStatus.REJECTED
    assert says in str(result.error)
    assert provider.requests == []
