"""Three scheduler processes over one file, and the parent that owns their time and their lives."""

import random
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing
from datetime import timedelta
from pathlib import Path

from simulated import EPOCH, SimulatedClock

PROCESS = Path(__file__).with_name("scheduling.py")
STEP_S = 15
PAUSE_S = 0.003
PATIENCE_S = 100.0


class Crew:
    """The processes, their clock, and what they wrote."""

    def __init__(self, url, folder):
        self._path = url.removeprefix("sqlite:///")
        self._log, clock = folder / "log", folder / "clock"
        self._log.touch()
        self.clock = SimulatedClock.begin(clock)
        self._command = [sys.executable, str(PROCESS), url, str(clock), str(self._log)]
        self._living, self._read, self._made = {}, 0, 0
        self.ready, self.killed = set(), []
        self.fired, self.claimer = Counter(), {}

    def start(self):
        name = f"s{self._made}"
        self._made += 1
        self._living[name] = subprocess.Popen([*self._command, name], stderr=subprocess.PIPE)
        self.wait_for(lambda: name in self.ready)

    def kill(self, name):
        process = self._living.pop(name)
        process.kill()
        process.wait()
        process.stderr.close()
        self.killed.append(name)

    def stop(self):
        for name in list(self._living):
            self.kill(name)

    def wait_for(self, condition, step_s=0.0):
        """Until it holds; in real time, because the processes are real, while theirs goes on."""
        end = time.monotonic() + PATIENCE_S
        while self.read() or not condition():
            assert time.monotonic() < end, "the processes stand still"
            for name, process in self._living.items():
                assert process.poll() is None, (name, process.stderr.read())
            time.sleep(PAUSE_S)
            self.clock.advance(step_s)

    def read(self):
        """Take in what was written since; whether anything was."""
        with self._log.open() as file:
            file.seek(self._read)
            text = file.read()
        self._read += len(text)
        for word, key, name in (line.split() for line in text.splitlines()):
            if word == "fire":
                self.fired[key] += 1
            elif word == "claim":
                self.claimer[key] = name
            else:
                self.ready.add(name)
        return bool(text)

    def ask(self, sql):
        with closing(sqlite3.connect(self._path, isolation_level=None)) as connection:
            return connection.execute(sql).fetchone()

    def leader(self):
        row = self.ask("SELECT owner FROM lead")
        return row[0] if row and row[0] in self._living else None

    def all_claimed(self, minute):
        """Whether every tick up to that minute was given to somebody."""
        due = EPOCH + timedelta(minutes=minute)
        (least,) = self.ask("SELECT min(next_us) FROM job")
        return least > due.timestamp() * 1e6

    def all_fired(self):
        """Whether the living have fired what they claimed."""
        return all(key in self.fired for key, name in self.claimer.items() if name in self._living)

    def live(self, minutes, *, kill_every=0):
        """Let so many minutes pass, and in some of them kill who leads, at any moment.

        Returns:
            How many minutes have passed in the end; all their ticks were given to somebody.
        """
        dice = random.Random(minutes)
        for _ in range(3):
            self.start()
        for minute in range(1, minutes + 1):
            while self.clock.monotonic() < minute * 60:
                self.clock.advance(STEP_S)
                time.sleep(PAUSE_S)
            if kill_every and dice.random() < 1 / kill_every and (leader := self.leader()):
                time.sleep(dice.random() * 0.03)  # somewhere in the middle of what it does
                self.kill(leader)
                self.start()
            else:
                self.wait_for(lambda minute=minute: self.all_claimed(minute), step_s=1)
        end = int(self.clock.monotonic() // 60)
        self.wait_for(lambda: self.all_claimed(end) and self.all_fired(), step_s=1)
        return end
