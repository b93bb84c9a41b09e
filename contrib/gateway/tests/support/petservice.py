"""A small service with an OpenAPI document, on loopback."""

from executus.testing import JSONAnswer, LoopbackServer


def document(*, secured=False):
    pet = {
        "type": "object",
        "properties": {"id": {"type": "integer"}, "name": {"type": "string"}},
        "required": ["name"],
    }
    made = {
        "openapi": "3.0.3",
        "info": {"title": "Pets", "version": "1"},
        "servers": [{"url": "/api"}],
        "paths": {
            "/pets": {
                "get": {
                    "operationId": "listPets",
                    "summary": "List all pets",
                    "tags": ["pets"],
                    "parameters": [
                        {"name": "limit", "in": "query", "schema": {"type": "integer"}},
                        {"name": "kind[]", "in": "query", "schema": {"type": "array"}},
                    ],
                    "responses": {"200": {"description": "ok"}},
                },
                "post": {
                    "operationId": "createPet",
                    "summary": "Create a pet",
                    "tags": ["pets"],
                    "requestBody": {
                        "required": True,
                        "content": {
                            "application/json": {"schema": {"$ref": "#/components/schemas/Pet"}}
                        },
                    },
                    "responses": {"201": {"description": "created"}},
                },
            },
            "/pets/{petId}": {
                "parameters": [
                    {
                        "name": "petId",
                        "in": "path",
                        "required": True,
                        "schema": {"type": "string"},
                    }
                ],
                "get": {"operationId": "getPet", "tags": ["pets"], "responses": {}},
                "delete": {"operationId": "deletePet", "tags": ["pets"], "responses": {}},
            },
        },
        "components": {"schemas": {"Pet": pet}},
    }
    if secured:
        made["components"]["securitySchemes"] = {
            "key": {"type": "apiKey", "in": "header", "name": "X-Key"}
        }
        made["security"] = [{"key": []}]
    return made


class PetService(LoopbackServer):
    """Answers the document at /openapi.json and pets below /api."""

    def __init__(self):
        super().__init__(self.answer)
        self.secured = False
        self.echo_headers = False

    def answer(self, request):
        if request.path == "/openapi.json":
            return JSONAnswer(body=document(secured=self.secured))
        if self.echo_headers:
            return JSONAnswer(body={"you_sent": dict(request.headers)})
        if request.method == "POST":
            return JSONAnswer(status=201, body={"id": len(self.writes), **request.json})
        return JSONAnswer(body={"path": request.path})

    @property
    def writes(self):
        return [request for request in self.requests if request.method in {"POST", "DELETE"}]

    @property
    def calls(self):
        return [request for request in self.requests if request.path != "/openapi.json"]

    def add(self):
        """Code that adds this service as `pets`."""
        return (
            f"added = tools.executor.sources.add(openapi='{self.url}/openapi.json', "
            "namespace='pets')\n"
        )
