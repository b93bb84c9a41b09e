"""What the bot holds to within one life: settings, budget, critic, shares, privacy, images."""

import logging

import anyio
import pytest
from mortscript import room

from executus.batteries.schedule import Tick
from executus.deliver import DeliveryFailed
from executus.testing import FakeClock, Reply
from executus.testing.server import PNG
from majordomo.llm import Capabilities, ImagePart, Usage, dump_messages
from mort.channel import ChannelDeliverer
from mort.database import HostDatabase


@pytest.fixture
def anyio_backend():
    """The store's driver knows no other."""
    return "asyncio"


@pytest.fixture(autouse=True)
def model(monkeypatch):
    monkeypatch.setenv("EXECUTUS_MODEL", "script/m")


def usage(tokens):
    return Usage(input=tokens, output=0, requests=1)


async def test_a_setting_changed_by_command_holds_from_the_next_message_on(tmp_path):
    async with room(tmp_path) as one:
        assert await one.ask("ann", "hi") == ["hi"]
        assert await one.ask("ann", "/set model script/other") == ["Only you may change settings."]
        assert await one.ask("you", "/set model script/other") == [
            "model is script/other from now on."
        ]
        await one.ask("ann", "again")
        assert [name for name, _ in one.provider.requests] == ["m", "other"]
        HostDatabase(tmp_path / "host.db").set("model", "script/third")  # as another process would
        await one.ask("ann", "and again")
        assert one.provider.requests[-1][0] == "third"


async def test_a_bound_changed_by_command_holds_from_the_next_message_on(tmp_path):
    call = Reply(calls=[("karma__show", {"name": "bob"})])
    async with room(tmp_path) as one:
        await one.ask("you", "/set max_steps 1")
        one.script(call)
        (told,) = await one.ask("ann", "how is bob?")
        assert told.startswith("Sorry, I did not get to an answer: no answer after 1 steps; ")
        await one.ask("you", "/set max_steps 2")
        one.script(call, "fine")
        assert await one.ask("ann", "how is bob?") == ["fine"]


async def test_who_has_spent_the_allowance_is_told_so_in_the_hosts_currency(tmp_path):
    HostDatabase(tmp_path / "host.db").set("allowance", "5")
    async with room(tmp_path) as one:
        one.script(Reply(text="dear", usage=usage(3_500)))
        assert await one.ask("ann", "hi") == ["dear"]
        spent = "You have spent 3.5 mortbux of 5 mortbux today"
        assert await one.ask("ann", "/budget") == [f"{spent}."]
        (told,) = await one.ask("ann", "hi")
        assert told == f"{spent}, and another answer does not fit: ask me again tomorrow."
        assert len(one.provider.requests) == 1  # nothing was spent to say so
        assert await one.ask("bob", "hi") == ["hi"]


async def test_a_run_that_spends_the_rest_is_stopped_between_two_calls(tmp_path):
    HostDatabase(tmp_path / "host.db").set("allowance", "5")
    async with room(tmp_path) as one:
        dear = Reply(calls=[("karma__show", {"name": "bob"})], usage=usage(4_000))
        one.script(dear, "never said")
        (told,) = await one.ask("ann", "how is bob?")
        spent = "You have spent 4 mortbux of 5 mortbux today"
        assert told == f"{spent}, and another answer does not fit: ask me again tomorrow."
        assert await one.ask("ann", "/budget") == ["You have spent 4 mortbux of 5 mortbux today."]
        assert one.provider.pending("m") == 1


async def test_the_critic_stops_an_agent_that_goes_in_circles_and_tells_the_owner(tmp_path):
    clock = FakeClock(auto_advance=False)

    def again(request):
        clock.advance(1.0)
        return Reply(calls=[("karma__show", {"name": "bob"})])

    async with room(tmp_path, clock=clock) as one:
        await one.ask("you", "/set max_steps 50")
        one.script(*[again] * 50)
        (told,) = await one.ask("ann", "how is bob?")
        assert "the critic stopped the run: it repeats itself: karma.show" in told.replace(
            "__", "."
        )
        steered = [
            request for _, request in one.provider.requests if "Do not repeat" in texts(request)
        ]
        assert steered
        assert len(one.provider.requests) < 12
        told_owner = [post.text for post in one.said if post.to == "you"]
        assert sum("of ann: it repeats itself" in text for text in told_owner) == 1
    async with room(tmp_path) as after:  # the run is over: it is not gone on with
        await after.ask("ann", "/budget")  # in ann's turn
        assert after.provider.requests == []


def texts(request):
    return request.system + dump_messages(request.messages)


async def test_a_user_with_much_to_say_leaves_others_their_share(tmp_path):
    bob_is_answered = anyio.Event()

    async def reply(request):
        if "from bob" in request.messages[-1].text:
            bob_is_answered.set()
        await bob_is_answered.wait()
        return request.messages[-1].text

    async with room(tmp_path) as one, anyio.create_task_group() as both:
        one.script(*[reply] * 7)
        for number in range(6):
            both.start_soon(one.ask, "ann", f"{number} from ann")
        await anyio.wait_all_tasks_blocked()
        both.start_soon(one.ask, "bob", "from bob")
    assert [post.text for post in one.said if post.to == "ann"] == [
        f"{number} from ann" for number in range(6)
    ]
    assert [post.text for post in one.said if post.to == "bob"] == ["from bob"]


