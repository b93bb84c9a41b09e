"""Which questions a popup is opened for, without a tmux."""

from contextlib import asynccontextmanager
from types import SimpleNamespace

import anyio
import pytest
from executus_gateway.cli import popup
from executus_gateway.errors import DaemonFailed

from executus.testing import FakeClock


async def test_a_question_that_comes_as_a_popup_goes_opens_another(monkeypatch, tmp_path):
    waiting, shown = ["ask_1"], []

    class Client:
        def __init__(self, target):
            pass

        async def __aenter__(self):
            return self

        async def __aexit__(self, *raised):
            pass

        async def inbox(self):
            return [SimpleNamespace(id=name) for name in waiting]

        @asynccontextmanager
        async def events(self):
            async def none():
                await anyio.sleep_forever()
                yield

            yield none()

    class Popup:
        async def show(self):
            shown.append(list(waiting))
            waiting[:] = ["ask_2"] if len(shown) == 1 else []
            if len(shown) == 2:
                group.cancel_scope.cancel()
            return ""

    monkeypatch.setattr(popup, "find_daemon", lambda home: home)
    monkeypatch.setattr(popup, "DaemonTarget", lambda found: found)
    monkeypatch.setattr(popup, "Client", Client)
    with anyio.fail_after(10):
        async with anyio.create_task_group() as group:
            group.start_soon(popup.watch_with_popups, tmp_path, Popup())
    assert shown == [["ask_1"], ["ask_2"]]


class Looks:
    """Counts the looks for a daemon, and ends the test with the fourth."""

    def __init__(self, group, answer):
        self.group, self.answer, self.count = group, answer, 0

    def __call__(self, home):
        self.count += 1
        if self.count == 4:
            self.group.cancel_scope.cancel()
        return self.answer(self.count)


async def follow(monkeypatch, home, answer):
    with anyio.fail_after(10):
        async with anyio.create_task_group() as group:
            looks = Looks(group, answer)
            monkeypatch.setattr(popup, "find_daemon", looks)
            group.start_soon(lambda: popup.watch_with_popups(home, None, clock=FakeClock()))
    assert looks.count == 4


def broken(_number):
    raise DaemonFailed("the token can be read by others")


async def test_a_daemon_whose_token_cannot_be_read_is_told_once_and_tried_again(
    monkeypatch, tmp_path, capsys
):
    await follow(monkeypatch, tmp_path, broken)
    assert capsys.readouterr().err.count("the token can be read by others; trying again") == 1


@pytest.mark.parametrize(("address", "times"), [(lambda number: "same", 1), (str, 0)])
async def test_one_that_is_there_and_does_not_answer_is_told_once_and_one_that_ended_never(
    monkeypatch, tmp_path, capsys, address, times
):
    async def fail(client, shown, clock):
        raise DaemonFailed("it does not answer as a gateway does")

    @asynccontextmanager
    async def opened(target):
        yield target

    monkeypatch.setattr(popup, "DaemonTarget", lambda found: found)
    monkeypatch.setattr(popup, "Client", opened)
    monkeypatch.setattr(popup, "_follow", fail)
    await follow(monkeypatch, tmp_path, address)
    assert capsys.readouterr().err.count("it does not answer as a gateway does") == times
