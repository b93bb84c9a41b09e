"""A service on loopback that gives and takes files, with its OpenAPI document."""

from executus.testing import JSONAnswer, LoopbackServer, RawAnswer

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4
BINARY = {"type": "string", "format": "binary"}


def _get(name, path):
    return {path: {"get": {"operationId": name, "tags": ["files"], "responses": {}}}}


def _post(name, path, content):
    body = {"required": True, "content": content}
    return {path: {"post": {"operationId": name, "tags": ["files"], "requestBody": body}}}


UPLOAD = {
    "type": "object",
    "required": ["title", "photo", "id"],
    "properties": {
        "id": {"type": "string", "readOnly": True},
        "title": {"type": "string"},
        "photo": BINARY,
        "pages": {"type": "array", "items": BINARY},
        "tags": {"type": "array", "items": {"type": "string"}},
        "meta": {"type": "object"},
    },
}
FORM = {
    "type": "object",
    "properties": {
        "to": {"type": "string"},
        "media": {"type": "array", "items": {"type": "string"}},
        "address": {"type": "object"},
        "expand": {"type": "array"},
    },
}


def document():
    return {
        "openapi": "3.0.3",
        "info": {"title": "Files", "version": "1"},
        "servers": [{"url": "/api"}],
        "paths": {
            **_get("image", "/image"),
            **_get("text", "/text"),
            **_get("rows", "/rows"),
            **_get("endless", "/endless"),
            **_get("echo", "/echo"),
            **_get("latin", "/latin"),
            **_get("nothing", "/nothing"),
            **_get("moved", "/moved"),
            **_post("upload", "/upload", {"multipart/form-data": {"schema": UPLOAD}}),
            **_post("raw", "/raw", {"application/octet-stream": {}}),
            **_post(
                "form",
                "/form",
                {
                    "application/x-www-form-urlencoded": {
                        "schema": FORM,
                        "encoding": {"expand": {"style": "deepObject", "explode": True}},
                    }
                },
            ),
        },
        "components": {"securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "X"}}},
        "security": [{}, {"key": []}],
    }


def raw(body, kind="", status="200 OK", **headers):
    lines = [f"HTTP/1.1 {status}", f"content-length: {len(body)}"]
    lines += [f"content-type: {kind}"] if kind else []
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return RawAnswer("\r\n".join([*lines, "", ""]).encode() + body)


class FileService(LoopbackServer):
    """Answers the document at /openapi.json, files below /api.

    Attributes:
        rows: How many rows /rows gives.
        endless: What /endless gives.
    """

    def __init__(self):
        super().__init__(self.answer)
        self.rows = 3
        self.endless = b"[" + b"1," * (11 * 1024 * 1024)

    def answer(self, request):
        match request.path.removeprefix("/api"):
            case "/openapi.json":
                return JSONAnswer(body=document())
            case "/image":
                named = 'attachment; filename="../cat.png"'
                return raw(PNG, "image/png", content_disposition=named)
            case "/text":
                return raw(("é" * 99 + "\n").encode() * 40_000, "text/plain")
            case "/rows":
                return JSONAnswer(body=[{"row": n, "text": "x" * 100} for n in range(self.rows)])
            case "/endless":
                return raw(self.endless, "application/json")
            case "/echo":
                return raw(b"\xff\xfe" + request.headers["x"].encode() + b"\0", "application/zip")
            case "/latin":
                return raw("größe".encode("latin-1"), "text/plain; charset=ISO-8859-1")
            case "/nothing":
                return raw(b"\0\xff")
            case "/moved":
                return JSONAnswer(status=500, body={"rows": "x" * 50_000})
            case _:
                return JSONAnswer(body={"bytes": len(request.body)})

    @property
    def posts(self):
        return [request for request in self.requests if request.method == "POST"]

    def add(self):
        """Code that adds this service as `f`."""
        return f"tools.executor.sources.add(openapi='{self.url}/openapi.json', namespace='f')\n"
