/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "metrics/http-request.h"
#include "util/alloc.h"

#define BLANKS " \t"

const char* http_status_text(unsigned status) {
        static const struct {
                unsigned status;
                const char* text;
        } texts[] = {
                { 200, "OK" },
                { 400, "Bad Request" },
                { 404, "Not Found" },
                { 405, "Method Not Allowed" },
                { 408, "Request Timeout" },
                { 431, "Request Header Fields Too Large" },
                { 503, "Service Unavailable" },
                { 505, "HTTP Version Not Supported" },
        };

        for (size_t i = 0; i < ELEMENTSOF(texts); i++)
                if (texts[i].status == status)
                        return texts[i].text;
        assert(!"HTTP status");
        return NULL;
}

/* ---- Accept ---- */

/* The weight of a media range in thousandths: "q=0.5" among its parameters, 1000 without. */
static unsigned weight_of(char* parameters) {
        char* rest = NULL;

        for (char* p = strtok_r(parameters, ";", &rest); p; p = strtok_r(NULL, ";", &rest)) {
                unsigned weight = 0;

                p += strspn(p, BLANKS);
                if (strncasecmp(p, "q=", 2) != 0)
                        continue;
                if (p[2] == '1')
                        return 1000;
                if (p[2] != '0' || p[3] != '.')
                        return 0;
                for (unsigned i = 0, scale = 100; i < 3 && p[4 + i] >= '0' && p[4 + i] <= '9'; i++, scale /= 10)
                        weight += (unsigned) (p[4 + i] - '0') * scale;
                return weight;
        }
        return 1000;
}

static bool prefers_openmetrics(char* accept) {
        unsigned openmetrics = 0, text = 0;
        char* rest = NULL;

        for (char* range = strtok_r(accept, ",", &rest); range; range = strtok_r(NULL, ",", &rest)) {
                size_t length;
                unsigned weight;

                range += strspn(range, BLANKS);
                length = strcspn(range, ";" BLANKS);
                weight = weight_of(range + length);
                if (length == 28 && strncasecmp(range, "application/openmetrics-text", length) == 0)
                        openmetrics = weight > openmetrics ? weight : openmetrics;
                else if (length == 10 && strncasecmp(range, "text/plain", length) == 0)
                        text = weight > text ? weight : text;
        }
        return openmetrics > 0 && openmetrics >= text;
}

/* ---- the head ---- */

/* Of the form "http://host/path" only the path counts, and a query never does. */
static bool is_metrics(char* target) {
        char* host = strstr(target, "://");

        if (target[0] != '/' && host)
                target = strchrnul(host + 3, '/');
        target[strcspn(target, "?#")] = 0;
        return strcmp(target, "/metrics") == 0;
}

static unsigned read_request_line(HttpRequest* request, char* line) {
        char* target = strchr(line, ' ');
        char* version = target ? strchr(target + 1, ' ') : NULL;

        if (!version || target == line || version == target + 1)
                return 400;
        *target++ = 0;
        *version++ = 0;
        if (strncmp(version, "HTTP/", 5) != 0)
                return 400;
        if (strncmp(version, "HTTP/1.", 7) != 0)
                return 505;
        if (strlen(version) != 8 || version[7] < '0' || version[7] > '9')
                return 400;

        request->only_head = strcmp(line, "HEAD") == 0;
        if (!request->only_head && strcmp(line, "GET") != 0)
                return 405;
        return is_metrics(target) ? 200 : 404;
}

/* Several of the same name count as one list. */
static unsigned read_field(HttpRequest* request, char* line) {
        char* colon = strchr(line, ':');

        /* a blank before the colon, or at the beginning, is what request smugglers live on */
        if (!colon || colon == line || strcspn(line, BLANKS) < (size_t) (colon - line))
                return 400;
        *colon = 0;
        if (strcasecmp(line, "Accept") == 0 && prefers_openmetrics(colon + 1))
                request->takes_openmetrics = true;
        return 200;
}

/* The next line of the text, without its end; NULL if there is none. */
static char* take_line(char** text) {
        char *line = *text, *end = strchr(line, '\n');

        if (!end)
                return NULL;
        *text = end + 1;
        if (end > line && end[-1] == '\r')
                end--;
        *end = 0;
        return line;
}

static bool has_control(const char* line) {
        for (const unsigned char* p = (const unsigned char*) line; *p; p++)
                if ((*p < 0x20 && *p != '\t') || *p == 0x7f)
                        return true;
        return false;
}

/* The head is complete. */
static unsigned read_head(HttpRequest* request) {
        char *text = request->head, *line = take_line(&text);
        unsigned status;

        if (has_control(line))
                return 400;
        status = read_request_line(request, line);
        while ((line = take_line(&text)) && *line)
                if (has_control(line) || read_field(request, line) != 200)
                        return 400;
        return status;
}

/* Where the empty line is over that ends a head; NULL: it has not come. */
static bool is_complete(const HttpRequest* request) {
        return memmem(request->head, request->size, "\n\r\n", 3) || memmem(request->head, request->size, "\n\n", 2);
}

unsigned http_request_feed(HttpRequest* request, const void* data, size_t size) {
        size_t n = min_size(size, HTTP_REQUEST_MAX - request->size);

        if (memchr(data, 0, size))
                return 400;
        memcpy(request->head + request->size, data, n);
        request->size += n;
        request->head[request->size] = 0;

        if (is_complete(request))
                return read_head(request);
        return request->size < HTTP_REQUEST_MAX ? 0 : 431;
}
