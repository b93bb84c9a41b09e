"""Every async test runs on both backends; nothing reaches beyond loopback."""

import socket

import pytest


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
