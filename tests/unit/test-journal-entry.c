/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "output/journal-entry.h"
#include "unit/journal-decode.h"
#include "unit/unit.h"

static const LineOrigin origin = {
        .node = "worker-1",
        .role = "worker",
        .scope = "zeek-node-worker\\x2d1.scope",
        .pid = 4711,
};

/* The line's entry as journald sees it. */
static Decoded entry_of(const LineOrigin* of, Stream stream, const Line* line) {
        static char bytes[1024];
        _cleanup_journal_entry_ JournalEntry prefix = {};
        char* p = bytes;
        LineEntry entry;
        Decoded decoded;

        line_prefix_init(&prefix, of, stream);
        line_entry_set(&entry, &prefix, line, NULL);
        for (size_t i = 0; i < entry.n; i++)
                p = mempcpy(p, entry.iov[i].iov_base, entry.iov[i].iov_len);
        assert_true(journal_decode(bytes, (size_t) (p - bytes), &decoded));
        return decoded;
}

static void a_line_has_the_fields_of_its_stream(void** state) {
        const Line line = { .data = "listening on eth0\n", .size = 17, .terminated = true };
        _cleanup_journal_entry_ JournalEntry prefix = {};
        Decoded decoded = entry_of(&origin, STREAM_STDOUT, &line);
        LineEntry entry;

        assert_int_equal(decoded.n, 9);
        assert_true(decoded_is(&decoded, "PRIORITY", "6"));
        assert_true(decoded_is(&decoded, "SYSLOG_IDENTIFIER", "zeek-worker-1"));
        assert_true(decoded_is(&decoded, "ZEEK_NODE", "worker-1"));
        assert_true(decoded_is(&decoded, "ZEEK_ROLE", "worker"));
        assert_true(decoded_is(&decoded, "ZEEK_STREAM", "stdout"));
        assert_true(decoded_is(&decoded, "ZEEK_NODE_PID", "4711"));
        assert_true(decoded_is(&decoded, "OBJECT_PID", "4711"));
        assert_true(decoded_is(&decoded, "OBJECT_SYSTEMD_UNIT", "zeek-node-worker\\x2d1.scope"));
        assert_true(decoded_is(&decoded, "MESSAGE", "listening on eth0"));

        decoded = entry_of(&origin, STREAM_STDERR, &line);
        assert_true(decoded_is(&decoded, "PRIORITY", "5"));
        assert_true(decoded_is(&decoded, "ZEEK_STREAM", "stderr"));

        /* the usual line goes in two pieces, from where it lies */
        line_prefix_init(&prefix, &origin, STREAM_STDOUT);
        line_entry_set(&entry, &prefix, &line, NULL);
        assert_int_equal(entry.n, 2);
        assert_ptr_equal(entry.iov[1].iov_base, line.data);
}

static void a_users_scope_has_a_field_of_its_own(void** state) {
        LineOrigin user = origin;
        const Line line = { .data = "x", .size = 1 };

        user.user_mode = true;
        Decoded decoded = entry_of(&user, STREAM_STDOUT, &line);
        assert_true(decoded_is(&decoded, "OBJECT_SYSTEMD_USER_UNIT", origin.scope));
        assert_null(decoded_field(&decoded, "OBJECT_SYSTEMD_UNIT"));
}

static void pieces_are_marked(void** state) {
        Line line = { .data = "piece\n", .size = 5, .part = 1, .cut = true };
        Decoded decoded = entry_of(&origin, STREAM_STDOUT, &line);

        assert_true(decoded_is(&decoded, "MESSAGE", "piece"));
        assert_true(decoded_is(&decoded, "ZEEK_LINE_PART", "1"));
        assert_true(decoded_is(&decoded, "ZEEK_LINE_BREAK", "line-max"));

        line.part = 4294967295U;
        line.cut = false;
        line.terminated = true;
        decoded = entry_of(&origin, STREAM_STDOUT, &line);
        assert_true(decoded_is(&decoded, "MESSAGE", "piece"));
        assert_true(decoded_is(&decoded, "ZEEK_LINE_PART", "4294967295"));
        assert_null(decoded_field(&decoded, "ZEEK_LINE_BREAK"));
}

static void a_line_forges_nothing(void** state) {
        static const char* const lines[] = {
                "x\nPRIORITY=0",
                "\n\nMESSAGE=another entry\n",
                "PRIORITY=0",
                "=",
                ".",
                "\n",
                "a\nMESSAGE\n\x01\x02",
        };

        for (size_t i = 0; i < ELEMENTSOF(lines); i++) {
                const Line line = { .data = lines[i], .size = strlen(lines[i]), .part = i % 2, .cut = i % 2 };
                Decoded decoded = entry_of(&origin, STREAM_STDOUT, &line);

                assert_int_equal(decoded.n, i % 2 ? 11 : 9);
                assert_true(decoded_is(&decoded, "MESSAGE", lines[i]));
                assert_true(decoded_is(&decoded, "PRIORITY", "6"));
        }
}

static void nul_and_invalid_utf8_pass(void** state) {
        const Line line = { .data = "a\0\xff\xc3(\r\n", .size = 6, .terminated = true };
        Decoded decoded = entry_of(&origin, STREAM_STDOUT, &line);

        assert_true(decoded_equals(&decoded, "MESSAGE", "a\0\xff\xc3(\r", 6));
}

static void entries_hold_what_was_added(void** state) {
        _cleanup_journal_entry_ JournalEntry entry = {};
        Decoded decoded;

        journal_entry_add_string(&entry, "MESSAGE", "two\nlines");
        journal_entry_add_string(&entry, "ZEEK_NODE", "a");
        journal_entry_add_string(&entry, "ABSENT", NULL);
        journal_entry_add(&entry, "EMPTY", NULL, 0);
        assert_true(journal_decode(entry.data, entry.size, &decoded));
        assert_int_equal(decoded.n, 3);
        assert_true(decoded_is(&decoded, "MESSAGE", "two\nlines"));
        assert_true(decoded_is(&decoded, "ZEEK_NODE", "a"));
        assert_true(decoded_is(&decoded, "EMPTY", ""));
}

static void field_names_are_those_that_clients_may_use(void** state) {
        static const char* const good[] = { "A", "MESSAGE", "X_1", "ZEEK_LINE_PART" };
        static const char* const bad[] = { "", "_PID", "1A", "a", "A B", "A=", "A\n", "Ä" };

        for (size_t i = 0; i < ELEMENTSOF(good); i++)
                assert_true(journal_field_name_is_valid(good[i]));
        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                assert_false(journal_field_name_is_valid(bad[i]));

        char name[JOURNAL_FIELD_NAME_MAX + 2] = {};
        memset(name, 'A', JOURNAL_FIELD_NAME_MAX);
        assert_true(journal_field_name_is_valid(name));
        name[JOURNAL_FIELD_NAME_MAX] = 'A';
        assert_false(journal_field_name_is_valid(name));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_line_has_the_fields_of_its_stream),
                cmocka_unit_test(a_users_scope_has_a_field_of_its_own),
                cmocka_unit_test(pieces_are_marked),
                cmocka_unit_test(a_line_forges_nothing),
                cmocka_unit_test(nul_and_invalid_utf8_pass),
                cmocka_unit_test(entries_hold_what_was_added),
                cmocka_unit_test(field_names_are_those_that_clients_may_use),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
