/* SPDX-License-Identifier: BSD-3-Clause */
#include "config/node-cfg.h"
#include "util/strv.h"
#include "zeek/command.h"
#include "zeek/status-file.h"

#define ZEROMQ_SCRIPT "policy/frameworks/cluster/backend/zeromq"
#define BROKER_SCRIPT "policy/frameworks/cluster/backend/broker"

const char* zeek_backend_script(ZeekBackend backend, ZeekVersion version, const NodeSpec* spec) {
        if (!spec->cluster || spec->cluster->n == 0)
                return NULL;

        switch (backend) {
        case ZEEK_BACKEND_AUTO:
                return zeek_version_at_least(version, 8, 1) ? ZEROMQ_SCRIPT : NULL;
        case ZEEK_BACKEND_ZEROMQ:
                return zeek_version_at_least(version, 7, 1) ? ZEROMQ_SCRIPT : NULL;
        case ZEEK_BACKEND_BROKER:
                return zeek_version_at_least(version, 8, 1) ? BROKER_SCRIPT : NULL;
        case ZEEK_BACKEND_NONE:
                return NULL;
        case _ZEEK_BACKEND_MAX:
        case _ZEEK_BACKEND_INVALID:
                break;
        }
        assert(!"backend");
        return NULL;
}

const char* zeek_logger_script(ZeekVersion version, const NodeSpec* spec) {
        bool logs = spec->cluster && (spec->role == ROLE_LOGGER ||
                                      (spec->role == ROLE_MANAGER && !cluster_table_has_role(spec->cluster, ROLE_LOGGER)));

        return version.known && logs ? LOGGER_SCRIPT : NULL;
}

bool zeek_loads_logger_script(ZeekVersion version, const NodeSpec* spec) {
        return zeek_logger_script(version, spec) || strv_contains(spec->addl_base_scripts, LOGGER_SCRIPT) ||
                strv_contains(spec->addl_user_scripts, LOGGER_SCRIPT);
}

const char* zeek_command_status_file(ZeekVersion version) {
        return version.known ? ZEEK_STATUS_FILE : NULL;
}

char** zeek_command(const char* binary, const ZeekSettings* settings, ZeekVersion version, const NodeSpec* spec) {
        const char* backend_script = zeek_backend_script(settings->backend, version, spec);
        const char* logger_script = zeek_logger_script(version, spec);
        const char* status_file = zeek_command_status_file(version);
        char** argv = NULL;

        strv_extend(&argv, binary);
        strv_extend_strv(&argv, settings->arguments);
        if (spec->bare_mode)
                strv_extend(&argv, "-b");
        if (spec->interface) {
                strv_extend(&argv, "-i");
                strv_extend(&argv, spec->interface);
        }
        if (spec->pcap_file) {
                strv_extend(&argv, "-r");
                strv_extend(&argv, spec->pcap_file);
        }
        if (status_file) {
                strv_extend(&argv, "-U");
                strv_extend(&argv, status_file);
        }
        if (backend_script)
                strv_extend(&argv, backend_script);
        if (logger_script)
                strv_extend(&argv, logger_script);
        strv_extend_strv(&argv, spec->addl_base_scripts);
        strv_extend_strv(&argv, settings->scripts);
        strv_extend_strv(&argv, spec->addl_user_scripts);
        return argv;
}
