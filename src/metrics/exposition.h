/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Metrics as text: that of OpenMetrics 1.0, or the older one of Prometheus (0.0.4), which knows fewer types. */

#include <stdbool.h>
#include <stddef.h>

#include "util/macro.h"

typedef struct Label {
        const char* name;
        const char* value;
} Label;

/* All zero but `openmetrics` is an empty one. */
typedef struct Exposition {
        bool openmetrics;
        char* text; /* ends with a NUL byte, which size does not count */
        size_t size, allocated;
        char* family; /* that samples belong to now; NULL: to none, and they are left out */
} Exposition;

void exposition_done(Exposition* e);
#define _cleanup_exposition_ _cleanup_(exposition_done)

/* All samples that follow are of this family. One whose name or type is none is left out with its samples: the rest of a
 * scrape is worth more. */
void exposition_family(Exposition* e, const char* name, const char* type, const char* unit, const char* help);
/* The suffix is what the name of the sample has behind that of the family. */
void exposition_sample(Exposition* e, const char* suffix, const Label* labels, size_t n_labels, double value);
void exposition_end(Exposition* e);

/* Of the whole, as HTTP names it. */
const char* exposition_content_type(bool openmetrics) _const_;
