# SPDX-License-Identifier: BSD-3-Clause
"""The same as test_bus_restart with the reference implementation of the bus."""

from test_bus_restart import *  # noqa: F403

LAB = {"bus": "daemon"}
