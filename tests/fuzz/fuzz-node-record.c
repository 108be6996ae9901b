/* SPDX-License-Identifier: BSD-3-Clause */
/* Input: the text in which one stem tells the next of a node, from the store of the service manager. */
#include <assert.h>
#include <limits.h>
#include <string.h>

#include "stem/node-record.h"
#include "stem/process-name.h"
#include "util/alloc.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
        _cleanup_node_record_ NodeRecord record = {}, again = {};
        _cleanup_free_ char *text = xstrndup((const char*) data, size), *second = NULL, *why = NULL;

        if (node_record_from_string(text, &record) < 0) {
                assert(!record.name && !record.scope);
                return 0;
        }
        why = process_name_check(record.name);
        assert(!why && record.scope && record.pid > 0);

        second = node_record_to_string(&record);
        assert(node_record_from_string(second, &again) >= 0);
        assert(strcmp(again.name, record.name) == 0 && strcmp(again.scope, record.scope) == 0 && again.pid == record.pid);
        assert(memcmp(again.numbers, record.numbers, sizeof record.numbers) == 0);
        return 0;
}
