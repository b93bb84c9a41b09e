"""Kills one run's processes until it ends, and holds what they said against what is on disk."""

import json
import random
import sqlite3
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from failpoints import FAILPOINTS
from victim import RUN, STEERED, shapes_of

ZYGOTE = Path(__file__).parent / "zygote.py"
ONCE = ("write1", "pay1", "send1", "prepare1/1", "write2", "write3", "child1", "child3")
"""Calls of tools that must not be called twice; their ids are their keys."""
KEYS = frozenset({*ONCE, "read1", "read2", "prepare1"}) - {"child1", "child3", "prepare1/1"}
MOST_PROCESSES = 40


@dataclass
class Case:
    """One run and the deaths it is to survive.

    Attributes:
        kills: How many processes were killed, and where.
        lost, repeated: What was acknowledged and is not there; what was done twice.
        wrong: Whatever else is not as it should be.
    """

    seed: int
    place: str
    kills: Counter = field(default_factory=Counter)
    resumed: int = 0
    ended: bool = False
    lost: list = field(default_factory=list)
    repeated: list = field(default_factory=list)
    wrong: list = field(default_factory=list)

    @property
    def faults(self):
        return [*self.lost, *self.repeated, *self.wrong]


class Zygote:
    """The process that forks the victims."""

    def __enter__(self):
        self._process = subprocess.Popen(
            [sys.executable, str(ZYGOTE)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        return self

    def __exit__(self, *_):
        with self._process.stdout:
            self._process.stdin.close()
        self._process.wait()

    def run(self, **orders):
        self._process.stdin.write(json.dumps(orders) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())


def survive(zygote, folder, seed, place="", sabotage=""):
    """Kill a run's processes: at the place first, or at any moment, and then as dice have it."""
    for nth in (random.Random(f"{seed} {place}").choice((1, 2, 3)), 1):
        there = Path(folder) / str(nth)
        there.mkdir()
        case = killed(zygote, there, seed, place, nth, sabotage)
        if not place or case.kills[place] or case.faults or nth == 1:
            break  # else it never came there so many times
    return case


def killed(zygote, folder, seed, place, nth, sabotage):
    dice, case = random.Random(f"{seed} {place} {nth}"), Case(seed, place)
    url, diary = f"sqlite:///{folder}/store.db", folder / "diary"
    aimed = (
        "journal.after.begin" if place.startswith("resume.") else place
    )  # something to go on with
    for turn in range(MOST_PROCESSES):
        said = read(diary)
        state = {"begun": is_over(said, folder), "asked": asked(said)}
        after_s = None if place or turn > 3 else dice.uniform(0, 0.35)
        code = zygote.run(
            url=url,
            diary=str(diary),
            seed=seed,
            place=aimed,
            nth=nth,
            together=dice.random() < 0.5,
            after_s=after_s,
            sabotage=sabotage,
            **state,
        )
        look(case, folder, read(diary))
        if code == -9:
            case.kills[aimed or "at random"] += 1
        elif code:
            case.wrong.append(f"a process ended with {code}")
            break
        aimed, nth = following(case, place, nth, code, dice)
        case.ended = is_over(read(diary), folder)
        if case.ended and not journals(folder):
            break
    judge(case, folder, read(diary))
    return case


def following(case, place, nth, code, dice):
    """Where the next process is to die: where this case wants it, until it did; then anywhere."""
    if not place:
        return "", 1
    if not case.kills[place]:
        return place, nth
    if code == -9 and sum(case.kills.values()) < 4 and dice.random() < 0.5:
        return dice.choice(FAILPOINTS), 1
    return "", 1


def read(diary):
    if not diary.exists():
        return []
    return [json.loads(line) for line in diary.read_text().splitlines()]


def asked(said):
    """What the run had paused for, when that is the last thing it said of itself."""
    paused = [fact[2] for fact in said if fact[0] == "paused"]
    return paused[-1] if paused else []


def is_over(said, folder):
    """Whether the run has let go of its journal, and nothing is left to go on with."""
    return ["ending", RUN] in said and not journals(folder).get(RUN)


def rows(folder, sql):
    path = folder / "store.db"
    if not path.exists():
        return []
    connection = sqlite3.connect(path)
    try:
        return connection.execute(sql).fetchall()
    except sqlite3.OperationalError as error:
        if "no such table" in str(error):  # it died before the first migration was committed
            return []
        raise
    finally:
        connection.close()


def journals(folder):
    """Each journal as it is on disk."""
    found = {}
    sql = "SELECT run_id, position, entry FROM journal ORDER BY run_id, position"
    for run_id, position, entry in rows(folder, sql):
        journal = found.setdefault(run_id, [])
        assert position == len(journal), "a journal has a gap"
        journal.append(entry.decode())
    return {run_id: shapes_of(journal) for run_id, journal in found.items()}


def look(case, folder, said):
    """After a process has ended: the file is sound, and everything acknowledged is in it."""
    with open(folder / "diary", "a") as file:  # what is on disk counts as known to the next one
        there = journals(folder)
        file.write(json.dumps(["there", there]) + "\n")
    if rows(folder, "PRAGMA integrity_check") not in ([], [("ok",)]):
        case.wrong.append("integrity_check")
    let_go = {fact[1] for fact in said if fact[0] == "ending"}
    kept = {}
    for fact in said:
        if fact[0] == "kept":
            kept.setdefault(fact[1], [])[fact[2] :] = fact[3]
        if fact[0] == "there":  # a write whose acknowledgement came too late
            for run_id, shapes in fact[1].items():
                kept.setdefault(run_id, [])[:] = shapes
    for run_id, shapes in kept.items():
        found = there.get(run_id, [])
        if found[: len(shapes)] != shapes and (found or run_id not in let_go):
            case.lost.append(f"{run_id}: {len(shapes)} entries were kept, {len(found)} are there")
    look_beside(case, folder, said)


def look_beside(case, folder, said):
    spent = Counter((run_id, amount) for run_id, amount in rows(folder, SPENT))
    told = Counter(
        (fact[1], amount) for fact in said if fact[0] == "spent" for amount in fact[2].values()
    )
    case.lost += [f"spent {what}" for what in told - spent]
    records = {record for (record,) in rows(folder, "SELECT id FROM record")}
    written = {record for fact in said if fact[0] == "recorded" for record in fact[1]}
    case.lost += [f"record {record}" for record in written - records]
    status = dict(rows(folder, "SELECT run_id, status FROM run"))
    for fact in said:
        if fact[0] == "indexed" and fact[1] not in status:
            case.lost.append(f"run {fact[1]}")


SPENT = "SELECT run_id, amount FROM spent"


def judge(case, folder, said):
    """Once the run has ended: nothing was done twice, and it knows what it did."""
    case.resumed = sum(fact[0] == "born" for fact in said) - 1
    case.repeated += list(repeated(said))
    if not case.ended:
        case.wrong.append("the run has not ended")
        return
    if journals(folder):
        case.wrong.append("a journal is left")
    begun = {fact[1] for fact in said if fact[0] == "kept"}
    for (run_id,) in rows(folder, "SELECT DISTINCT run_id FROM reserved"):
        if run_id in begun:  # else nobody can go on with it, and it lapses with its lease
            case.wrong.append(f"a reservation of {run_id} is left")
    if dict(rows(folder, "SELECT run_id, status FROM run")).get(RUN) != "ok":
        case.wrong.append("its terminal record is missing")
    if not any(fact[0] == "delivered" and fact[1:4] == [RUN, "done", ["a.txt"]] for fact in said):
        case.wrong.append("its answer or its attachment did not go out")
    ended = [fact for fact in said if fact[0] == "ended" and fact[1] == RUN]
    for fact in ended[-1:]:  # killed after its journal was let go, it has said nothing more
        case.wrong += list(misled(fact, said))


def repeated(said):
    """Calls made again though they had been begun, or had their result."""
    process, began, answered, recorded = 0, set(), set(), {}
    for what, *facts in said:
        if what == "born":
            process += 1
        elif what == "kept":
            note(facts[2], answered, recorded, process)
        elif what == "there":
            for shapes in facts[0].values():
                note(shapes, answered, recorded, process)
        elif what == "begun":
            (key,) = facts
            if key in answered:
                yield f"{key} had its result"
            if key in ONCE and key in began:
                yield f"{key} was begun before"
            if key in ONCE and recorded.get(key) != process:
                yield f"{key} was not recorded before it was begun by this process"
            began.add(key)
    effects = Counter(facts[0] for what, *facts in said if what == "effect")
    yield from (f"{key} took effect {times} times" for key, times in effects.items() if times > 1)


def note(shapes, answered, recorded, process):
    for kind, call, _ in shapes:
        if kind == "result":
            answered.add(call)
        if kind == "call":
            recorded.setdefault(call, process)


def misled(ended, said):
    """What the run was told that is not so."""
    _, _, status, error, results, users, warnings = ended
    if status != "ok":
        yield f"it ended as {status}: {error}"
        return
    told = dict(results)
    effects = {fact[1] for fact in said if fact[0] == "effect"}
    if set(told) != KEYS:
        yield f"results of {sorted(told)}"
    for key, text in told.items():
        if key not in text and "in doubt" not in text:
            yield f"{key} was answered with {text!r}"
        if key in text and key in ONCE and key != "send1" and key not in effects:
            yield f"{key} is said to be done, and was not"
    if "pay1" in told and not any(STEERED in text for text in users):
        yield "what was steered is lost"
    if odd := [warning for warning in warnings if not warning.endswith("it is in doubt")]:
        yield f"warnings: {odd}"
