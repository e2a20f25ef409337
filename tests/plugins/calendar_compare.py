#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares plugins/tickets' business time with one computed here, by other means.

usage: calendar_compare.py CALENDAR_CASES

Here, time goes by in steps of one to fifteen minutes, and each step asks zoneinfo what the clock on
the wall shows. Nothing is skipped or solved for, so that there is little to be wrong about.
"""
import random
import subprocess
import sys
import zoneinfo
from datetime import datetime, timedelta, timezone

ZONES = ["Europe/Paris", "America/New_York", "Australia/Lord_Howe"]
CASES = 2000
SEED = 20260329
US = 1_000_000
DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


def changes(zone, first, last):
    """Instants, in seconds, at which the zone's clocks change."""
    found = []
    for hour in range(first // 3600, last // 3600):
        if offset(zone, hour * 3600) != offset(zone, hour * 3600 + 3600):
            low, high = hour * 3600, hour * 3600 + 3600
            while high - low > 1:
                middle = (low + high) // 2
                if offset(zone, middle) == offset(zone, low):
                    low = middle
                else:
                    high = middle
            found.append(high)
    return found


def offset(zone, at):
    return datetime.fromtimestamp(at, zone).utcoffset().total_seconds()


class Case:
    def __init__(self, rng, number, edges):
        self.name = ZONES[number % len(ZONES)]
        self.zone = zoneinfo.ZoneInfo(self.name)
        self.step = rng.choice([1, 5, 15, 15])
        self.make_hours(rng)
        # Half of all cases begin within four days of a change of clocks.
        if number % 2 == 0:
            edge = rng.choice(edges[self.name])
            created = edge + rng.randint(-4 * 86400, 86400)
        else:
            created = rng.randint(946684800, 2208988800)
        self.created = created * US + rng.choice([0, 0, rng.randint(0, US - 1)])
        self.make_holidays(rng)
        self.target = rng.randint(1, {1: 600, 5: 1500, 15: 4800}[self.step]) * 60 * US
        if rng.random() < 0.3:
            self.target += rng.randint(0, 60 * US)
        self.make_pauses(rng)

    def make_hours(self, rng):
        self.week = [[] for _ in DAYS]
        entries = []
        for day in range(7):
            if rng.random() < (0.1 if day < 5 else 0.5):
                continue
            # Nights too, for clocks change at night.
            count = rng.choice([1, 1, 2, 3])
            marks = sorted(rng.sample(range(0, 1441, self.step), 2 * count))
            windows = [(marks[2 * i], marks[2 * i + 1]) for i in range(count)]
            self.week[day] = windows
            text = " ".join(f"{a // 60}:{a % 60:02}-{b // 60:02}:{b % 60:02}" for a, b in windows)
            entries.append(f"{DAYS[day]} {text}")
        rng.shuffle(entries)
        if not entries:
            self.week[0] = [(540, 1080)]
            entries = ["mon 09:00-18:00"]
        self.hours = "; ".join(entries)

    def make_holidays(self, rng):
        day = datetime.fromtimestamp(self.created // US, self.zone).date()
        self.holidays = {day + timedelta(rng.randint(-2, 30)) for _ in range(rng.randint(0, 6))}
        texts = [d.isoformat() for d in self.holidays]
        if rng.random() < 0.3:
            first = day + timedelta(rng.randint(0, 10))
            last = first + timedelta(rng.randint(0, 4))
            texts.append(f"{first}..{last}")
            self.holidays |= {first + timedelta(n) for n in range((last - first).days + 1)}
        self.yearly = set()
        for month, day_of_month in [(1, 1), (5, 1), (12, 25)]:
            if rng.random() < 0.5:
                self.yearly.add((month, day_of_month))
                texts.append(f"{month:02}-{day_of_month:02}")
        self.holiday_text = ", ".join(texts)

    def make_pauses(self, rng):
        """Intervals in which the clock stands, one after the other."""
        self.pauses = []
        at = self.created
        for _ in range(rng.choice([0, 0, 1, 2, 4])):
            begin = at + rng.randint(0, 30 * 3600) * US
            at = begin + rng.randint(0, 40 * 3600) * US
            self.pauses.append((begin, at))

    def line(self):
        pauses = " ".join(f"{a}:{b}" for a, b in self.pauses)
        return (f"sla {self.name}|{self.hours}|{self.holiday_text}|{self.target}|"
                f"{self.created} {pauses}")

    def is_open(self, at):
        local = datetime.fromtimestamp(at, self.zone)
        day = local.date()
        if day in self.holidays or (day.month, day.day) in self.yearly:
            return False
        minute = local.hour * 60 + local.minute
        return any(a <= minute < b for a, b in self.week[local.weekday()])

    def open_pieces(self, begin, end):
        """What is business time from one instant on, to another one or for ever."""
        step = self.step * 60
        tick = begin // US // step * step
        while end is None or tick * US < end:
            if self.is_open(tick):
                piece_end = (tick + step) * US
                yield max(tick * US, begin), piece_end if end is None else min(piece_end, end)
            tick += step

    def answer(self):
        """Used time at each pause, then the instant of the target."""
        begins = [self.created] + [end for _, end in self.pauses]
        ends = [begin for begin, _ in self.pauses] + [None]
        used, used_at_pause, due = 0, [], None
        for begin, end in zip(begins, ends):
            if end is None and due is not None:
                return used_at_pause + [due]
            for piece_begin, piece_end in self.open_pieces(begin, end):
                if due is None and used + piece_end - piece_begin >= self.target:
                    due = piece_begin + self.target - used
                used += piece_end - piece_begin
                if due is not None and end is None:
                    return used_at_pause + [due]
            used_at_pause.append(used)
        raise AssertionError("the last interval ends when the target is reached")


def run(program, lines):
    done = subprocess.run([program], input="\n".join(lines) + "\n", text=True,
                          capture_output=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{program} ended with {done.returncode}: {done.stderr}")
    answers = done.stdout.splitlines()
    if len(answers) != len(lines):
        sys.exit(f"{len(answers)} answers to {len(lines)} lines")
    return answers


def compare_offsets(program):
    """All zones, at their changes and far from them."""
    rng = random.Random(SEED)
    names = sorted(n for n in zoneinfo.available_timezones() if n not in ("localtime",))
    instants = [rng.randint(0, 4102444800) for _ in range(200)]
    # Around when clocks change somewhere: the ends of March and October of each year.
    for year in range(1970, 2100, 3):
        for month, day in [(3, 8), (3, 25), (4, 1), (9, 24), (10, 1), (10, 25), (11, 1)]:
            base = int(datetime(year, month, day, tzinfo=timezone.utc).timestamp())
            instants += [base + rng.randint(0, 7 * 86400)]
    lines = [f"offsets {n} " + " ".join(map(str, instants)) for n in names]
    wrong = 0
    for name, answer in zip(names, run(program, lines)):
        zone = zoneinfo.ZoneInfo(name)
        for at, got in zip(instants, answer.split(), strict=True):
            if int(got) != offset(zone, at):
                wrong += 1
                print(f"{name} at {at}: {got}, not {offset(zone, at)}")
    print(f"{len(names)} zones, {len(instants)} instants each: {wrong} differ")
    return wrong


def compare_slas(program):
    rng = random.Random(SEED)
    edges = {name: changes(zoneinfo.ZoneInfo(name), 1672531200, 1924991999) for name in ZONES}
    cases = [Case(rng, n, edges) for n in range(CASES)]
    wrong = 0
    crossed = {"forward": 0, "back": 0}
    for case, answer in zip(cases, run(program, [c.line() for c in cases])):
        got = [int(word) for word in answer.split()]
        expected = case.answer()
        if got != expected:
            wrong += 1
            print(f"{case.line()}\n  says {got}, not {expected}")
        for edge in edges[case.name]:
            if case.created < edge * US < expected[-1]:
                later = offset(case.zone, edge) > offset(case.zone, edge - 1)
                crossed["forward" if later else "back"] += 1
    holidays = sum(1 for c in cases if c.holidays or c.yearly)
    paused = sum(1 for c in cases if c.pauses)
    print(f"{len(cases)} cases in {len(ZONES)} zones, {holidays} with holidays, {paused} with "
          f"pauses; clocks go forward in {crossed['forward']} and back in {crossed['back']}: "
          f"{wrong} differ")
    return wrong + (min(crossed.values()) < 100)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(1 if compare_offsets(sys.argv[1]) + compare_slas(sys.argv[1]) else 0)
