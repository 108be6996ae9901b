/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "config/load-balancing.h"
#include "util/strv.h"

static const char* const lb_method_table[_LB_METHOD_MAX] = {
        [LB_METHOD_AF_PACKET] = "af_packet",   [LB_METHOD_PF_RING] = "pf_ring", [LB_METHOD_MYRICOM] = "myricom",
        [LB_METHOD_INTERFACES] = "interfaces", [LB_METHOD_CUSTOM] = "custom",
};

DEFINE_ENUM_TABLE(lb_method, LbMethod)

static bool has_prefix(const char* s, const char* prefix) {
        return strncmp(s, prefix, strlen(prefix)) == 0;
}

static void set_default(LbMember* member, const char* name, const char* value) {
        if (!strv_env_get(member->env, name))
                strv_env_set(&member->env, name, value);
}

static void set_default_number(LbMember* member, const char* name, uint64_t value) {
        _cleanup_free_ char* text = xasprintf("%llu", (unsigned long long) value);

        set_default(member, name, text);
}

static void apply_af_packet(LbMember* member) {
        free_and_replace(member->interface, xasprintf("af_packet::%s", member->base_interface));
}

static void apply_custom(LbMember* member, const ZeekControlSettings* settings) {
        const char* prefix = settings->interface_prefix ? settings->interface_prefix : "";
        const char* suffix = settings->interface_suffix ? settings->interface_suffix : "";

        if (*member->base_interface)
                free_and_replace(member->interface, xasprintf("%s%s%s", prefix, member->base_interface, suffix));
}

/* Without the second flag the driver hands each packet to one process only. */
static void apply_myricom(LbMember* member) {
        set_default_number(member, "SNF_NUM_RINGS", member->n_procs);
        set_default(member, "SNF_FLAGS", "0x101");
}

/* ---- PF_RING ---- */

static const char* pf_ring_variable(PfRingClusterType type) {
        static const char* const variables[_PF_RING_CLUSTER_TYPE_MAX] = {
                [PF_RING_2_TUPLE] = "PCAP_PF_RING_USE_CLUSTER_PER_FLOW_2_TUPLE",
                [PF_RING_4_TUPLE] = "PCAP_PF_RING_USE_CLUSTER_PER_FLOW_4_TUPLE",
                [PF_RING_5_TUPLE] = "PCAP_PF_RING_USE_CLUSTER_PER_FLOW_5_TUPLE",
                [PF_RING_TCP_5_TUPLE] = "PCAP_PF_RING_USE_CLUSTER_PER_FLOW_TCP_5_TUPLE",
                [PF_RING_6_TUPLE] = "PCAP_PF_RING_USE_CLUSTER_PER_FLOW",
                [PF_RING_INNER_2_TUPLE] = "PCAP_PF_RING_USE_CLUSTER_PER_INNER_FLOW_2_TUPLE",
                [PF_RING_INNER_4_TUPLE] = "PCAP_PF_RING_USE_CLUSTER_PER_INNER_FLOW_4_TUPLE",
                [PF_RING_INNER_5_TUPLE] = "PCAP_PF_RING_USE_CLUSTER_PER_INNER_FLOW_5_TUPLE",
                [PF_RING_INNER_TCP_5_TUPLE] = "PCAP_PF_RING_USE_CLUSTER_PER_INNER_FLOW_TCP_5_TUPLE",
                [PF_RING_INNER_6_TUPLE] = "PCAP_PF_RING_USE_CLUSTER_PER_INNER_FLOW",
        };

        assert(type >= 0 && type < _PF_RING_CLUSTER_TYPE_MAX);
        return variables[type];
}

/* The interface's number on its host, counted from first by the interfaces before. False: somebody has it already. */
static bool number_interface(LbMember* const* members, size_t i, unsigned first) {
        LbMember* own = members[i];

        own->pf_ring_cluster = first;
        for (size_t j = 0; j < i; j++) {
                const LbMember* other = members[j];

                if (other->method != LB_METHOD_PF_RING || strcmp(other->host, own->host) != 0)
                        continue;
                if (strcmp(other->base_interface, own->base_interface) == 0) {
                        own->pf_ring_cluster = other->pf_ring_cluster;
                        return false;
                }
                if (other->pf_ring_cluster >= own->pf_ring_cluster)
                        own->pf_ring_cluster = other->pf_ring_cluster + 1;
        }
        return true;
}

static void apply_pf_ring_to(LbMember* member, uint64_t app_instance, const ZeekControlSettings* settings) {
        const char* interface = member->base_interface;
        bool zero_copy = has_prefix(interface, "zc:") || has_prefix(interface, "pf_ring::zc:");
        bool dna = has_prefix(interface, "dna"), dna_cluster = has_prefix(interface, "dnacl");

        set_default(member, pf_ring_variable(settings->pf_ring_cluster_type), "1");
        if (zero_copy)
                set_default(member, "PCAP_PF_RING_ZC_RSS", "1");
        else if (dna && !dna_cluster)
                set_default(member, "PCAP_PF_RING_DNA_RSS", "1");
        else if (!dna)
                set_default_number(member, "PCAP_PF_RING_CLUSTER_ID", member->pf_ring_cluster);

        if (zero_copy || dna)
                free_and_replace(member->interface,
                                 xasprintf("%s@%llu", interface, (unsigned long long) app_instance));

        _cleanup_free_ char* name = xasprintf("zeek-%s", member->interface ? member->interface : "");
        set_default(member, "PCAP_PF_RING_APPNAME", name);
}

static void apply_pf_ring(LbMember* const* members, size_t n, const ZeekControlSettings* settings) {
        uint64_t app_instance = settings->pf_ring_first_app_instance;

        if (settings->pf_ring_cluster_id == 0)
                return;
        for (size_t i = 0; i < n; i++) {
                if (members[i]->method != LB_METHOD_PF_RING)
                        continue;
                if (number_interface(members, i, (unsigned) settings->pf_ring_cluster_id))
                        app_instance = settings->pf_ring_first_app_instance;
                apply_pf_ring_to(members[i], app_instance++, settings);
        }
}

void load_balancing_apply(LbMember* const* members, size_t n, const ZeekControlSettings* settings) {
        for (size_t i = 0; i < n; i++)
                switch (members[i]->method) {
                case LB_METHOD_AF_PACKET:
                        apply_af_packet(members[i]);
                        break;
                case LB_METHOD_MYRICOM:
                        apply_myricom(members[i]);
                        break;
                case LB_METHOD_CUSTOM:
                        apply_custom(members[i], settings);
                        break;
                default:
                        break;
                }
        apply_pf_ring(members, n, settings);
}
