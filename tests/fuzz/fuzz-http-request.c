/* SPDX-License-Identifier: BSD-3-Clause */
/* Input: what a client of the metrics sends, with the sizes in which it comes mixed in: a byte, and as many bytes as it
 * says. What the request is answered with must not depend on the sizes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "metrics/http-request.h"
#include "util/alloc.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

#define check(condition)                                                        \
        do {                                                                    \
                if (!(condition)) {                                             \
                        fprintf(stderr, "not so: %s\n", #condition);            \
                        abort();                                                \
                }                                                               \
        } while (0)

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
        static HttpRequest in_pieces, at_once; /* large */
        char* bytes = xcalloc(size + 1, 1);
        size_t n_bytes = 0;
        unsigned status = 0, expected;

        memset(&in_pieces, 0, sizeof in_pieces);
        memset(&at_once, 0, sizeof at_once);
        while (size > 1 && status == 0) {
                size_t n = min_size(data[0], size - 1);

                memcpy(bytes + n_bytes, data + 1, n);
                n_bytes += n;
                status = http_request_feed(&in_pieces, data + 1, n);
                check(in_pieces.size <= HTTP_REQUEST_MAX);
                data += n + 1;
                size -= n + 1;
        }

        expected = http_request_feed(&at_once, bytes, n_bytes);
        check(status == expected);
        if (status != 0) {
                check(http_status_text(status));
                check(status != 200 || in_pieces.takes_openmetrics == at_once.takes_openmetrics);
                check(in_pieces.only_head == at_once.only_head);
        }
        free(bytes);
        return 0;
}
