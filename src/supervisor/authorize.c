/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/queue.h>
#include <unistd.h>

#include "supervisor/authorize.h"
#include "supervisor/held-call.h"
#include "util/alloc.h"
#include "util/usec.h"
#include "wire/names.h"

/* A person may be typing a password. */
#define POLKIT_TIMEOUT_USEC (5 * USEC_PER_MINUTE)
#define POLKIT_ALLOW_USER_INTERACTION 1U

/* A sender with checks under way. */
typedef struct Sender {
        char* name;
        unsigned n_pending;
        LIST_ENTRY(Sender) senders;
} Sender;

/* One call on its way to its handler. */
typedef struct Check {
        Authorizer* authorizer;
        Sender* sender;
        sd_bus_message* m;
        PolkitAction action; /* _POLKIT_ACTION_MAX: none needed */
        caller_handler_t handler;
        void* userdata;
        Caller caller;
        sd_bus_slot* slot;
        LIST_ENTRY(Check) checks;
} Check;

struct Authorizer {
        sd_bus* bus;
        bool user_mode;
        CallMeter* meter; /* weak */
        unsigned n_pending;
        LIST_HEAD(, Check) checks;
        LIST_HEAD(, Sender) senders;
};

static const char* const action_ids[_POLKIT_ACTION_MAX] = {
        [ACTION_MANAGE_NODES] = "org.zeek.Supervisor.manage-nodes",
        [ACTION_MANAGE_HOOKS] = "org.zeek.Supervisor.manage-hooks",
        [ACTION_RELOAD] = "org.zeek.Supervisor.reload",
};

static Sender* sender_obtain(Authorizer* a, const char* name) {
        Sender* sender;

        LIST_FOREACH(sender, &a->senders, senders)
                if (strcmp(sender->name, name) == 0)
                        return sender;

        sender = xnew0(Sender);
        sender->name = xstrdup(name);
        LIST_INSERT_HEAD(&a->senders, sender, senders);
        return sender;
}

static void sender_release(Sender* sender) {
        if (--sender->n_pending > 0)
                return;
        LIST_REMOVE(sender, senders);
        free(sender->name);
        free(sender);
}

static void check_free(Check* check) {
        check->authorizer->n_pending--;
        LIST_REMOVE(check, checks);
        sender_release(check->sender);
        sd_bus_slot_unref(check->slot);
        call_let_go(check->authorizer->meter, check->m);
        free(check);
}

Authorizer* authorizer_new(sd_bus* bus, bool user_mode, CallMeter* meter) {
        Authorizer* a = xnew0(Authorizer);

        a->bus = sd_bus_ref(bus);
        a->user_mode = user_mode;
        a->meter = meter;
        LIST_INIT(&a->checks);
        LIST_INIT(&a->senders);
        return a;
}

void authorizer_set_bus(Authorizer* a, sd_bus* bus) {
        while (!LIST_EMPTY(&a->checks))
                check_free(LIST_FIRST(&a->checks));
        sd_bus_unref(a->bus);
        a->bus = sd_bus_ref(bus);
}

Authorizer* authorizer_free(Authorizer* a) {
        if (!a)
                return NULL;

        authorizer_set_bus(a, NULL);
        free(a);
        return NULL;
}

/* The end of every check but the handler's own: an answer to the caller. */
static int deny(Check* check, const char* why) {
        (void) sd_bus_reply_method_errorf(check->m, SD_BUS_ERROR_ACCESS_DENIED, "%s", why);
        check_free(check);
        return 0;
}

static int admit(Check* check) {
        sd_bus_error error = SD_BUS_ERROR_NULL;
        int r;

        r = sd_bus_message_rewind(check->m, true);
        if (r >= 0)
                r = check->handler(check->m, &check->caller, check->userdata, &error);
        if (r < 0 || sd_bus_error_is_set(&error))
                (void) sd_bus_reply_method_errno(check->m, r, &error);

        sd_bus_error_free(&error);
        check_free(check);
        return 0;
}

static int on_polkit(sd_bus_message* reply, void* userdata, sd_bus_error* ret_error) {
        Check* check = userdata;
        int authorized, challenge;

        check->slot = sd_bus_slot_unref(check->slot);

        if (sd_bus_message_is_method_error(reply, SD_BUS_ERROR_SERVICE_UNKNOWN) ||
            sd_bus_message_is_method_error(reply, SD_BUS_ERROR_NAME_HAS_NO_OWNER))
                return deny(check, "Only root may do this, because polkit is not there to allow it to others");
        if (sd_bus_message_is_method_error(reply, NULL))
                return deny(check, "Only root may do this for now, because polkit does not answer");

        if (sd_bus_message_enter_container(reply, 'r', "bba{ss}") < 0 ||
            sd_bus_message_read(reply, "bb", &authorized, &challenge) < 0)
                return deny(check, "polkit gave an answer that makes no sense");
        if (authorized)
                return admit(check);
        return deny(check, challenge ? "Authentication is needed for this, and no agent could ask for it" :
                                       "The rules of polkit do not allow you to do this");
}

