#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""usage: tally.py REPORT

Prints how many tests passed and how many failed: "PASSED FAILED". REPORT is meson's testlog.json or a JUnit file of
pytest; one that is missing is a failure.
"""

import json
import sys
import xml.etree.ElementTree
from pathlib import Path


def of_meson(report):
    results = [json.loads(line)["result"] for line in report.read_text().splitlines()]
    passed = sum(result in ("OK", "EXPECTEDFAIL") for result in results)
    return passed, len(results) - passed - results.count("SKIP")


def of_pytest(report):
    suites = xml.etree.ElementTree.parse(report).iter("testsuite")
    counts = [{name: int(suite.get(name)) for name in ("tests", "failures", "errors", "skipped")} for suite in suites]
    failed = sum(count["failures"] + count["errors"] for count in counts)
    return sum(count["tests"] - count["skipped"] for count in counts) - failed, failed


def tally(report):
    if not report.exists():
        return 0, 1
    return of_meson(report) if report.suffix == ".json" else of_pytest(report)


if __name__ == "__main__":
    print(*tally(Path(sys.argv[1])))
