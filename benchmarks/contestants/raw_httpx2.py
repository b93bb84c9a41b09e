"""raw_httpx on httpx2, the fork our transport is made of."""

import httpx2

from ._httpx_like import HttpxLike

REQUIRES = ["httpx2"]


class Contestant(HttpxLike):
    HTTP = httpx2
