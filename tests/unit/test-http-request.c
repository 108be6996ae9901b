/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "metrics/http-request.h"
#include "unit/unit.h"

static unsigned feed(HttpRequest* request, const char* text) {
        return http_request_feed(request, text, strlen(text));
}

static unsigned status_of(const char* text) {
        HttpRequest request = {};

        return feed(&request, text);
}

static void what_is_asked_decides_about_the_status(void** state) {
        static const struct {
                const char* text;
                unsigned status;
        } cases[] = {
                { "GET /metrics HTTP/1.1\r\n\r\n", 200 },
                { "GET /metrics HTTP/1.0\r\n\r\n", 200 },
                { "GET /metrics HTTP/1.1\n\n", 200 },
                { "GET /metrics?a=b HTTP/1.1\r\n\r\n", 200 },
                { "GET http://localhost:9740/metrics HTTP/1.1\r\n\r\n", 200 },
                { "GET /metrics HTTP/1.1\r\nHost: x\r\nX:\r\n\r\n", 200 },
                { "HEAD /metrics HTTP/1.1\r\n\r\n", 200 },
                { "GET / HTTP/1.1\r\n\r\n", 404 },
                { "GET /metrics/ HTTP/1.1\r\n\r\n", 404 },
                { "GET http://localhost HTTP/1.1\r\n\r\n", 404 },
                { "GET * HTTP/1.1\r\n\r\n", 404 },
                { "POST /metrics HTTP/1.1\r\nContent-Length: 1\r\n\r\nx", 405 },
                { "get /metrics HTTP/1.1\r\n\r\n", 405 },
                { "GET /metrics HTTP/2.0\r\n\r\n", 505 },
                { "GET /metrics HTTP/1.11\r\n\r\n", 400 },
                { "GET /metrics FTP/1.1\r\n\r\n", 400 },
                { "GET /metrics\r\n\r\n", 400 },
                { "GET  /metrics HTTP/1.1\r\n\r\n", 400 },
                { " /metrics HTTP/1.1\r\n\r\n", 400 },
                { "\r\n\r\n", 400 },
                { "GET /metrics HTTP/1.1\r\nNoColon\r\n\r\n", 400 },
                { "GET /metrics HTTP/1.1\r\nHost : x\r\n\r\n", 400 },
                { "GET /metrics HTTP/1.1\r\n folded: x\r\n\r\n", 400 },
                { "GET /metrics HTTP/1.1\r\n: x\r\n\r\n", 400 },
                { "GET /met\x01rics HTTP/1.1\r\n\r\n", 400 },
                { "GET /metrics HTTP/1.1\r\nX: a\rb\r\n\r\n", 400 },
                { "GET /metrics HTTP/1.1\r\nHost: x\r\n", 0 },
                { "", 0 },
        };

        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
                if (status_of(cases[i].text) != cases[i].status)
                        fail_msg("'%s' gets %u, not %u", cases[i].text, status_of(cases[i].text), cases[i].status);
}

static void a_request_may_come_byte_by_byte(void** state) {
        const char* text = "HEAD /metrics HTTP/1.1\r\nAccept: application/openmetrics-text\r\n\r\n";
        HttpRequest request = {};

        for (size_t i = 0; i < strlen(text); i++)
                assert_int_equal(http_request_feed(&request, text + i, 1), i + 1 < strlen(text) ? 0 : 200);
        assert_true(request.only_head);
        assert_true(request.takes_openmetrics);
}

static void the_better_format_is_for_those_who_ask_for_it(void** state) {
        static const struct {
                const char* accept;
                bool openmetrics;
        } cases[] = {
                { "application/openmetrics-text", true },
                { "Application/OpenMetrics-Text; version=1.0.0", true },
                { "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.2", true },
                { "text/plain;q=0.5, application/openmetrics-text;q=0.5", true },
                { "text/plain, application/openmetrics-text;q=0.5", false },
                { "application/openmetrics-text;q=0", false },
                { "application/openmetrics-text;q=0.000", false },
                { "application/openmetrics-text;q=", false },
                { "application/openmetrics-textual", false },
                { "text/plain", false },
                { "*/*", false },
                { "", false },
                { ";;,,q=1,", false },
        };

        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                HttpRequest request = {};

                assert_int_equal(feed(&request, "GET /metrics HTTP/1.1\r\naccept: "), 0);
                assert_int_equal(feed(&request, cases[i].accept), 0);
                assert_int_equal(feed(&request, "\r\n\r\n"), 200);
                if (request.takes_openmetrics != cases[i].openmetrics)
                        fail_msg("Accept: %s", cases[i].accept);
        }
}

static void a_head_has_a_limit(void** state) {
        const char* end = "\r\n\r\n";
        HttpRequest request = {};
        char text[HTTP_REQUEST_MAX];

        memset(text, 'x', sizeof text);
        memcpy(text, "GET /metrics HTTP/1.1\r\nX: ", 26);
        memcpy(text + sizeof text - strlen(end), end, strlen(end));
        assert_int_equal(http_request_feed(&request, text, sizeof text), 200);

        request = (HttpRequest) {};
        memset(text + sizeof text - strlen(end), 'x', strlen(end));
        assert_int_equal(http_request_feed(&request, text, sizeof text - 1), 0);
        assert_int_equal(http_request_feed(&request, text, sizeof text), 431);
}

static void what_is_behind_the_head_does_not_count(void** state) {
        assert_int_equal(status_of("GET /metrics HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n: \r\n\r\n"), 200);
}

static void a_nul_byte_is_no_text(void** state) {
        HttpRequest request = {};

        assert_int_equal(http_request_feed(&request, "GET /metrics\0 HTTP/1.1\r\n\r\n", 26), 400);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_is_asked_decides_about_the_status),
                cmocka_unit_test(a_request_may_come_byte_by_byte),
                cmocka_unit_test(the_better_format_is_for_those_who_ask_for_it),
                cmocka_unit_test(a_head_has_a_limit),
                cmocka_unit_test(what_is_behind_the_head_does_not_count),
                cmocka_unit_test(a_nul_byte_is_no_text),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
