"""Splitting and retrying: keys, order, bounds, and sending only what is missing."""

import anyio
import pytest

from executus.deliver import (
    CallbackDeliverer,
    DeliveryFailed,
    Parcel,
    Retrying,
    Splitting,
    split_text,
)
from executus.errors import SetupError
from executus.pendingattach import Attachment
from executus.testing import FakeClock

TEXT = "one two three four five six seven"
NOTE = Attachment.from_bytes(b"x", name="note.txt")


class Receiver:
    """Fails as it is told: by key, a list of errors, one for each attempt."""

    def __init__(self, failures=None, *, clock=None, takes_s=0):
        self.failures = {key: list(errors) for key, errors in (failures or {}).items()}
        self.clock, self.takes_s = clock, takes_s
        self.asked, self.got = [], []

    async def deliver(self, parcel):
        self.asked.append(parcel.key)
        if self.clock:
            await self.clock.sleep(self.takes_s)
        if errors := self.failures.get(parcel.key):
            raise errors.pop(0)
        self.got.append(parcel)


def passing(retry_after_s=None):
    return DeliveryFailed("busy", retryable=True, retry_after_s=retry_after_s)


def retrying(deliverer, **options):
    options.setdefault("clock", FakeClock())
    return Retrying(deliverer, jitter=lambda: 0.0, **options)


async def test_a_text_that_fits_goes_through_as_it_is():
    receiver, parcel = Receiver(), Parcel(key="k", text="x" * 10, attachments=(NOTE,))
    await Splitting(receiver, 10).deliver(parcel)
    assert receiver.got == [parcel]


async def test_a_long_text_goes_in_order_with_a_key_for_each_piece():
    receiver = Receiver()
    await Splitting(receiver, 14).deliver(
        Parcel(key="k", text=TEXT, attachments=(NOTE,), output={"a": 1}, metadata={"channel": 7})
    )
    assert [parcel.key for parcel in receiver.got] == ["k#1/3", "k#2/3", "k#3/3"]
    assert [parcel.text for parcel in receiver.got] == split_text(TEXT, 14)
    assert [parcel.attachments for parcel in receiver.got] == [(), (), (NOTE,)]
    assert [parcel.output for parcel in receiver.got] == [None, None, {"a": 1}]
    assert [parcel.metadata for parcel in receiver.got] == [{"channel": 7}] * 3


async def test_a_very_long_text_is_sent_whole():
    receiver, text = Receiver(), "some words " * 20_000
    await Splitting(receiver, 50_000).deliver(Parcel(key="k", text=text))
    assert "".join(parcel.text for parcel in receiver.got) == text
    assert receiver.asked[-1] == "k#5/5"


async def test_pieces_of_white_space_alone_are_left_out():
    receiver = Receiver()
    await Splitting(receiver, 5).deliver(Parcel(key="k", text="one" + "\n" * 20 + "two"))
    assert [(parcel.key, parcel.text.strip()) for parcel in receiver.got] == [
        ("k#1/2", "one"),
        ("k#2/2", "two"),
    ]
    await Splitting(receiver, 5).deliver(Parcel(key="j", text="\n" * 20, attachments=(NOTE,)))
    assert (receiver.got[-1].text, receiver.got[-1].attachments) == ("", (NOTE,))


async def test_the_limit_counts_in_the_unit_asked_for():
    receiver = Receiver()
    await Splitting(receiver, 4, unit="utf-16").deliver(Parcel(key="k", text="😀😀😀"))
    assert [parcel.text for parcel in receiver.got] == ["😀😀", "😀"]
    with pytest.raises(SetupError, match="at least 4 bytes"):
        Splitting(receiver, 3, unit="bytes")


async def test_a_piece_that_fails_is_missing_with_those_behind_it():
    receiver = Receiver({"k#2/3": [passing(9)]})
    with pytest.raises(DeliveryFailed, match="1 of 3 pieces arrived: busy") as caught:
        await Splitting(receiver, 14).deliver(Parcel(key="k", text=TEXT))
    assert [parcel.key for parcel in caught.value.missing] == ["k#2/3", "k#3/3"]
    assert (caught.value.retryable, caught.value.retry_after_s) == (True, 9)
    assert receiver.asked == ["k#1/3", "k#2/3"]


async def test_every_attempt_has_the_same_key():
    receiver, clock = Receiver({"k": [passing(), passing()]}), FakeClock()
    await retrying(receiver, clock=clock).deliver(Parcel(key="k", text="x"))
    assert receiver.asked == ["k"] * 3
    assert receiver.got == [Parcel(key="k", text="x")]
    assert clock.sleeps == [0.5, 1.0]


