# SPDX-License-Identifier: BSD-3-Clause
"""Figures, what they are compared with, and the table that they make."""

import statistics
from dataclasses import dataclass, field

UNITS = {"ms": 1e6, "µs": 1e3, "s": 1e9}  # of times, which are taken in nanoseconds


def percentile(samples, share):
    ordered = sorted(samples)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


@dataclass
class Bound:
    """A target: which value of a row, and what it must not exceed, or for at_least fall below."""

    of: str  # "median", "p99", "ratio"
    limit: float
    at_least: bool = False

    def holds(self, value):
        return value >= self.limit if self.at_least else value <= self.limit

    def text(self):
        name = {"median": "", "p99": "p99 ", "ratio": "× "}[self.of]
        return f"{name}{'≥' if self.at_least else '≤'} {self.limit:g}"


@dataclass
class Row:
    what: str
    samples: list
    unit: str = "ms"
    against: "Row" = None
    bounds: list = field(default_factory=list)

    def scaled(self):
        return [sample / UNITS.get(self.unit, 1) for sample in self.samples]

    @property
    def median(self):
        return statistics.median(self.scaled())

    @property
    def p99(self):
        return percentile(self.scaled(), 0.99)

    @property
    def ratio(self):
        return self.median / self.against.median if self.against and self.against.samples else None

    def values(self):
        return {"median": self.median, "p99": self.p99, "ratio": self.ratio}

    def verdicts(self):
        return [bound.holds(self.values()[bound.of]) for bound in self.bounds if self.values()[bound.of] is not None]

    def as_json(self):
        values = {name: value for name, value in self.values().items() if value is not None}
        bounds = [
            {"of": bound.of, "limit": bound.limit, "at_least": bound.at_least, "reached": reached}
            for bound, reached in zip(self.bounds, self.verdicts())
        ]
        return {"what": self.what, "unit": self.unit, "n": len(self.samples), **values, "bounds": bounds}


class Table:
    """Rows in sections; those without samples, of a party that is not there, are left out."""

    def __init__(self, judges):
        self.judges = judges
        self.sections = []

    def section(self, title):
        self.sections.append((title, []))

    def row(self, what, samples, unit="ms", against=None, bounds=()):
        row = Row(what, list(samples), unit, against, list(bounds) if self.judges else [])
        if row.samples:
            self.sections[-1][1].append(row)
        return row

    def note(self, text):
        self.sections[-1][1].append(text)

    def rows(self):
        return [row for _, rows in self.sections for row in rows if isinstance(row, Row)]

    def missed(self):
        return sum(not verdict for row in self.rows() for verdict in row.verdicts())

    def as_json(self):
        return [
            {"section": title, "rows": [row.as_json() for row in rows if isinstance(row, Row)]} for title, rows in self.sections
        ]

    def text(self):
        lines = []
        for title, rows in self.sections:
            lines += ["", f"{title:<58}{'median':>12}{'p99':>12}{'ratio':>8}  target"]
            lines += [f"  {row}" if isinstance(row, str) else self._line(row) for row in rows]
        return "\n".join(lines[1:])

    def _line(self, row):
        ratio = f"{row.ratio:.2f}" if row.ratio is not None else ""
        p99 = number(row.p99) if len(row.samples) > 1 else ""
        unit = f" {row.unit}"
        target = ", ".join(bound.text() for bound in row.bounds)
        verdicts = row.verdicts()
        verdict = "" if not verdicts else "reached" if all(verdicts) else "MISSED"
        line = f"  {row.what:<52}{number(row.median) + unit:>16}{p99:>12}{ratio:>8}  {target:<22}{verdict}"
        return line.rstrip()


def number(value):
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}" if value >= 0.01 or value == 0 else f"{value:.2g}"
