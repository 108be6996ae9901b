# SPDX-License-Identifier: BSD-3-Clause
"""The systems that a lab can be made of: this machine's own, or those of newer Debian suites.

The latter are made by debootstrap and kept in a cache, by default below /var/cache; the environment variable
ZEEK_SUPERVISOR_LAB_CACHE names another place.
"""

import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
from pathlib import Path

HOST = "host"
SUITES = ["trixie", "forky"]
NAMES = [HOST, *SUITES]
MACHINE = "bookworm"  # with a kernel of its own, for a full machine (tests/machine)

HERE = Path(__file__).parent
PACKAGES = {suite: HERE / "base-packages" for suite in SUITES} | {MACHINE: HERE.parent / "machine" / "base-packages"}
DEBOOTSTRAP_SCRIPTS = Path("/usr/share/debootstrap/scripts")


@contextlib.contextmanager
def base(name):
    """The root directory of a base, which must not be changed; made if need be, and kept until the context ends."""
    if name == HOST:
        yield Path("/")
        return

    root = ensure(name)
    handle = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_SH)  # see remove_outdated()
        yield root
    finally:
        os.close(handle)


def ensure(suite):
    """Makes the base of a suite unless there is one by the present recipe. Who comes second waits for the first."""
    if suite not in PACKAGES:
        raise ValueError(f"no base is made of {suite}, only of {', '.join(PACKAGES)}")
    root = cache() / f"{suite}-{recipe(suite)}"
    with locked(cache() / f"{suite}.lock"):
        if not root.exists():
            unfinished = cache() / f"{suite}.unfinished"
            if unfinished.exists():
                shutil.rmtree(unfinished)
            debootstrap(suite, unfinished)
            unfinished.rename(root)
            remove_outdated(suite, root)
    return root


def cache():
    directory = Path(os.environ.get("ZEEK_SUPERVISOR_LAB_CACHE", "/var/cache/zeek-supervisor-lab"))
    directory.mkdir(parents=True, exist_ok=True)
    return directory.resolve()


@contextlib.contextmanager
def locked(path):
    with open(path, "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def packages(suite):
    lines = (line.partition("#")[0].strip() for line in PACKAGES[suite].read_text().splitlines())
    return sorted(filter(None, lines))


def recipe(suite):
    """What a base is made from, in short: another recipe makes another base."""
    return hashlib.sha256(" ".join([suite, *packages(suite)]).encode()).hexdigest()[:12]


def debootstrap(suite, directory):
    command = ["debootstrap", "--variant=minbase", "--include=" + ",".join(packages(suite)), suite, str(directory), mirror()]
    if not (DEBOOTSTRAP_SCRIPTS / suite).exists():
        command.append(str(DEBOOTSTRAP_SCRIPTS / "sid"))  # an older debootstrap does not know of newer suites

    log = directory.with_suffix(".log")
    with open(log, "w") as output:
        status = subprocess.run(command, env=os.environ | proxies(), stdout=output, stderr=output).returncode
    if status != 0:
        raise RuntimeError(f"debootstrap of {suite} failed:\n{log.read_text()[-3000:]}")
    log.unlink()
    shutil.rmtree(directory / "var/cache/apt", ignore_errors=True)


def mirror():
    """The archive that this machine's apt takes its own release from; it has the other suites too."""
    codename = os_release()["VERSION_CODENAME"]
    sites = apt_get_lines("indextargets", "--format", "$(CODENAME) $(SITE)", "Created-By: Packages")
    for release, _, site in (line.partition(" ") for line in sites):
        if release == codename:
            return site
    raise RuntimeError(f"apt knows no archive of {codename}; has apt-get update been run?")


def apt_get_lines(*arguments):
    return subprocess.run(["apt-get", *arguments], check=True, capture_output=True, text=True).stdout.splitlines()


def proxies():
    """apt's proxy for the downloads of debootstrap, which looks for it in the environment."""
    shell = ["apt-config", "shell", "http_proxy", "Acquire::http::Proxy", "https_proxy", "Acquire::https::Proxy"]
    lines = subprocess.run(shell, check=True, capture_output=True, text=True).stdout.splitlines()
    return {name: value.strip("'") for name, _, value in (line.partition("=") for line in lines)}


def os_release():
    lines = Path("/etc/os-release").read_text().splitlines()
    return {name: value.strip('"') for name, _, value in (line.partition("=") for line in lines)}


def remove_outdated(suite, current):
    """Bases of the same suite by other recipes, unless a lab is running on one."""
    for old in cache().glob(f"{suite}-*"):
        if old == current:
            continue
        handle = os.open(old, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(old)
        except BlockingIOError:
            pass
        finally:
            os.close(handle)