async def test_it_gives_up_after_its_attempts():
    receiver = Receiver({"k": [passing()] * 5})
    with pytest.raises(DeliveryFailed, match="3 attempts failed: busy") as caught:
        await retrying(receiver).deliver(Parcel(key="k"))
    assert (len(receiver.asked), caught.value.retryable, caught.value.missing) == (3, True, ())


@pytest.mark.parametrize("error", [DeliveryFailed("no such channel"), KeyError("channel")])
async def test_what_will_not_pass_is_not_tried_again(error):
    receiver = Receiver({"k": [error]})
    with pytest.raises(type(error), match="channel"):
        await retrying(receiver).deliver(Parcel(key="k"))
    assert receiver.asked == ["k"]


async def test_after_a_part_only_what_is_missing_is_sent():
    receiver = Receiver({"k#2/3": [passing(), passing()], "k#3/3": [passing(), passing()]})
    await retrying(Splitting(receiver, 14)).deliver(Parcel(key="k", text=TEXT))
    assert receiver.asked == ["k#1/3", *["k#2/3"] * 3, *["k#3/3"] * 3]
    assert "".join(parcel.text for parcel in receiver.got) == TEXT


async def test_what_never_arrived_is_told():
    receiver = Receiver({"k#2/3": [passing()] * 3})
    with pytest.raises(DeliveryFailed) as caught:
        await retrying(Splitting(receiver, 14)).deliver(Parcel(key="k", text=TEXT))
    assert [parcel.key for parcel in caught.value.missing] == ["k#2/3", "k#3/3"]
    assert receiver.asked == ["k#1/3", *["k#2/3"] * 3]


async def test_pieces_may_be_retried_each_on_its_own():
    receiver = Receiver({"k#2/3": [passing()]})
    await Splitting(retrying(receiver), 14).deliver(Parcel(key="k", text=TEXT))
    assert receiver.asked == ["k#1/3", "k#2/3", "k#2/3", "k#3/3"]


async def test_the_wait_doubles_up_to_its_most_and_a_receivers_word_counts_more():
    clock = FakeClock()
    receiver = Receiver({"k": [passing(), passing(), passing(5), passing(-1), passing()]})
    await retrying(receiver, attempts=6, backoff_s=1, max_backoff_s=3, clock=clock).deliver(
        Parcel(key="k")
    )
    assert clock.sleeps == [1, 2, 5, 0, 3]


async def test_jitter_shortens_a_wait_by_up_to_half():
    clock, chances = FakeClock(), iter((1.0, 0.5))
    receiver = Receiver({"k": [passing(), passing()]})
    deliverer = Retrying(receiver, backoff_s=4, clock=clock, jitter=lambda: next(chances))
    await deliverer.deliver(Parcel(key="k"))
    assert clock.sleeps == [2, 6]


async def test_a_wait_longer_than_the_time_there_is_is_not_begun():
    clock = FakeClock()
    receiver = Receiver({"k": [passing(31)]})
    with pytest.raises(DeliveryFailed, match="busy") as caught:
        await retrying(receiver, clock=clock, timeout_s=30).deliver(Parcel(key="k"))
    assert (clock.sleeps, caught.value.retry_after_s) == ([], 31)


async def test_an_attempt_that_hangs_ends_when_the_time_is_over():
    clock = FakeClock()
    receiver = Receiver(clock=clock, takes_s=40)
    with pytest.raises(DeliveryFailed, match="it had not arrived after 30 s") as caught:
        await retrying(receiver, clock=clock, timeout_s=30).deliver(Parcel(key="k", text=TEXT))
    assert (caught.value.retryable, caught.value.missing, receiver.got) == (True, (), [])


async def test_the_time_bounds_all_attempts_together():
    clock = FakeClock()
    receiver = Receiver({"k": [passing()] * 99}, clock=clock, takes_s=7)
    with pytest.raises(DeliveryFailed):
        await retrying(receiver, clock=clock, attempts=99, timeout_s=30).deliver(Parcel(key="k"))
    assert clock.monotonic() <= 30 + 7
    assert len(receiver.asked) == 4


async def test_a_cancelled_delivery_is_not_tried_again():
    asked = []

    async def hang(parcel):
        asked.append(parcel)
        await anyio.sleep_forever()

    with anyio.CancelScope() as scope:
        scope.cancel()
        await retrying(CallbackDeliverer(hang)).deliver(Parcel(key="k"))
        pytest.fail("the cancellation goes on")
    assert len(asked) <= 1


@pytest.mark.parametrize(
    "options",
    [
        {"attempts": 0},
        {"timeout_s": 0},
        {"timeout_s": float("nan")},
        {"backoff_s": -1},
        {"backoff_s": 2, "max_backoff_s": 1},
    ],
)
def test_a_figure_out_of_its_range_is_refused(options):
    with pytest.raises(SetupError, match="attempts must be at least 1"):
        Retrying(Receiver(), **options)
