/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* How much a message takes that has to be kept. sd-bus does not tell. */

#include <stddef.h>
#include <systemd/sd-bus.h>

/* About as many bytes as the body has, at least its texts and its arrays; counting ends soon beyond the limit. The
 * message stands at its start afterwards. A body that is broken counts as far as it can be read. */
size_t message_size(sd_bus_message* m, size_t limit);
