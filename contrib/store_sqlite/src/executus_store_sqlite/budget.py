"""A budget's storage in SQLite."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from executus.batteries.budget import MAX_WINDOW_DAYS, Bound, Reservation, first_passed
from executus_store_sqlite.database import Database, Transaction

__all__ = ["SqliteBudgetStorage"]

_KEPT_US = MAX_WINDOW_DAYS * 86_400_000_000
_SPENT = "SELECT coalesce(sum(amount), 0) FROM spent WHERE account = ? AND at_us > ?"
_HELD = """SELECT coalesce(sum(amount), 0) FROM reserved
    WHERE account = ? AND expires_us > ? AND run_id <> ?"""


class SqliteBudgetStorage:
    """A `BudgetStorage`; every method is one transaction.

    Args:
        database: Where.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def reserve(self, reservation: Reservation, bounds: Sequence[Bound]) -> Bound | None:
        """Set aside, unless a bound would be passed."""
        return await self._database.write(partial(_reserve, reservation, bounds))

    async def commit(self, run_id: str, amounts: Mapping[str, int], now_us: int) -> None:
        """Note what was spent, and drop the reservation."""
        await self._database.write(partial(_commit, run_id, amounts, now_us))

    async def release(self, run_id: str) -> None:
        """Drop the reservation."""
        await self._database.run("DELETE FROM reserved WHERE run_id = ?", run_id)

    async def used(self, account: str, *, after_us: int, now_us: int) -> int:
        """What was spent after a moment, plus what is set aside."""
        return await self._database.read(partial(_used, account, after_us, now_us, ""))


async def _reserve(
    reservation: Reservation, bounds: Sequence[Bound], transaction: Transaction
) -> Bound | None:
    now_us, run_id = reservation.now_us, reservation.run_id
    used = [await _used(b.account, b.after_us, now_us, run_id, transaction) for b in bounds]
    passed = first_passed(bounds, used, reservation.amounts)
    if passed is None:
        await _release(run_id, transaction)
        await transaction.run_many(
            "INSERT INTO reserved (run_id, account, amount, expires_us) VALUES (?, ?, ?, ?)",
            [
                (run_id, account, amount, reservation.expires_us)
                for account, amount in reservation.amounts.items()
            ],
        )
    return passed


async def _commit(
    run_id: str, amounts: Mapping[str, int], now_us: int, transaction: Transaction
) -> None:
    await _release(run_id, transaction)
    await transaction.run_many(
        "INSERT INTO spent (account, at_us, amount, run_id) VALUES (?, ?, ?, ?)",
        [(account, now_us, amount, run_id) for account, amount in amounts.items()],
    )
    await transaction.run("DELETE FROM spent WHERE at_us <= ?", now_us - _KEPT_US)
    await transaction.run("DELETE FROM reserved WHERE expires_us <= ?", now_us)


async def _release(run_id: str, transaction: Transaction) -> None:
    await transaction.run("DELETE FROM reserved WHERE run_id = ?", run_id)


async def _used(
    account: str, after_us: int, now_us: int, but: str, transaction: Transaction
) -> int:
    ((spent,),) = await transaction.rows(_SPENT, account, after_us)
    ((held,),) = await transaction.rows(_HELD, account, now_us, but)
    return spent + held
