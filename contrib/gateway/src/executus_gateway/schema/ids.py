"""Portable ids: a prefix that says of what kind, then a-z and 0-9; the same in every target.

Random ids come from a factory that is given (`IdFactory`). A source's is computed from where it is,
so that adding it twice, or copying it to another target, is the same source.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from typing import Final, Literal, NewType, TypeAlias, get_args

__all__ = [
    "LOCAL_PROFILE",
    "LOCAL_WORKSPACE",
    "CallId",
    "CredentialId",
    "IdFactory",
    "InteractionId",
    "PolicyId",
    "Prefix",
    "ProfileId",
    "RunId",
    "SourceId",
    "WorkspaceId",
    "is_id",
    "source_id",
]

Prefix: TypeAlias = Literal[
    "prf", "wks", "src", "art", "crd", "tok", "pol", "apr", "ask", "run", "fil"
]

ProfileId = NewType("ProfileId", str)
WorkspaceId = NewType("WorkspaceId", str)
SourceId = NewType("SourceId", str)
CredentialId = NewType("CredentialId", str)
PolicyId = NewType("PolicyId", str)
InteractionId = NewType("InteractionId", str)
RunId = NewType("RunId", str)
CallId = NewType("CallId", str)

IdFactory: TypeAlias = Callable[[Prefix], str]
"""Makes a new id with that prefix; never the same twice."""

LOCAL_PROFILE: Final = ProfileId("prf_local")
LOCAL_WORKSPACE: Final = WorkspaceId("wks_local")

HASH_CHARS: Final = 20
_TAIL: Final = re.compile(r"[0-9a-z]+")


def source_id(workspace: WorkspaceId, kind: str, location: str) -> SourceId:
    """The id of what is at a location, for a workspace.

    Args:
        workspace: Whose source it is.
        kind: Its kind.
        location: Its location in its one spelling.
    """
    text = "\n".join((workspace, kind, location))
    return SourceId("src_" + hashlib.sha256(text.encode()).hexdigest()[:HASH_CHARS])


def is_id(text: str, prefix: Prefix) -> bool:
    """Whether a text can be an id of that kind; names of files are made of it, on any disk.

    >>> is_id("run_0f3a", "run"), is_id("src_0f3a", "run"), is_id("run_É", "run")
    (True, False, False)
    """
    head, _, tail = text.partition("_")
    return head in get_args(Prefix) and head == prefix and _TAIL.fullmatch(tail) is not None
