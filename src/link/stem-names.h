/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Names of the private interface of the stem (dbus/org.zeek.Stem.xml). */

#define STEM_PATH "/org/zeek/Stem"
#define STEM_INTERFACE "org.zeek.Stem"

#define STEM_ERROR_LAUNCH_FAILED "org.zeek.Stem.Error.LaunchFailed"
#define STEM_ERROR_EXISTS "org.zeek.Stem.Error.Exists"
#define STEM_ERROR_NO_SUCH_NODE "org.zeek.Stem.Error.NoSuchNode"
#define STEM_ERROR_BUSY "org.zeek.Stem.Error.Busy"
#define STEM_ERROR_PROBE_FAILED "org.zeek.Stem.Error.ProbeFailed"
