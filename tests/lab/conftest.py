"""Transports, certificates, and caps a case lowers."""

import pytest
from certificates import Certificates
from transports import WAYS

from majordomo.providers import wirestream


@pytest.fixture(autouse=True)
def lowered_cap(request, monkeypatch):
    case = getattr(request.node, "callspec", None) and request.node.callspec.params.get("case")
    if case and case.stream_cap is not None:
        monkeypatch.setattr(wirestream, "MAX_STREAM_BYTES", case.stream_cap)


@pytest.fixture(params=WAYS, ids=str)
def way(request):
    """The transport and its event loop."""
    return request.param


@pytest.fixture
def anyio_backend(way):
    return way.backend


@pytest.fixture(scope="session")
def tls():
    """Made once: keys take time."""
    return Certificates()
