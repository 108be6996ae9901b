#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""usage: transcript.py [--write] ROOT

The transcript of the demo, docs/demo.txt, is one of the demo as it is; and what README.md shows of it is what is there.
--write puts it there: that is the last thing that ./demo --transcript does.
"""

import hashlib
import pathlib
import re
import sys

# Which parts README.md shows, by how their titles begin: what a reader would like to see before he has it.
SHOWN = ["What the supervisor says of it", "A node is killed", "Both daemons are killed"]

# Between these lines, which a reader does not see.
BLOCK = re.compile(r"(<!-- written by \./demo --transcript: -->\n\n```console\n)(.*?)(```\n\n<!-- until here -->\n)", re.S)


def check_origin(demo, transcript):
    made_from = hashlib.sha256(demo).hexdigest()[:12]
    if not transcript.partition("\n")[0].endswith(f" {made_from}"):
        yield "docs/demo.txt:1: the demo shows something else by now; ./demo --transcript writes it down"


def excerpt(transcript):
    parts = dict(re.findall(r"^== (.*)\n((?:(?!== ).*\n)*)", transcript, re.M))
    chosen = []
    for beginning in SHOWN:
        (title,) = (title for title in parts if title.startswith(beginning))
        chosen.append(f"== {title}\n\n{parts[title].strip()}\n")
    return "\n\n".join(chosen)


def check_excerpt(readme, transcript):
    block = BLOCK.search(readme)
    if not block:
        yield "README.md:1: lacks the place for what ./demo --transcript writes"
    elif block[2] != excerpt(transcript):
        line = readme[: block.start(2)].count("\n") + 1
        yield f"README.md:{line}: is not what docs/demo.txt has; ./demo --transcript writes both"


def main(arguments):
    root = pathlib.Path(arguments[-1])
    readme, transcript = root / "README.md", (root / "docs/demo.txt").read_text()
    if arguments[0] == "--write":
        readme.write_text(BLOCK.sub(lambda block: block[1] + excerpt(transcript) + block[3], readme.read_text(), count=1))

    findings = [
        *check_origin((root / "tests/lab/demo-cluster").read_bytes(), transcript),
        *check_excerpt(readme.read_text(), transcript),
    ]
    for finding in findings:
        print(finding)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
