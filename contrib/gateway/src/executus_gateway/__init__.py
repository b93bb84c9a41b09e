"""A local-first tool gateway: an agent writes code against `tools.*` and sees one tool, `execute`.

    from executus_gateway.assembly import open_local

    async with open_local("~/.executus-gateway") as gateway:
        run = await gateway.execute("return tools.search('issues')")

See README.md for the map of the packages and docs/adr/0170 for why it is cut this way.
"""

from executus_gateway.errors import GatewayError

__all__ = ["GatewayError"]
