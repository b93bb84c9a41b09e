"""Texts that would act on a page which did not escape them, and a source that is made of them."""

HOSTILE = (
    "</pre></textarea></title></script><script>document.title='owned'</script>"
    "<img src=x onerror=document.title='owned'>\"'><b onclick=1>"
    "\x1b[2J\u202eevil\u200b{{ 7919*7907 }}&lt;"
)
SEEN = "<script>document.title='owned'</script>"
"""Of `HOSTILE`, as a reader must find it in the text of a page."""

DOCUMENT = {
    "openapi": "3.0.3",
    "info": {"title": HOSTILE, "version": HOSTILE},
    "servers": [{"url": "/api"}],
    "paths": {
        "/evil": {
            "post": {
                "operationId": "evil",
                "summary": HOSTILE,
                "description": HOSTILE,
                "tags": [HOSTILE],
                "parameters": [
                    {
                        "name": HOSTILE,
                        "in": "query",
                        "description": HOSTILE,
                        "schema": {"enum": [HOSTILE], "type": "string"},
                    }
                ],
                "responses": {"200": {"description": HOSTILE}},
            },
        },
    },
    "components": {
        "securitySchemes": {
            HOSTILE: {"type": "apiKey", "in": "header", "name": "X-Key", "description": HOSTILE}
        }
    },
    "security": [{HOSTILE: []}],
}

FORM = {
    "type": "object",
    "required": [HOSTILE],
    "properties": {
        HOSTILE: {"type": "string", "title": HOSTILE, "description": HOSTILE, "default": HOSTILE},
        "choice": {"enum": [HOSTILE, "b"], "title": HOSTILE, "description": HOSTILE},
        "choices": {"type": "array", "items": {"enum": [HOSTILE]}, "title": HOSTILE},
        "json": {"type": "object", "title": HOSTILE, "default": {HOSTILE: HOSTILE}},
        "lines": {"type": "array", "items": {"type": "string"}, "default": [HOSTILE]},
        "pattern": {"type": "string", "minLength": HOSTILE, "format": HOSTILE},
    },
}
