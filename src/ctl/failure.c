/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <string.h>
#include <systemd/sd-bus.h>

#include "ctl/failure.h"
#include "util/alloc.h"
#include "wire/names.h"

#define SEE_WHY "See why: @systemctl@ status zeek-supervisor"
#define START_IT "It does not run. Start it: @systemctl@ start zeek-supervisor"

static const struct {
        const char* name; /* a dot at its end: all names that begin with it */
        Failure failure;
} failures[] = {
        { SD_BUS_ERROR_ACCESS_DENIED,
          { OUTCOME_DENIED, "Run it as root, or see zsupctl(1) for how polkit can allow it to others." } },
        { SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED,
          { OUTCOME_DENIED, "Run it as root, or on a terminal and without --no-ask-password, for polkit to ask." } },
        { SD_BUS_ERROR_SERVICE_UNKNOWN, { OUTCOME_UNREACHABLE, START_IT } },
        { SD_BUS_ERROR_NAME_HAS_NO_OWNER, { OUTCOME_UNREACHABLE, START_IT } },
        { "org.freedesktop.DBus.Error.Spawn.", { OUTCOME_UNREACHABLE, SEE_WHY } },
        { "org.freedesktop.systemd1.", { OUTCOME_UNREACHABLE, SEE_WHY } },
        { SD_BUS_ERROR_NO_REPLY,
          { OUTCOME_UNREACHABLE, "It may have ended meanwhile; then the next one finishes what it had begun. " SEE_WHY } },
        { SD_BUS_ERROR_TIMEOUT, { OUTCOME_UNREACHABLE, SEE_WHY } },
        { SD_BUS_ERROR_DISCONNECTED, { OUTCOME_UNREACHABLE, NULL } },
        /* what sd-bus says itself when the connection is no more, or never was: ssh(1) tells why */
        { "System.Error.ECONNRESET", { OUTCOME_UNREACHABLE, NULL } },
        { "System.Error.ENOTCONN", { OUTCOME_UNREACHABLE, NULL } },
        { SD_BUS_ERROR_UNKNOWN_METHOD, { OUTCOME_FAILED, "The supervisor is of another version than zsupctl." } },
        { SD_BUS_ERROR_UNKNOWN_OBJECT, { OUTCOME_NO_SUCH, "To see which nodes there are: zsupctl list" } },
        { ERROR_NO_SUCH_NODE, { OUTCOME_NO_SUCH, "To see which nodes there are: zsupctl list" } },
        { ERROR_NO_SUCH_HOOK, { OUTCOME_NO_SUCH, "To see which hooks there are: zsupctl hooks" } },
        { ERROR_NODE_EXISTS, { OUTCOME_FAILED, "To replace a node, destroy it first: zsupctl destroy NODE" } },
        { ERROR_LAUNCH_FAILED, { OUTCOME_FAILED, "What it printed before it failed, if anything: zsupctl log NODE" } },
};

static bool name_matches(const char* pattern, const char* name) {
        size_t length = strlen(pattern);

        return pattern[length - 1] == '.' ? strncmp(pattern, name, length) == 0 : strcmp(pattern, name) == 0;
}

Failure failure_of(const char* error_name) {
        for (size_t i = 0; error_name && i < ELEMENTSOF(failures); i++)
                if (name_matches(failures[i].name, error_name))
                        return failures[i].failure;
        return (Failure) { OUTCOME_FAILED, NULL };
}

char* failure_advice(const Failure* failure, bool user, const char* host) {
        static const char placeholder[] = "@systemctl@";
        const char* advice = failure->advice;
        const char* p = advice ? strstr(advice, placeholder) : NULL;

        if (!p)
                return xstrdup_or_null(advice);
        return xasprintf("%.*ssystemctl%s%s%s", (int) (p - advice), advice, user ? " --user" : "",
                         p + strlen(placeholder), host ? ", there" : "");
}

char* failure_to_connect(int error, const Options* o) {
        if (o->transport == TRANSPORT_REMOTE)
                return xasprintf("Is '%s' up, is the supervisor there, and may you log in without a password?", o->host);
        if (o->transport == TRANSPORT_MACHINE)
                return xasprintf("Is '%s' up (machinectl list), with a bus%s, and may you enter it (as root you may)?", o->host,
                                 o->user ? " of that user (loginctl enable-linger)" : "");
        if (error == -ENOMEDIUM && o->user)
                return xstrdup("There is no session of this user here: log in as this user, rather than su, or use "
                               "--machine=USER@.host --user");
        if (error == -ENOENT || error == -ECONNREFUSED || error == -ENOMEDIUM)
                return xstrdup(o->user ? "There is no bus of this user: systemctl start user@UID.service" :
                                         "There is no system bus here: zsupctl needs a machine that runs systemd and D-Bus");
        return NULL;
}
