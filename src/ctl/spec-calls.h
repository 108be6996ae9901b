/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Nodes to be created, wherever their configurations come from. */

#include "core/node-spec.h"
#include "ctl/ctl.h"

/* Creates them role by role, in the order in which a cluster starts, all nodes of one role at once. Sorts the array. */
Outcome spec_calls_run(Ctl* ctl, NodeSpec** specs, size_t n);
