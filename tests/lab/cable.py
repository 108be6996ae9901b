# SPDX-License-Identifier: BSD-3-Clause
"""A network cable between two machines that run."""

import subprocess

INTERFACE = "cable0"  # at both ends


def connect(one, address, other, other_address):
    """Each gets an interface with an address of its own, such as 10.99.0.1/24. It goes when one of them ends."""
    ends = [["name", INTERFACE, "netns", str(lab.container.leader)] for lab in (one, other)]
    subprocess.run(["ip", "link", "add", *ends[0], "type", "veth", "peer", *ends[1]], check=True)
    for lab, own in (one, address), (other, other_address):
        lab.run(f"ip address add {own} dev {INTERFACE}; ip link set lo up; ip link set {INTERFACE} up")
