"""A ticket is good once and for a while."""

from executus_gateway.server import Tickets

from executus.testing import FakeClock


async def test_a_ticket_becomes_one_session():
    tickets = Tickets()
    ticket = tickets.issue()
    session = tickets.redeem(ticket)
    assert session != ticket
    assert tickets.knows(session)
    assert tickets.redeem(ticket) is None
    assert not tickets.knows(ticket)


async def test_what_is_no_ticket_becomes_nothing():
    tickets = Tickets()
    assert tickets.redeem("") is None
    assert tickets.redeem("\ud800") is None
    assert not tickets.knows("")


async def test_a_ticket_and_a_session_end():
    clock = FakeClock()
    tickets = Tickets(clock=clock, ticket_s=60.0, session_s=100.0)
    old, fresh = tickets.issue(), tickets.issue()
    session = tickets.redeem(fresh)
    clock.advance(60.0)
    assert tickets.redeem(old) is None
    assert tickets.knows(session)
    clock.advance(40.0)
    assert not tickets.knows(session)


async def test_tickets_that_nobody_uses_do_not_pile_up():
    tickets = Tickets()
    first = tickets.issue()
    for _ in range(100):
        last = tickets.issue()
    assert tickets.redeem(first) is None
    assert tickets.redeem(last)