static int ask_polkit(Check* check) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message* call = NULL;
        uint32_t flags;
        int r;

        flags = sd_bus_message_get_allow_interactive_authorization(check->m) > 0 ? POLKIT_ALLOW_USER_INTERACTION : 0;
        r = sd_bus_message_new_method_call(check->authorizer->bus, &call, "org.freedesktop.PolicyKit1",
                                           "/org/freedesktop/PolicyKit1/Authority",
                                           "org.freedesktop.PolicyKit1.Authority", "CheckAuthorization");
        if (r >= 0)
                /* the subject is the connection, which cannot be recycled as a pid can */
                r = sd_bus_message_append(call, "(sa{sv})sa{ss}us", "system-bus-name", 1, "name", "s",
                                          check->sender->name, action_ids[check->action], 0, flags, "");
        if (r >= 0)
                r = sd_bus_call_async(check->authorizer->bus, &check->slot, call, on_polkit, check, POLKIT_TIMEOUT_USEC);
        if (r < 0)
                return deny(check, "polkit could not be asked");
        return 0;
}

static int read_credentials(sd_bus_message* reply, Caller* ret) {
        bool has_uid = false;
        int r;

        if (sd_bus_message_is_method_error(reply, NULL) || sd_bus_message_enter_container(reply, 'a', "{sv}") < 0)
                return -ESRCH;

        while ((r = sd_bus_message_enter_container(reply, 'e', "sv")) > 0) {
                const char* key;
                uint32_t value;

                if (sd_bus_message_read_basic(reply, 's', &key) < 0)
                        return -EBADMSG;
                if (strcmp(key, "UnixUserID") == 0 || strcmp(key, "ProcessID") == 0) {
                        if (sd_bus_message_read(reply, "v", "u", &value) < 0)
                                return -EBADMSG;
                        if (key[0] == 'U') {
                                ret->uid = value;
                                has_uid = true;
                        } else
                                ret->pid = (pid_t) value;
                } else if (sd_bus_message_skip(reply, "v") < 0)
                        return -EBADMSG;
                if (sd_bus_message_exit_container(reply) < 0)
                        return -EBADMSG;
        }
        return has_uid ? 0 : -ESRCH;
}

static int on_credentials(sd_bus_message* reply, void* userdata, sd_bus_error* ret_error) {
        Check* check = userdata;
        Authorizer* a = check->authorizer;

        check->slot = sd_bus_slot_unref(check->slot);

        if (read_credentials(reply, &check->caller) < 0)
                return deny(check, "The bus does not know who you are (any more)");
        if (check->action == _POLKIT_ACTION_MAX || check->caller.uid == 0 ||
            (a->user_mode && check->caller.uid == geteuid()))
                return admit(check);
        if (a->user_mode)
                return deny(check, "Only the owner of this session may do this");
        return ask_polkit(check);
}

static int start_check(Authorizer* a, sd_bus_message* m, PolkitAction action, caller_handler_t handler, void* userdata,
                       sd_bus_error* error) {
        const char* name = sd_bus_message_get_sender(m);
        Sender* sender;
        Check* check;
        int r;

        if (!name)
                return sd_bus_error_set(error, SD_BUS_ERROR_ACCESS_DENIED, "A call without a sender");
        if (a->n_pending >= PENDING_MAX)
                return sd_bus_error_setf(error, ERROR_LIMITS_EXCEEDED, "More than %u calls wait for authorization",
                                         PENDING_MAX);
        sender = sender_obtain(a, name);
        if (sender->n_pending >= PENDING_PER_SENDER_MAX)
                return sd_bus_error_setf(error, ERROR_LIMITS_EXCEEDED,
                                         "More than %u of your calls wait for authorization; wait for answers first",
                                         PENDING_PER_SENDER_MAX);

        check = xnew0(Check);
        *check = (Check) {
                .authorizer = a,
                .sender = sender,
                .m = call_hold(a->meter, m),
                .action = action,
                .handler = handler,
                .userdata = userdata,
        };
        sender->n_pending++;
        a->n_pending++;
        LIST_INSERT_HEAD(&a->checks, check, checks);

        r = sd_bus_call_method_async(a->bus, &check->slot, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                                     "org.freedesktop.DBus", "GetConnectionCredentials", on_credentials, check, "s", name);
        if (r < 0) {
                check_free(check);
                return r;
        }
        return 1;
}

int authorize(Authorizer* a, sd_bus_message* m, PolkitAction action, caller_handler_t handler, void* userdata,
              sd_bus_error* error) {
        assert(action >= 0 && action < _POLKIT_ACTION_MAX);
        return start_check(a, m, action, handler, userdata, error);
}

int identify(Authorizer* a, sd_bus_message* m, caller_handler_t handler, void* userdata, sd_bus_error* error) {
        return start_check(a, m, _POLKIT_ACTION_MAX, handler, userdata, error);
}
