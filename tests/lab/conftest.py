"""Certificates, and caps a case lowers."""

import ssl

import pytest
import trustme

from majordomo.providers import wirestream


@pytest.fixture(autouse=True)
def lowered_cap(request, monkeypatch):
    case = getattr(request.node, "callspec", None) and request.node.callspec.params.get("case")
    if case and case.stream_cap is not None:
        monkeypatch.setattr(wirestream, "MAX_STREAM_BYTES", case.stream_cap)


@pytest.fixture(scope="session")
def tls():
    """A server's context with a certificate, and a client's that trusts who gave it."""
    authority = trustme.CA()
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(server)
    client = ssl.create_default_context()
    authority.configure_trust(client)
    return server, client
