# SPDX-License-Identifier: BSD-3-Clause
"""The same as test_floods with the reference implementation of the bus."""

from test_floods import *  # noqa: F403

LAB = {"bus": "daemon"}
