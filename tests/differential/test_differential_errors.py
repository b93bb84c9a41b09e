"""The same error means the same to ours and to the vendor's SDK, retries included."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from sdks import need_sdks

need_sdks()

from comparison import judge
from differences import DIFFERENCES
from shapes import HELLO
from vendor import WAITS, Shape, ask_ours
from vendors import VENDORS

from executus.testing import JSONAnswer, LoopbackServer, RawAnswer
from executus.testing.server import SSEAnswer
from majordomo.errors import APIError
from majordomo.llm.message import user
from majordomo.llm.request import Request

CASES = [
    pytest.param(vendor, refusal, id=f"{vendor.name}: {refusal.name}")
    for vendor in VENDORS
    for refusal in vendor.refusals
]


def answer(vendor, refusal):
    # Without a wait of its own an SDK waits half a second before it tries again.
    waits = {"retry-after", "retry-after-ms"} & refusal.headers.keys()
    soon = {} if waits else {"retry-after-ms": "1"}
    named = {vendor.request_id: "req_7"} if vendor.request_id else {}
    headers = {**soon, **named, **refusal.headers}
    if refusal.stream:
        return SSEAnswer(refusal.stream, headers=headers | vendor.stream_headers)
    if isinstance(refusal.body, bytes):
        lines = [f"HTTP/1.1 {refusal.status} ", f"content-length: {len(refusal.body)}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        return RawAnswer("\r\n".join([*lines, "", ""]).encode() + refusal.body)
    return JSONAnswer(refusal.status, refusal.body, headers)


@pytest.mark.parametrize(("vendor", "refusal"), CASES)
async def test_both_read_the_same_error(vendor, refusal):
    streaming = bool(refusal.stream)
    async with LoopbackServer(lambda _: answer(vendor, refusal)) as server:
        shape = Shape(name="", request=Request(messages=(user(HELLO),)), streaming=streaming)
        with pytest.raises(APIError) as ours:
            await ask_ours(vendor, server.url, shape)
        before = len(server.requests)
        async with vendor.client(url=server.url, retries=1) as client:
            with pytest.raises(vendor.raises) as theirs:
                await vendor.ask(client, streaming=streaming)
        retried = len(server.requests) - before == 2
    problems = judge(
        vendor.name,
        f"error/{refusal.name}",
        *both(ours.value, vendor.failure(theirs.value), retried=retried, vendor=vendor),
        DIFFERENCES,
    )
    assert not problems, "\n".join(problems)


def both(error, theirs, *, retried, vendor):
    """Both sides in the same terms: what the SDK does not tell is not compared."""
    kinds = theirs.pop("kinds")
    mine = {
        "kind": str(error.kind),
        "retried": error.transient,
        "status": error.status,
        "request_id": error.request_id,
        "code": error.code,
        "param": error.param,
    }
    theirs |= {"kind": mine["kind"] if mine["kind"] in kinds else sorted(kinds)}
    if vendor.retries:
        theirs["retried"] = retried
    return {name: mine[name] for name in theirs}, theirs


def in_two_minutes():
    return format_datetime(datetime.now(UTC) + timedelta(seconds=120), usegmt=True)


WAITING = [
    pytest.param(vendor, name, id=f"{vendor.name}: {name}")
    for vendor in VENDORS
    if vendor.wait_s is not None
    for name in WAITS
]


@pytest.mark.parametrize(("vendor", "name"), WAITING)
async def test_both_read_the_same_wait(vendor, name):
    headers = {k: in_two_minutes() if v == "DATE" else v for k, v in WAITS[name].items()}
    limited = next(each for each in vendor.refusals if each.status == 429)
    async with LoopbackServer(lambda _: JSONAnswer(429, limited.body, headers)) as server:
        with pytest.raises(APIError) as ours:
            await ask_ours(
                vendor, server.url, Shape(name="", request=Request(messages=(user(HELLO),)))
            )
        async with vendor.client(url=server.url) as client:
            with pytest.raises(vendor.raises) as theirs:
                await vendor.ask(client, streaming=False)
            wait_s = vendor.wait_s(client, theirs.value)
    # To ten seconds: time passes between reading one date and the other.
    mine = ours.value.retry_after_s
    values = [
        {"wait_s": w if w is None or name != "a date" else round(w, -1)} for w in (mine, wait_s)
    ]
    problems = judge(vendor.name, f"wait/{name}", *values, DIFFERENCES)
    assert not problems, "\n".join(problems)
