/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <string.h>

#include "config/ini.h"
#include "config/search-path.h"
#include "config/setting-keys.h"
#include "config/settings.h"
#include "util/strv.h"

#define FILE_NAME "supervisor.conf"

static const char* const zeek_backend_table[_ZEEK_BACKEND_MAX] = {
        [ZEEK_BACKEND_AUTO] = "auto",
        [ZEEK_BACKEND_NONE] = "none",
        [ZEEK_BACKEND_ZEROMQ] = "zeromq",
        [ZEEK_BACKEND_BROKER] = "broker",
};

DEFINE_ENUM_TABLE(zeek_backend, ZeekBackend)

static const char* const pf_ring_cluster_type_table[_PF_RING_CLUSTER_TYPE_MAX] = {
        [PF_RING_2_TUPLE] = "2-tuple",
        [PF_RING_4_TUPLE] = "4-tuple",
        [PF_RING_5_TUPLE] = "5-tuple",
        [PF_RING_TCP_5_TUPLE] = "tcp-5-tuple",
        [PF_RING_6_TUPLE] = "6-tuple",
        [PF_RING_INNER_2_TUPLE] = "inner-2-tuple",
        [PF_RING_INNER_4_TUPLE] = "inner-4-tuple",
        [PF_RING_INNER_5_TUPLE] = "inner-5-tuple",
        [PF_RING_INNER_TCP_5_TUPLE] = "inner-tcp-5-tuple",
        [PF_RING_INNER_6_TUPLE] = "inner-6-tuple",
};

DEFINE_ENUM_TABLE(pf_ring_cluster_type, PfRingClusterType)

/* What one section of the files has assigned so far. */
typedef struct Section {
        const char* name;
        const SettingGroup* group;
        void* values;     /* the group's struct */
        uint64_t present; /* bit n: the group's key n was assigned */
} Section;

typedef enum SectionIndex {
        SECTION_SUPERVISOR,
        SECTION_ZEEK,
        SECTION_ZEEK_CONTROL,
        SECTION_ARCHIVER,
        SECTION_NODE,
        SECTION_ROLE, /* + Role */
        _SECTION_MAX = SECTION_ROLE + _ROLE_MAX,
} SectionIndex;

/* The files as they were read, before defaults and inheritance. */
typedef struct Assignments {
        SupervisorSettings supervisor;
        ZeekSettings zeek;
        ZeekControlSettings zeek_control;
        ArchiverSettings archiver;
        NodeSettings node, roles[_ROLE_MAX];
        Section sections[_SECTION_MAX];
} Assignments;

static void assignments_init(Assignments* a) {
        static const char* const role_sections[_ROLE_MAX] = {
                [ROLE_LOGGER] = "Logger",
                [ROLE_MANAGER] = "Manager",
                [ROLE_PROXY] = "Proxy",
                [ROLE_WORKER] = "Worker",
                [ROLE_STANDALONE] = "Standalone",
        };

        *a = (Assignments) {};
        a->sections[SECTION_SUPERVISOR] = (Section) { "Supervisor", &supervisor_setting_group, &a->supervisor, 0 };
        a->sections[SECTION_ZEEK] = (Section) { "Zeek", &zeek_setting_group, &a->zeek, 0 };
        a->sections[SECTION_ZEEK_CONTROL] =
                (Section) { "ZeekControl", &zeek_control_setting_group, &a->zeek_control, 0 };
        a->sections[SECTION_ARCHIVER] = (Section) { "Archiver", &archiver_setting_group, &a->archiver, 0 };
        a->sections[SECTION_NODE] = (Section) { "Node", &node_setting_group, &a->node, 0 };
        for (Role role = 0; role < _ROLE_MAX; role++)
                a->sections[SECTION_ROLE + role] =
                        (Section) { role_sections[role], &node_setting_group, &a->roles[role], 0 };
}

static void* value_at(void* values, const SettingKey* key) {
        return (char*) values + key->offset;
}

static void clear_value(const SettingKey* key, void* at) {
        if (key->type->clear)
                key->type->clear(at);
        setting_unset(key, at);
}

static void clear_group(const SettingGroup* group, void* values) {
        for (size_t i = 0; i < group->n_keys; i++)
                clear_value(&group->keys[i], value_at(values, &group->keys[i]));
}

static void assignments_done(Assignments* a) {
        for (size_t i = 0; i < _SECTION_MAX; i++)
                clear_group(a->sections[i].group, a->sections[i].values);
}

static bool is_present(const Section* section, const SettingKey* key) {
        return section->present >> (key - section->group->keys) & 1;
}

static void set_present(Section* section, const SettingKey* key, bool present) {
        uint64_t bit = UINT64_C(1) << (key - section->group->keys);

        section->present = present ? section->present | bit : section->present & ~bit;
}

/* ---- reading ---- */

/* Names that begin with X- are other programs', as in unit files. */
static bool is_foreign(const char* name) {
        return strncmp(name, "X-", 2) == 0;
}

static Section* find_section(Assignments* a, const char* name) {
        for (size_t i = 0; i < _SECTION_MAX; i++)
                if (strcmp(a->sections[i].name, name) == 0)
                        return &a->sections[i];
        return NULL;
}

/* "in section [Node]" may be the whole trouble with a good key in [Zeek]. */
static void complain_about_key(Assignments* a, const char* file, const IniItem* item, Diagnostics* d) {
        const char* home = NULL;

        for (size_t i = 0; i < _SECTION_MAX && !home; i++)
                if (setting_group_find(a->sections[i].group, item->key))
                        home = a->sections[i].name;

        if (home)
                diagnostics_add(d, file, item->line, "Key '%s=' belongs in section [%s], not in [%s], ignoring it",
                                item->key, home, item->section);
        else
                diagnostics_add(d, file, item->line, "Unknown key '%s=' in section [%s], ignoring it", item->key,
                                item->section);
}

