"""Which questions a popup is opened for, without a tmux."""

from contextlib import asynccontextmanager
from types import SimpleNamespace

import anyio
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


async def test_a_daemon_that_cannot_be_spoken_to_is_told_once_and_tried_again(
    monkeypatch, tmp_path, capsys
):
    clock, looked = FakeClock(), []

    def find_daemon(home):
        looked.append(home)
        if len(looked) == 3:
            group.cancel_scope.cancel()
        raise DaemonFailed("the token can be read by others")

    monkeypatch.setattr(popup, "find_daemon", find_daemon)
    with anyio.fail_after(10):
        async with anyio.create_task_group() as group:
            group.start_soon(lambda: popup.watch_with_popups(tmp_path, None, clock=clock))
    assert len(looked) == 3
    assert capsys.readouterr().err.count("the token can be read by others; trying again") == 1