async def test_two_users_at_once_see_nothing_of_each_others_memory(tmp_path):
    async with room(tmp_path) as one:
        one.script(Reply(calls=[("store__put", {"key": "pin", "value": "4711"})]), "kept")
        await one.ask("ann", "my pin is 4711")
        await one.ask("ann", "/note 4711 is her pin")
        asked = len(one.provider.requests)
        one.script(Reply(calls=[("store__get", {"key": "pin"})]), "no idea")
        async with anyio.create_task_group() as both:
            both.start_soon(one.ask, "bob", "what is the pin?")
            both.start_soon(one.ask, "ann", "/jobs")
        bobs = [texts(request) for _, request in one.provider.requests[asked:]]
        assert "nothing is stored under" in bobs[-1]
        assert not [text for text in bobs if "4711" in text]
        await one.ask("ann", "hi")
        assert "4711" in texts(one.provider.requests[-1][1])


async def test_an_image_is_seen_and_stays_in_the_conversation(tmp_path):
    def look(request):
        images = [part for one in request.messages for part in one.parts if type(part) is ImagePart]
        return f"I see {', '.join(image.mime for image in images)}"

    (tmp_path / "uploads").mkdir()
    (tmp_path / "uploads" / "cat.png").write_bytes(PNG)
    async with room(tmp_path, capabilities=Capabilities(vision=True)) as one:
        one.script(look, look)
        assert await one.ask("ann", "/look cat.png who is that?") == ["I see image/png"]
        assert await one.ask("ann", "and now?") == ["I see image/png"]
        assert await one.ask("ann", "/look ../host.db") == [
            "Sorry: there is no '../host.db' in uploads/"
        ]


async def test_a_skill_is_a_draft_until_it_has_worked(tmp_path):
    async with room(tmp_path) as one:
        one.script(RuntimeError("the model is ill"))
        (told,) = await one.ask("ann", "/skill limerick Answer as a limerick.")
        assert told.startswith("limerick stays as it was, a draft: ")
        assert await one.ask("ann", "/do limerick rain") == [
            "Sorry: there is no active skill 'limerick'"
        ]
        one.script("There was a young lady", "There was an old man")
        assert await one.ask("ann", "/skill limerick Answer as a limerick, please.") == [
            "There was a young lady",
            "limerick is active, version 2: /do limerick …",
        ]
        assert await one.ask("ann", "/do limerick rain") == ["There was an old man"]
        assert one.provider.requests[-1][1].system == "Answer as a limerick, please."


async def test_a_run_that_nobody_can_go_on_with_is_told_and_stops_nothing(tmp_path):
    async with room(tmp_path) as one:
        storage = one.mort.parts.store.checkpoints()
        await storage.append("r1", 0, ["{}"], FakeClock().wall())
    async with room(tmp_path) as after:
        assert "r1 cannot be gone on with" in after.said[0].text
        assert await after.ask("ann", "hi") == ["hi"]


async def test_the_owner_is_told_of_an_answer_that_did_not_arrive(tmp_path, monkeypatch):
    async def down(channel, parcel):
        raise DeliveryFailed("the chat is down")

    monkeypatch.setattr(ChannelDeliverer, "deliver", down)
    async with room(tmp_path) as one:
        assert await one.ask("ann", "hi") == []
        assert one.said[0].to == "you"
        assert one.said[0].text.endswith(": delivery failed: DeliveryFailed: the chat is down")


async def test_who_asked_is_told_of_a_job_that_cannot_be_done(tmp_path):
    async with room(tmp_path) as one:
        await one.ask("ann", "/every '0 7 * * *' wake up")
        (kept,) = await one.mort.parts.store.schedule().list()
        await one.ask("ann", "/persona albert")
        await one.mort.parts.store.personas().delete("albert")
        await one.mort.fire(Tick(job=kept.job, due=FakeClock().wall()))
        assert one.said[-1].to == "ann"
        assert one.said[-1].text.startswith("Sorry, 'wake up': there is no persona")


async def test_what_goes_wrong_is_one_sentence(tmp_path, caplog):
    caplog.set_level(logging.WARNING)
    async with room(tmp_path) as one:
        assert await one.ask("ann", "/persna") == [
            "Sorry: /persna is no command; did you mean 'persona'?; /help lists them"
        ]
        assert await one.ask("ann", "/every soon wake up") != []
        assert await one.ask("ann", "/jobs") == ["No jobs."]
        await one.ask("you", "/set model nowhere/x")
        (told,) = await one.ask("ann", "hi")
        assert told.startswith("Sorry, I did not get to an answer: ")
        assert "nowhere" in told
