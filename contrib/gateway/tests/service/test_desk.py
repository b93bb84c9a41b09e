"""Which calls of a run are under way, which have an answer, and which wait for a person."""

import anyio
import pytest
from executus_gateway.ports import HostCall
from executus_gateway.schema import LOCAL_WORKSPACE, Answer, CallRecord, Interaction
from executus_gateway.service.desk import Desk

from majordomo.tasks import TaskOwner

YES = Answer(verdict="accept")
SECRET = Answer.model_validate({"verdict": "accept", "secret": "s3cr3t-value"})


def call(number):
    return HostCall(number=number, path="a.b")


def asked(name):
    question = Interaction(id=name, workspace=LOCAL_WORKSPACE, kind="confirm", title="?")
    return question, CallRecord(id="run_1.1", run="run_1", path="a.b")


class People:
    """Answers of people, each given when the test says so."""

    def __init__(self):
        self.said = {}

    def _event(self, name):
        return self.said.setdefault(name, anyio.Event())

    async def wait(self, name):
        await self._event(name).wait()
        return asked(name)[0].model_copy(update={"state": "accepted"})

    def answer(self, name):
        self._event(name).set()


@pytest.fixture
def people():
    return People()


async def test_calls_are_begun_once_and_answers_given_out_once(people):
    begun = []

    async def handle(host_call, ask):
        begun.append(host_call.number)
        return host_call.number * 10

    async with TaskOwner() as owner:
        desk = Desk(owner, handle, people.wait)
        desk.take([call(1), call(2)])
        desk.take([call(1), call(2)])
        await anyio.wait_all_tasks_blocked()
        await desk.settle()
        assert desk.collect() == {1: 10, 2: 20}
        assert desk.collect() == {}
    assert begun == [1, 2]


async def test_a_question_waits_until_it_is_stored_and_then_for_its_person(people):
    async def handle(host_call, ask):
        return (await ask(*asked("ask_1"))).state

    async with TaskOwner() as owner:
        desk = Desk(owner, handle, people.wait)
        desk.take([call(1)])
        await desk.settle()
        assert [question.id for question, _ in desk.questions] == ["ask_1"]
        assert not desk.only_people
        people.answer("ask_1")
        await anyio.wait_all_tasks_blocked()
        assert desk.collect() == {}  # nobody is believed before the question is in the log
        desk.stored()
        assert await desk.until_answer()
        assert desk.collect() == {1: "accepted"}


async def test_with_only_people_to_wait_for_nothing_is_busy(people):
    async def handle(host_call, ask):
        return (await ask(*asked(f"ask_{host_call.number}"))).state

    async with TaskOwner() as owner:
        desk = Desk(owner, handle, people.wait)
        desk.take([call(1), call(2)])
        await anyio.wait_all_tasks_blocked()
        desk.stored()
        assert desk.only_people
        people.answer("ask_2")
        assert await desk.until_answer()
        assert desk.collect() == {2: "accepted"}
        assert list(desk.asked) == ["ask_1"]


async def test_a_second_question_of_a_call_comes_up_after_the_first(people):
    async def handle(host_call, ask):
        await ask(*asked("ask_1"))
        return (await ask(*asked("ask_2"))).id

    async with TaskOwner() as owner:
        desk = Desk(owner, handle, people.wait)
        desk.take([call(1)])
        await desk.settle()
        desk.stored()
        people.answer("ask_1")
        assert not await desk.until_answer()
        assert [question.id for question, _ in desk.questions] == ["ask_2"]
        desk.stored()
        people.answer("ask_2")
        assert await desk.until_answer()
        assert desk.collect() == {1: "ask_2"}


async def test_leaving_ends_calls_that_nobody_waits_for(people):
    ended = []

    async def handle(host_call, ask):
        try:
            await anyio.sleep_forever()
        finally:
            ended.append(host_call.number)

    async with TaskOwner() as owner:
        Desk(owner, handle, people.wait).take([call(1)])
        await anyio.wait_all_tasks_blocked()
    assert ended == [1]


async def test_an_approval_and_a_credential_are_asked_one_after_the_other(
    gateway, pets, next_question
):
    pets.secured = True
    run = await gateway.start(
        pets.add() + "return tools.pets.pets.create_pet(body={'name': 'Rex'})"
    )
    first = await next_question(gateway)
    await gateway.answer(first.id, {"approval": YES, "secret": SECRET}[first.kind])
    second = await next_question(gateway)
    await gateway.answer(second.id, {"approval": YES, "secret": SECRET}[second.kind])
    assert [first.kind, second.kind] == ["approval", "secret"]
    assert (await gateway.wait(run.id)).outcome.value["ok"]
    assert len(pets.writes) == 1
