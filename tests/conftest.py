"""Every async test runs on both backends; nothing reaches beyond loopback."""

import signal
import socket

import pytest


@pytest.fixture(scope="session", autouse=True)
def signals_of_a_terminal():
    """Under nohup, or in a script's background, processes would ignore what tests send them."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request):
    return request.param


@pytest.fixture(autouse=True)
def only_loopback(monkeypatch):
    """A connection to anything but loopback is a defect of the library, not of the network."""
    real_connect = socket.socket.connect

    def connect(self, address):
        if self.family in (socket.AF_INET, socket.AF_INET6):
            host = address[0]
            assert host.startswith("127.") or host in ("::1", "localhost"), f"dialled {host}"
        return real_connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", connect)
