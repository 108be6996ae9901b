/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* cluster-layout.zeek: the cluster table in the form that an unsupervised Zeek loads, very early, when CLUSTER_NODE
 * is set (zeek-facts 3.2). */

#include "core/cluster-table.h"
#include "zeek/version.h"

/* Zeek looks for this name in ZEEKPATH, so two layouts need two directories. */
#define ZEEK_LAYOUT_FILE "cluster-layout.zeek"

/* The text of the file; the same table and series always make the same bytes. Fields that some version
 * refuses are written only for versions known to take them. Allocated. */
char* zeek_layout_text(const ClusterTable* table, ZeekVersion version);

/* A name for the directory of a layout, so that equal layouts share one: 32 hexadecimal digits made of the text
 * (FNV-1a, 128 bit). It is no defence against somebody who makes two texts with one name on purpose: only those may
 * create nodes who may destroy all of them anyway, and chance needs some 10^19 tables. Allocated. */
char* zeek_layout_id(const char* text);
