/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/queue.h>
#include <unistd.h>

#include "supervisor/authorize.h"
#include "supervisor/held-call.h"
#include "supervisor/known-users.h"
#include "util/alloc.h"
#include "util/usec.h"
#include "wire/message-size.h"
#include "wire/names.h"

/* A person may be typing a password. */
#define POLKIT_TIMEOUT_USEC (5 * USEC_PER_MINUTE)
#define POLKIT_ALLOW_USER_INTERACTION 1U
/* The bus answers at once, but its answer lies behind all calls that have come before it, and they may be large. */
#define CALLER_TIMEOUT_USEC (5 * USEC_PER_MINUTE)

/* What somebody has under way: a sender by its name on the bus, or a user by its number. */
typedef struct Account {
        char* name;
        unsigned n;
        size_t bytes;
        LIST_ENTRY(Account) accounts;
} Account;

/* One call on its way to its handler. */
typedef struct Check {
        Authorizer* authorizer;
        Account* sender;
        Account* user; /* NULL: polkit is not asked, or not yet */
        sd_bus_message* m;
        size_t size; /* of the message */
        PolkitAction action; /* _POLKIT_ACTION_MAX: none needed */
        bool by_process;
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
        Account all;
        KnownUsers known;
        LIST_HEAD(, Check) checks;
        LIST_HEAD(, Account) accounts;
};

static const char* const action_ids[_POLKIT_ACTION_MAX] = {
        [ACTION_MANAGE_NODES] = "org.zeek.Supervisor.manage-nodes",
        [ACTION_MANAGE_HOOKS] = "org.zeek.Supervisor.manage-hooks",
        [ACTION_RELOAD] = "org.zeek.Supervisor.reload",
};

static Account* account_obtain(Authorizer* a, const char* name) {
        Account* account;

        LIST_FOREACH(account, &a->accounts, accounts)
                if (strcmp(account->name, name) == 0)
                        return account;

        account = xnew0(Account);
        account->name = xstrdup(name);
        LIST_INSERT_HEAD(&a->accounts, account, accounts);
        return account;
}

static void account_charge(Account* account, size_t size) {
        account->n++;
        account->bytes += size;
}

static void account_credit(Account* account, size_t size) {
        account->n--;
        account->bytes -= size;
        if (account->n > 0 || !account->name)
                return;
        LIST_REMOVE(account, accounts);
        free(account->name);
        free(account);
}

static void check_free(Check* check) {
        LIST_REMOVE(check, checks);
        account_credit(&check->authorizer->all, check->size);
        account_credit(check->sender, check->size);
        if (check->user)
                account_credit(check->user, check->size);
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
        LIST_INIT(&a->accounts);
        return a;
}

