/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* What a child says to whoever reads its program's standard error, about what the program can do without: Zeek's own
 * supervisor says the same, in these words, and goes on too. Safe between fork and exec, and has a pass (passed-calls.h).
 * What does not fit is cut off. */

void child_warn(const char* node, const char* what, int error);