static void assign(Assignments* a, const char* file, const IniItem* item, Diagnostics* d) {
        Section* section = find_section(a, item->section);
        const SettingKey* key;
        void* at;

        if (!section || is_foreign(item->key))
                return;
        key = setting_group_find(section->group, item->key);
        if (!key) {
                complain_about_key(a, file, item, d);
                return;
        }

        at = value_at(section->values, key);
        if (!*item->value) {
                clear_value(key, at);
                set_present(section, key, false);
                return;
        }

        _cleanup_free_ char* why = key->type->parse(key, item->value, at);
        if (why)
                diagnostics_add(d, file, item->line, "%s= %s, ignoring '%s'", key->name, why, item->value);
        else
                set_present(section, key, true);
}

static void read_items(Assignments* a, const char* file, IniReader* reader, Diagnostics* d) {
        IniItem item;

        while (ini_reader_next(reader, &item))
                switch (item.kind) {
                case INI_SECTION:
                        if (!find_section(a, item.section) && !is_foreign(item.section))
                                diagnostics_add(d, file, item.line, "Unknown section [%s], ignoring it",
                                                item.section);
                        break;
                case INI_ASSIGNMENT:
                        assign(a, file, &item, d);
                        break;
                case INI_PROBLEM:
                        diagnostics_add(d, file, item.line, "%s, ignoring %s", item.problem, item.what_is_lost);
                        break;
                }
}

static void read_file(Assignments* a, const char* path, Diagnostics* d) {
        _cleanup_ini_reader_ IniReader reader = {};
        int r = ini_reader_open(&reader, path);

        if (r == -EBADFD) {
                diagnostics_add_unread(d, path, "Is not a regular file");
                return;
        }
        if (r < 0) {
                errno = -r;
                diagnostics_add_unread(d, path, "Cannot be read: %m");
                return;
        }
        read_items(a, path, &reader, d);
}

/* ---- what follows from it ---- */

/* Fills one value of the result: from the first of the sections that assigns it, else from its default. */
static void resolve(const SettingKey* key, void* to, const char* default_value, Section* const* sections, size_t n) {
        setting_unset(key, to);

        for (size_t i = 0; i < n; i++)
                if (is_present(sections[i], key)) {
                        const void* from = value_at(sections[i]->values, key);

                        if (key->type->copy)
                                key->type->copy(to, from);
                        else
                                memcpy(to, from, key->type->size);
                        return;
                }

        if (default_value) {
                _cleanup_free_ char* why = key->type->parse(key, default_value, to);

                assert(!why); /* the table contradicts itself */
        }
}

/* Of a section that has its values for itself. */
static void resolve_group(Section* section, void* values) {
        for (size_t i = 0; i < section->group->n_keys; i++) {
                const SettingKey* key = &section->group->keys[i];

                resolve(key, value_at(values, key), key->default_value, &section, 1);
        }
}

static Settings* assignments_resolve(Assignments* a) {
        Settings* settings = xnew0(Settings);

        resolve_group(&a->sections[SECTION_SUPERVISOR], &settings->supervisor);
        resolve_group(&a->sections[SECTION_ZEEK], &settings->zeek);
        resolve_group(&a->sections[SECTION_ZEEK_CONTROL], &settings->zeek_control);
        resolve_group(&a->sections[SECTION_ARCHIVER], &settings->archiver);
        for (Role role = 0; role < _ROLE_MAX; role++) {
                Section* const sections[] = { &a->sections[SECTION_ROLE + role], &a->sections[SECTION_NODE] };

                for (size_t i = 0; i < node_setting_group.n_keys; i++) {
                        const SettingKey* key = &node_setting_group.keys[i];

                        resolve(key, value_at(&settings->roles[role], key), node_setting_default(key, role), sections,
                                ELEMENTSOF(sections));
                }
        }
        return settings;
}

Settings* settings_load(char* const* directories, Diagnostics* d) {
        _cleanup_(assignments_done) Assignments assignments;
        _cleanup_strv_free_ char** drop_ins = NULL;
        _cleanup_free_ char* file = NULL;

        assignments_init(&assignments);
        file = search_path_find(directories, FILE_NAME);
        if (file)
                read_file(&assignments, file, d);
        drop_ins = search_path_list(directories, FILE_NAME ".d", ".conf", d);
        STRV_FOREACH(drop_in, drop_ins)
                read_file(&assignments, *drop_in, d);
        return assignments_resolve(&assignments);
}

Settings* settings_parse(const char* file, const char* text, size_t size, Diagnostics* d) {
        _cleanup_(assignments_done) Assignments assignments;
        _cleanup_ini_reader_ IniReader reader = {};

        assignments_init(&assignments);
        if (ini_reader_init(&reader, INI_SYNTAX_SYSTEMD, text, size) < 0)
                diagnostics_add(d, file, 0, "Is larger than %u bytes, ignoring it", INI_FILE_MAX);
        else
                read_items(&assignments, file, &reader, d);
        return assignments_resolve(&assignments);
}

Settings* settings_free(Settings* settings) {
        if (!settings)
                return NULL;

        clear_group(&supervisor_setting_group, &settings->supervisor);
        clear_group(&zeek_setting_group, &settings->zeek);
        clear_group(&zeek_control_setting_group, &settings->zeek_control);
        clear_group(&archiver_setting_group, &settings->archiver);
        for (Role role = 0; role < _ROLE_MAX; role++)
                clear_group(&node_setting_group, &settings->roles[role]);
        free(settings);
        return NULL;
}
