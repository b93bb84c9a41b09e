"""The one way out for tools: an HTTP client that refuses what is not the public internet.

See docs/egress.md for what is refused and how to allow it, and ADR 0116 for why it is built so.
"""

from executus.egress.addresses import Address, Network
from executus.egress.client import Egress
from executus.egress.connector import TCP_CONNECTOR, Connector, TCPConnector
from executus.egress.decoding import Oversize
from executus.egress.errors import (
    EgressError,
    EgressFailed,
    EgressRefused,
    FailureReason,
    RefusalReason,
)
from executus.egress.policy import BLOCKED_PORTS
from executus.egress.request import SECRET_HEADERS
from executus.egress.resolver import SYSTEM_RESOLVER, Resolver, SystemResolver
from executus.egress.response import EgressResponse, RedirectHop

__all__ = [
    "BLOCKED_PORTS",
    "SECRET_HEADERS",
    "SYSTEM_RESOLVER",
    "TCP_CONNECTOR",
    "Address",
    "Connector",
    "Egress",
    "EgressError",
    "EgressFailed",
    "EgressRefused",
    "EgressResponse",
    "FailureReason",
    "Network",
    "Oversize",
    "RedirectHop",
    "RefusalReason",
    "Resolver",
    "SystemResolver",
    "TCPConnector",
]
