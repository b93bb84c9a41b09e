"""Real loops over models that refuse what real ones refuse: too long, or bound to another past."""

import json

import pytest

from executus.compact import CompactionScope, Compactor, ContextCompactor, RunCompactor
from executus.testing import LoopbackServer
from executus.testing.server import (
    AnthropicServer,
    Turn,
    openai_answer,
    openai_error,
)
from majordomo.agent import Agent, Hooks
from majordomo.agent.events import StepFinished
from majordomo.errors import APIError, ErrorKind
from majordomo.llm import (
    FinishReason,
    Message,
    ProviderState,
    Request,
    Response,
    Target,
    ToolCallPart,
    Usage,
    assistant,
    dump_messages,
    tool,
    tool_result,
    user,
)
from majordomo.llm.model import Capabilities
from majordomo.providers.anthropic import anthropic_provider
from majordomo.providers.openai import openai_provider

TURNS = 60


@tool(inline=True)
def read(page: int) -> str:
    """Read a page."""
    return f"page {page}: " + "word " * 150


class NarrowServer(LoopbackServer):
    """An OpenAI endpoint that counts three bytes a token and refuses what passes its window."""

    def __init__(self, window, turns=TURNS):
        super().__init__(self.chat)
        self.window = window
        self.turns = turns
        self.asked = 0
        self.sizes = []
        self.refused = 0

    def chat(self, request):
        tokens = len(request.body) // 3
        if tokens > self.window:
            self.refused += 1
            said = f"This model's maximum context length is {self.window} tokens."
            return openai_error(400, said, code="context_length_exceeded")
        usage = {"prompt_tokens": tokens, "completion_tokens": 9, "total_tokens": tokens + 9}
        if "<transcript>" in request.json["messages"][-1]["content"][:3_000]:
            return openai_answer(Turn.text("It read some pages."), usage=usage)
        self.sizes.append(tokens)
        self.asked += 1
        if self.asked > self.turns:
            return openai_answer(Turn.text("All read."), index=self.asked, usage=usage)
        turn = Turn.calls(("read", {"page": self.asked}), content="Next. " * 30)
        return openai_answer(turn, index=self.asked, usage=usage)

    def model(self):
        return openai_provider("key", base_url=f"{self.url}/v1").model("m")


def hooks_of(run):
    """The compactor as a hook, told what each model call reported."""
    reported = []

    def watch(event):
        if isinstance(event, StepFinished):
            reported.append(event.step.response.usage)

    async def compact(messages):
        return await run.compact(messages, reported=reported[-1] if reported else None)

    return Hooks(compactor=compact, observers=(watch,))


async def test_sixty_turns_end_well_at_a_server_that_takes_ten():
    async with NarrowServer(4_000) as server:
        model = server.model()
        run = ContextCompactor(context_tokens=4_000).begin(
            CompactionScope(model=model, tools=(read,))
        )
        agent = Agent(model, tools=[read], max_steps=TURNS + 1, hooks=hooks_of(run))
        result = await agent.run("Read all pages.")
    assert result.output == "All read."
    assert len(result.steps) == TURNS + 1
    assert len(result.messages) == 2 * TURNS + 2
    assert len(dump_messages(result.messages)) > 60_000
    assert server.refused == 0
    assert max(server.sizes) <= 4_000
    assert 3 <= run.folds <= 15
    assert run.usage.requests >= 1


async def ask_like_a_run(model, run, messages, reported):
    """What a run does: send what the compactor gives, and after an overflow try once more."""
    for again in (True, False):
        sent = await run.compact(tuple(messages), reported=reported)
        try:
            return await model.complete(Request(messages=sent, tools=(read,)))
        except APIError as error:
            if error.kind is not ErrorKind.CONTEXT_OVERFLOW or not again:
                raise
            run.overflowed()
    raise AssertionError


@pytest.mark.parametrize("turn_chars", [400, 4_000])
async def test_a_window_nobody_declared_is_learned_from_the_first_refusal(turn_chars):
    async with NarrowServer(6_000) as server:
        model = server.model()
        run = ContextCompactor().begin(CompactionScope(model=model, tools=(read,)))
        messages, reported = [user("Read all pages.")], None
        while True:
            response = await ask_like_a_run(model, run, messages, reported)
            reported = response.usage
            messages.append(response.message)
            if not response.message.tool_calls:
                break
            [call] = response.message.tool_calls
            messages.append(tool_result(call, "w" * turn_chars))
    assert response.text == "All read."
    assert server.refused == 1


