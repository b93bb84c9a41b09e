"""The toolset `compose`: pipelines of real calls in a run, templates, joined texts."""

import json
import pickle

import pytest

from executus import Executor, Invocation, Limits, Ports, RunnableAgent, RunStatus
from executus.asking import PENDING
from executus.registry import AskFor, Deny, Rule, Rules, ToolRegistry
from executus.run import MemoryCheckpointer
from executus.tools import compose_tools
from executus.tools.compose import PipelineFailed
from executus.tools.compose.template import fill
from majordomo.llm import BadArguments, ImagePart, tool
from majordomo.providers.fake import FakeProvider, Reply


class Shop:
    def __init__(self):
        self.sold = []
        self.registry = ToolRegistry()

        @tool
        async def search(query: str) -> dict:
            """Search goods."""
            goods = [("pen", 2), ("ink", 9), ("pad", 4), ("map", 12)]
            return {"query": query, "items": [{"name": n, "price": p} for n, p in goods]}

        @tool
        async def sell(name: str, note: str = "") -> str:
            """Sell one."""
            if name == "ink":
                raise ValueError("ink is sold out")
            self.sold.append(name + note)
            return f"sold {name}"

        @tool
        async def photo() -> ImagePart:
            """A picture."""
            return ImagePart(data=b"\x89PNG\r\n\x1a\n", mime="image/png")

        self.registry.add("shop", [search, sell, photo])
        self.registry.add("compose", compose_tools())

    async def run(self, steps, tools=(), **options):
        provider = FakeProvider()
        provider.enqueue("m", Reply(calls=[("compose__pipeline", {"steps": steps})]), "done")
        agent = RunnableAgent(
            name="a", model=provider.model("m"), tools=["compose.*", "shop.*", *tools]
        )
        executor = Executor(registry=self.registry, agents=[agent], **options)
        self.result = await executor.run(agent, Invocation("go", run_id="r"))
        answers = [part for message in self.result.messages for part in message.tool_results]
        return answers[0] if answers else None


SEARCH = {"tool": "shop.search", "arguments": {"query": "desk"}}


def sells(**more):
    arguments = {"name": "$item.name"}
    return {"tool": "shop.sell", "for_each": "$1.items", "arguments": arguments, **more}


async def test_a_pipeline_maps_filters_and_takes_the_first():
    shop = Shop()
    cheap = {"field": "price", "op": "lt", "value": 9}
    answer = await shop.run([SEARCH, sells(filter=cheap, first=2)])
    assert json.loads(answer.text) == ["sold pen", "sold pad"]
    assert shop.sold == ["pen", "pad"]
    assert shop.result.tool_calls == 4


async def test_references_keep_types_and_fill_texts():
    shop = Shop()
    answer = await shop.run(
        [
            SEARCH,
            {
                "tool": "shop__sell",
                "arguments": {"name": "$1.items.0.name", "note": " of ${1.query}: ${1.items.0}"},
            },
            {"for_each": "$1.items", "first": 1},
        ]
    )
    assert json.loads(answer.text) == [{"name": "pen", "price": 2}]
    assert shop.sold == ['pen of desk: {"name":"pen","price":2}']
    assert await shop.run([{"tool": "shop.sell", "arguments": {"name": "$$1"}}])
    assert shop.sold[-1] == "$1"


async def test_a_failing_step_is_named_and_what_was_done_is_told():
    shop = Shop()
    answer = await shop.run([SEARCH, sells(), sells()])
    assert answer.is_error
    assert "step 2 (shop.sell), item 1" in answer.text
    assert "ink is sold out" in answer.text
    assert "[3 calls were made; what they changed stays]" in answer.text
    assert shop.sold == ["pen"]


async def test_failing_items_may_be_left_out():
    answer = await Shop().run([SEARCH, sells(skip_failed=True)])
    first, note = answer.text.split("\n", 1)
    assert json.loads(first) == ["sold pen", "sold pad", "sold map"]
    assert note.startswith("[step 2, item 1 left out: shop__sell failed")


@pytest.mark.parametrize(
    ("steps", "why"),
    [
        ([], "at least 1"),
        ([SEARCH] * 17, "give 1 to 16, not 17"),
        ([{"tool": "shop.serch"}], "step 1: there is no tool named 'shop.serch'"),
        ([{"tool": "compose.pipeline", "arguments": {"steps": []}}], "cannot call itself"),
        ([{}], "needs for_each"),
        ([{**SEARCH, "first": 1}], "step 1: first needs for_each"),
        ([SEARCH, {**SEARCH, "arguments": {"query": "$2"}}], "step 2: $2 is no earlier step"),
        ([{**SEARCH, "arguments": {"query": "$item"}}], "$item needs for_each"),
        ([SEARCH, {**SEARCH, "for_each": "$item"}], "$item is known in arguments only"),
        ([{**SEARCH, "arguments": {"query": "a ${3.x}"}}], "$3 is no earlier step"),
    ],
)
async def test_a_pipeline_that_cannot_work_makes_no_call(steps, why):
    shop = Shop()
    answer = await shop.run(steps)
    assert answer.is_error
    assert why in answer.text
    assert shop.result.tool_calls == 1


