"""A clock that several processes share: eight bytes in a file say how late it is."""

import mmap
import struct
from datetime import UTC, datetime, timedelta

import anyio

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
LOOK_S = 0.002


class SimulatedClock:
    """Time goes on when somebody calls `advance`, in whichever process."""

    def __init__(self, path):
        with path.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), 8)

    @staticmethod
    def begin(path):
        path.write_bytes(bytes(8))
        return SimulatedClock(path)

    def _us(self):
        return struct.unpack("<q", self._map[:8])[0]

    def advance(self, seconds):
        self._map[:8] = struct.pack("<q", self._us() + round(seconds * 1e6))

    def monotonic(self):
        return self._us() / 1e6

    def wall(self):
        return EPOCH + timedelta(microseconds=self._us())

    async def sleep(self, seconds):
        end = self._us() + seconds * 1e6
        await anyio.sleep(LOOK_S)
        while self._us() < end:
            await anyio.sleep(LOOK_S)

    def deadline(self, seconds):
        return anyio.CancelScope()
