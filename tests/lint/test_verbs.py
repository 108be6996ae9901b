#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""usage: test_verbs.py ZSUPCTL SOURCE_ROOT

What zsupctl can be told to do, by its own --help, is in its manual page and in the completions of both shells; and they
know nothing that it does not.
"""

import pathlib
import re
import subprocess
import sys
import unittest

PROGRAM, ROOT = sys.argv[1], pathlib.Path(sys.argv[2])


def read_help():
    """The sets of verbs, and of options as they are written."""
    text = subprocess.run([PROGRAM, "--help", "--no-pager"], check=True, capture_output=True, text=True).stdout
    verbs, options = text.split("\nVerbs:\n")[1].split("\nOptions:\n")
    long_options = re.findall(r"^ {2,5}(?:-\w )?(--[a-z-]+)", options, re.M)
    letters = re.findall(r"^  (-\w) ", options, re.M)
    return set(re.findall(r"^  ([a-z]+)", verbs, re.M)), set(long_options), set(letters)


class Everything(unittest.TestCase):
    verbs, options, letters = read_help()

    def test_help_is_understood(self):
        self.assertLessEqual({"list", "status", "destroy"}, self.verbs)
        self.assertLessEqual({"--help", "--json", "--machine"}, self.options)
        self.assertLessEqual({"-h", "-s", "-M"}, self.letters)

    def test_is_in_the_manual_page(self):
        page = (ROOT / "man/zsupctl.1.rst").read_text()
        verbs = page.split("\nVERBS\n")[1].split("\nOPTIONS\n")[0]
        options = page.split("\nOPTIONS\n")[1].split("\nAUTHORIZATION\n")[0]
        self.assertEqual(set(re.findall(r"^([a-z]+)(?: .*)?$(?=\n    )", verbs, re.M)), self.verbs)
        headings = " ".join(line for line in options.splitlines() if line.startswith("-") and not set(line) == {"-"})
        self.assertEqual(set(re.findall(r"--[a-z-]+", headings)), self.options)
        self.assertEqual(set(re.findall(r"(?<!\S)-\w(?=,)", headings)), self.letters)

    def test_is_completed_in_bash(self):
        text = (ROOT / "shell-completion/bash/zsupctl").read_text()
        table = text.split("local -A verbs=(")[1].split("\n        )\n")[0]
        common = re.search(r"local common='([^']*)'", text)[1].split()
        filters = re.search(r"local filter='([^']*)'", text)[1].split()
        offered = set(common + filters + re.findall(r"(?<!\S)--?[a-zA-Z-]+", table.replace('"', " ")))
        self.assertEqual(set(re.findall(r"^ +\[([a-z]+)\]=", table, re.M)), self.verbs)
        self.assertEqual(offered, self.options | self.letters)

    def test_is_completed_in_zsh(self):
        text = (ROOT / "shell-completion/zsh/_zsupctl").read_text()
        verbs = text.split("verbs=(\n")[1].split("\n        )\n")[0]
        options = text.split("common=(\n")[1].split("known=(")[0]
        self.assertEqual(set(re.findall(r"""^ +['"]([a-z]+):""", verbs, re.M)), self.verbs)
        self.assertEqual(set(re.findall(r"(--[a-z-]+)=?-?(?:\[|})", options)), self.options)
        self.assertEqual(set(re.findall(r"{(-\w)\+?,", options)), self.letters)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
