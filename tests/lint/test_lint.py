#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""A lint that finds nothing may be blind: each rule is shown what it is against."""

import pathlib
import tempfile
import unittest

import lint
import manual
import packaging
import transcript

LICENCE = "/* SPDX-License-Identifier: BSD-3-Clause */\n"


class Layers(unittest.TestCase):
    def findings(self, files):
        with tempfile.TemporaryDirectory() as root:
            for name, text in files.items():
                path = pathlib.Path(root, "src", name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
            return list(lint.lint_layers(pathlib.Path(root)))

    def include(self, user, header):
        """What is said when user includes the header, which exists."""
        return self.findings({user: f'{LICENCE}\n#include "{header}"\n', header: f"{LICENCE}#pragma once\n"})

    def test_an_arrow_of_the_table_may_be_followed(self):
        for user, header in [
            ("core/a.c", "util/b.h"),
            ("output/a.c", "util/b.h"),
            ("config/a.c", "core/b.h"),
            ("zeek/a.c", "config/b.h"),
            ("stem/a.c", "util/b.h"),
            ("stem/a.c", "core/node-name.h"),
            ("supervisor/a.c", "zeek/b.h"),
            ("ctl/a.c", "wire/b.h"),
            ("core/a.c", "core/b.h"),
            ("core/a.c", "core/a.h"),
        ]:
            with self.subTest(user=user, header=header):
                self.assertEqual(self.include(user, header), [])

    def test_any_other_arrow_is_found_with_its_line(self):
        for user, header in [
            ("util/a.c", "core/b.h"),
            ("core/a.c", "output/b.h"),
            ("core/a.c", "config/b.h"),
            ("core/a.c", "supervisor/b.h"),
            ("output/a.c", "core/b.h"),
            ("config/a.c", "zeek/b.h"),
            ("zeek/a.c", "supervisor/b.h"),
            ("stem/a.c", "core/node.h"),
            ("stem/a.c", "config/b.h"),
            ("stem/a.c", "wire/b.h"),
            ("supervisor/a.c", "stem/b.h"),
            ("ctl/a.c", "supervisor/b.h"),
        ]:
            with self.subTest(user=user, header=header):
                (finding,) = self.include(user, header)
                self.assertTrue(finding.startswith(f"src/{user}:3: {user.split('/')[0]} may not know"), finding)

    def test_an_include_is_a_path_from_src(self):
        (finding,) = self.findings({"core/a.c": '#include "b.h"\n', "core/b.h": LICENCE + "#pragma once\n"})
        self.assertIn('"b.h" is not a path from src/', finding)
        (finding,) = self.findings({"core/a.c": '#include "core/missing.h"\n'})
        self.assertIn('"core/missing.h" is not a path from src/', finding)

    def test_generated_headers_belong_to_nobody(self):
        self.assertEqual(self.findings({"supervisor/a.c": '#include "version.h"\n'}), [])

    def test_a_folder_that_is_no_layer_is_found(self):
        self.assertIn("no layer of this name", self.findings({"misc/a.c": ""})[0])

    def test_pure_layers_do_not_know_the_world(self):
        for layer in ("core", "output"):
            for header in ("systemd/sd-bus.h", "fcntl.h", "unistd.h", "sys/socket.h", "sys/stat.h"):
                with self.subTest(layer=layer, header=header):
                    (finding,) = self.findings({f"{layer}/a.c": f"#include <{header}>\n"})
                    self.assertIn(f"{layer} may not know <{header}>", finding)
            self.assertEqual(self.findings({f"{layer}/a.c": "#include <string.h>\n#include <sys/queue.h>\n"}), [])
        self.assertEqual(len(self.findings({"config/a.c": "#include <systemd/sd-bus.h>\n"})), 1)
        self.assertEqual(self.findings({"supervisor/a.c": "#include <systemd/sd-bus.h>\n"}), [])

    def test_headers_that_include_each_other_are_found(self):
        header = LICENCE + '#pragma once\n#include "supervisor/%s.h"\n'
        (finding,) = self.findings(
            {"supervisor/a.h": header % "b", "supervisor/b.h": header % "c", "supervisor/c.h": header % "a"}
        )
        self.assertIn("supervisor/a.h → supervisor/b.h → supervisor/c.h → supervisor/a.h", finding)

    def test_modules_of_pure_layers_that_know_each_other_are_found(self):
        files = {
            "%s/a.h": LICENCE + "#pragma once\n",
            "%s/b.h": LICENCE + "#pragma once\n",
            "%s/a.c": '#include "%s/b.h"\n',
            "%s/b.c": '#include "%s/a.h"\n',
        }

        def in_layer(layer):
            return {name.replace("%s", layer): text.replace("%s", layer) for name, text in files.items()}

        self.assertIn("core/a → core/b → core/a", self.findings(in_layer("core"))[0])
        self.assertEqual(self.findings(in_layer("supervisor")), [])

    def test_a_header_without_its_guard_is_found(self):
        self.assertIn("#pragma once", self.findings({"core/a.h": LICENCE})[0])


class Text(unittest.TestCase):
    def findings(self, name, text):
        return list(lint.lint_file(name, text))

    def test_a_plain_file_passes(self):
        self.assertEqual(self.findings("src/core/a.c", LICENCE + "int a;\n"), [])

    def test_each_fault_is_found_with_its_line(self):
        for name, text, expected in [
            ("src/core/a.c", "int a;\n", "src/core/a.c:1: the first line names the licence"),
            ("tests/unit/a.h", "\n" + LICENCE, "tests/unit/a.h:1: the first line names the licence"),
            ("src/core/a.c", LICENCE + "\tint a;\n", "src/core/a.c:2: a tab"),
            ("tests/meson.build", "\n\ta\n", "tests/meson.build:2: a tab"),
            ("src/core/a.c", LICENCE + "int a; \n", "src/core/a.c:2: blanks at the end"),
            ("src/core/a.c", LICENCE + "int a;", "src/core/a.c:2: the last line has no end"),
            ("src/core/a.c", LICENCE + "/* TODO: more */\n", "src/core/a.c:2: a note to oneself"),
            ("src/core/a.c", LICENCE + "/* FIXME */\n", "src/core/a.c:2: a note to oneself"),
        ]:
            with self.subTest(expected=expected):
                (finding,) = self.findings(name, text)
                self.assertTrue(finding.startswith(expected), finding)

    def test_the_limit_of_lines_is_exact(self):
        longest = LICENCE + "\n" * (lint.LINES_MAX - 1)
        self.assertEqual(self.findings("src/core/a.c", longest), [])
        self.assertEqual(len(self.findings("src/core/a.c", longest + "\n")), 1)
        self.assertEqual(self.findings("tests/unit/a.c", longest + "\n"), [])


class Symbols(unittest.TestCase):
    def findings(self, archive, *others):
        objects = [lint.read_objects(text) for text in (archive, *others)]
        return list(lint.judge_calls(objects[0], [o for more in objects[1:] for o in more]))

    def test_memory_and_text_are_pure(self):
        self.assertEqual(self.findings("l.a[a.c.o]: f T 0 1\nl.a[a.c.o]: strlen U\nl.a[a.c.o]: free U\n"), [])

    def test_the_outer_world_is_not(self):
        for symbol in [
            "sd_bus_send", "sd_event_new", "fork", "execve", "open", "open64", "openat64", "fopen", "read", "socket", "send",
            "clock_gettime", "time", "nanosleep", "kill", "getenv", "pthread_create", "__open_2", "__read_chk",
        ]:
            with self.subTest(symbol=symbol):
                (finding,) = self.findings(f"l.a[a.c.o]: f T 0 1\nl.a[a.c.o]: {symbol} U\n")
                self.assertIn(f"a.c.o: calls {symbol}()", finding)

    def test_it_is_not_pure_by_way_of_another_library_either(self):
        util = (
            "u.a[x/usec.c.o]: now_usec T 0 1\nu.a[x/usec.c.o]: clock_gettime U\n"
            "u.a[x/strv.c.o]: strv_free T 0 1\nu.a[x/strv.c.o]: free U\n"
        )
        (finding,) = self.findings("l.a[a.c.o]: now_usec U\nl.a[a.c.o]: strv_free U\n", util)
        self.assertIn("a.c.o → usec.c.o: calls clock_gettime()", finding)
        self.assertEqual(self.findings("l.a[a.c.o]: strv_free U\n", util), [])

    def test_what_compilers_add_is_not_held_against_anyone(self):
        for symbol in ["__stack_chk_fail", "__asan_init", "__ubsan_handle_add_overflow", "__sanitizer_cov_trace_pc_guard",
                       "_GLOBAL_OFFSET_TABLE_", "__memcpy_chk", "__vasprintf_chk", "__isoc23_strtoull", "__gcov_init"]:
            with self.subTest(symbol=symbol):
                self.assertEqual(self.findings(f"l.a[a.c.o]: {symbol} U\n"), [])

    def test_circles_between_objects_end(self):
        archive = "l.a[a.c.o]: a T 0 1\nl.a[a.c.o]: b U\nl.a[b.c.o]: b T 0 1\nl.a[b.c.o]: a U\nl.a[b.c.o]: kill U\n"
        self.assertEqual(len(self.findings(archive)), 1)


class Manual(unittest.TestCase):
    SOURCE = """
        { "MaxNodes", &setting_count, AT(max_nodes), "1024", .min = 1 },
        { "User", &setting_account, AT(user), ZEEK_USER },
        { "Group", &setting_account, AT(group) },
"""
    PAGE = """
*MaxNodes=*
    How many. Defaults
    to **1024**.

*User=*, *Group=*
    *User=* defaults to **@ZEEK_USER@**.
"""

    def findings(self, page):
        return list(manual.check_settings("page", page, self.SOURCE))

    def test_a_page_that_agrees_with_the_table_passes(self):
        self.assertEqual(self.findings(self.PAGE), [])

    def test_each_disagreement_is_found(self):
        for old, new, expected in [
            ("*MaxNodes=*", "*MinNodes=*", "key MaxNodes= is not in this page"),
            ("*MaxNodes=*", "*MaxNodes=*, *More=*", "there is no key More="),
            ("1024", "1000", "the default of MaxNodes= is 1024"),
            ("*User=*, *Group=*", "*Group=*", "key User= is not in this page"),
            ("    *User=* defaults", "    Defaults", "Group= has no default"),
        ]:
            with self.subTest(expected=expected):
                self.assertIn(expected, "\n".join(self.findings(self.PAGE.replace(old, new))))

    def test_a_section_ends_where_the_next_one_begins(self):
        self.assertEqual(manual.section("A\n=\n\none\n\nB\n=\n\ntwo\n", "A").strip(), "one")
        self.assertEqual(manual.section("A\n=\n\none\n\nB\n=\n\ntwo\n", "B").strip(), "two")


class Packaging(unittest.TestCase):
    PACKAGES = "[build]\ngcc\nlibc6-dev\nlibx-dev\n\n[lab]\nliby-dev\n"

    def test_the_same_version_passes_and_another_is_found(self):
        meson = "project('x', 'c',\n        version: '0.1.0',\n"
        self.assertEqual(list(packaging.check_versions(meson, "x (0.1.0) unstable; urgency=medium\n")), [])
        self.assertEqual(len(list(packaging.check_versions(meson, "x (0.1.1) unstable; urgency=medium\n"))), 1)

    def test_a_library_that_is_not_asked_for_is_found(self):
        self.assertEqual(list(packaging.check_build_depends(self.PACKAGES, "Build-Depends:\n libx-dev (>= 1),\n meson\n")), [])
        (finding,) = packaging.check_build_depends(self.PACKAGES, "Build-Depends:\n libxx-dev,\n meson\n")
        self.assertIn("libx-dev", finding)


class Transcript(unittest.TestCase):
    TEXT = "From demo e3b0c44298fc\n" + "".join(f"\n\n== {title}\n\n# {title}\nyes\n" for title in ["First", *transcript.SHOWN])
    README = "# x\n\n<!-- written by ./demo --transcript: -->\n\n```console\nold\n```\n\n<!-- until here -->\n\nmore\n"

    def test_a_transcript_of_another_demo_is_found(self):
        self.assertEqual(list(transcript.check_origin(b"", self.TEXT)), [])
        self.assertEqual(len(list(transcript.check_origin(b"x", self.TEXT))), 1)

    def test_what_is_shown_of_it_is_what_is_there(self):
        readme = self.README.replace("old\n", transcript.excerpt(self.TEXT))
        self.assertNotIn("First", readme)
        self.assertEqual(list(transcript.check_excerpt(readme, self.TEXT)), [])
        (finding,) = transcript.check_excerpt(self.README, self.TEXT)
        self.assertTrue(finding.startswith("README.md:6: "))
        self.assertEqual(len(list(transcript.check_excerpt("# x\n", self.TEXT))), 1)


if __name__ == "__main__":
    unittest.main()
