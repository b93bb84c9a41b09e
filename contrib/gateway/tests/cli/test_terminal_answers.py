"""Questions at a terminal: what is shown, what is read, what is not shown."""

import os
import pty

import anyio
import pytest
from executus_gateway.cli.asking import TerminalAnswers
from executus_gateway.cli.watching import watch_inbox
from executus_gateway.errors import DaemonFailed
from executus_gateway.ports import NO_PROMPTER
from executus_gateway.schema import Answer, Interaction
from executus_gateway.sdk import Client, InprocTarget

from executus.cli.reading import LineReader
from executus.testing import FakeClock
from majordomo.clock import SYSTEM_CLOCK

FIELDS = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "title": "Your name"},
        "age": {"type": "integer"},
        "size": {"enum": ["s", "m"]},
    },
    "required": ["name"],
}


def question(kind, **changes):
    return Interaction(
        id="ask_1", workspace="wks_local", kind=kind, title="May I?", detail="{'a': 1}", **changes
    )


@pytest.fixture
def terminal():
    """A terminal: what is typed at `typed` is read from `fd`."""

    class Terminal:
        typed, fd = pty.openpty()

        def type(self, text):
            os.write(self.typed, text.encode())

    made = Terminal()
    yield made
    os.close(made.typed)
    os.close(made.fd)


async def answered(terminal, asked, typed):
    terminal.type(typed)
    return await TerminalAnswers(LineReader(terminal.fd), terminal.fd).answer(asked)


@pytest.mark.parametrize("kind", ["approval", "confirm"])
@pytest.mark.parametrize(
    ("typed", "verdict", "note"),
    [
        ("y\n", "accept", ""),
        (" YES \n", "accept", ""),
        ("\n", "decline", ""),
        ("n\n", "decline", ""),
        ("not today\n", "decline", "not today"),
    ],
)
async def test_only_a_yes_is_a_yes(terminal, capsys, kind, typed, verdict, note):
    answer = await answered(terminal, question(kind), typed)
    assert (answer.verdict, answer.note, answer.channel) == (verdict, note, "terminal")
    told = capsys.readouterr()
    assert told.out == ""
    assert "May I?" in told.err
    assert "{'a': 1}" in told.err


async def test_nobody_typing_leaves_the_question(terminal):
    assert await answered(terminal, question("approval"), "\x04") is None


async def test_what_steers_a_terminal_is_taken_out_of_a_question(terminal, capsys):
    asked = question("approval").model_copy(update={"title": "\x1b[2Jok?"})
    await answered(terminal, asked, "n\n")
    assert "\x1b" not in capsys.readouterr().err


async def test_a_secret_is_not_shown_and_the_terminal_is_as_it_was(terminal, capsys):
    class Later(LineReader):
        async def line(self):
            terminal.type("s3cr3t\n")
            return await super().line()

    answer = await TerminalAnswers(Later(terminal.fd), terminal.fd).answer(question("secret"))
    assert (answer.verdict, answer.secret.get_secret_value()) == ("accept", "s3cr3t")
    assert "s3cr3t" not in capsys.readouterr().err
    terminal.type("shown")
    assert os.read(terminal.typed, 100) == b"shown"  # and nothing of before


async def test_an_empty_secret_declines(terminal):
    class Later(LineReader):
        async def line(self):
            terminal.type("\n")
            return await super().line()

    answers = TerminalAnswers(Later(terminal.fd), terminal.fd)
    assert (await answers.answer(question("secret"))).verdict == "decline"


async def test_a_form_is_asked_field_by_field(terminal, capsys):
    asked = question("form", fields=FIELDS)
    answer = await answered(terminal, asked, "Ada\n36\n\n")
    assert (answer.verdict, answer.values) == ("accept", {"name": "Ada", "age": 36})
    err = capsys.readouterr().err
    assert "Your name (string): " in err
    assert "size (s/m, optional): " in err


async def test_a_field_that_must_be_given_and_is_not_declines(terminal):
    answer = await answered(terminal, question("form", fields=FIELDS), "\n")
    assert answer.verdict == "decline"


