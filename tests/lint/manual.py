#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""usage: manual.py ROOT

The manual pages against the tables of the code: every key of a file and of a dictionary, every default and every error is
in its page, and nothing else is.
"""

import pathlib
import re
import sys


def section(text, title):
    """A part of a page: from its title to the next one that is underlined in the same way."""
    match = re.search(rf"^{re.escape(title)}\n=+\n(.*?)(?=^[^\n]+\n=+\n|\Z)", text, re.M | re.S)
    return match[1] if match else ""


def entries(text):
    """The definitions of a page: each term with what is said about it."""
    found, terms = {}, []
    for line in text.splitlines():
        if re.match(r"\S", line):
            terms = re.findall(r"\*(\w+=?)\*(?=:|,|$)", line)
            found |= {term: "" for term in terms}
        for term in terms:
            found[term] += line.strip() + " "
    return found


def compare(page, what, documented, real):
    for name in sorted(real - documented):
        yield f"{page}:1: {what} {name} is not in this page"
    for name in sorted(documented - real):
        yield f"{page}:1: there is no {what} {name}"


def setting_keys(text):
    """Of setting-keys.c: the name of each key, with its default."""
    rows = re.findall(r'\{ "(\w+)", &setting_\w+, AT\(\w+\)(?:, ("[^"]*"|[A-Z_]+))?', text)
    return {name: default.strip('"').replace("ZEEK_USER", "@ZEEK_USER@") for name, default in rows}


def check_settings(page, text, source):
    keys = setting_keys(source)
    documented = entries(text)
    yield from compare(page, "key", {name for name in documented if name.endswith("=")}, {f"{name}=" for name in keys})
    for name, default in keys.items():
        said = documented.get(f"{name}=", "")
        if default and not re.search(rf"(?i)default.*\*\*{re.escape(default)}\*\*", said):
            yield f"{page}:1: the default of {name}= is {default}"
        elif not default and re.search(r"Defaults to \*\*", said):
            yield f"{page}:1: {name}= has no default"


def check_hook_keys(page, text, source):
    table = re.search(r"hook_keys\[HOOK_KEYS\] = \{(.*?)^\};", source, re.M | re.S)[1]
    keys = re.findall(r'\{ "(\w+)", "(\w+)",', table)
    yield from compare(page, "key", {name for name in entries(text) if name.endswith("=")}, {f"{name}=" for name, _ in keys})


def fields(source, table):
    return set(re.findall(r'\{ "(\w+)", FIELD_', re.search(rf"{table}\[\] = \{{(.*?)^\}};", source, re.M | re.S)[1]))


def check_dictionaries(page, text, node_spec, hook_key, status):
    config = entries(section(text, "NODECONFIG"))
    yield from compare(page, "key of a NodeConfig", set(config), fields(node_spec, "node_spec_fields"))
    real = set(re.findall(r'"(\w+)", (?:"\w+"|\'v\')', status)) | {"node", "last_output"}
    yield from compare(page, "key of a NodeStatus", set(entries(section(text, "NODESTATUS"))), real)
    members = set(re.findall(r'\{ "\w+", "(\w+)", HOOK_KEY_', hook_key))
    documented = set(entries(section(text, "HOOK"))) - {"name", "source", "matched", "suppressed", "failures"}
    yield from compare(page, "key of a hook", documented, members)


def check_errors(page, text, names):
    pattern = r"org\.zeek\.Supervisor\.Error\.\w+"
    yield from compare(page, "error", set(re.findall(pattern, text)), set(re.findall(pattern, names)))


def check_methods(page, table, *documents):
    """Calls are measured by the names of methods that a table has."""
    measured = set(re.findall(r'"(\w+)"', re.search(r"methods\[\] = \{(.*?)\};", table, re.S)[1])) - {"other"}
    methods = {name for document in documents for name in re.findall(r'<method name="(\w+)"', document)}
    for name in sorted(methods ^ measured):
        yield f"{page}:1: the method {name} is in the table of methods or in dbus/*.xml, but not in both"


def lint(root):
    def read(name):
        return (root / name).read_text()

    page = "man/supervisor.conf.5.rst"
    yield from check_settings(page, read(page), read("src/config/setting-keys.c"))
    page = "man/zeek-supervisor.hook.5.rst"
    yield from check_hook_keys(page, section(read(page), "OPTIONS"), read("src/config/hook-key.c"))
    page = "src/supervisor/call-meter.c"
    yield from check_methods(page, *map(read, (page, "dbus/org.zeek.Supervisor.xml", "dbus/org.zeek.Supervisor.Node.xml")))
    page = "man/org.zeek.Supervisor.5.rst"
    yield from check_errors(page, read(page), read("src/wire/names.h"))
    yield from check_dictionaries(page, read(page), *map(read, ("src/core/node-spec.c", "src/config/hook-key.c",
                                                               "src/supervisor/status.c")))


def main(arguments):
    findings = list(lint(pathlib.Path(arguments[0])))
    for finding in findings:
        print(finding)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
