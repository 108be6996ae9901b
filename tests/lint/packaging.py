#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""usage: packaging.py ROOT

The Debian package against the build: it has the same version, and asks for every library that a build needs.
"""

import pathlib
import re
import sys


def check_versions(meson, changelog):
    version = re.search(r"version: '([^']+)'", meson)[1]
    packaged = re.match(r"\S+ \(([^)]+)\)", changelog)[1]
    if version != packaged:
        yield f"debian/changelog:1: the version is {packaged}, in meson.build it is {version}"


def check_build_depends(packages, control):
    section = re.search(r"^\[build\]\n(.*?)^\[", packages, re.M | re.S)[1]
    asked = re.search(r"^Build-Depends:\n((?: .*\n)+)", control, re.M)[1]
    for package in re.findall(r"^(lib\w\S*-dev)$", section, re.M):
        if package != "libc6-dev" and not re.search(rf"(^|\s){re.escape(package)}[\s,]", asked):
            yield f"debian/control:1: Build-Depends: lacks {package}, which tests/lab/packages has under [build]"


def main(arguments):
    root = pathlib.Path(arguments[0])
    findings = [
        *check_versions((root / "meson.build").read_text(), (root / "debian/changelog").read_text()),
        *check_build_depends((root / "tests/lab/packages").read_text(), (root / "debian/control").read_text()),
    ]
    for finding in findings:
        print(finding)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
