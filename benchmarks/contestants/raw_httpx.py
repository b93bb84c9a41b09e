"""The reference of all ratios: hand-written code on httpx, with the standard library's json."""

# pyright: reportMissingImports=false, reportUnknownVariableType=false
import httpx

from ._httpx_like import HttpxLike

REQUIRES = ["httpx"]


class Contestant(HttpxLike):
    HTTP = httpx
