"""The toolset `files`: what it answers, and that nothing leads out of its folder or hangs it."""

import os
import socket
import threading
from pathlib import Path

import pytest

from executus import Executor, RunnableAgent
from executus.errors import SetupError
from executus.registry import ToolRegistry, own_policy
from executus.testing import FakeClock
from executus.tools import files_tools
from executus.tools.files.globs import Glob
from executus.tools.files.linesearch import LineSearch
from executus.tools.files.searching import Grep, grep_page
from executus.tools.files.tree import Tree, open_below
from executus.tools.files.walking import Stop
from majordomo.clock import SYSTEM_CLOCK
from majordomo.llm import BadArguments
from majordomo.providers.fake import FakeProvider, Reply


@pytest.fixture
def root(tmp_path):
    root = tmp_path / "root"
    (root / "src" / "deep").mkdir(parents=True)
    (root / "README.md").write_text("# Title\nhello\n")
    (root / "src" / "main.py").write_text("import os\n\n\ndef main():\n    return 'hello'\n")
    (root / "src" / "deep" / "util.py").write_text("HELLO = 1\n")
    (root / "src" / "data.json").write_text('{"a": 1}')
    (root / ".git").mkdir()
    (root / ".git" / "config").write_text("token = hello\n")
    (root / "node_modules").mkdir()
    (root / "node_modules" / "x.js").write_text("hello\n")
    (tmp_path / "secret.txt").write_text("SECRET hello\n")
    return root


def tools_of(root, **options):
    return {tool.name: tool for tool in files_tools(root, **options)}


async def use(root, name, /, **arguments):
    answer = tools_of(root)[name](**arguments)
    return await answer if hasattr(answer, "__await__") else answer


async def test_read_numbers_lines_and_tells_how_to_go_on(root):
    assert await use(root, "read", path="README.md") == "1\t# Title\n2\thello"
    page = await use(root, "read", path="src/main.py", start=2, lines=2)
    assert page == "2\t\n3\t\n[5 lines; go on with start=4]"
    with pytest.raises(BadArguments, match="has 5 lines"):
        await use(root, "read", path="src/main.py", start=6)


@pytest.mark.parametrize(
    ("data", "shown"),
    [
        ("naïve".encode(), "1\tnaïve"),
        (b"\xef\xbb\xbfmark", "1\tmark"),
        ("naïve".encode("utf-16"), "1\tnaïve\n[decoded from utf-16-le]"),
        (b"caf\xe9", "1\tcafé\n[not UTF-8, shown as Windows-1252]"),
        (b"a\r\nb\r\n", "1\ta\n2\tb"),
        (b"", "[f is empty]"),
        (b"a\0b", "[f is a binary file: unknown type, 3 bytes; it is not shown]"),
        (
            b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
            "[f is a binary file: image/png, 16 bytes; it is not shown]",
        ),
    ],
)
async def test_read_knows_encodings_and_says_what_is_binary(tmp_path, data, shown):
    (tmp_path / "f").write_bytes(data)
    assert await use(tmp_path, "read", path="f") == shown


async def test_read_bounds_long_lines_and_long_files(tmp_path):
    (tmp_path / "one").write_text("x" * 5000)
    assert await use(tmp_path, "read", path="one") == f"1\t{'x' * 2000}… [3000 more characters]"
    (tmp_path / "many").write_text(("y" * 99 + "\n") * 2000)
    page = await use(tmp_path, "read", path="many", lines=5000)
    assert len(page) < 50_000
    assert "[2000 lines; go on with start=" in page


async def test_a_huge_file_is_read_in_part_and_says_so(tmp_path):
    with (tmp_path / "huge").open("wb") as file:
        file.write(b"first\n")
        file.seek(10 * 1024**3)
        file.write(b"last")
    answer = await use(tmp_path, "read", path="huge")
    assert "binary file" in answer
    assert "10,737,418,244 bytes" in answer
    assert "1 files were too large" in await use(tmp_path, "grep", pattern="last")


