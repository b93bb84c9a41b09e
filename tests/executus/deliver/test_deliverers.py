"""The shipped deliverers: standard output, files, functions, several at once."""

import io
import pickle
import stat
import sys
import threading
from functools import partial

import pytest

from executus.deliver import (
    DISCARD,
    CallbackDeliverer,
    DeliveryFailed,
    FileDeliverer,
    Parcel,
    StdoutDeliverer,
    Tee,
)
from executus.errors import ExecutusError
from executus.pendingattach import Attachment


def note(text, name="note.txt"):
    return Attachment.from_bytes(text.encode(), name=name)


def written(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


class Terminal(io.StringIO):
    def isatty(self):
        return True


async def test_discarding_delivers_nothing_and_never_fails():
    await DISCARD.deliver(Parcel(key="k", text="x"))


async def test_the_text_goes_to_standard_output_with_a_line_for_each_attachment(capsys):
    parcel = Parcel(key="k", text="It is 42.\n", attachments=(note("x" * 1234, "a\nb.txt"),))
    await StdoutDeliverer().deliver(parcel)
    await StdoutDeliverer().deliver(Parcel(key="k"))
    assert capsys.readouterr().out == ("It is 42.\n[attachment a b.txt: text/plain, 1,234 bytes]\n")


@pytest.mark.parametrize(
    ("kind", "seen"),
    [(Terminal, "a�[2Jb�\n\tc\n"), (io.StringIO, "a\x1b[2Jb\u202e\n\tc\n")],
)
async def test_only_a_terminal_is_kept_from_control_characters(kind, seen):
    stream = kind()
    await StdoutDeliverer(stream).deliver(Parcel(key="k", text="a\x1b[2Jb\u202e\n\tc"))
    assert stream.getvalue() == seen


async def test_a_stream_that_lacks_a_character_shows_another():
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii", newline="\n")
    await StdoutDeliverer(stream).deliver(Parcel(key="k", text="naïve \ud800"))
    assert raw.getvalue() == b"na?ve ?\n"
    stream.close()
    with pytest.raises(DeliveryFailed, match="could not be written") as caught:
        await StdoutDeliverer(stream).deliver(Parcel(key="k", text="x"))
    assert not caught.value.retryable


async def test_a_file_per_key_with_its_attachments_beside_it(tmp_path):
    folder = tmp_path / "new" / "out"
    parcel = Parcel(
        key="run-1", text="naïve\r\n", attachments=(note("1", "a.csv"), note("2", "a.csv"))
    )
    await FileDeliverer(folder).deliver(parcel)
    assert written(folder) == {
        "run-1.txt": "naïve\r\n".encode(),
        "run-1.1.a.csv": b"1",
        "run-1.2.a.csv": b"2",
    }
    assert stat.S_IMODE((folder / "run-1.txt").stat().st_mode) == 0o600


async def test_the_same_key_is_there_once(tmp_path):
    files = FileDeliverer(tmp_path)
    parcel = Parcel(key="a/b", text="one", attachments=(note("1"),))
    await files.deliver(parcel)
    first = written(tmp_path)
    await files.deliver(parcel)
    assert written(tmp_path) == first
    assert len(first) == 2


KEYS = [
    "a", "A", "a#1/2", "a#2/2", "a-1-2", "../a", "..", ".", "", "/etc/passwd", "con", "CON", "com1",
    "a.txt", "a.1.note.txt", "\x00", "é", "\ud800", "x" * 300, "x" * 301, "-rf", " a", "a\n",
]  # fmt: skip


async def test_no_two_keys_share_a_file_and_none_leaves_the_folder(tmp_path):
    files = FileDeliverer(tmp_path / "out")
    for key in KEYS:
        await files.deliver(Parcel(key=key, text=repr(key), attachments=(note(repr(key)),)))
    found = written(tmp_path / "out")
    assert list(tmp_path.iterdir()) == [tmp_path / "out"]
    assert len({name.lower() for name in found}) == 2 * len(KEYS)
    assert sorted(found.values()) == sorted(2 * [repr(key).encode() for key in KEYS])
    assert not any(name.startswith((".", "-", "con.", "com1.")) for name in found)


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("chart.png", "chart.png"),
        ("../../etc/passwd", "passwd"),
        ("C:\\dir\\x.txt", "x.txt"),
        ("Übersicht 1.pdf", "Übersicht 1.pdf"),
        ("a:b*c?.txt", "a_b_c_.txt"),
        ("evil\u202egnp.exe", "evil_gnp.exe"),
        ("...", "attachment"),
        ("", "attachment"),
        ("x" * 300 + ".tar.gz", "x" * 97 + ".gz"),
        ("x." + "y" * 300, "x." + "y" * 98),
        ("ü" * 100 + ".txt", "ü" * 48 + ".txt"),
        ("dots. . ", "dots"),
    ],
)
async def test_an_attachment_has_a_name_every_file_system_takes(tmp_path, name, file):
    one = Attachment(data=b"x", media_type="a/b", name=name)
    await FileDeliverer(tmp_path).deliver(Parcel(key="k", attachments=(one,)))
    assert written(tmp_path) == {"k.txt": b"", f"k.1.{file}": b"x"}


