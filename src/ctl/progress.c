/* SPDX-License-Identifier: BSD-3-Clause */
#include "ctl/format.h"
#include "ctl/progress.h"
#include "ctl/text.h"
#include "util/strv.h"

char* progress_text(const char* doing, const char* settled, const ProgressItem* items, size_t n, usec_t elapsed,
                    size_t columns, bool utf8) {
        _cleanup_free_ char *span = format_span(elapsed), *left = NULL, *said = NULL, *shown = NULL, *time = NULL;
        _cleanup_strv_free_ char** others = NULL;
        size_t n_settled = 0;

        for (size_t i = 0; i < n; i++)
                if (items[i].settled)
                        n_settled++;
                else if (items[i].state)
                        strv_extendf(&others, "%s %s", items[i].name, items[i].state);
                else
                        strv_extend(&others, items[i].name);

        left = strv_join(others, ", ");
        said = xasprintf("%s %zu node%s: %zu %s%s%s", doing, n, n == 1 ? "" : "s", n_settled, settled, others ? ", " : "",
                         left);
        time = xasprintf(" (%s)", span);
        /* the time stays in sight whatever the rest takes */
        if (columns <= text_width(time))
                return text_ellipsize(said, columns, utf8);
        shown = text_ellipsize(said, columns - text_width(time), utf8);
        return xasprintf("%s%s", shown, time);
}
