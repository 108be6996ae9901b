/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <signal.h>
#include <string.h>

#include "stem/kept-fds.h"
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
        free(record->verdicts);
        *record = (NodeRecord) {};
}

static char* numbers_to_string(const uint64_t numbers[_PROCESS_FD_MAX], bool all) {
        char* text = xstrdup("");

        for (unsigned i = 0; i < _PROCESS_FD_MAX; i++)
                if (numbers[i] != 0 || (all && kept_fd_is_required(i)))
                        free_and_replace(text, xasprintf("%s%s=%ju\n", text, kept_fd_key(i), (uintmax_t) numbers[i]));
        return text;
}

char* node_record_to_string(const NodeRecord* record) {
        _cleanup_free_ char* numbers = numbers_to_string(record->numbers, true);
        _cleanup_free_ char* verdicts = record->verdicts ? xasprintf("VERDICTS=%s\n", record->verdicts) : xstrdup("");
        char* text = xasprintf("NAME=%s\nSCOPE=%s\nPID=%i\n%s%s", record->name, record->scope, (int) record->pid, verdicts,
                               numbers);
        size_t left = NODE_RECORD_PAGE - strlen(text) % NODE_RECORD_PAGE;

        if (left < NODE_RECORD_APPENDED_MAX) {
                char padding[NODE_RECORD_APPENDED_MAX] = {};

                memset(padding, '\n', left);
                free_and_replace(text, xasprintf("%s%s", text, padding));
        }
        return text;
}

char* node_record_fds_to_string(const uint64_t numbers[_PROCESS_FD_MAX]) {
        return numbers_to_string(numbers, false);
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

static int read_verdicts(const char* value, NodeRecord* record) {
        _cleanup_syscall_verdicts_ SyscallVerdicts verdicts = {};
        int r = syscall_verdicts_from_string(value, &verdicts);

        if (r >= 0)
                record->verdicts = xstrdup(value);
        return r;
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
        KEY_VERDICTS,
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
        [KEY_VERDICTS] = "VERDICTS",
        [KEY_LAUNCHED] = "LAUNCHED",
        [KEY_FAILED] = "FAILED",
        [KEY_TERMINATED] = "TERMINATED",
        [KEY_CODE] = "CODE",
        [KEY_STATUS] = "STATUS",
        [KEY_RELEASED] = "RELEASED",
};

#define KEY_BIT(key) (1U << (key))
#define KEYS_REQUIRED (KEY_BIT(KEY_NAME) | KEY_BIT(KEY_SCOPE) | KEY_BIT(KEY_PID))
#define KEYS_EXIT (KEY_BIT(KEY_CODE) | KEY_BIT(KEY_STATUS))

static int read_value(Key key, const char* value, NodeRecord* record) {
        switch (key) {
        case KEY_NAME:
                return read_name(value, record);
        case KEY_SCOPE:
                return read_scope(value, record);
        case KEY_PID:
                return read_number(value, 1, INT32_MAX, &record->pid);
        case KEY_VERDICTS:
                return read_verdicts(value, record);
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

static bool is_key(const char* key, const char* line, size_t length) {
        return key && strlen(key) == length && memcmp(key, line, length) == 0;
}

/* The bits of the keys, and behind them those of the numbers of descriptors. */
static int read_line(const char* line, unsigned* seen, NodeRecord* record) {
        const char* equals = strchr(line, '=');
        size_t length = equals ? (size_t) (equals - line) : 0;
        unsigned key = 0, place = 0;

        while (key < _KEY_MAX && !is_key(key_table[key], line, length))
                key++;
        while (key == _KEY_MAX && place < _PROCESS_FD_MAX && !is_key(kept_fd_key(place), line, length))
                place++;
        if (place == _PROCESS_FD_MAX || *seen & KEY_BIT(key + place))
                return -EINVAL;
        *seen |= KEY_BIT(key + place);
        return key < _KEY_MAX ? read_value(key, equals + 1, record) : parse_u64(equals + 1, &record->numbers[place]);
}

static bool is_complete(unsigned seen) {
        for (unsigned i = 0; i < _PROCESS_FD_MAX; i++)
                if (kept_fd_is_required(i) && !(seen & KEY_BIT(_KEY_MAX + i)))
                        return false;
        return (seen & KEYS_REQUIRED) == KEYS_REQUIRED && ((seen & KEYS_EXIT) == 0 || (seen & KEYS_EXIT) == KEYS_EXIT);
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
        if (!is_complete(seen))
                return -EINVAL;

        *ret = record;
        record = (NodeRecord) {};
        return 0;
}
