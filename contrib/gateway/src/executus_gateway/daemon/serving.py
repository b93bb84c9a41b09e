"""An application served on a socket that is bound already, until it is told to stop."""

from __future__ import annotations

import socket
from collections.abc import Generator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

__all__ = ["LOOPBACK", "HttpServer", "bound_socket"]

LOOPBACK = "127.0.0.1"
GRACE_S = 1
KEPT_S = 75
"""Longer than clients keep an idle connection: else one is closed just as a request is sent."""


def bound_socket(port: int) -> socket.socket:
    """A listening place on loopback, and nowhere else.

    Args:
        port: 0 takes a free one.

    Raises:
        OSError: The port is taken.
    """
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((LOOPBACK, port))
    except OSError:
        bound.close()
        raise
    return bound


class HttpServer(uvicorn.Server):
    """A server whose signals are somebody else's.

    Args:
        app: What is served.
    """

    def __init__(self, app: ASGIApp) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                log_config=None,
                access_log=False,  # it would show login tickets
                server_header=False,
                date_header=False,
                proxy_headers=False,
                ws="none",
                lifespan="on",
                timeout_keep_alive=KEPT_S,
                timeout_graceful_shutdown=GRACE_S,
            )
        )

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        """Leave signals alone."""
        yield

    def stop(self) -> None:
        """Take no more; what is open has a second to end."""
        self.should_exit = True
