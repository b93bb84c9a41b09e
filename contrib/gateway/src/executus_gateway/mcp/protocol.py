"""What server and bridge both say: the gateway's name, and the revision that matters to them."""

from __future__ import annotations

from typing import Final

__all__ = ["INPUT_REQUIRED_SINCE", "NAME"]

NAME: Final = "executus-gateway"
INPUT_REQUIRED_SINCE: Final = "2026-07-28"
"""The first revision in which a result asks, instead of a request to the client."""
