"""An MCP server over HTTP on loopback, as plain as the protocol allows, that may want a token."""

from executus.testing import JSONAnswer, LoopbackServer, RawAnswer

ACCEPTED = RawAnswer(data=b"HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n")
TOOL = {
    "name": "read_note",
    "description": "Read a note",
    "inputSchema": {"type": "object", "properties": {"id": {"type": "integer"}}},
    "annotations": {"readOnlyHint": True},
}


class McpService(LoopbackServer):
    """Answers at /mcp; with a `token`, only to whoever sends it.

    Attributes:
        token: What it wants; empty for nothing.
        scope: What a token lacks for calls; empty for nothing.
        challenge: What it says when it refuses; None for what the standard asks for.
        metadata: What it publishes of its protection.
    """

    def __init__(self):
        super().__init__(self.answer)
        self.token = self.scope = ""
        self.challenge = None
        self.metadata = {}
        self.tools = [TOOL]

    @property
    def endpoint(self):
        return f"{self.url}/mcp"

    @property
    def posts(self):
        return [request.json["method"] for request in self.requests if request.method == "POST"]

    def publish(self, *issuers, scopes=()):
        self.metadata = {
            "resource": self.endpoint,
            "authorization_servers": list(issuers),
            "scopes_supported": list(scopes),
        }

    def answer(self, request):
        if request.path.startswith("/.well-known/oauth-protected-resource"):
            return JSONAnswer(body=self.metadata, status=200 if self.metadata else 404)
        if request.path != "/mcp":
            return JSONAnswer(status=404, body={})
        if self.token and request.headers.get("authorization") != f"Bearer {self.token}":
            return self.refuse(401, 'error="invalid_token"')
        if request.method != "POST":
            return JSONAnswer(status=405, body={})
        message = request.json
        if message["method"] == "tools/call" and self.scope:
            return self.refuse(403, f'error="insufficient_scope", scope="{self.scope}"')
        if "id" not in message:
            return ACCEPTED
        return JSONAnswer(body={"jsonrpc": "2.0", "id": message["id"], **self.told(message)})

    def refuse(self, status, why):
        metadata = f"{self.url}/.well-known/oauth-protected-resource/mcp"
        challenge = f'Bearer {why}, resource_metadata="{metadata}"'
        told = challenge if self.challenge is None else self.challenge
        return JSONAnswer(status=status, body={}, headers={"WWW-Authenticate": told})

    def told(self, message):
        match message["method"]:
            case "initialize":
                info = {"name": "notes", "version": "1"}
                version = message["params"]["protocolVersion"]
                capabilities = {"tools": {}}
                result = {
                    "protocolVersion": version,
                    "capabilities": capabilities,
                    "serverInfo": info,
                }
            case "tools/list":
                result = {"tools": self.tools}
            case "tools/call":
                text = f"note {message['params'].get('arguments', {}).get('id')}"
                result = {"content": [{"type": "text", "text": text}]}
            case "ping":
                result = {}
            case _:
                return {"error": {"code": -32601, "message": "no such method"}}
        return {"result": result}
