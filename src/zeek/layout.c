/* SPDX-License-Identifier: BSD-3-Clause */
#include <arpa/inet.h>
#include <stdio.h>

#include "util/alloc.h"
#include "zeek/layout.h"

static const char* const node_types[_ROLE_MAX] = {
        [ROLE_LOGGER] = "Cluster::LOGGER",
        [ROLE_MANAGER] = "Cluster::MANAGER",
        [ROLE_PROXY] = "Cluster::PROXY",
        [ROLE_WORKER] = "Cluster::WORKER",
        /* must be there too: a node that is missing in its own table ends at once */
        [ROLE_STANDALONE] = "Cluster::NONE",
};

/* A Zeek string: what its scanner would not take as it is becomes an escape. */
static void write_string(FILE* f, const char* s) {
        (void) fputc('"', f);
        for (; *s; s++)
                if (*s == '"' || *s == '\\')
                        (void) fprintf(f, "\\%c", *s);
                else if ((unsigned char) *s < 0x20 || *s == 0x7f)
                        (void) fprintf(f, "\\x%02x", (unsigned char) *s);
                else
                        (void) fputc(*s, f);
        (void) fputc('"', f);
}

/* In the kernel's spelling: Zeek's scanner does not take all that is an IPv6 address ("1:2:3:4:5:6:1.2.3.4"). */
static void write_address(FILE* f, const char* host) {
        char text[INET6_ADDRSTRLEN];
        struct in6_addr address;

        if (inet_pton(AF_INET6, host, &address) == 1)
                (void) fprintf(f, "[%s]", inet_ntop(AF_INET6, &address, text, sizeof text));
        else
                (void) fputs(host, f);
}

/* With several managers the last one counts, as for Zeek's supervisor. */
static const char* find_manager(const ClusterTable* table) {
        const char* manager = NULL;

        for (size_t i = 0; i < table->n; i++)
                if (table->endpoints[i].role == ROLE_MANAGER)
                        manager = table->endpoints[i].name;
        return manager;
}

static void write_endpoint(FILE* f, const ClusterEndpoint* endpoint, const char* manager, ZeekVersion version) {
        (void) fputs("\t[", f);
        write_string(f, endpoint->name);
        (void) fprintf(f, "] = [$node_type=%s, $ip=", node_types[endpoint->role]);
        write_address(f, endpoint->host);

        /* 0 is "does not listen", whose spelling changed in 7.0 and which is the default everywhere */
        if (endpoint->port > 0)
                (void) fprintf(f, ", $p=%llu/tcp", (unsigned long long) endpoint->port);
        if (manager && endpoint->role != ROLE_MANAGER) {
                (void) fputs(", $manager=", f);
                write_string(f, manager);
        }
        if (endpoint->metrics_port > 0 && zeek_version_at_least(version, 7, 0))
                (void) fprintf(f, ", $metrics_port=%llu/tcp", (unsigned long long) endpoint->metrics_port);
        (void) fputs("],\n", f);
}

char* zeek_layout_text(const ClusterTable* table, ZeekVersion version) {
        const char* manager = find_manager(table);
        char* text = NULL;
        size_t size;
        FILE* f = open_memstream(&text, &size);

        if (!f)
                abort(); /* out of memory; see util/alloc.h */

        (void) fputs("# Written by zeek-supervisor from the cluster table of its nodes; changes are lost.\n", f);
        (void) fprintf(f, "redef Cluster::manager_is_logger = %c;\n", cluster_table_has_role(table, ROLE_LOGGER) ? 'F' : 'T');
        (void) fputs("redef Cluster::nodes = {\n", f);
        for (size_t i = 0; i < table->n; i++)
                write_endpoint(f, &table->endpoints[i], manager, version);
        (void) fputs("};\n", f);

        if (fclose(f) != 0)
                abort();
        return text;
}

char* zeek_layout_id(const char* text) {
        const unsigned __int128 prime = ((unsigned __int128) 1 << 88) + 0x13b;
        unsigned __int128 hash = ((unsigned __int128) 0x6c62272e07bb0142 << 64) + 0x62b821756295c58d;

        for (const char* p = text; *p; p++) {
                hash ^= (unsigned char) *p;
                hash *= prime;
        }
        return xasprintf("%016llx%016llx", (unsigned long long) (hash >> 64), (unsigned long long) hash);
}
