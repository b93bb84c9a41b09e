"""What the commands below `runs` print of records, and which run a beginning of an id means."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from runstories import HOSTILE, RUN, START, rich, run, story_of

from executus.batteries.audit import MemoryRunIndex, RunQuery
from executus.cli.runlist import list_runs
from executus.cli.runlookup import find_run
from executus.cli.runs import begin_of
from executus.cli.runshow import show_story
from executus.errors import SetupError
from executus.testing import FakeClock

LARGE = 100_000


class LargeIndex:
    """A hundred thousand runs, made when they are asked for; notes how many at once."""

    def __init__(self):
        self.asked = []

    async def put(self, record):
        raise NotImplementedError

    async def get(self, run_id):
        raise NotImplementedError

    async def list(self, query):
        self.asked.append(query.limit)
        newest = LARGE - 1
        if query.before is not None:
            newest = int((query.before - START).total_seconds())
        last = newest - query.offset
        return [
            run(f"{n:032}", started=START + timedelta(seconds=n))
            for n in range(last, max(-1, last - query.limit), -1)
        ]


async def listed(capsys, index, query=None, **how):
    query = query or RunQuery(limit=20)
    assert await list_runs(index, query, **{"as_json": False, **how}) == 0
    return capsys.readouterr()


async def of(*records):
    index = MemoryRunIndex()
    for record in records:
        await index.put(record)
    return index


async def test_of_many_runs_only_those_shown_are_read(capsys):
    index = LargeIndex()
    lines = (await listed(capsys, index)).out.splitlines()
    assert len(lines) == 20
    assert lines[0].startswith(f"{LARGE - 1:032}\t")
    assert index.asked == [20]


async def test_all_of_many_runs_are_read_page_by_page(capsys):
    index = LargeIndex()
    found = await listed(capsys, index, RunQuery(limit=LARGE // 20), as_json=True)
    ids = [json.loads(line)["run_id"] for line in found.out.splitlines()]
    assert len(set(ids)) == LARGE // 20
    assert set(index.asked) == {200}


async def test_into_a_pipe_fields_are_separated_and_what_is_unknown_is_empty(capsys, monkeypatch):
    monkeypatch.setenv("TZ", "UTC")
    index = await of(run(agent="a\tb\x1b[2J\n", ended=None, cost=None, input_tokens=None))
    (line,) = (await listed(capsys, index)).out.splitlines()
    fields = line.split("\t")
    assert (fields[0], datetime.fromisoformat(fields[1])) == (RUN, START)
    assert fields[2:] == ["a b\ufffd[2J", "p/second", "ok", "2", "", "56", "", ""]


async def test_json_is_the_whole_record_with_iso_times(capsys):
    (line,) = (await listed(capsys, await of(run()), as_json=True)).out.splitlines()
    body = json.loads(line)
    assert (body["kind"], body["started"]) == ("run", START.isoformat())
    assert body["input"] == "What is new?"


async def test_nothing_found_is_told_aside(capsys):
    found = await listed(capsys, await of())
    assert (found.out, found.err) == ("", "executus: no run matches\n")


class Screen:
    def __init__(self, monkeypatch, columns):
        monkeypatch.setattr("executus.cli.runlist.is_terminal", lambda _: True)
        monkeypatch.setenv("COLUMNS", str(columns))
        monkeypatch.setenv("TERM", "dumb")
        monkeypatch.setenv("NO_COLOR", "1")


@pytest.mark.parametrize(
    ("columns", "head"),
    [
        (40, "id agent state"),
        (60, "id when agent state took"),
        (84, "id when agent state tokens cost took"),
        (120, "id when agent model state steps tokens cost took"),
    ],
)
async def test_a_table_has_as_many_columns_as_fit(capsys, monkeypatch, columns, head):
    Screen(monkeypatch, columns)
    index = await of(run(), run("child", parent=RUN, root=RUN, started=START - timedelta(1)))
    found = await listed(capsys, index)
    lines = found.out.splitlines()
    assert lines[0].split() == head.split()
    assert len(lines) == 3
    assert max(map(len, lines)) <= columns
    assert lines[1].startswith("5f0c2b7a ")
    assert "↳ helper" in lines[2]


async def test_ids_are_as_long_as_tells_them_apart(capsys, monkeypatch):
    Screen(monkeypatch, 100)
    found = await listed(capsys, await of(*(run(f"nightly-2026-11-{n}") for n in (19, 20, 21))))
    assert [line.split()[0] for line in found.out.splitlines()[1:]] == [
        "nightly-2026-11-21",
        "nightly-2026-11-20",
        "nightly-2026-11-19",
    ]


async def test_a_table_that_is_cut_says_so_and_pages_share_one_head(capsys, monkeypatch):
    Screen(monkeypatch, 100)
    found = await listed(capsys, LargeIndex(), RunQuery(limit=450))
    lines = found.out.splitlines()
    assert len(lines) == 451
    assert "the latest 450" in found.err
    assert "the latest" not in (await listed(capsys, await of(run()))).err


@pytest.mark.parametrize(
    ("wanted", "found"),
    [("abc", "abc"), ("abcd", "abcd"), ("b", "b1"), ("last", "b1"), ("abcd1", None)],
)
async def test_the_beginning_of_an_id_is_enough(wanted, found):
    index = await of(run("abc"), run("abcd"), run("b1", started=START + timedelta(1)))
    if found is None:
        with pytest.raises(SetupError, match="'abcd1'"):
            await find_run(index, wanted)
    else:
        assert (await find_run(index, wanted)).run_id == found


async def test_the_last_run_is_the_one_at_the_top_of_its_tree():
    child = run("c", parent="top", root="top", started=START + timedelta(1))
    assert (await find_run(await of(run("top"), child), "last")).run_id == "top"
    assert (await find_run(await of(child), "last")).run_id == "c"


@pytest.mark.parametrize(
    ("wanted", "sentence"),
    [
        ("a", r"'a' begins several ids: .*; write more of one"),
        ("abx", r"no run's id begins with 'abx' \(the nearest: abc2, abc1\)"),
        ("zzz", r"the nearest: "),
        ("", r"begins several ids"),
    ],
)
async def test_what_means_no_run_or_several_names_some(wanted, sentence):
    index = await of(*(run(name) for name in ("abc1", "abc2", "aq", "b", "c")))
    with pytest.raises(SetupError, match=sentence):
        await find_run(index, wanted)


@pytest.mark.parametrize("wanted", ["last", "x", "\U0010ffff"])
async def test_an_empty_store_says_so(wanted):
    with pytest.raises(SetupError, match="the store has no runs yet"):
        await find_run(await of(), wanted)


def test_since_is_a_duration_or_a_date():
    clock = FakeClock()
    assert begin_of("2h", clock) == clock.wall() - timedelta(hours=2)
    assert begin_of("2026-11-21T10:00:00+02:00") == datetime(2026, 11, 21, 8, tzinfo=UTC)
    assert begin_of("2026-11-21") == datetime(2026, 11, 21).astimezone()
    for wrong in ("yesterday", "", "9" * 30 + "d", "2026-13-01"):
        with pytest.raises(SetupError, match="--since"):
            begin_of(wrong)


async def test_a_story_is_told_in_order(capsys):
    children = [
        run("c1", parent=RUN, root=RUN, agent="reader"),
        run("c2", parent="c1", root=RUN, agent="typist", status="failed", error="no ink"),
        run("c3", parent=RUN, root=RUN, agent="editor", started=START + timedelta(1)),
    ]
    show_story(await story_of(rich(), run(warnings=("slow",), error="it broke"), *children))
    told = capsys.readouterr().out.splitlines()
    expected = [
        *("helper  ok", "for ann", "12.5 s · 1.23k → 56 tokens · 0.0125 USD", "What is new?"),
        *("1  p/second · 3.0 s · 100 → 10 tokens · 0.001 USD", "↷ p/first asked again after 2.0 s"),
        *('→ web.fetch {"url"', "← 3.0 s: a page", "→ web.fetch", "← 1.0 s (1 image): timed out"),
        *("→ disk.write", "✗ denied (approval): not today", "2  unfinished", "→ web.fetch"),
        *("✗ cut off after 4.0 s", "✗ nobody.knows denied (approval): not today", "Everything."),
        *("warning: slow", "it broke", "├─ reader ok", "│  └─ typist failed", "└─ editor ok"),
    ]
    place = 0
    for text in expected:
        place = next(n for n in range(place, len(told)) if text in told[n]) + 1


HOSTILE_TEXT = HOSTILE.replace("\ud800", "")  # what streams make of that is theirs


async def test_what_a_run_has_said_cannot_steer_the_terminal(capsys):
    said = ("tool", "text", "arguments", "reason", "model")
    records = [
        replace(record, **{name: HOSTILE_TEXT for name in said if hasattr(record, name)})
        for record in rich()
    ]
    told = dict.fromkeys(("output", "input", "error", "agent", "caller"), HOSTILE_TEXT)
    show_story(await story_of(records, run(**told, warnings=(HOSTILE_TEXT,))))
    shown = capsys.readouterr().out
    assert not set(shown) & set("\x1b\x00\x9b\u202e\u2066\u2028")
    assert "[2J" in shown


async def test_a_run_that_did_nothing_is_shown(capsys):
    show_story(await story_of([], run(steps=0, status="running", ended=None, output="")))
    assert "— · 1.23k" in capsys.readouterr().out
