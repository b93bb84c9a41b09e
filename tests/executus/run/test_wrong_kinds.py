"""What is of the wrong kind is told where it is given, in one sentence."""

import pytest

from executus import Executor, Ports, RunnableAgent
from executus.errors import SetupError
from executus.run import Phase
from executus.run.ports import NO_AUDIT
from majordomo.agent import Agent


def look():
    """Look."""


AGENTS = {
    "a text for tools": ({"tools": "calc.*"}, r"tools must be a list, such as tools=\['calc"),
    "a function for tools": ({"tools": look}, "tools must be a list, .* not <function look"),
    "a text for deny": ({"deny": "net.*"}, r"deny must be a list, such as deny=\['net"),
    "a text for on_demand": ({"on_demand": "crm.*"}, "on_demand must be a list"),
    "nothing for skills": ({"skills": None}, "skills must be a list"),
    "a phase for phases": ({"phases": Phase(name="a")}, "phases must be a list"),
    "a dict for limits": ({"limits": {"max_steps": 1}}, r"limits must be Limits\(…\)"),
    "a dict for settings": ({"settings": {"temperature": 1}}, r"settings must be Settings\(…\)"),
    "a function for hooks": ({"hooks": look}, r"hooks must be Hooks\(…\)"),
}


@pytest.mark.parametrize(("given", "told"), AGENTS.values(), ids=AGENTS)
def test_an_agent_of_the_wrong_kinds_is_refused(given, told):
    with pytest.raises(SetupError, match=told):
        RunnableAgent(**given)


@pytest.mark.parametrize(
    ("given", "told"), [({"tools": "a"}, "tools must"), ({"settings": {}}, "settings must")]
)
def test_a_phase_of_the_wrong_kinds_is_refused(given, told):
    with pytest.raises(SetupError, match=told):
        Phase(name="a", **given)


class HalfABudget:
    """Settles, but sets nothing aside."""

    async def commit(self, run_id, usage, cost): ...
    async def release(self, run_id): ...


@pytest.mark.parametrize(
    ("ports", "told"),
    [
        ({"budget": HalfABudget()}, r"no method extend\(\) \(it needs commit, extend, release"),
        ({"budget": None}, "budget=None is no such port"),
        ({"delivery": print}, r"no method deliver\(\)"),
        ({"audit": object()}, r"audit=<object .* close_run, emit, start_run"),
    ],
)
def test_a_port_without_a_method_is_refused_where_it_is_given(ports, told):
    with pytest.raises(SetupError, match=told):
        Ports(**ports)


def test_a_null_object_may_be_given():
    assert Ports(audit=NO_AUDIT) == Ports()


@pytest.mark.parametrize("ports", [{}, None, Ports])
def test_an_executor_takes_ports_and_nothing_else(ports):
    with pytest.raises(SetupError, match="ports must be Ports"):
        Executor(ports=ports)


@pytest.mark.parametrize("agent", ["helper", {}, None, RunnableAgent])
def test_only_agents_are_run(agent):
    with pytest.raises(SetupError, match="an executor runs a RunnableAgent or"):
        Executor().run_sync(agent, "go")


@pytest.mark.parametrize("prompt", [42, None, b"go", {"role": "user"}])
def test_only_texts_and_parts_are_asked(prompt):
    with pytest.raises(SetupError, match="the input must be a text, or a list"):
        Executor().run_sync(RunnableAgent(model="fake"), prompt)


def test_a_list_of_texts_is_a_prompt():
    result = Executor().run_sync(RunnableAgent(model="fake", tools=["calc.*"]), ["6*7", "?"])
    assert result.output == "42"


class NoCapabilities:
    """A host's own model that is not finished."""

    target = "mine/m"

    async def complete(self, request): ...
    def stream(self, request): ...


@pytest.mark.parametrize(
    "make", [RunnableAgent, Executor, lambda model: Phase(name="a", model=model)]
)
@pytest.mark.parametrize(
    ("model", "lacks"), [(NoCapabilities(), "capabilities"), (42, "target"), (print, "target")]
)
def test_what_is_no_model_is_refused_where_it_is_given(make, model, lacks):
    with pytest.raises(SetupError, match=rf"must be a name or a Model, and .* has no {lacks} \("):
        make(model=model)


def test_a_majordomo_agents_model_is_looked_at_when_it_is_to_be_run():
    with pytest.raises(SetupError, match="has no capabilities"):
        Executor().run_sync(Agent(NoCapabilities()), "go")
