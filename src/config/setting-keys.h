/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* The keys of supervisor.conf, one line each. Internal to settings.c and its tests. */

#include "config/setting-types.h"
#include "core/role.h"

/* Keys that one struct of settings.h has a place for. */
typedef struct SettingGroup {
        const SettingKey* keys;
        size_t n_keys; /* at most 64 */
} SettingGroup;

extern const SettingGroup supervisor_setting_group;   /* SupervisorSettings */
extern const SettingGroup zeek_setting_group;         /* ZeekSettings */
extern const SettingGroup zeek_control_setting_group; /* ZeekControlSettings */
extern const SettingGroup archiver_setting_group;     /* ArchiverSettings */
extern const SettingGroup node_setting_group;         /* NodeSettings */

const SettingKey* setting_group_find(const SettingGroup* group, const char* name);

/* What the key is for nodes of the role unless someone says otherwise; NULL: not set. */
const char* node_setting_default(const SettingKey* key, Role role);
