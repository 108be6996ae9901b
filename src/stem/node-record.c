/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <signal.h>
#include <string.h>

#include "stem/node-record.h"
#include "stem/process-name.h"
#include "stem/scope-name.h"
#include "util/alloc.h"
#include "util/parse.h"
#include "util/strv.h"

#define STATUS_MAX 255

void node_record_done(NodeRecord* record) {
        free(record->name);
        free(record->scope);
        *record = (NodeRecord) {};
}

char* node_record_to_string(const NodeRecord* record) {
        return xasprintf("NAME=%s\nSCOPE=%s\nPID=%i\nOUTPUT=%ju\nERROR=%ju\nREPORT=%ju\n", record->name, record->scope,
                         (int) record->pid, (uintmax_t) record->output, (uintmax_t) record->error,
                         (uintmax_t) record->report);
}

char* node_record_exit_to_string(const ProcessExit* e) {
        return xasprintf("CODE=%i\nSTATUS=%i\n", e->code, e->status);
}

static int read_name(const char* value, NodeRecord* record) {
        _cleanup_free_ char* why = process_name_check(value);

        if (why)
                return -EINVAL;
        record->name = xstrdup(value);
        return 0;
}

static int read_scope(const char* value, NodeRecord* record) {
        if (!scope_name_is_valid(value))
                return -EINVAL;
        record->scope = xstrdup(value);
        return 0;
}

static int read_number(const char* value, int64_t min, int64_t max, int* ret) {
        int64_t number;
        int r = parse_int_range(value, min, max, &number);

        if (r >= 0)
                *ret = (int) number;
        return r;
}

static int read_code(const char* value, NodeRecord* record) {
        int r = read_number(value, 0, CLD_DUMPED, &record->exit.code);

        record->exited = r >= 0;
        return r;
}

static int read_yes(const char* value, bool* ret) {
        *ret = strcmp(value, "yes") == 0;
        return *ret ? 0 : -EINVAL;
}

typedef enum Key {
        KEY_NAME,
        KEY_SCOPE,
        KEY_PID,
        KEY_OUTPUT,
        KEY_ERROR,
        KEY_REPORT,
        KEY_LAUNCHED,
        KEY_FAILED,
        KEY_TERMINATED,
        KEY_CODE,
        KEY_STATUS,
        KEY_RELEASED,
        _KEY_MAX,
} Key;

static const char* const key_table[_KEY_MAX] = {
        [KEY_NAME] = "NAME",
        [KEY_SCOPE] = "SCOPE",
        [KEY_PID] = "PID",
        [KEY_OUTPUT] = "OUTPUT",
        [KEY_ERROR] = "ERROR",
        [KEY_REPORT] = "REPORT",
        [KEY_LAUNCHED] = "LAUNCHED",
        [KEY_FAILED] = "FAILED",
        [KEY_TERMINATED] = "TERMINATED",
        [KEY_CODE] = "CODE",
        [KEY_STATUS] = "STATUS",
        [KEY_RELEASED] = "RELEASED",
};

#define KEY_BIT(key) (1U << (key))
#define KEYS_REQUIRED                                                                                     \
        (KEY_BIT(KEY_NAME) | KEY_BIT(KEY_SCOPE) | KEY_BIT(KEY_PID) | KEY_BIT(KEY_OUTPUT) | KEY_BIT(KEY_ERROR) | \
         KEY_BIT(KEY_REPORT))
#define KEYS_EXIT (KEY_BIT(KEY_CODE) | KEY_BIT(KEY_STATUS))

static int read_value(Key key, const char* value, NodeRecord* record) {
        switch (key) {
        case KEY_NAME:
                return read_name(value, record);
        case KEY_SCOPE:
                return read_scope(value, record);
        case KEY_PID:
                return read_number(value, 1, INT32_MAX, &record->pid);
        case KEY_OUTPUT:
                return parse_u64(value, &record->output);
        case KEY_ERROR:
                return parse_u64(value, &record->error);
        case KEY_REPORT:
                return parse_u64(value, &record->report);
        case KEY_LAUNCHED:
                return read_yes(value, &record->launched);
        case KEY_FAILED:
                return read_yes(value, &record->failed);
        case KEY_TERMINATED:
                return read_yes(value, &record->terminated);
        case KEY_CODE:
                return read_code(value, record);
        case KEY_STATUS:
                return read_number(value, 0, STATUS_MAX, &record->exit.status);
        case KEY_RELEASED:
                return read_yes(value, &record->released);
        case _KEY_MAX:
                break;
        }
        return -EINVAL;
}

static Key find_key(const char* line, size_t length) {
        Key key = 0;

        while (key < _KEY_MAX && (strlen(key_table[key]) != length || memcmp(key_table[key], line, length) != 0))
                key++;
        return key;
}

static int read_line(const char* line, unsigned* seen, NodeRecord* record) {
        const char* equals = strchr(line, '=');
        Key key;

        if (!equals)
                return -EINVAL;
        key = find_key(line, (size_t) (equals - line));
        if (key == _KEY_MAX || *seen & KEY_BIT(key))
                return -EINVAL;
        *seen |= KEY_BIT(key);
        return read_value(key, equals + 1, record) < 0 ? -EINVAL : 0;
}

int node_record_from_string(const char* text, NodeRecord* ret) {
        _cleanup_node_record_ NodeRecord record = {};
        _cleanup_strv_free_ char** lines = NULL;
        size_t length = strlen(text);
        unsigned seen = 0;

        if (length == 0 || text[length - 1] != '\n' || length > NODE_RECORD_SIZE_MAX)
                return -EINVAL;
        lines = strv_split(text, "\n");
        STRV_FOREACH(line, lines)
                if (read_line(*line, &seen, &record) < 0)
                        return -EINVAL;
        if ((seen & KEYS_REQUIRED) != KEYS_REQUIRED || ((seen & KEYS_EXIT) != 0 && (seen & KEYS_EXIT) != KEYS_EXIT))
                return -EINVAL;

        *ret = record;
        record = (NodeRecord) {};
        return 0;
}
