"""Providers: one small wire each, on one shared client.

A wire encodes requests and decodes answers, without I/O (`wire.Wire`). `WireProvider` puts it at an
endpoint. Adding a provider is one new wire and one line in `majordomo.builtin`.
"""

from majordomo.providers.client import WireModel, WireProvider
from majordomo.providers.wire import Endpoint, Wire

__all__ = ["Endpoint", "Wire", "WireModel", "WireProvider"]
