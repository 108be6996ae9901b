/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* As much of HTTP/1.1 (RFC 9112) as it takes to be scraped: the head of one request, of which the method, the path and
 * Accept count. Whoever wants more than GET and HEAD of /metrics gets a status that says so. */

#include <stdbool.h>
#include <stddef.h>

/* The whole head. Prometheus sends about 400 bytes. */
#define HTTP_REQUEST_MAX 8192U

/* All zero is the beginning. */
typedef struct HttpRequest {
        char head[HTTP_REQUEST_MAX + 1];
        size_t size;
        bool only_head;         /* the answer is to have no body */
        bool takes_openmetrics; /* and would rather have that than the older text */
} HttpRequest;

/* Takes more of what the client sent. 0: the head has not come to its end yet; else the status of the answer, of which 200
 * is to be answered with metrics. To be called no more then. */
unsigned http_request_feed(HttpRequest* request, const void* data, size_t size);

/* "Not Found" and so on. */
const char* http_status_text(unsigned status);
