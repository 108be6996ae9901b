/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Lists of words in one value, quoted as systemd quotes them (systemd.syntax(7), section "Quoting"). */

#define WORD_LIST_MAX 512U

/* Splits at blanks. "…" and '…', also within a word, keep blanks; \a \b \f \n \r \t \v \s \\ \" \' \xHH \OOO
 * \uHHHH \UHHHHHHHH mean what they mean there. "" is a word too: the empty one. 0 with a vector for strv_free();
 * -EINVAL for a quote that is not closed, an escape that is none, a NUL byte, or words that are not UTF-8; -E2BIG
 * for more than WORD_LIST_MAX words. *ret is untouched on failure. */
int word_list_split(const char* s, char*** ret);
