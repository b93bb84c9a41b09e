"""A pretended internet for the egress guard: names, addresses, servers; it records every dial."""

from dataclasses import dataclass, field
from ipaddress import ip_address

import httpcore2

PUBLIC = "93.184.216.34"
PUBLIC_TOO = "1.1.1.1"
PUBLIC_V6 = "2606:4700::1111"


class Names:
    """A resolver whose answers are scripted: the last one repeats."""

    def __init__(self, **names):
        self.names = {name.replace("_", "."): answers for name, answers in names.items()}
        self.asked = []

    def set(self, name, *answers):
        self.names[name] = list(answers)
        return self

    async def resolve(self, host, port):
        self.asked.append(host)
        if host not in self.names:
            raise OSError(f"no such name: {host}")
        answers = self.names[host]
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        return [ip_address(text) for text in answer.split()]


@dataclass
class Asked:
    """One request as a server saw it."""

    address: str
    port: int
    sni: str | None
    method: str
    path: str
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


class Wire:
    """A connector to servers that are one function; records every dial and every request.

    `answer` takes an `Asked` and returns the bytes of the response. Addresses in `dead` refuse.
    """

    def __init__(self, answer=None, *, dead=()):
        self.answer = answer or (lambda asked: reply(200, b"ok"))
        self.dead = set(dead)
        self.dialled = []
        self.asked = []
        self.open = 0

    async def connect(self, address, port):
        self.dialled.append(str(address))
        if str(address) in self.dead:
            raise ConnectionRefusedError(f"{address} refuses")
        self.open += 1
        return Tape(self, str(address), port)


class Tape(httpcore2.AsyncNetworkStream):
    """One pretended connection."""

    def __init__(self, wire, address, port):
        self.wire, self.address, self.port = wire, address, port
        self.sent = b""
        self.sni = None
        self.left = None
        self.closed = False

    async def read(self, max_bytes, timeout=None):
        if self.left is None:
            asked = self._asked()
            self.wire.asked.append(asked)
            self.left = self.wire.answer(asked)
        piece, self.left = self.left[:max_bytes], self.left[max_bytes:]
        return piece

    async def write(self, buffer, timeout=None):
        self.sent += buffer

    async def start_tls(self, ssl_context, server_hostname=None, timeout=None):
        self.sni = server_hostname
        return self

    async def aclose(self):
        if not self.closed:
            self.closed = True
            self.wire.open -= 1

    def get_extra_info(self, info):
        return None

    def _asked(self):
        head, _, body = self.sent.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        method, path, _ = first.split(" ")
        headers = dict(line.split(": ", 1) for line in lines)
        return Asked(self.address, self.port, self.sni, method, path, headers, body)


def reply(status, body=b"", /, **headers):
    """A response as bytes; `content_type=` is the header content-type."""
    lines = [f"HTTP/1.1 {status} Reason", f"content-length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode("utf-8") + body


def redirect(status, location):
    return reply(status, b"moved", location=location)
