"""Work by the clock: cron in named time zones, each tick fired once (extra `schedule`)."""

from executus.batteries.schedule.crontime import CronTime
from executus.batteries.schedule.job import Job, Misfire, Overlap, ScheduledJob
from executus.batteries.schedule.scheduler import Fire, Scheduler, Tick
from executus.batteries.schedule.store import MemorySchedule, ScheduleStore

__all__ = [
    "CronTime",
    "Fire",
    "Job",
    "MemorySchedule",
    "Misfire",
    "Overlap",
    "ScheduleStore",
    "ScheduledJob",
    "Scheduler",
    "Tick",
]
