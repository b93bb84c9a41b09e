"""The code in what a model sent: without fences, and without the prose around them."""

from __future__ import annotations

import re
import textwrap

__all__ = ["recovered"]

_FENCED = re.compile(
    r"^[ \t]*(?P<fence>```+|~~~+)[ \t]*(?P<info>[\w+.-]*)[^\n]*\n"
    r"(?P<body>.*?)(?:^[ \t]*(?P=fence)[ \t]*$|\Z)",
    re.DOTALL | re.MULTILINE,
)
_OURS = frozenset({"", "py", "python", "python3"})


def recovered(text: str) -> str:
    r"""The code to run.

    Text without a fence is code as it stands, dedented. Of fenced text the Python blocks count,
    joined; where there are none, every block.

    >>> recovered("Here you go:\n```python\nreturn 1\n```\nIt returns one.")
    'return 1'
    """
    unified = text.replace("\r\n", "\n").lstrip("\ufeff")
    blocks = [(match["info"].lower(), match["body"]) for match in _FENCED.finditer(unified)]
    if not blocks or "'''" in unified.partition("```")[0] or '"""' in unified.partition("```")[0]:
        return textwrap.dedent(unified).strip("\n")
    ours = [body for info, body in blocks if info in _OURS]
    chosen = ours or [body for _, body in blocks]
    return "\n".join(textwrap.dedent(body).strip("\n") for body in chosen)