async def test_list_shows_folders_first_and_pages(root, monkeypatch):
    assert await use(root, "list") == "node_modules/\nsrc/\nREADME.md  14 bytes"
    monkeypatch.setattr("executus.tools.files.reading.MAX_ENTRIES", 2)
    first = await use(root, "list")
    assert first == "node_modules/\nsrc/\n[3 entries; go on with start=3]"
    assert await use(root, "list", start=3) == "README.md  14 bytes"


@pytest.mark.parametrize(
    ("pattern", "path", "found"),
    [
        ("*.py", ".", ["src/main.py", "src/deep/util.py"]),
        ("src/*.py", ".", ["src/main.py"]),
        ("src/**/*.py", ".", ["src/main.py", "src/deep/util.py"]),
        ("**/util.*", "src", ["src/deep/util.py"]),
        ("{README.md,src/*.json}", ".", ["README.md", "src/data.json"]),
        ("[A-Z]*", ".", ["README.md"]),
        ("*.js", ".", []),
        ("config", ".", []),
    ],
)
async def test_glob_finds_by_name_and_leaves_out_what_is_ignored(root, pattern, path, found):
    answer = await use(root, "glob", pattern=pattern, path=path)
    assert answer == ("\n".join(found) or f"[no file matches {pattern!r}]")


async def test_grep_finds_lines_by_path_and_number(root):
    assert await use(root, "grep", pattern="hello") == (
        "README.md:2: hello\nsrc/main.py:5:     return 'hello'"
    )
    assert await use(root, "grep", pattern="hello", ignore_case=True, glob="*.py") == (
        "src/main.py:5:     return 'hello'\nsrc/deep/util.py:1: HELLO = 1"
    )
    assert await use(root, "grep", pattern=r"def \w+\(", path="src/main.py", context=1) == (
        "src/main.py:3- \nsrc/main.py:4: def main():\nsrc/main.py:5-     return 'hello'\n--"
    )
    assert await use(root, "grep", pattern="main(", literal=True) == "src/main.py:4: def main():"
    assert await use(root, "grep", pattern="nowhere") == "[no line matches]"


async def test_grep_pages_through_matches(tmp_path):
    (tmp_path / "f").write_text("".join(f"hit {n}\n" for n in range(1, 251)))
    seen, start = [], 1
    while True:
        lines = (await use(tmp_path, "grep", pattern="hit", start=start)).splitlines()
        more = lines[-1].startswith("[more match")
        seen += lines[:-1] if more else lines
        if not more:
            break
        start = int(lines[-1].rpartition("=")[2].rstrip("]"))
    assert seen == [f"f:{n}: hit {n}" for n in range(1, 251)]
    assert await use(tmp_path, "grep", pattern="hit", start=999) == "[no line matches; only 250 do]"


OUT = ["../secret.txt", "src/../../secret.txt", "/etc/passwd", "~/x", "a\0b", "link/secret.txt"]


@pytest.mark.parametrize("path", [*OUT, "file-link", "up", "x" * 5000, "a/" * 200, ".git/config"])
@pytest.mark.parametrize("name", ["read", "list", "grep", "glob"])
async def test_no_path_leads_out_of_the_folder(root, path, name):
    (root / "link").symlink_to(root.parent)
    (root / "up").symlink_to("..")
    (root / "file-link").symlink_to(root.parent / "secret.txt")
    more = {"pattern": "*"} if name == "glob" else {"pattern": "."} if name == "grep" else {}
    with pytest.raises(BadArguments) as refused:
        await use(root, name, path=path, **more)
    assert str(root.parent) not in str(refused.value)


@pytest.mark.parametrize("pattern", ["../*", "**/../../*", ""])
async def test_no_glob_leads_out_of_the_folder(root, pattern):
    with pytest.raises(BadArguments):
        await use(root, "glob", pattern=pattern)


HARD_NAMES = [
    b"\xff\xfe.txt",
    b"a\nb:1: forged",
    b"-rf",
    b"$(id)",
    "\u202etxt.exe".encode(),
    b"x" * 255,
    b"...",
    b"\x1b[2J",
    b"\r",
    b" lead",
    b"a\\b",
    b"[a]",
    b"{b,c}",
    b"*",
    "e\u0301".encode(),
]