void authorizer_set_bus(Authorizer* a, sd_bus* bus) {
        while (!LIST_EMPTY(&a->checks))
                check_free(LIST_FIRST(&a->checks));
        known_users_clear(&a->known);
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
static int refuse(Check* check, const char* error, const char* why) {
        (void) sd_bus_reply_method_errorf(check->m, error, "%s", why);
        check_free(check);
        return 0;
}

static int deny(Check* check, const char* why) {
        return refuse(check, SD_BUS_ERROR_ACCESS_DENIED, why);
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

/* polkit says in its details when a person did not want to be asked. */
static bool is_dismissed(sd_bus_message* reply) {
        const char *key, *value;

        if (sd_bus_message_enter_container(reply, 'a', "{ss}") < 0)
                return false;
        while (sd_bus_message_read(reply, "{ss}", &key, &value) > 0)
                if (strcmp(key, "polkit.dismissed") == 0 && *value)
                        return true;
        return false;
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
        if (challenge)
                return deny(check, "Authentication is needed for this, and no agent could ask for it");
        return deny(check, is_dismissed(reply) ? "The authentication for this was dismissed" :
                                                 "polkit does not allow you to do this");
}

/* From here on it may take long: what is kept for that long has an owner who answers for it. */
static bool charge_user(Check* check) {
        _cleanup_free_ char* uid = xasprintf("%u", (unsigned) check->caller.uid);
        Account* user = account_obtain(check->authorizer, uid);

        account_charge(user, check->size);
        check->user = user;
        return user->n <= PENDING_PER_USER_MAX && user->bytes <= PENDING_BYTES_PER_USER_MAX;
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

static int read_caller(const Check* check, sd_bus_message* reply, Caller* ret) {
        uint32_t number;

        /* it is of an outer namespace; other buses say 0 then, which is nobody's number */
        if (check->by_process && sd_bus_message_is_method_error(reply, SD_BUS_ERROR_UNIX_PROCESS_ID_UNKNOWN)) {
                ret->pid = 0;
                return 0;
        }
        if (sd_bus_message_is_method_error(reply, NULL) || sd_bus_message_read(reply, "u", &number) < 0)
                return -ESRCH;
        if (check->by_process)
                ret->pid = (pid_t) number;
        else {
                ret->uid = number;
                known_users_add(&check->authorizer->known, check->sender->name, ret->uid);
        }
        return 0;
}

static int judge(Check* check) {
        Authorizer* a = check->authorizer;

        if (check->action == _POLKIT_ACTION_MAX || check->caller.uid == 0 ||
            (a->user_mode && check->caller.uid == geteuid()))
                return admit(check);
        if (a->user_mode)
                return deny(check, "Only the owner of this session may do this");
        if (!charge_user(check))
                return refuse(check, ERROR_LIMITS_EXCEEDED,
                              "Too much of yours waits for polkit; wait for answers first, or send less");
        return ask_polkit(check);
}

static int on_caller(sd_bus_message* reply, void* userdata, sd_bus_error* ret_error) {
        Check* check = userdata;

        check->slot = sd_bus_slot_unref(check->slot);

        if (read_caller(check, reply, &check->caller) < 0)
                return deny(check, "The bus does not know who you are (any more)");
        return judge(check);
}

/* Nobody overtakes oneself. */
static bool is_known(Check* check) {
        return !check->by_process && check->sender->n == 1 &&
               known_users_find(&check->authorizer->known, check->sender->name, &check->caller.uid);
}

static int ask_caller(Check* check) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message* call = NULL;
        Authorizer* a = check->authorizer;
        int r;

        /* not GetConnectionCredentials, in which newer buses send a pidfd: who takes no descriptors is disconnected then */
        r = sd_bus_message_new_method_call(a->bus, &call, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                                           "org.freedesktop.DBus",
                                           check->by_process ? "GetConnectionUnixProcessID" : "GetConnectionUnixUser");
        if (r >= 0)
                r = sd_bus_message_append_basic(call, 's', check->sender->name);
        return r < 0 ? r : sd_bus_call_async(a->bus, &check->slot, call, on_caller, check, CALLER_TIMEOUT_USEC);
}

/* by_process: it is the process that matters and not the user, and nothing has to be asked of polkit. */
static int start_check(Authorizer* a, sd_bus_message* m, PolkitAction action, bool by_process, caller_handler_t handler,
                       void* userdata, sd_bus_error* error) {
        const char* name = sd_bus_message_get_sender(m);
        size_t size = message_size(m, PENDING_BYTES_MAX);
        Account* sender;
        Check* check;
        int r;

        if (!name)
                return sd_bus_error_set(error, SD_BUS_ERROR_ACCESS_DENIED, "A call without a sender");
        if (a->all.n >= PENDING_MAX || a->all.bytes + size > PENDING_BYTES_MAX)
                return sd_bus_error_setf(error, ERROR_LIMITS_EXCEEDED,
                                         "More than %u calls, or %u bytes in them, wait for authorization", PENDING_MAX,
                                         PENDING_BYTES_MAX);
        sender = account_obtain(a, name);
        if (sender->n >= PENDING_PER_SENDER_MAX)
                return sd_bus_error_setf(error, ERROR_LIMITS_EXCEEDED,
                                         "More than %u of your calls wait for authorization; wait for answers first",
                                         PENDING_PER_SENDER_MAX);

        check = xnew0(Check);
        *check = (Check) {
                .authorizer = a,
                .sender = sender,
                .m = call_hold(a->meter, m),
                .size = size,
                .action = action,
                .by_process = by_process,
                .handler = handler,
                .userdata = userdata,
        };
        account_charge(sender, size);
        account_charge(&a->all, size);
        LIST_INSERT_HEAD(&a->checks, check, checks);

        if (is_known(check)) {
                (void) judge(check);
                return 1;
        }
        r = ask_caller(check);
        if (r < 0) {
                check_free(check);
                return r;
        }
        return 1;
}

int authorize(Authorizer* a, sd_bus_message* m, PolkitAction action, caller_handler_t handler, void* userdata,
              sd_bus_error* error) {
        assert(action >= 0 && action < _POLKIT_ACTION_MAX);
        return start_check(a, m, action, false, handler, userdata, error);
}

int identify_user(Authorizer* a, sd_bus_message* m, caller_handler_t handler, void* userdata, sd_bus_error* error) {
        return start_check(a, m, _POLKIT_ACTION_MAX, false, handler, userdata, error);
}

int identify_process(Authorizer* a, sd_bus_message* m, caller_handler_t handler, void* userdata, sd_bus_error* error) {
        return start_check(a, m, _POLKIT_ACTION_MAX, true, handler, userdata, error);
}
