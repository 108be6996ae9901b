# SPDX-License-Identifier: BSD-3-Clause
"""The same as test_impostors with the reference implementation of the bus, which says who a caller is."""

from test_impostors import *  # noqa: F403

LAB = {"bus": "daemon"}
