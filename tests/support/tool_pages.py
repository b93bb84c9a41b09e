"""Writes each tool's arguments into its toolset's page; `make generate` runs it, a test checks it.

A page holds, for each tool, a heading, what is written by hand, and between two comments a table
made of the tool's real schema.
"""

import json
import re
import sys
from pathlib import Path

from executus.deliver import DISCARD
from executus.egress import Egress
from executus.registry import default_registry
from executus.tools import (
    comms_tools,
    compose_tools,
    files_tools,
    meta_tools,
    net_tools,
    store_tools,
    web_tools,
)
from executus.tools.web import SearXNG

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "docs" / "tools"
SKILLS = ("clock", "calc")
BLOCK = re.compile(r"<!-- schema of ([\w.]+) -->\n.*?<!-- end -->", re.S)


def full_registry():
    """Every tool with a fixed schema, those that are only there when asked for included."""
    registry = default_registry()
    registry.add("web", web_tools(Egress(), search=SearXNG("http://searx.internal")))
    registry.add("net", net_tools(Egress()))
    registry.add("store", store_tools())
    registry.add("compose", compose_tools())
    registry.add("meta", meta_tools())
    registry.add("comms", comms_tools(DISCARD))
    registry.add("files", files_tools("."))
    return registry


def page_of(name):
    """The page a tool belongs on."""
    toolset = name.partition(".")[0]
    return PAGES / ("skills.md" if toolset in SKILLS else f"{toolset}.md")


def block(entry):
    """The table of one registered tool."""
    schema = entry.tool.parameters
    rows = list(_rows(schema, schema, ""))
    table = ["| argument | type | default | range |", "|---|---|---|---|", *rows]
    return "\n".join(
        [
            f"<!-- schema of {entry.name} -->",
            *(table if rows else ["No arguments."]),
            "",
            _behaviour(entry.policy),
            "<!-- end -->",
        ]
    )


def _rows(schema, whole, prefix):
    for name, given in schema.get("properties", {}).items():
        one = _resolved(given, whole)
        needed = name in schema.get("required", ())
        default = "required" if needed else _default(one)
        yield f"| `{prefix}{name}` | {_type(one, whole)} | {default} | {_range(one)} |"
        inner = _resolved(one.get("items", {}), whole) if one.get("type") == "array" else one
        mark = "[]." if one.get("type") == "array" else "."
        yield from _rows(inner, whole, f"{prefix}{name}{mark}")


def _resolved(schema, whole):
    if not isinstance(schema, dict) or "$ref" not in schema:
        return schema
    return whole["$defs"][schema["$ref"].rpartition("/")[2]] | {
        key: value for key, value in schema.items() if key != "$ref"
    }


def _type(one, whole):
    if "anyOf" in one:
        return " or ".join(_type(_resolved(other, whole), whole) for other in one["anyOf"])
    kind = one.get("type", "anything")
    if kind == "array":
        return f"list of {_type(_resolved(one['items'], whole), whole)}"
    return kind


def _default(one):
    return f"`{json.dumps(one['default'])}`" if "default" in one else "left out"


def _range(one):
    found = [" ".join(f"`{value}`" for value in one["enum"])] if "enum" in one else []
    for low, high, unit in (
        ("minimum", "maximum", ""),
        ("minLength", "maxLength", " characters"),
        ("minItems", "maxItems", " items"),
    ):
        if low in one and high in one:
            found.append(f"{one[low]:,} to {one[high]:,}{unit}")
        elif low in one:
            found.append(f"{one[low]:,}{unit} or more")
        elif high in one:
            found.append(f"at most {one[high]:,}{unit}")
    return ", ".join(found)


def _behaviour(policy):
    again = "idempotent" if policy.idempotent else "not repeated after a crash"
    endless = policy.timeout_s == float("inf")
    time = "no time-out of its own" if endless else f"at most {policy.timeout_s:g} s"
    size = f"{policy.max_result_bytes // 1024} KiB of result"
    return f"Effect `{policy.effect}`, {again}, {time}, {size}."


def rendered(page, registry):
    """A page's text with every block as it should be.

    Raises:
        ExecutusError: It has a block of a tool that there is not.
    """

    def made(match):
        registry.get(match[1])
        return block(registry.find(match[1]))

    return BLOCK.sub(made, page.read_text(encoding="utf-8"))


if __name__ == "__main__":
    every_tool = full_registry()
    for one_page in sorted(PAGES.glob("*.md")):
        one_page.write_text(rendered(one_page, every_tool), encoding="utf-8")
    sys.stdout.write(f"wrote {PAGES.relative_to(ROOT)}\n")
