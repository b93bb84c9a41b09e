"""What server and bridge both say: the gateway's name, a run's, the revision that matters."""

from __future__ import annotations

from typing import Final

__all__ = ["INPUT_REQUIRED_SINCE", "NAME", "RUN_KEY"]

NAME: Final = "executus-gateway"
INPUT_REQUIRED_SINCE: Final = "2026-07-28"
"""The first revision in which a result asks, instead of a request to the client."""
RUN_KEY: Final = "executus-gateway/run"
"""Of a call's `_meta`: the id its run shall have, for who may have to look for it (ADR 0183)."""