async def test_a_file_that_cannot_be_written_leaves_nothing_and_says_why(tmp_path, monkeypatch):
    (tmp_path / "k.txt").mkdir()
    with pytest.raises(DeliveryFailed, match="could not write into") as caught:
        await FileDeliverer(tmp_path).deliver(Parcel(key="k", text="x"))
    assert not caught.value.retryable
    assert [path.name for path in tmp_path.iterdir()] == ["k.txt"]

    def full(*args, **options):
        raise OSError(24, "Too many open files")

    monkeypatch.setattr("tempfile.mkstemp", full)
    with pytest.raises(DeliveryFailed, match="Too many open files") as caught:
        await FileDeliverer(tmp_path).deliver(Parcel(key="other", text="x"))
    assert caught.value.retryable


async def test_a_failed_write_keeps_what_was_there(tmp_path, monkeypatch):
    files = FileDeliverer(tmp_path)
    await files.deliver(Parcel(key="k", text="old"))

    def broken(handle):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("os.fsync", broken)
    with pytest.raises(DeliveryFailed):
        await files.deliver(Parcel(key="k", text="new"))
    assert written(tmp_path) == {"k.txt": b"old"}


class AsyncCall:
    def __init__(self, log):
        self.log = log

    async def __call__(self, parcel):
        self.log(parcel)


def awaitable_from_a_plain_function(log):
    async def later(parcel):
        log(parcel)

    return partial(call, later)


def call(fn, parcel):
    return fn(parcel)


@pytest.mark.parametrize("wrap", [AsyncCall, awaitable_from_a_plain_function, lambda log: log])
async def test_a_function_is_called_with_the_parcel(wrap):
    got, parcel = [], Parcel(key="k", text="x")
    await CallbackDeliverer(wrap(got.append)).deliver(parcel)
    assert got == [parcel]


async def test_a_plain_function_may_block_for_it_has_its_own_thread():
    threads = []
    await CallbackDeliverer(lambda _: threads.append(threading.get_ident())).deliver(
        Parcel(key="k")
    )
    assert threads != [threading.get_ident()]


async def test_what_a_function_raises_is_raised():
    def broken(parcel):
        raise KeyError("channel")

    with pytest.raises(KeyError, match="channel"):
        await CallbackDeliverer(broken).deliver(Parcel(key="k"))


def failing(error):
    async def fail(parcel):
        raise error

    return CallbackDeliverer(fail)


async def test_one_that_fails_keeps_nothing_from_the_others():
    got = []
    first = DeliveryFailed("no route", retryable=True, retry_after_s=3)
    tee = Tee(failing(first), CallbackDeliverer(got.append), failing(DeliveryFailed("gone")))
    with pytest.raises(DeliveryFailed, match="2 of 3 deliveries failed: no route; gone") as caught:
        await tee.deliver(Parcel(key="k"))
    assert len(got) == 1
    assert (caught.value.retryable, caught.value.__cause__) == (False, first)
    with pytest.raises(DeliveryFailed) as caught:
        await Tee(failing(first), CallbackDeliverer(got.append)).deliver(Parcel(key="k"))
    assert (caught.value.retryable, caught.value.retry_after_s) == (True, 3)


async def test_another_error_of_one_comes_out_after_all_were_asked():
    got = []
    tee = Tee(failing(DeliveryFailed("no")), failing(KeyError("x")), CallbackDeliverer(got.append))
    with pytest.raises(KeyError):
        await tee.deliver(Parcel(key="k"))
    assert len(got) == 1


async def test_a_hosts_own_deliverer_takes_the_defaults_place():
    class Channel:
        def __init__(self):
            self.messages = []

        async def deliver(self, parcel):
            self.messages.append((parcel.metadata["channel"], parcel.text))

    async def answer(deliverer=DISCARD):
        await deliverer.deliver(Parcel(key="k", text="hi", metadata={"channel": "#ops"}))

    channel = Channel()
    await answer()
    await answer(channel)
    await answer(Tee(channel, StdoutDeliverer(io.StringIO())))
    assert channel.messages == [("#ops", "hi")] * 2


def test_a_failed_delivery_survives_pickling():
    error = DeliveryFailed("no", retryable=True, retry_after_s=2.0, missing=(Parcel(key="k"),))
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.retryable, again.retry_after_s) == ("no", True, 2.0)
    assert again.missing == (Parcel(key="k"),)
    assert isinstance(again, ExecutusError)


def test_standard_output_is_looked_up_when_it_is_used(monkeypatch):
    deliverer, stream = StdoutDeliverer(), io.StringIO()
    monkeypatch.setattr(sys, "stdout", stream)
    with pytest.raises(StopIteration):
        deliverer.deliver(Parcel(key="k", text="x")).send(None)
    assert stream.getvalue() == "x\n"
