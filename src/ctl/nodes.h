/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* What the supervisor says of its nodes. */

#include "ctl/ctl.h"

/* What Status replies for all nodes: an object of name to NodeStatus, whose configurations have Zeek's form. *ret is the
 * caller's; on failure it has been said why. With --names no supervisor is started for it, and nothing is said. */
Outcome nodes_fetch(Ctl* ctl, json_t** ret);

/* The nodes that the arguments and options mean, sorted (selection_sort()). Names that no node has are said to be
 * missing, and make OUTCOME_NO_SUCH; *ret is set then too. */
Outcome nodes_select(Ctl* ctl, char** arguments, json_t** ret);

/* Leaves out what is too long for a list: configurations and lines. */
void nodes_shorten(json_t* nodes);

/* The names of the nodes that an action is for; a vector for strv_free(), which is {""} for all of them. An action on no
 * node at all is a mistake: the outcome says so, and it has been said why. Names are taken as they are, known or not: the
 * supervisor knows better. */
Outcome nodes_name(Ctl* ctl, const char* verb, char** arguments, char*** ret);

/* All properties of an interface of an object. */
Outcome nodes_get_properties(Ctl* ctl, const char* path, const char* interface, json_t** ret);

/* The object of a node. Allocated. */
char* node_object_path(const char* name);
