/* SPDX-License-Identifier: BSD-3-Clause */
#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "config/host-answer.h"
#include "util/alloc.h"
#include "util/escape.h"

#define OURS "ours "
#define OTHER "other "
#define UNKNOWN "unknown "

HostAnswer* host_answers_free(HostAnswer* answers, size_t n) {
        for (size_t i = 0; answers && i < n; i++) {
                free(answers[i].address);
                free(answers[i].problem);
        }
        free(answers);
        return NULL;
}

/* ---- as text ---- */

char* host_answer_to_string(const HostAnswer* answer) {
        _cleanup_free_ char* line = NULL;

        if (answer->address)
                line = xasprintf("%s%s", answer->ours ? OURS : OTHER, answer->address);
        else
                line = xasprintf(UNKNOWN "%s", answer->problem);
        return escape_bytes(line, strlen(line), HOST_ANSWER_BYTES_MAX);
}

static const char* behind(const char* line, const char* word) {
        size_t size = strlen(word);

        return strncmp(line, word, size) == 0 ? line + size : NULL;
}

static bool is_address(const char* text) {
        struct in6_addr address;

        return inet_pton(AF_INET, text, &address) == 1 || inet_pton(AF_INET6, text, &address) == 1;
}

static bool parse_line(const char* line, HostAnswer* ret) {
        const char *ours = behind(line, OURS), *address = ours ? ours : behind(line, OTHER);
        const char* problem = behind(line, UNKNOWN);

        if (strlen(line) > HOST_ANSWER_BYTES_MAX || !string_has_no_control(line))
                return false;
        if (address && is_address(address))
                *ret = (HostAnswer) { .address = xstrdup(address), .ours = ours };
        else if (problem)
                *ret = (HostAnswer) { .problem = xstrdup(problem) };
        else
                return false;
        return true;
}

int host_answers_parse(const char* text, size_t n, HostAnswer** ret) {
        HostAnswer* answers = xcalloc(n, sizeof(HostAnswer));

        for (size_t i = 0; i < n; i++) {
                size_t size = strcspn(text, "\n");
                _cleanup_free_ char* line = xstrndup(text, size);

                if (!text[size] || !parse_line(line, &answers[i])) {
                        host_answers_free(answers, n);
                        return -EBADMSG;
                }
                text += size + 1;
        }
        if (*text) {
                host_answers_free(answers, n);
                return -EBADMSG;
        }

        *ret = answers;
        return 0;
}

/* ---- finding out ---- */

/* "" for an address that is neither IPv4 nor IPv6. */
static void print_address(const struct sockaddr* from, char* to) {
        const void* address = NULL;

        if (from && from->sa_family == AF_INET)
                address = &((const struct sockaddr_in*) (const void*) from)->sin_addr;
        else if (from && from->sa_family == AF_INET6)
                address = &((const struct sockaddr_in6*) (const void*) from)->sin6_addr;
        if (!address || !inet_ntop(from->sa_family, address, to, INET6_ADDRSTRLEN))
                *to = 0;
}

/* All of 127.0.0.0/8 is this machine, of which its interface has but one address. */
static bool address_is_ours(const char* address, const struct ifaddrs* interfaces) {
        char own[INET6_ADDRSTRLEN];

        if (strncmp(address, "127.", 4) == 0 || strcmp(address, "::1") == 0)
                return true;
        for (const struct ifaddrs* i = interfaces; i; i = i->ifa_next) {
                print_address(i->ifa_addr, own);
                if (strcmp(own, address) == 0)
                        return true;
        }
        return false;
}

static const struct addrinfo* prefer(const struct addrinfo* list) {
        for (const struct addrinfo* a = list; a; a = a->ai_next)
                if (a->ai_family == AF_INET)
                        return a;
        return list;
}

static void answer(HostAnswer* to, struct gaicb* request, const struct ifaddrs* interfaces) {
        int error = gai_error(request);
        char text[INET6_ADDRSTRLEN];

        /* it means the same (RFC 6761) on a small machine without /etc/hosts, where nobody knows it */
        if (error != 0 && strcasecmp(request->ar_name, "localhost") == 0) {
                *to = (HostAnswer) { .address = xstrdup("127.0.0.1"), .ours = true };
                return;
        }
        if (error != 0) {
                to->problem = xstrdup(error == EAI_SYSTEM ? "The system refused" : gai_strerror(error));
                return;
        }
        print_address(prefer(request->ar_result)->ai_addr, text);
        if (*text) {
                to->address = xstrdup(text);
                to->ours = address_is_ours(text, interfaces);
        } else
                to->problem = xstrdup("It has no address of the Internet protocol");
        freeaddrinfo(request->ar_result);
}

HostAnswer* host_answers_look_up(char* const* names, size_t n) {
        static const struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM };
        HostAnswer* answers = xcalloc(n, sizeof(HostAnswer));
        _cleanup_free_ struct gaicb* requests = xcalloc(n, sizeof(struct gaicb));
        _cleanup_free_ struct gaicb** list = xcalloc(n, sizeof(struct gaicb*));
        struct ifaddrs* interfaces = NULL;

        for (size_t i = 0; i < n; i++) {
                requests[i] = (struct gaicb) { .ar_name = names[i], .ar_request = &hints };
                list[i] = &requests[i];
        }
        /* what became of each is asked of it */
        (void) getaddrinfo_a(GAI_WAIT, list, (int) n, NULL);
        if (getifaddrs(&interfaces) < 0)
                interfaces = NULL;

        for (size_t i = 0; i < n; i++)
                answer(&answers[i], &requests[i], interfaces);
        freeifaddrs(interfaces);
        return answers;
}
