"""Ways to break what the crash tests hold, to see that they notice."""

from executus_store_sqlite.audit import SqliteAuditStore
from executus_store_sqlite.budget import SqliteBudgetStorage
from executus_store_sqlite.journals import SqliteJournalStorage

from executus.batteries.audit import AuditLog
from executus.run import calls, restore


def acknowledge_before_writing():
    """Journal entries are said to be kept, and are written with the next ones."""
    plain, late = SqliteJournalStorage.append, {}

    async def append(self, run_id, at, entries, now):
        earlier = late.pop(run_id, None)
        if earlier is not None:
            await plain(self, run_id, *earlier, now)
        late[run_id] = (at, entries)

    SqliteJournalStorage.append = append


def begin_before_recording():
    """A call is made without a word in the journal."""

    async def unrecorded(state, tool, call):
        return None

    calls._record = unrecorded


def read_no_results():
    """Recorded results are not read back."""
    restore._READERS["result"] = lambda run, entry: None


def doubt_nothing():
    """A call that an earlier process began is made again."""
    calls._doubted = lambda state, call: None


def drop_records():
    """The audit's queue drops every other record."""
    plain, dice = SqliteAuditStore.write, []

    async def write(self, records):
        dice.append(1)
        await plain(self, records[len(dice) % 2 :])

    SqliteAuditStore.write = write


def drop_spending():
    """The budget's commit is acknowledged and not made."""

    async def commit(self, run_id, amounts, now_us):
        await self.release(run_id)

    SqliteBudgetStorage.commit = commit


def keep_no_terminal_record():
    """A run's end is not written."""

    async def close_run(self, info, result):
        pass

    AuditLog.close_run = close_run


SABOTAGES = {
    each.__name__: each
    for each in (
        acknowledge_before_writing,
        begin_before_recording,
        read_no_results,
        doubt_nothing,
        drop_records,
        drop_spending,
        keep_no_terminal_record,
    )
}
