"""Spellings of one JSON Schema: references or what they refer to, titles or none."""


def inlined(schema, definitions=None):
    """The schema with every local reference replaced by what it refers to."""
    if isinstance(schema, list):
        return [inlined(item, definitions) for item in schema]
    if not isinstance(schema, dict):
        return schema
    definitions = schema.get("$defs", definitions)
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        siblings = {key: value for key, value in schema.items() if key != "$ref"}
        return inlined({**definitions[name], **siblings}, definitions)
    kept = {key: value for key, value in schema.items() if key != "$defs"}
    return {key: inlined(value, definitions) for key, value in kept.items()}


def untitled(schema):
    """The schema without titles; a property of that name stays."""
    if isinstance(schema, list):
        return [untitled(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {k: v for k, v in schema.items() if k != "title" or not isinstance(v, str)}
    return {key: untitled(value) for key, value in kept.items()}


def at(*path, rewrite):
    """A rewrite of what stands at a place of a request's body, if anything does."""

    def rewritten(body):
        return _replaced(body, path, rewrite)

    return rewritten


def _replaced(value, path, rewrite):
    if not path:
        return rewrite(value)
    if not isinstance(value, dict) or path[0] not in value:
        return value
    return {**value, path[0]: _replaced(value[path[0]], path[1:], rewrite)}
