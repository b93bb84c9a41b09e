"""The diff, from the real git and from hostile text."""

import contextlib
import random
from pathlib import Path
from urllib.parse import unquote

import pytest
from gadflyrepo import QUOTED, commit, git, make_change

from gadfly.diff import DiffLine, parse_diff
from gadfly.errors import GadflyError
from gadfly.git import read_diff


@pytest.fixture(scope="module")
def change(tmp_path_factory):
    return make_change(tmp_path_factory.mktemp("diff"))


@pytest.fixture(scope="module")
def files(change):
    return {file.path: file for file in parse_diff(change.diff())}


def test_every_changed_file_is_found_once(files):
    assert {path: file.change for path, file in files.items()} == {
        "src/app.py": "modified",
        "src/new name.py": "renamed",
        "gone.py": "deleted",
        "latin.txt": "modified",
        "huge.py": "modified",
        "logo.bin": "modified",
        "tricky.sql": "modified",
        "run.sh": "modified",
        "no newline.txt": "modified",
        QUOTED: "added",
    }


def test_line_numbers_are_those_of_the_new_file(files, change):
    for name in ("src/app.py", "src/new name.py", "tricky.sql", "huge.py", QUOTED):
        lines = (change.path / name).read_text().split("\n")
        shown = {line.number: line.text for line in files[name].lines if line.number}
        assert {number: lines[number - 1] for number in shown} == shown
    assert [line.text for line in files["src/app.py"].lines if line.mark == "+"] == [
        "import sys",
        "    result = 1",
    ]


def test_lines_that_look_like_headers_are_lines(files):
    marks = [(line.mark, line.text) for line in files["tricky.sql"].lines[1:]]
    assert marks[0] == ("-", "-- a/elsewhere.py")
    assert ("+", "diff --git a/fake.py b/fake.py") in marks
    assert "fake.py" not in files


def test_a_deleted_file_has_no_line_to_point_at(files):
    assert files["gone.py"].numbers == frozenset()
    assert [line.mark for line in files["gone.py"].lines] == ["@", "-", "-"]


def test_a_binary_file_has_no_lines_and_says_so(files):
    assert files["logo.bin"].is_binary
    assert not files["logo.bin"].lines
    assert not files["run.sh"].is_binary


def test_undecodable_bytes_are_replaced(files):
    assert DiffLine("+", 1, "caf\ufffd cr\ufffdme") in files["latin.txt"].lines


def test_a_file_without_a_last_newline_loses_nothing(files):
    lines = [(line.mark, line.text) for line in files["no newline.txt"].lines[1:]]
    assert lines == [("-", "one"), ("+", "two")]


def test_uris_are_those_of_the_files(files, change):
    for path, file in files.items():
        assert unquote(file.uri) == path
        assert " " not in file.uri
        assert (change.path / unquote(file.uri)).exists() is (file.change != "deleted")


def test_a_move_keeps_where_it_was(files):
    assert files["src/new name.py"].old_path == "src/old name.py"
    assert files["src/app.py"].old_path is None


def test_neither_attributes_nor_configuration_of_a_checkout_hide_code(tmp_path):
    change = make_change(tmp_path)
    (change.path / ".gitattributes").write_text("*.py -diff\n*.sql binary diff=evil\n")
    for key, value in {
        "diff.noprefix": "true",
        "diff.mnemonicPrefix": "true",
        "color.ui": "always",
        "diff.external": "false",
        "diff.evil.textconv": "false",
        "diff.context": "0",
    }.items():
        git(change.path, "config", key, value)
    commit(change.path)
    files = {file.path: file for file in parse_diff(change.diff())}
    assert not files["src/app.py"].is_binary
    assert {1, 2, 3, 4, 5, 6} <= files["src/app.py"].numbers
    assert files["tricky.sql"].lines


def test_a_checkout_of_another_user_is_read(change, monkeypatch):
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    assert len(parse_diff(change.diff())) == 10


def test_what_the_base_has_gained_meanwhile_is_no_change(change, tmp_path):
    git(change.path, "worktree", "add", "--quiet", str(tmp_path / "other"), "main")
    (tmp_path / "other" / "later.py").write_text("x = 1\n")
    commit(tmp_path / "other")
    names = [file.path for file in parse_diff(read_diff(change.path, "main", "feature"))]
    assert len(names) == 10
    assert "later.py" not in names


@pytest.mark.parametrize("base", ["no-such-branch", "--output=owned", ""])
def test_a_base_that_is_none_is_one_sentence(change, base):
    with pytest.raises(GadflyError, match="GADFLY_BASE"):
        read_diff(change.path, base, "HEAD")
    assert not (Path.cwd() / "owned").exists()


def test_a_folder_that_is_no_repository_is_one_sentence(tmp_path):
    with pytest.raises(GadflyError, match="not a git repository"):
        read_diff(tmp_path, "a", "b")


def test_no_cut_and_no_garbled_byte_leads_to_anything_but_a_diff_or_one_sentence(change):
    data = b"\n".join(
        part for part in change.diff().split(b"\n") if b"value_" not in part or b"value_1" in part
    )[:6000]
    chance = random.Random(7)
    for _ in range(300):
        broken = bytearray(data[: chance.randrange(len(data))])
        for _ in range(chance.randrange(4)):
            if broken:
                broken[chance.randrange(len(broken))] = chance.randrange(256)
        with contextlib.suppress(GadflyError):
            parse_diff(bytes(broken))


@pytest.mark.parametrize("data", [b"hello\n", b"--- a\n+++ b\n@@ -1 +1 @@\n-a\n+b\n"])
def test_what_is_no_git_diff_is_refused(data):
    with pytest.raises(GadflyError, match="no git diff"):
        parse_diff(data)


def test_nothing_changed_is_no_files():
    assert parse_diff(b"") == []
