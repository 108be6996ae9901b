/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <linux/capability.h>
#include <strings.h>

#include "config/capability.h"
#include "util/macro.h"

#define CAPABILITY(name) [name] = #name

static const char* const capability_table[] = {
        CAPABILITY(CAP_CHOWN),
        CAPABILITY(CAP_DAC_OVERRIDE),
        CAPABILITY(CAP_DAC_READ_SEARCH),
        CAPABILITY(CAP_FOWNER),
        CAPABILITY(CAP_FSETID),
        CAPABILITY(CAP_KILL),
        CAPABILITY(CAP_SETGID),
        CAPABILITY(CAP_SETUID),
        CAPABILITY(CAP_SETPCAP),
        CAPABILITY(CAP_LINUX_IMMUTABLE),
        CAPABILITY(CAP_NET_BIND_SERVICE),
        CAPABILITY(CAP_NET_BROADCAST),
        CAPABILITY(CAP_NET_ADMIN),
        CAPABILITY(CAP_NET_RAW),
        CAPABILITY(CAP_IPC_LOCK),
        CAPABILITY(CAP_IPC_OWNER),
        CAPABILITY(CAP_SYS_MODULE),
        CAPABILITY(CAP_SYS_RAWIO),
        CAPABILITY(CAP_SYS_CHROOT),
        CAPABILITY(CAP_SYS_PTRACE),
        CAPABILITY(CAP_SYS_PACCT),
        CAPABILITY(CAP_SYS_ADMIN),
        CAPABILITY(CAP_SYS_BOOT),
        CAPABILITY(CAP_SYS_NICE),
        CAPABILITY(CAP_SYS_RESOURCE),
        CAPABILITY(CAP_SYS_TIME),
        CAPABILITY(CAP_SYS_TTY_CONFIG),
        CAPABILITY(CAP_MKNOD),
        CAPABILITY(CAP_LEASE),
        CAPABILITY(CAP_AUDIT_WRITE),
        CAPABILITY(CAP_AUDIT_CONTROL),
        CAPABILITY(CAP_SETFCAP),
        CAPABILITY(CAP_MAC_OVERRIDE),
        CAPABILITY(CAP_MAC_ADMIN),
        CAPABILITY(CAP_SYSLOG),
        CAPABILITY(CAP_WAKE_ALARM),
        CAPABILITY(CAP_BLOCK_SUSPEND),
        CAPABILITY(CAP_AUDIT_READ),
        CAPABILITY(CAP_PERFMON),
        CAPABILITY(CAP_BPF),
        CAPABILITY(CAP_CHECKPOINT_RESTORE),
};

int capability_from_string(const char* name) {
        for (size_t i = 0; i < ELEMENTSOF(capability_table); i++)
                if (strcasecmp(capability_table[i], name) == 0)
                        return (int) i;
        return -EINVAL;
}
