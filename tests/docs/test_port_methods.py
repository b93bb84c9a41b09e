"""The page of ports names the methods that the protocols have."""

import inspect
import re
from dataclasses import fields
from typing import get_type_hints

from pages import text_of

from executus import Ports


def test_the_page_names_each_ports_methods_as_the_protocols_have_them():
    rows = re.findall(r"^\| `(\w+)` \| (`.*`.*) \|$", text_of("docs/executus/ports.md"), re.M)
    said = {name: cell for name, cell in rows if "(" in cell}
    assert set(said) == {field.name for field in fields(Ports)}
    for name, protocol in get_type_hints(Ports).items():
        methods = {
            method: function
            for method, function in vars(protocol).items()
            if not method.startswith("_") and inspect.isfunction(function)
        }
        written = [
            f"{'async ' * inspect.iscoroutinefunction(function)}{method}"
            f"({', '.join(list(inspect.signature(function).parameters)[1:])})"
            for method, function in methods.items()
        ]
        assert re.findall(r"`([^`]*\([^`]*\))`", said[name]) == written, name
