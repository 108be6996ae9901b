/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "config/address-family.h"
#include "util/macro.h"

#define FAMILY(name) { #name, name }

static const struct {
        const char* name;
        int family;
} families[] = {
        FAMILY(AF_UNIX), FAMILY(AF_LOCAL), FAMILY(AF_INET), FAMILY(AF_AX25), FAMILY(AF_IPX),
        FAMILY(AF_APPLETALK), FAMILY(AF_NETROM), FAMILY(AF_BRIDGE), FAMILY(AF_ATMPVC), FAMILY(AF_X25),
        FAMILY(AF_INET6), FAMILY(AF_ROSE), FAMILY(AF_DECnet), FAMILY(AF_NETBEUI), FAMILY(AF_KEY),
        FAMILY(AF_NETLINK), FAMILY(AF_PACKET), FAMILY(AF_ATMSVC), FAMILY(AF_RDS), FAMILY(AF_IRDA),
        FAMILY(AF_PPPOX), FAMILY(AF_LLC), FAMILY(AF_IB), FAMILY(AF_MPLS), FAMILY(AF_CAN), FAMILY(AF_TIPC),
        FAMILY(AF_BLUETOOTH), FAMILY(AF_IUCV), FAMILY(AF_RXRPC), FAMILY(AF_ISDN), FAMILY(AF_PHONET),
        FAMILY(AF_IEEE802154), FAMILY(AF_CAIF), FAMILY(AF_ALG), FAMILY(AF_NFC), FAMILY(AF_VSOCK),
        FAMILY(AF_KCM), FAMILY(AF_QIPCRTR), FAMILY(AF_SMC), FAMILY(AF_XDP), FAMILY(AF_MCTP),
};

int address_family_from_string(const char* name) {
        for (size_t i = 0; i < ELEMENTSOF(families); i++)
                if (strcmp(families[i].name, name) == 0)
                        return families[i].family;
        return -EINVAL;
}

const char* address_family_to_string(int family) {
        for (size_t i = 0; i < ELEMENTSOF(families); i++)
                if (families[i].family == family)
                        return families[i].name;
        return NULL;
}
