"""The console: a gateway's sources, tools, policies, questions and runs in a browser.

Example:
    >>> from starlette.applications import Starlette
    >>> from starlette.routing import Mount
    >>> def application(gateway):
    ...     return Starlette(routes=[Mount("/console", routes=console_routes(gateway))])
"""

from executus_gateway.web.routes import console_routes

__all__ = ["console_routes"]