async def test_hard_names_stay_in_the_folder_and_on_one_line(tmp_path):
    for name in HARD_NAMES:
        (tmp_path / os.fsdecode(name)).write_text("hit\n")
    (tmp_path / "a\nb:1: forged.d").mkdir()
    found = await use(tmp_path, "grep", pattern="hit")
    lines = found.split("\n")
    assert len(lines) == len(HARD_NAMES)
    assert all(line.endswith(":1: hit") and line.isprintable() for line in lines)
    assert "a\\nb:1: forged:1: hit" in lines
    assert "\\xff\\xfe.txt:1: hit" in lines
    assert len((await use(tmp_path, "glob", pattern="**")).split("\n")) == len(HARD_NAMES)
    listed = (await use(tmp_path, "list")).split("\n")
    assert len(listed) == len(HARD_NAMES) + 1
    assert all(line.isprintable() for line in listed)
    for name in HARD_NAMES:
        path = os.fsdecode(name)
        assert await use(tmp_path, "read", path=path) == "1\thit"


async def test_searches_do_not_follow_links(root):
    (root / "link").symlink_to(root.parent)
    (root / "file-link").symlink_to(root.parent / "secret.txt")
    (root / "loop").symlink_to(".")
    assert "SECRET" not in await use(root, "grep", pattern="hello")
    assert "secret" not in await use(root, "glob", pattern="**")
    assert "link  (link, not followed)" in await use(root, "list")


@pytest.mark.parametrize("name", [".GIT/config", ".env", ".Env.local", "src/.ssh/id"])
async def test_what_is_hidden_answers_like_what_is_not_there(root, name):
    path = root / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("KEY=hello")
    with pytest.raises(BadArguments, match="nothing to be had") as hidden:
        await use(root, "read", path=name)
    with pytest.raises(BadArguments) as missing:
        await use(root, "read", path="nope")
    assert str(hidden.value).replace(name, "nope") == str(missing.value)
    assert "KEY" not in await use(root, "grep", pattern="hello")


async def test_pipes_sockets_and_devices_do_not_hang(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "null").symlink_to("/dev/zero")
    server = socket.socket(socket.AF_UNIX)
    short = os.open(tmp_path, os.O_RDONLY)
    try:
        server.bind(f"/proc/self/fd/{short}/sock")
        for name, what in (("pipe", "a pipe"), ("sock", "a socket"), ("null", "a symbolic link")):
            with pytest.raises(BadArguments, match=what):
                await use(tmp_path, "read", path=name)
        assert await use(tmp_path, "grep", pattern="x") == "[no line matches]"
    finally:
        server.close()
        os.close(short)


@pytest.mark.skipif(not Path("/proc/self/mounts").exists(), reason="no /proc")
async def test_files_of_the_kernel_are_read_as_empty_and_do_not_hang():
    assert await use("/proc", "read", path="kmsg") in ("[kmsg is empty]",)
    with pytest.raises(BadArguments, match="another file system"):
        await use("/", "read", path="proc/version")
    assert "no file matches" in await use("/", "glob", pattern="proc/version")


def test_a_pipe_put_in_a_files_place_before_it_is_opened_is_refused(tmp_path, monkeypatch):
    (tmp_path / "f").write_text("text")
    looked_at = (tmp_path / "f").stat()
    (tmp_path / "f").unlink()
    os.mkfifo(tmp_path / "f")
    folder = os.open(tmp_path, os.O_RDONLY)
    try:
        with monkeypatch.context() as patched:
            patched.setattr(os, "stat", lambda *args, **options: looked_at)
            with pytest.raises(BadArguments, match="a pipe"):
                open_below(folder, "f", "f")
    finally:
        os.close(folder)


def test_a_device_is_not_opened(tmp_path):
    folder = os.open("/dev", os.O_RDONLY)
    try:
        with pytest.raises(BadArguments, match="a device"):
            open_below(folder, "zero", "zero")
    finally:
        os.close(folder)


