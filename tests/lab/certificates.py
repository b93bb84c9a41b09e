"""What TLS servers of the lab show, and whom its client trusts."""

import ssl
from datetime import UTC, datetime

import trustme

_LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


class Certificates:
    """Contexts of servers, and of a client that trusts the one authority they come from.

    Attributes:
        servers: By how they are reached: `tls` and `tls-untrusted` are right, the latter is met
            by a client that trusts what the system trusts; the others have expired, or are made
            out to another host.
        client: Trusts their authority.
    """

    def __init__(self):
        authority = trustme.CA()
        self.client = ssl.create_default_context()
        authority.configure_trust(self.client)
        good = _server(authority.issue_cert("127.0.0.1"))
        self.servers = {
            "tls": good,
            "tls-untrusted": good,
            "tls-expired": _server(authority.issue_cert("127.0.0.1", not_after=_LONG_AGO)),
            "tls-other-host": _server(authority.issue_cert("vendor.example", "192.0.2.1")),
        }


def _server(certificate):
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    certificate.configure_cert(context)
    return context
