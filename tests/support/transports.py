"""The shipped transports, each with the event loops it runs on."""

import pytest

from majordomo.http import HttpxTransport
from majordomo.http.aiohttp_transport import AiohttpTransport

BACKENDS = {HttpxTransport: ("asyncio", "trio"), AiohttpTransport: ("asyncio",)}

WAYS = [
    pytest.param((backend, transport), id=f"{transport.__name__}-{backend}")
    for transport, backends in BACKENDS.items()
    for backend in backends
]
"""Parameters of a fixture: (backend, class of the transport)."""