class BindingModel:
    """Signs each turn with all that came before it, and refuses a signature after anything else."""

    target = Target("anthropic", "claude-opus-5-5")
    capabilities = Capabilities(context_tokens=3_000)

    def __init__(self, turns=TURNS):
        self.turns = turns
        self.asked = 0
        self.signed = 0

    async def complete(self, request: Request) -> Response:
        for at, message in enumerate(request.messages):
            if message.state is not None:
                assert message.state.data == self.sign(request.messages[:at]), at
                self.signed += 1
        self.asked += 1
        if "<transcript>" in request.messages[0].text:
            message = assistant("It read some pages.")
        else:
            state = ProviderState(
                wire="anthropic",
                provider="anthropic",
                model="claude-opus-5-5",
                data=self.sign(request.messages),
            )
            calls = [read_call(self.asked)] if self.asked <= self.turns else []
            message = assistant("Next." if calls else "All read.", *calls, state=state)
        reason = FinishReason.TOOL_CALLS if message.tool_calls else FinishReason.STOP
        usage = Usage(input=None, requests=1)
        return Response(message=message, finish_reason=reason, usage=usage, target=self.target)

    def stream(self, request):
        raise NotImplementedError

    @staticmethod
    def sign(messages: tuple[Message, ...]) -> str:
        return json.dumps(hash(dump_messages(messages)))


def read_call(page):
    return ToolCallPart(id=f"c{page}", name="read", arguments=json.dumps({"page": page}))


async def test_signed_reasoning_is_never_sent_after_another_past_than_its_own():
    model = BindingModel()
    run = ContextCompactor().begin(CompactionScope(model=model, tools=(read,)))
    agent = Agent(model, tools=[read], max_steps=100, hooks=Hooks(compactor=run.compact))
    result = await agent.run("Read all pages.")
    assert result.output == "All read."
    assert run.folds >= 3
    assert model.signed > TURNS  # most turns go back signed: it is not all thrown away
    states = [m.state for m in result.messages if m.role == "assistant"]
    assert None not in states


async def test_thinking_comes_back_as_issued_between_folds_over_the_wire():
    turns = [
        Turn.calls(("read", {"page": at}), thinking=f"hm {at}", signature=f"S{at}")
        for at in range(20)
    ]
    async with AnthropicServer([*turns, Turn.text("All read.")]) as server:
        model = anthropic_provider("key", base_url=server.base_url).model("claude-opus-5-5")
        summarised = []

        async def summarise(prompt):
            summarised.append(prompt)
            return ""

        # All turns stay, as the server counts them: old results become stubs, no more.
        compactor = ContextCompactor(context_tokens=3_000, summarise=summarise)
        run = compactor.begin(CompactionScope(model=model, tools=(read,)))
        agent = Agent(model, tools=[read], max_steps=30, hooks=Hooks(compactor=run.compact))
        result = await agent.run("Read all pages.")
        assert result.output == "All read."
    assert summarised == []
    assert run.folds >= 2
    sent = server.requests[-1].body.decode()
    assert '"S19"' in sent
    assert '"S0"' not in sent


class LastTwo:
    """A host's own compactor: no more than the task and the last two messages."""

    usage = Usage()

    def begin(self, scope: CompactionScope) -> RunCompactor:
        return self

    async def compact(self, messages, *, reported=None):
        return messages if len(messages) <= 3 else (messages[0], *messages[-2:])

    def overflowed(self) -> None:
        return


async def test_a_hosts_own_compactor_takes_the_place_of_ours():
    compactor: Compactor = LastTwo()
    async with NarrowServer(1_000, turns=12) as server:
        model = server.model()
        run = compactor.begin(CompactionScope(model=model))
        agent = Agent(model, tools=[read], max_steps=20, hooks=Hooks(compactor=run.compact))
        assert (await agent.run("Read all pages.")).output == "All read."
    assert server.refused == 0
