"""Requests go where redirects say, and only the plain part of an address is known."""

import anyio
import httpx2

from executus.tools.mcp.address import Address


class Server(httpx2.AsyncBaseTransport):
    """Answers by its function; notes what it is asked for, and what its client knew of that."""

    def __init__(self, address, answer):
        self.address, self.answer = address, answer
        self.asked, self.known = [], []

    async def handle_async_request(self, request):
        sent = self.address.whole(request)
        self.known.append(str(request.url))
        self.asked.append(sent.url.raw_path.decode())
        location = self.answer(sent.url)
        if location is None:
            return httpx2.Response(200)
        response = httpx2.Response(307, headers={"location": location})
        self.address.hide(response, sent)
        return response


async def asked_for(answer, *, times=1):
    address = Address("https://host/mcp?key=secret")
    server = Server(address, answer)
    async with httpx2.AsyncClient(transport=server, follow_redirects=True) as client:
        for _ in range(times):
            await client.post(address.shown)
    assert "secret" not in str(server.known)
    return server.asked


async def test_a_redirect_to_the_address_without_its_query_is_followed_there():
    def answer(url):
        return "/mcp" if url.query else None

    assert await asked_for(answer, times=2) == ["/mcp?key=secret", "/mcp"] * 2


async def test_each_request_begins_at_the_address():
    tickets = iter(("secret-1", "secret-2"))

    def answer(url):
        return f"/mcp?ticket={next(tickets)}" if b"key" in url.query else None

    asked = await asked_for(answer, times=2)
    first, second = "/mcp?ticket=secret-1", "/mcp?ticket=secret-2"
    assert asked == ["/mcp?key=secret", first, "/mcp?key=secret", second]


async def test_redirects_of_requests_at_once_are_not_mistaken_for_each_other():
    address, asked = Address("https://host/mcp?key=secret"), []

    async def ask(number):
        sent = address.whole(httpx2.Request("POST", address.shown))
        response = httpx2.Response(307, headers={"location": f"/there?of={number}"})
        address.hide(response, sent)
        await anyio.lowlevel.checkpoint()
        again = httpx2.Request("POST", response.headers["location"])
        asked.append((number, address.whole(again).url.query))

    async with anyio.create_task_group() as tasks:
        for number in range(5):
            tasks.start_soon(ask, number)
    assert sorted(asked) == [(number, f"of={number}".encode()) for number in range(5)]


async def test_redirects_are_hidden_however_many_there_were():
    rest = iter(range(300))

    def answer(url):
        return f"/{next(rest)}?key=secret" if url.path == "/mcp" else None

    asked = await asked_for(answer, times=150)
    assert asked[-1] == "/149?key=secret"


def test_a_number_leads_nowhere_but_to_its_own_address():
    """Else a server could send what is for its own origin, and so was followed, elsewhere."""
    address = Address("https://host/mcp?key=secret")
    sent = address.whole(httpx2.Request("POST", address.shown))
    elsewhere = httpx2.Response(307, headers={"location": "https://other/?q=1"})
    address.hide(elsewhere, sent)
    number = httpx2.URL(elsewhere.headers["location"]).fragment
    asked = httpx2.Request("POST", f"https://host/there#{number}")
    assert address.whole(asked) is asked
