/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* What a node got from whoever started it: one "key=value" line each. Control characters and backslashes in
 * values are written as \xNN, so that a line is a line. */

/* To be called before anything is opened, blocked or changed: it shows what was inherited. */
char* show_inherited(int argc, char** argv);