CREATE = "return tools.pets.pets.create_pet(body={'name': 'Rex'})"


async def test_watching_puts_questions_as_they_come_and_takes_back_what_others_answered(
    gateway, pets, terminal, capsys
):
    client = Client(InprocTarget(gateway, NO_PROMPTER))
    await gateway.execute(pets.add())
    answers = TerminalAnswers(LineReader(terminal.fd), terminal.fd)
    told = ""

    async def until_told(times):
        nonlocal told
        while told.count("[y/N") < times:
            told += capsys.readouterr().err
            await SYSTEM_CLOCK.sleep(0.01)

    async with anyio.create_task_group() as group:
        group.start_soon(lambda: watch_inbox(client, answers))
        run = await gateway.start(CREATE)
        await until_told(1)
        (asked,) = gateway.inbox()
        await client.answer(asked.id, Answer(verdict="decline"))
        await gateway.wait(run.id)
        run = await gateway.start(CREATE)
        await until_told(2)
        terminal.type("y\n")
        assert (await gateway.wait(run.id)).outcome.value["ok"]
        group.cancel_scope.cancel()
    told += capsys.readouterr().err
    assert len(pets.writes) == 1
    assert told.count("answered elsewhere") == 1


async def test_watching_until_empty_ends(gateway, terminal):
    client = Client(InprocTarget(gateway, NO_PROMPTER))
    answers = TerminalAnswers(LineReader(terminal.fd), terminal.fd)
    assert await watch_inbox(client, answers, linger_s=0) == 0


async def test_watching_ends_with_a_sentence_when_the_gateway_does(open_gateway, terminal):
    answers = TerminalAnswers(LineReader(terminal.fd), terminal.fd)
    with pytest.raises(ExceptionGroup) as raised:
        async with anyio.create_task_group() as group, open_gateway() as gateway:
            client = Client(InprocTarget(gateway, NO_PROMPTER))
            group.start_soon(lambda: watch_inbox(client, answers))
            await anyio.wait_all_tasks_blocked()
    assert raised.group_contains(DaemonFailed, match="ended")


@pytest.mark.slow
async def test_watching_a_daemon_puts_one_question_after_the_other(served, pets, terminal):
    async with await Client.create(adapter="daemon", folder=served) as client:
        await client.execute(pets.add())
        answers = TerminalAnswers(LineReader(terminal.fd), terminal.fd)
        first, second = [await client.start(CREATE) for _ in range(2)]
        async with anyio.create_task_group() as group:
            group.start_soon(lambda: watch_inbox(client, answers))
            for run in (first, second, await client.start(CREATE)):
                terminal.type("y\n")
                assert (await client.wait(run.id)).outcome.value["ok"]
            group.cancel_scope.cancel()
    assert len(pets.writes) == 3


async def test_watching_waits_for_another_question_before_it_ends(gateway, pets, terminal):
    client = Client(InprocTarget(gateway, NO_PROMPTER))
    answers = TerminalAnswers(LineReader(terminal.fd), terminal.fd)
    await gateway.execute(pets.add())
    clock = FakeClock()
    ended = []

    async def watch():
        ended.append(await watch_inbox(client, answers, linger_s=2, clock=clock))

    async with anyio.create_task_group() as group:
        group.start_soon(watch)
        await anyio.wait_all_tasks_blocked()
        clock.advance(1.9)
        run = await gateway.start(CREATE)
        terminal.type("y\n")
        await gateway.wait(run.id)
        await anyio.wait_all_tasks_blocked()
        assert ended == []
        clock.advance(2)
    assert ended == [0]


async def test_a_line_that_is_no_text_can_be_typed_again(terminal, capsys):
    terminal_reader = LineReader(terminal.fd)
    os.write(terminal.typed, b"\xff\xfe\n")
    terminal.type("y\n")
    answer = await TerminalAnswers(terminal_reader, terminal.fd).answer(question("approval"))
    assert answer.verdict == "accept"
    assert "is not UTF-8 text" in capsys.readouterr().err
