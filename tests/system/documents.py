# SPDX-License-Identifier: BSD-3-Clause
"""What documents tell their reader to run: blocks of shell code in reStructuredText and in Markdown."""

import re
import textwrap
from pathlib import Path

ROOT = Path(__file__).parents[2]


def blocks(document, language="sh"):
    """The blocks of code of a document in a language, each a text."""
    text = (ROOT / document).read_text()
    if document.endswith(".rst"):
        found = re.findall(rf"^\.\. code-block:: {language}\n\n((?:    .*\n|\n)+)", text, re.M)
    else:
        found = re.findall(rf"^```{language}\n(.*?)^```$", text, re.M | re.S)
    return [textwrap.dedent(block) for block in found]


def run_blocks(machine, document):
    """Runs all of them, in the order in which they stand; what one of them prints is returned in a list."""
    return [machine.run(["bash", "-euo", "pipefail", "-c", block]).stdout for block in blocks(document)]