@pytest.mark.parametrize(
    ("step", "why"),
    [
        ({"tool": "shop.sell", "arguments": {"name": "$1.nope"}}, "it has: query, items"),
        ({"tool": "shop.sell", "arguments": {"name": "$1.items.9"}}, "a list of 4"),
        ({"tool": "shop.sell", "for_each": "$1.query"}, "is no list"),
        (sells(filter={"field": "name", "op": "lt", "value": 1}), "cannot be ordered"),
    ],
)
async def test_what_does_not_fit_an_answer_names_the_step(step, why):
    answer = await Shop().run([SEARCH, step])
    assert "step 2" in answer.text
    assert why in answer.text


async def test_calls_are_bounded():
    shop = Shop()
    sell = {"tool": "shop.sell", "for_each": ["x"] * 70, "arguments": {"name": "$item"}}
    answer = await shop.run([sell])
    assert "64 calls at most" in answer.text
    assert len(shop.sold) == 64
    shop = Shop()
    answer = await shop.run([sell], defaults=Limits(max_tool_calls=3))
    assert "tool calls are used up" in answer.text
    assert len(shop.sold) == 2


async def test_few_references_cannot_stand_for_endless_arguments():
    @tool
    async def book() -> str:
        """A long text."""
        return "x" * 300_000

    shop = Shop()
    shop.registry.add("lib", [book])
    many = {"a": ["$1"] * 1000, "b": {"c": ["$1"] * 1000}}
    steps = [{"tool": "lib.book"}, {"tool": "shop.sell", "arguments": many}]
    answer = await shop.run(steps, tools=["lib.*"])
    assert answer.is_error
    assert "refer to less" in answer.text


async def test_each_call_passes_the_permissions():
    shop = Shop()
    policy = Rules([Rule(decision=Deny("the till is closed"), tools=["shop.sell"])])
    answer = await shop.run([SEARCH, sells()], policy=policy)
    assert "the till is closed" in answer.text
    assert shop.sold == []


async def test_images_of_the_last_step_are_kept():
    answer = await Shop().run([{"tool": "shop.photo"}])
    assert answer.images[0].mime == "image/png"


async def test_a_pause_in_the_middle_repeats_nothing_that_was_done():
    shop, journals = Shop(), MemoryCheckpointer()
    options = {"policy": AskFor(tools=["shop.sell"]), "ports": Ports(checkpointer=journals)}
    steps = [SEARCH, sells(filter={"field": "name", "op": "ne", "value": "ink"}, first=2)]
    await shop.run(
        steps, on_approval=lambda r: PENDING if "pad" in r.arguments else True, **options
    )
    assert (shop.result.status, shop.sold) == (RunStatus.PAUSED, ["pen"])
    provider = FakeProvider()
    provider.enqueue("m", "done")
    agent = RunnableAgent(name="a", model=provider.model("m"), tools=["compose.*", "shop.*"])
    executor = Executor(registry=shop.registry, agents=[agent], **options)
    result = await executor.resume("r", answers={shop.result.pending[0].id: True})
    assert (result.output, shop.sold) == ("done", ["pen", "pad"])


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{a}", "1"),
        ("{ b.c } {b.d.1}", "x 3"),
        ("{{a}} }}", "{a} }"),
        ("{b.d}", "[2,3]"),
        ("{e}", "{a}"),
        ("", ""),
    ],
)
def test_a_template_is_filled(template, text):
    assert fill(template, {"a": 1, "b": {"c": "x", "d": [2, 3]}, "e": "{a}"}) == text


@pytest.mark.parametrize(
    "template", ["{nope}", "{a.__class__}", "{a!r}", "{a:>99}", "{", "}", "{}", "{a[0]}", "{0}"]
)
def test_a_template_reaches_nothing_but_its_values(template):
    with pytest.raises(BadArguments):
        fill(template, {"a": 1})


def test_what_a_template_becomes_is_bounded():
    with pytest.raises(BadArguments, match="over"):
        fill("{a}" * 1000, {"a": "x" * 1000})


def test_texts_are_joined():
    join = compose_tools()[2]
    assert join(["a", "b"]) == "a\nb"
    assert join(["a", "b"], ", ") == "a, b"
    with pytest.raises(BadArguments):
        join(["x" * 200_000] * 2)


def test_the_error_survives_pickling():
    error = pickle.loads(pickle.dumps(PipelineFailed("step 2: no", step=2)))
    assert (str(error), error.step) == ("step 2: no", 2)
