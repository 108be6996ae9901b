#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""What the compiler does not see: who may know whom, and how a file looks.

  lint.py layers SOURCE_ROOT             includes follow the arrows between the layers, headers make no circle
  lint.py text SOURCE_ROOT               licence line, length, tabs, notes to oneself
  lint.py symbols NM ARCHIVE [OTHER...]  what ARCHIVE calls, itself or through OTHER, is pure computation

Prints what it finds as FILE:LINE: text and exits 1 if it found anything.
"""

import pathlib
import re
import subprocess
import sys

# ---- the house ----

# A layer may include itself and these. "folder/header.h" allows that header alone.
ARROWS = {
    "util": set(),
    "core": {"util"},
    "output": {"util"},
    # a hook file becomes a hook, which the pure side of the output defines
    "config": {"core", "output/hook.h", "util"},
    "zeek": {"config", "core", "util"},
    "service": {"util"},
    # what the two daemons say to each other
    "link": {"util"},
    # a small program: of what is said between the daemons it needs to know which descriptors there are
    "child": {"link/node-fds.h", "util"},
    # names and verdicts are words on the wire; what becomes of a node is not the stem's business
    "stem": {"child", "core/node-name.h", "core/verdict.h", "link", "service", "util"},
    # what is said on the bus, in both directions: for the daemon and for its clients
    "wire": {"config", "core", "output/hook.h", "util"},
    "supervisor": {"config", "core", "link", "output", "service", "util", "wire", "zeek"},
    # what the stem runs for a supervisor that has no network
    "hosts": {"config", "util"},
    "ctl": {"config", "core", "output/hook.h", "util", "wire"},
    # a client too, but one that understands nothing of what it passes on
    "metrics": {"service", "util", "wire/names.h"},
}

# Headers that no folder holds, because the build makes them.
GENERATED = {"version.h"}

# In these no two modules know each other, not even through their .c files.
LAYERS_WITHOUT_CIRCLES = {"util", "core", "output", "zeek", "service", "link", "wire", "metrics"}

# Headers of the system that would bring the outer world into a layer.
_WORLD = r"systemd/|fcntl\.h|unistd\.h|poll\.h|pthread\.h|dirent\.h|sys/(socket|stat|epoll|wait|mman|ioctl|file|un)\.h"
FORBIDDEN_SYSTEM_HEADERS = {
    "core": _WORLD,
    "output": _WORLD,
    "util": r"systemd/",
    "config": r"systemd/",
    "zeek": r"systemd/",
}

# All of the C library that pure code calls. Whoever adds a word here decides that it touches nothing but memory.
PURE_CALLS = set("""
    abort calloc free malloc realloc reallocarray
    bcmp memchr memcmp memcpy memmove mempcpy memrchr memset
    stpcpy strcasecmp strchr strchrnul strcmp strcspn strdup strlen strncasecmp strncmp strndup strnlen strpbrk
    strrchr strspn strstr strtoul strtoull
    hs_alloc_scratch hs_compile hs_compile_multi hs_expression_info hs_free_compile_error hs_free_database
    hs_free_scratch hs_scan
    asprintf snprintf vasprintf vsnprintf
    bsearch fnmatch qsort
    inet_ntop inet_pton sigabbrev_np strerrorname_np
    __assert_fail __ctype_b_loc __ctype_tolower_loc __ctype_toupper_loc __errno_location
    __divti3 __modti3 __muloti4 __udivti3 __umodti3
    """.split())

# The last words of util/alloc.c when memory is out.
PURE_CALLS |= {"fwrite", "stderr"}

# What compilers add of their own.
INSTRUMENTATION = re.compile(r"_GLOBAL_OFFSET_TABLE_$|__(asan|gcov|llvm|msan|sancov|sanitizer|stack_chk|start___|stop___|tsan|ubsan)_")

LINES_MAX = 450

# ---- layers ----

_INCLUDE = re.compile(r'^\s*#\s*include\s*(?:"([^"]*)"|<([^>]*)>)')


def read_includes(path):
    """Triples of line number, own header and header of the system, one of the two None."""
    for number, line in enumerate(path.read_text().splitlines(), 1):
        match = _INCLUDE.match(line)
        if match:
            yield number, match[1], match[2]


def judge_include(layer, header, source):
    """Why a file of this layer may not include the header, or None."""
    if header in GENERATED:
        return None
    if "/" not in header or not (source / header).is_file():
        return f'"{header}" is not a path from src/'

    target = header.split("/")[0]
    if target == layer or target in ARROWS[layer] or header in ARROWS[layer]:
        return None
    return f'{layer} may not know {target}: "{header}"'


def judge_system_header(layer, header):
    if layer in FORBIDDEN_SYSTEM_HEADERS and re.match(FORBIDDEN_SYSTEM_HEADERS[layer], header):
        return f"{layer} may not know <{header}>"
    return None


def find_circle(graph):
    """The names on one circle of a graph, or None. The graph is a dictionary of iterables."""
    done = set()

    def visit(name, path):
        if name in path:
            return path[path.index(name):] + [name]
        if name in done:
            return None
        for target in sorted(graph.get(name, ())):
            circle = visit(target, path + [name])
            if circle:
                return circle
        done.add(name)
        return None

    for name in sorted(graph):
        circle = visit(name, [])
        if circle:
            return circle
    return None


def lint_layers(root):
    source = root / "src"
    headers, modules = {}, {}
    for path in sorted(source.rglob("*.[ch]")):
        name = path.relative_to(source).as_posix()
        layer, module = name.split("/")[0], name[:-2]
        if layer not in ARROWS:
            yield f"src/{name}:1: no layer of this name is known; see ARROWS in tests/lint/lint.py"
            continue

        own = set()
        for line, header, system_header in read_includes(path):
            why = judge_include(layer, header, source) if header is not None else judge_system_header(layer, system_header)
            if why:
                yield f"src/{name}:{line}: {why}"
            elif header:
                own.add(header)

        if path.suffix == ".h":
            headers[name] = own
            if "#pragma once" not in path.read_text().splitlines()[:3]:
                yield f'src/{name}:2: a header begins with "#pragma once"'
        if layer in LAYERS_WITHOUT_CIRCLES:
            modules.setdefault(module, set()).update(h[:-2] for h in own if h[:-2] != module)

    for what, graph in (("headers", headers), ("modules", modules)):
        circle = find_circle(graph)
        if circle:
            yield f"src/{circle[0]}:1: {what} that include each other: {' → '.join(circle)}"


# ---- text ----


def lint_file(name, text):
    lines = text.split("\n")
    is_c = name.endswith((".c", ".h"))

    if is_c and "SPDX-License-Identifier: " not in lines[0]:
        yield f"{name}:1: the first line names the licence (SPDX-License-Identifier)"
    if not text.endswith("\n"):
        yield f"{name}:{len(lines)}: the last line has no end"
    if is_c and name.startswith("src/") and len(lines) - 1 > LINES_MAX:
        yield f"{name}:{LINES_MAX + 1}: longer than {LINES_MAX} lines"
    for number, line in enumerate(lines, 1):
        if "\t" in line:
            yield f"{name}:{number}: a tab"
        if line != line.rstrip():
            yield f"{name}:{number}: blanks at the end"
        if is_c and re.search(r"\b(TODO|FIXME|XXX)\b", line):
            yield f"{name}:{number}: a note to oneself belongs in an issue"


def lint_text(root):
    for folder in ("src", "tests"):
        for path in sorted((root / folder).rglob("*")):
            if path.is_file() and (path.suffix in (".c", ".h", ".py") or path.name == "meson.build"):
                yield from lint_file(path.relative_to(root).as_posix(), path.read_text())


# ---- symbols ----


class Object:
    def __init__(self, name):
        self.name = name
        self.defines = set()
        self.calls = set()


def read_objects(text):
    """The objects in what `nm -A -P` says of archives."""
    objects = {}
    for line in text.splitlines():
        match = re.match(r"(.*\[(.*)\]): (\S+) (\S)", line)
        if not match:
            continue
        place, member, symbol, kind = match.groups()
        o = objects.setdefault(place, Object(pathlib.PurePath(member).name))
        (o.calls if kind in "Uwv" else o.defines).add(symbol)
    return list(objects.values())


def plain_name(symbol):
    """Without the clothes that C libraries and fortified builds put on."""
    symbol = re.sub(r"^__(.*)_chk$", r"\1", symbol)
    return re.sub(r"^__isoc(99|23)_", "", symbol)


def judge_calls(objects, others):
    """Follows every call from the objects into the others and yields those that leave all of them and are not pure."""
    where = {symbol: o for o in others + objects for symbol in o.defines}
    waiting = [(o, o.name) for o in objects]
    known = {id(o) for o in objects}

    while waiting:
        o, path = waiting.pop()
        for symbol in sorted(o.calls):
            target = where.get(symbol)
            if target is None:
                if plain_name(symbol) not in PURE_CALLS and not INSTRUMENTATION.match(symbol):
                    yield f"{path}: calls {symbol}(), which is not known to be pure; see PURE_CALLS in tests/lint/lint.py"
            elif id(target) not in known:
                known.add(id(target))
                waiting.append((target, f"{path} → {target.name}"))


def lint_symbols(nm, archive, *others):
    def read(*archives):
        if not archives:
            return []
        return read_objects(subprocess.run([nm, "-A", "-P", *archives], check=True, capture_output=True, text=True).stdout)

    objects = read(archive)
    if not objects:
        yield f"{archive}:1: no object in it"
    for finding in judge_calls(objects, read(*others)):
        yield f"{archive}:1: {finding}"


# ----


def main(arguments):
    what, *rest = arguments or ["help"]
    if what == "layers" and len(rest) == 1:
        findings = list(lint_layers(pathlib.Path(rest[0])))
    elif what == "text" and len(rest) == 1:
        findings = list(lint_text(pathlib.Path(rest[0])))
    elif what == "symbols" and len(rest) >= 2:
        findings = list(lint_symbols(*rest))
    else:
        print(__doc__.strip(), file=sys.stderr)
        return 2

    for finding in findings:
        print(finding)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
