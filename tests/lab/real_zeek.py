#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The zeek that is installed on this machine: prints where it is, or ends with 1 and says that there is none.

Most tests have a program play zeek (tests/stand-in); what only a real one can show is tested where there is one. The
environment variable ZEEK_SUPERVISOR_ZEEK names one in another place.
"""

import os
import shutil
import sys
from pathlib import Path

USUAL = ["/usr/local/zeek/bin", "/opt/zeek/bin", "/usr/local/bin", "/usr/bin"]  # as the supervisor looks for it
NONE = f"No zeek is installed here (in {', '.join(USUAL)}, or named by ZEEK_SUPERVISOR_ZEEK), so none is tested."


def find():
    """Its path; None if there is none."""
    named = os.environ.get("ZEEK_SUPERVISOR_ZEEK")
    found = named or shutil.which("zeek", path=os.pathsep.join(USUAL))
    return Path(found).resolve() if found else None


if __name__ == "__main__":
    print(find() or NONE)
    sys.exit(0 if find() else 1)
