# SPDX-License-Identifier: BSD-3-Clause
"""The journal of a lab."""

import json


def entries(lab, *matches, after=None, user=None):
    """Entries as dictionaries; a value that is not text is bytes.

    matches are those of journalctl(1), or other arguments of it; after is the __CURSOR of an entry.
    """
    options = [f"--after-cursor={after}"] if after else []
    command = ["journalctl", "--output=json", "--all", "--quiet", *options, *matches]
    if not user:
        lab.run(["journalctl", "--sync"])  # what was sent before this is found
    output = lab.run(command, user=user).stdout
    return [
        {field: value_of(data) for field, data in json.loads(line).items()}
        for line in output.split("\n")
        if line
    ]


def value_of(data):
    """journalctl writes bytes as a list of numbers, and several values of a field as a list of values."""
    if not isinstance(data, list):
        return data
    if all(isinstance(item, int) for item in data):
        return bytes(data)
    return [value_of(item) for item in data]
