"""A store is found by the scheme of its URL, or the cure is named."""

import pytest

from executus.batteries import stores
from executus.batteries.stores import open_store
from executus.errors import SetupError


class Points(list):
    names = frozenset({"toy"})


def installed(monkeypatch, found):
    monkeypatch.setattr(stores, "entry_points", lambda group, name="": Points(found.get(name, ())))


def test_the_store_of_a_scheme_is_opened(monkeypatch):
    class Point:
        def load(self):
            return lambda url: ("opened", url)

    installed(monkeypatch, {"toy": [Point()]})
    assert open_store("toy://x") == ("opened", "toy://x")


def test_a_store_is_told_when_it_must_be_there_already(monkeypatch):
    class Point:
        def load(self):
            return lambda url, *, create=True: (url, create)

    installed(monkeypatch, {"toy": [Point()]})
    assert open_store("toy://x", create=False) == ("toy://x", False)
    assert open_store("toy://x") == ("toy://x", True)


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("sqlite:///x.db", "pip install executus-store-sqlite"),
        ("redis://secret@host", r"no store for redis:// is installed \(there are: toy\)"),
        ("runs.db", "sqlite:///runs.db"),
        ("://x", "URL"),
    ],
)
def test_a_missing_store_is_one_sentence_without_the_url(monkeypatch, url, sentence):
    installed(monkeypatch, {})
    with pytest.raises(SetupError, match=sentence) as caught:
        open_store(url)
    assert "secret" not in str(caught.value)
