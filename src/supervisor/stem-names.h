/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Names of the private interface of the stem (dbus/org.zeek.Stem.xml). */

#define STEM_PATH "/org/zeek/Stem"
#define STEM_INTERFACE "org.zeek.Stem"
#define STEM_ERROR_EXISTS "org.zeek.Stem.Error.Exists"
#define STEM_ERROR_BUSY "org.zeek.Stem.Error.Busy"
