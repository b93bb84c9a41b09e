"""What a log, a crash report or a debugger would show of an error: its words and its locals."""

import traceback
from pathlib import Path

import majordomo

_OWN = str(Path(majordomo.__file__).parent)


def _own_frames(tb):
    """The traceback from the library's first frame on: a test's own frames hold what it planted."""
    while tb is not None and not tb.tb_frame.f_code.co_filename.startswith(_OWN):
        tb = tb.tb_next
    return tb


def everything_shown(error):
    """All text of an error, of those it is chained to, and of the locals of the library's frames.

    Frames and locals of what a locals-showing formatter prints, with `repr` of each.
    """
    texts, seen = [], set()
    todo = [error]
    while todo:
        error = todo.pop()
        if error is None or id(error) in seen:
            continue
        seen.add(id(error))
        texts += [str(error), repr(error), repr(error.args), repr(vars(error))]
        texts += getattr(error, "__notes__", [])
        tb = _own_frames(error.__traceback__)
        shown = traceback.TracebackException(
            type(error), error, tb, capture_locals=True, compact=True
        )
        shown.__cause__ = shown.__context__ = None
        texts += shown.format()
        todo += [error.__cause__, error.__context__]
    return "\n".join(texts)
