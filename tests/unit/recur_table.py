#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""recur_table.py - prints recur_table.h: times of rules by python3's dateutil and zoneinfo."""
import datetime as dt
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr

UTC = dt.timezone.utc
# zone, rule, begin (UTC), how many times
SLOW = [
    ("Europe/Paris", "FREQ=DAILY", "2026-03-26T01:30", 8),  # 02:30, which the 29th skips
    ("Europe/Paris", "FREQ=DAILY", "2026-10-22T00:30", 8),  # 02:30, which the 25th has twice
    ("Europe/Paris", "FREQ=DAILY;COUNT=5;BYHOUR=2;BYMINUTE=30", "2026-03-27T00:00", 5),
    ("Europe/Paris", "FREQ=WEEKLY;BYDAY=MO,WE,SU", "2026-10-01T07:15", 20),
    ("Europe/Paris", "FREQ=WEEKLY;INTERVAL=2;WKST=SU;BYDAY=TU,SU", "2026-01-06T08:00", 12),
    ("Europe/Paris", "FREQ=MONTHLY;BYDAY=-1SU;BYHOUR=2,3;BYMINUTE=0,30", "2026-01-01T00:00", 24),
    ("Europe/Paris", "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", "2026-01-01T16:00", 14),
    ("Europe/Paris", "FREQ=MONTHLY;BYMONTHDAY=31,-2", "2026-01-01T16:00", 12),
    ("Europe/Paris", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", "2026-01-01T11:00", 4),
    ("America/New_York", "FREQ=DAILY", "2026-03-05T07:30", 6),
    ("America/New_York", "FREQ=DAILY;INTERVAL=3;BYHOUR=1,2", "2026-10-25T00:00", 12),
    ("America/New_York", "FREQ=WEEKLY;BYDAY=SU;UNTIL=20261201T000000Z", "2026-10-01T05:30", 9),
    ("America/New_York", "FREQ=MONTHLY;BYDAY=1MO,-1FR", "2026-02-01T14:00", 12),
    ("America/New_York", "FREQ=MONTHLY;INTERVAL=5", "2026-01-31T14:00", 8),
    ("America/New_York", "FREQ=YEARLY;BYDAY=20MO", "2026-01-01T14:00", 5),
    ("America/New_York", "FREQ=YEARLY;BYMONTHDAY=13;BYDAY=FR", "2026-01-01T14:00", 8),
    ("America/New_York", "FREQ=YEARLY;BYYEARDAY=1,100,-1;COUNT=7", "2026-01-01T14:00", 7),
    ("Australia/Lord_Howe", "FREQ=DAILY", "2026-10-01T15:45", 6),  # 02:15, skipped on the 4th
    ("Australia/Lord_Howe", "FREQ=DAILY", "2026-04-01T14:45", 8),  # 01:45, twice on the 5th
    ("Australia/Lord_Howe", "FREQ=WEEKLY;BYDAY=SU;BYHOUR=1,2;BYMINUTE=0,15,45", "2026-03-20T00:00", 30),
    ("Australia/Lord_Howe", "FREQ=MONTHLY;BYMONTH=4,10;BYDAY=1SU;BYHOUR=2", "2026-01-01T00:10", 6),
    ("Australia/Lord_Howe", "FREQ=YEARLY;BYMONTH=1,6;BYDAY=2TU", "2026-01-01T00:10", 8),
]
# zone, rule, begin, how many times; step in minutes, and what picks by the local clock
QUICK = [
    ("Europe/Paris", "FREQ=HOURLY", "2026-10-24T22:10", 8, 60, lambda t: True),
    ("Europe/Paris", "FREQ=MINUTELY;INTERVAL=20", "2026-03-29T00:00", 10, 20, lambda t: True),
    ("America/New_York", "FREQ=HOURLY;INTERVAL=3;BYDAY=SA,SU", "2026-10-30T05:00", 20, 180,
     lambda t: t.weekday() >= 5),
    ("America/New_York", "FREQ=MINUTELY;INTERVAL=30;BYHOUR=1,9;BYMONTH=11", "2026-10-30T05:00", 20,
     30, lambda t: t.hour in (1, 9) and t.month == 11),
    ("Australia/Lord_Howe", "FREQ=MINUTELY;INTERVAL=15;BYHOUR=1,2", "2026-04-04T10:00", 24, 15,
     lambda t: t.hour in (1, 2)),
    ("Australia/Lord_Howe", "FREQ=MINUTELY;BYMINUTE=0,40;BYHOUR=8", "2026-10-02T10:00", 8, 1,
     lambda t: t.hour == 8 and t.minute in (0, 40)),
]


def begin(text):
    return dt.datetime.fromisoformat(text).replace(tzinfo=UTC)


def slow(zone, rule, start, wanted):
    """Local times as dateutil has them, less those that clocks skip, which COUNT leaves out."""
    zone = ZoneInfo(zone)
    local = start.astimezone(zone).replace(tzinfo=None, fold=0)
    parts = [p for p in rule.split(";") if not p.startswith(("COUNT=", "UNTIL="))]
    until = [p[6:] for p in rule.split(";") if p.startswith("UNTIL=")]
    times = []
    for naive in rrulestr(";".join(parts), dtstart=local):
        aware = naive.replace(tzinfo=zone, fold=0)
        utc = aware.astimezone(UTC)
        if utc.astimezone(zone).replace(tzinfo=None, fold=0) != naive or utc < start:
            continue
        if until and utc > dt.datetime.strptime(until[0], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC):
            break
        times.append(utc)
        if len(times) == wanted:
            break
    return times


def quick(zone, start, wanted, step, picks):
    times = []
    while len(times) < wanted:
        if picks(start.astimezone(ZoneInfo(zone))):
            times.append(start)
        start += dt.timedelta(minutes=step)
    return times


def show(zone, rule, start, times):
    numbers = ", ".join(str(int(t.timestamp())) for t in times)
    print(f'    {{"{zone}", "{rule}", {int(start.timestamp())}, {len(times)}, {{{numbers}}}}},')


print("/* SPDX-License-Identifier: Apache-2.0 */")
print("/* recur_table.h - times of rules, in seconds; made by recur_table.py, formatted since. */")
print("#ifndef TESTS_UNIT_RECUR_TABLE_H\n#define TESTS_UNIT_RECUR_TABLE_H\n")
print("#include <stdint.h>\n")
print("static const struct recur_row {\n    const char *zone;\n    const char *rule;")
print("    int64_t begun_s;\n    int count;\n    int64_t times_s[32];\n} recur_table[] = {")
for z, r, b, n in SLOW:
    show(z, r, begin(b), slow(z, r, begin(b), n))
for z, r, b, n, s, p in QUICK:
    show(z, r, begin(b), quick(z, begin(b), n, s, p))
print("};\n\n#endif /* TESTS_UNIT_RECUR_TABLE_H */")
