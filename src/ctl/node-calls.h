/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* The same method of the manager for each node that was named. */

#include "ctl/calls.h"

/* The method takes the name of a node; "" stands for all. */
Outcome node_calls_run(Ctl* ctl, const CallWords* words, char** arguments, const char* method);
