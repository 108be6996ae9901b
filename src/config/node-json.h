/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* NodeConfig as JSON, in the form that Zeek's supervisor itself writes and reads (zeek-facts 1.1):
 *
 *   {"name":"w1","interface":"eth0","cluster":{"manager":{"role":"Supervisor::MANAGER","host":"127.0.0.1",
 *    "p":{"port":10000,"proto":"tcp"}}}}
 *
 * Like the D-Bus reader this is a loop over the tables of core/record.h and knows kinds, never fields.
 *
 * JSON numbers end at 2^63 - 1 in many programs, in jansson too, so larger ones are written as strings, and
 * the largest of all, which means "no limit", as "infinity". */

#include <stddef.h>

#include "core/node-spec.h"

/* A cluster table with as many entries as it may have takes about 600 KiB. */
#define NODE_JSON_SIZE_MAX (4U * 1024U * 1024U)
/* A configuration needs four: itself, the cluster table, an endpoint, its port. */
#define NODE_JSON_DEPTH_MAX 8U

typedef enum NodeJsonForm {
        /* The fields that were given, as they were given: reading it makes an equal NodeSpec. */
        NODE_JSON_AS_GIVEN,
        /* What a Zeek script can turn into a Supervisor::NodeConfig with from_json(): roles are spelled in full, and
         * the lists, env and cluster are there also when they are empty, because Zeek wants them. */
        NODE_JSON_FOR_ZEEK,
        _NODE_JSON_FORM_MAX,
} NodeJsonForm;

/* Reads one object and nothing behind it. Accepts ports also as "10000/tcp" and 10000, roles also without
 * "Supervisor::", null as not given; refuses unknown and repeated keys. -EINVAL with *e, whose key names the place
 * ("cluster[worker-1].p"), or is "JSON" with line and column in the text when it is no JSON at all. */
int node_spec_from_json(const char* text, size_t size, NodeSpec** ret, ConfigError* e);

/* One line without a line end, allocated. -EILSEQ when a string is not UTF-8, which JSON cannot hold, -EFBIG when the
 * text would be larger than what node_spec_from_json() takes. */
int node_spec_to_json(const NodeSpec* spec, NodeJsonForm form, char** ret);