@pytest.mark.parametrize("made", ["file", "folder"])
def test_a_link_swapped_in_between_never_leads_out(tmp_path, made):
    """The race a checker of paths loses: looked at as a file, opened as a link."""
    root, outside = tmp_path / "root", tmp_path / "outside"
    root.mkdir()
    outside.mkdir()
    (outside / "f").write_text("SECRET\n")
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "f").write_text("fine\n")
    target, good = (root / "f", "f") if made == "file" else (root / "d", "d/f")
    link, plain = tmp_path / "link", tmp_path / "plain"
    done = threading.Event()

    def swap():
        while not done.is_set():
            if made == "file":
                plain.write_text("fine\n")
                link.symlink_to(outside / "f")
                plain.replace(target)
                link.replace(target)
            else:
                target.unlink(missing_ok=True)
                (tmp_path / "inner").rename(target)
                target.rename(tmp_path / "inner")
                target.symlink_to(outside)

    swapper = threading.Thread(target=swap)
    swapper.start()
    tree, seen = Tree(root=root), {"ok": 0, "refused": 0}
    what = Grep(search=LineSearch("SECRET"), glob=Glob("**"))
    try:
        for _ in range(1500):
            try:
                with tree.file(good) as (fd, _):
                    assert os.read(fd, 100) == b"fine\n"
                seen["ok"] += 1
            except BadArguments:
                seen["refused"] += 1
            assert "SECRET" not in grep_page(tree, what, ".", Stop(SYSTEM_CLOCK, 5))
    finally:
        done.set()
        swapper.join()
    assert seen["refused"]


async def test_a_search_ends_when_its_time_is_up(tmp_path):
    for number in range(10):
        (tmp_path / f"d{number}").mkdir()
        (tmp_path / f"d{number}" / "f").write_text("hit\n")

    class Passing(FakeClock):
        def monotonic(self):
            self.advance(1)
            return super().monotonic()

    tools = tools_of(tmp_path, clock=Passing(), search_timeout_s=8)
    answer = await tools["grep"](pattern="hit")
    assert "d0/f:1: hit" in answer
    assert "the time was up" in answer
    assert "d9" not in answer


def test_nobody_waiting_ends_a_search(tmp_path):
    (tmp_path / "d").mkdir()
    stop = Stop(SYSTEM_CLOCK, 60)
    stop.dropped = True
    (tmp_path / "d" / "f").write_text("hit")
    what = Grep(search=LineSearch("hit"), glob=Glob("**"))
    assert "hit" not in grep_page(Tree(root=tmp_path), what, ".", stop).partition("[")[0]


def test_a_search_in_one_file_of_few_but_long_lines_ends_too(tmp_path):
    (tmp_path / "f").write_text(("x" * 2000 + "hit\n") * 3 + "hit\n" * 20)
    stop = Stop(SYSTEM_CLOCK, 60)
    searched: list[str] = []

    class Slow(LineSearch):
        def __init__(self):
            super().__init__("hit")
            self.matches = self._noted

        def _noted(self, line):
            searched.append(line)
            stop.dropped = True

    grep_page(Tree(root=tmp_path), Grep(search=Slow(), glob=Glob("**")), "f", stop)
    assert 0 < len(searched) < 4


def test_a_folder_that_is_none_is_refused_when_the_tools_are_made(tmp_path):
    with pytest.raises(SetupError, match="there is no folder"):
        files_tools(tmp_path / "nope")


def test_every_tool_only_reads():
    assert {(str(own_policy(t).effect), own_policy(t).idempotent) for t in files_tools(".")} == {
        ("read", True)
    }


async def test_an_agent_reads_files_in_a_run(root):
    registry = ToolRegistry()
    registry.add("files", files_tools(root))
    provider = FakeProvider()
    provider.enqueue(
        "m",
        Reply(calls=[("files__grep", {"pattern": "def main"})]),
        Reply(calls=[("files__read", {"path": "src/main.py", "start": 4})]),
        Reply(calls=[("files__read", {"path": "../secret.txt"})]),
        "done",
    )
    agent = RunnableAgent(name="reader", model=provider.model("m"), tools=["files.*"])
    result = await Executor(registry=registry).run(agent, "look")
    texts = [p for m in result.messages for p in m.tool_results]
    assert [p.text.split("\n")[0] for p in texts[:2]] == [
        "src/main.py:4: def main():",
        "4\tdef main():",
    ]
    assert texts[2].is_error
    assert "must not contain '..'" in texts[2].text
