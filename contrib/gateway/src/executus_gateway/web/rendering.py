"""Templates: every value is made visible and escaped on its way out, whoever wrote the template."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from executus.runpage import one_of, shortened
from executus_gateway.web.visible import visible
from executus_gateway.web.words import first_line, iso, pretty, pretty_json, took, when

__all__ = ["MAX_SHOWN", "View", "rendered"]

MAX_SHOWN: Final = 200_000
"""Characters of one text; a browser is slow with more, and nobody reads them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What a page is made of.

    Attributes:
        template: Its file.
        title: In the window's frame.
        section: Which entry of the navigation it belongs to.
        data: What its template names.
        poll_ms: How often a browser asks whether it has changed.
        status: Of the answer.
    """

    template: str
    title: str
    section: str
    data: Mapping[str, Any] = field(default_factory=dict[str, Any])
    poll_ms: int = 5000
    status: int = 200


def rendered(view: View, *, root: str, pending: int) -> str:
    """The page as HTML.

    Args:
        view: What to show.
        root: Under which path the console is mounted, without a slash behind.
        pending: Questions that wait for a person.
    """
    template = _ENVIRONMENT.get_template(view.template)
    return template.render(view=view, root=root, pending=pending, **view.data)


def _finalized(value: object) -> object:
    """What stands for a value: nothing for None, markup as it is, all else visible."""
    if value is None:
        return ""
    return value if isinstance(value, Markup) else visible(str(value))


def _segment(text: str) -> str:
    return quote(text, safe="")


def _cut(text: str) -> str:
    return shortened(text, MAX_SHOWN)


def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("executus_gateway.web"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_finalized,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    filters: dict[str, Any] = made.filters
    filters.update({named.__name__.removeprefix("_"): named for named in _FILTERS})
    given: dict[str, Any] = made.globals
    given.update(took=took)
    return made


_FILTERS: Final = (_cut, first_line, iso, one_of, pretty, pretty_json, _segment, when)
_ENVIRONMENT: Final = _environment()
