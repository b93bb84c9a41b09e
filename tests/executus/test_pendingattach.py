"""Attachments of a tree of runs: one per content, each given out once, bounded."""

import hashlib
import pickle
import threading

import pytest

from executus.errors import ExecutusError, SetupError
from executus.pendingattach import Attachment, AttachmentRefused, PendingAttachments
from majordomo.llm import ImagePart

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 24


def note(text, name="note.txt"):
    return Attachment.from_bytes(text.encode(), name=name)


@pytest.mark.parametrize(
    ("made", "media_type", "name"),
    [
        (lambda: note("x"), "text/plain", "note.txt"),
        (lambda: Attachment.from_bytes(PNG), "image/png", "attachment.png"),
        (lambda: Attachment.from_bytes(PNG, name="a.txt"), "image/png", "a.txt"),
        (lambda: Attachment.from_bytes(b"x"), "application/octet-stream", "attachment.bin"),
        (
            lambda: Attachment.from_bytes(b"x", media_type="text/csv; charset=utf-8"),
            "text/csv; charset=utf-8",
            "attachment.csv",
        ),
        (lambda: Attachment.from_bytes(PNG, media_type="a/b", name="c"), "a/b", "c"),
        (
            lambda: Attachment.from_image(ImagePart(data=PNG, mime="image/png")),
            "image/png",
            "attachment.png",
        ),
    ],
)
def test_an_attachment_knows_its_type_and_has_a_name(made, media_type, name):
    made = made()
    assert (made.media_type, made.name) == (media_type, name)


def test_an_attachment_knows_its_size_and_digest():
    assert note("hello").size == 5
    assert note("hello").digest == hashlib.sha256(b"hello").hexdigest()
    assert "hello" not in repr(note("hello"))


def test_a_file_is_attached_by_its_last_name(tmp_path):
    (tmp_path / "table.csv").write_bytes(b"a,b")
    made = Attachment.from_path(tmp_path / "table.csv")
    assert (made.data, made.media_type, made.name) == (b"a,b", "text/csv", "table.csv")


@pytest.mark.parametrize("text", ["", "png", "text/plain\r\nX-Evil: 1", "text/", "a/b; "])
def test_what_is_no_media_type_is_refused(text):
    with pytest.raises(ValueError, match="is no media type"):
        Attachment(data=b"", media_type=text, name="x")


def test_the_same_content_is_one_attachment_whatever_its_name():
    pending = PendingAttachments()
    assert pending.add(note("x", "a.txt"))
    assert not pending.add(note("x", "b.txt"))
    assert pending.add(note("y", "a.txt"))
    assert [(one.name, one.data) for one in pending.take()] == [("a.txt", b"x"), ("a.txt", b"y")]


def test_each_is_given_out_once_ever():
    pending = PendingAttachments()
    pending.add(note("x"))
    assert len(pending) == 1
    assert pending.take() == (note("x"),)
    assert not pending.add(note("x"))
    assert (pending.take(), len(pending)) == ((), 0)


def test_what_could_not_be_delivered_waits_again_in_its_old_place():
    pending = PendingAttachments()
    for text in "abc":
        pending.add(note(text))
    a, b, c = pending.take()
    pending.add(note("d"))
    pending.put_back([c, a])
    pending.put_back([a])
    assert pending.take() == (a, c, note("d"))
    assert pending.take() == ()
    assert not pending.add(b)


def test_what_was_never_here_is_not_taken_back():
    pending = PendingAttachments()
    pending.add(note("a"))
    pending.take()
    with pytest.raises(ValueError, match=r"'note\.txt' was not given out here"):
        pending.put_back([note("a"), note("b")])
    assert pending.take() == ()


def test_one_too_many_is_refused_in_a_sentence():
    pending = PendingAttachments(max_count=2)
    pending.add(note("a"))
    pending.add(note("b"))
    assert not pending.add(note("a"))
    with pytest.raises(AttachmentRefused) as caught:
        pending.add(note("c", "c.txt"))
    assert caught.value.bound == "count"
    assert str(caught.value) == (
        "'c.txt' was not attached: 2 attachments are all an answer may have; "
        "say in the text what it shows"
    )
    pending.take()
    with pytest.raises(AttachmentRefused):
        pending.add(note("d"))
    again = pickle.loads(pickle.dumps(caught.value))
    assert (str(again), again.bound) == (str(caught.value), "count")
    assert isinstance(again, ExecutusError)


def test_too_many_bytes_are_refused_with_what_is_left():
    pending = PendingAttachments(max_bytes=1500)
    pending.add(note("x" * 400))
    with pytest.raises(
        AttachmentRefused, match="1,101 bytes and only 1,100 of 1,500 are left"
    ) as e:
        pending.add(note("y" * 1101))
    assert e.value.bound == "bytes"
    assert pending.add(note("z" * 1100))
    assert len(pending) == 2


@pytest.mark.parametrize("bound", ["max_count", "max_bytes"])
def test_a_negative_bound_of_attachments_is_refused(bound):
    with pytest.raises(SetupError, match="must be at least 0"):
        PendingAttachments(**{bound: -1})


def test_runs_that_add_and_take_in_threads_share_each_attachment_out_once():
    pending = PendingAttachments(max_count=300)
    files = [note(str(number)) for number in range(300)]
    added, taken, barrier = [], [], threading.Barrier(8)

    def work(mine, theirs):
        barrier.wait()
        for number, one in enumerate(files):
            mine.append(pending.add(one))
            if number % 7 == 0:
                got = pending.take()
                if number % 3 == 0:
                    pending.put_back(got)
                else:
                    theirs.extend(got)

    for _ in range(8):
        added.append([])
        taken.append([])
    threads = [threading.Thread(target=work, args=pair) for pair in zip(added, taken, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    taken.append(list(pending.take()))
    assert sum(map(sum, added)) == 300
    assert sorted(one.digest for some in taken for one in some) == sorted(f.digest for f in files)


def test_a_hosts_own_outbox_takes_the_defaults_place():
    class PicturesOnly:
        """Keeps nothing but pictures."""

        def __init__(self):
            self.kept = []

        def add(self, attachment):
            wanted = attachment.media_type.startswith("image/")
            if wanted:
                self.kept.append(attachment)
            return wanted

        def take(self):
            taken, self.kept = tuple(self.kept), []
            return taken

        def put_back(self, attachments):
            self.kept[:0] = attachments

    def answer(outbox):
        """What a run does with any outbox when its delivery fails once."""
        outbox.add(note("x"))
        outbox.add(Attachment.from_bytes(PNG))
        outbox.put_back(outbox.take())
        return [one.name for one in outbox.take()]

    assert answer(PendingAttachments()) == ["note.txt", "attachment.png"]
    assert answer(PicturesOnly()) == ["attachment.png"]
