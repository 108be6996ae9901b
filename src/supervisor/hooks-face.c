/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <string.h>

#include "supervisor/held-call.h"
#include "supervisor/hooks-face.h"
#include "supervisor/line-judge.h"
#include "wire/hook-codec.h"
#include "wire/names.h"

/* ---- changing ---- */

/* A call that waits for the hooks to be compiled. */
typedef struct HookCall {
        CallMeter* meter; /* weak */
        sd_bus_message* m;
        char* name; /* what AddHook replies with; NULL: it is RemoveHook */
} HookCall;

static HookCall* hook_call_new(CallMeter* meter, sd_bus_message* m, const char* name) {
        HookCall* call = xnew0(HookCall);

        call->meter = meter;
        call->m = call_hold(meter, m);
        call->name = xstrdup_or_null(name);
        return call;
}

static HookCall* hook_call_free(HookCall* call) {
        call_let_go(call->meter, call->m);
        free(call->name);
        free(call);
        return NULL;
}

static void on_changed(void* userdata, const char* error, const char* text) {
        HookCall* call = userdata;

        if (error)
                (void) sd_bus_reply_method_errorf(call->m, error, "%s", text);
        else if (call->name)
                (void) sd_bus_reply_method_return(call->m, "s", call->name);
        else
                (void) sd_bus_reply_method_return(call->m, "b", true);
        hook_call_free(call);
}

static int change_asked(int r, HookCall* call, sd_bus_error* error) {
        if (r >= 0)
                return 1;
        hook_call_free(call);
        return sd_bus_error_setf(error, ERROR_LIMITS_EXCEEDED, "%u changes of hooks are waiting already", HOOK_CHANGES_MAX);
}

static int handle_add_hook(sd_bus_message* m, const Caller* caller, void* userdata, sd_bus_error* error) {
        _cleanup_config_error_ ConfigError e = {};
        _cleanup_hook_ Hook* hook = NULL;
        Supervisor* s = userdata;
        HookCall* call;

        if (hook_read(m, &hook, &e) < 0)
                return sd_bus_error_setf(error, ERROR_INVALID_HOOK, "%s: %s", e.key, e.why);
        call = hook_call_new(s->calls, m, hook->name);
        return change_asked(hooks_add(s->hooks, hook, on_changed, call), call, error);
}

static int handle_remove_hook(sd_bus_message* m, const Caller* caller, void* userdata, sd_bus_error* error) {
        Supervisor* s = userdata;
        const char* name;
        HookCall* call;
        int r;

        r = sd_bus_message_read(m, "s", &name);
        if (r < 0)
                return r;
        call = hook_call_new(s->calls, m, NULL);
        return change_asked(hooks_remove(s->hooks, name, on_changed, call), call, error);
}

static int method_add_hook(sd_bus_message* m, void* userdata, sd_bus_error* error) {
        Supervisor* s = userdata;

        return authorize(s->authorizer, m, ACTION_MANAGE_HOOKS, handle_add_hook, s, error);
}

static int method_remove_hook(sd_bus_message* m, void* userdata, sd_bus_error* error) {
        Supervisor* s = userdata;

        return authorize(s->authorizer, m, ACTION_MANAGE_HOOKS, handle_remove_hook, s, error);
}

/* ---- reading ---- */

static int method_list_hooks(sd_bus_message* m, void* userdata, sd_bus_error* error) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message* reply = NULL;
        Supervisor* s = userdata;
        HookChain* chain = hooks_chain(s->hooks);
        int r;

        r = sd_bus_message_new_method_return(m, &reply);
        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'a', "a{sv}");
        for (size_t i = 0; chain && r >= 0 && i < hook_chain_size(chain); i++)
                r = hook_append(reply, hook_chain_hook(chain, i), hook_chain_counters(chain, i));
        if (r >= 0)
                r = sd_bus_message_close_container(reply);
        return r < 0 ? r : sd_bus_message_send(reply);
}

/* A line on trial: it goes the way of every other, but nobody sends it and nobody counts it. */
struct HookTest {
        Supervisor* s; /* weak */
        sd_bus_message* m;
        Line line; /* in m */
        LineJudge judge;
        OutputTurn turn;
        TAILQ_ENTRY(HookTest) tests;
};

static HookTest* hook_test_free(HookTest* test) {
        TAILQ_REMOVE(&test->s->hook_tests, test, tests);
        test->s->n_hook_tests--;
        output_hub_cancel(test->s->output, &test->turn);
        line_judge_done(&test->judge);
        call_let_go(test->s->calls, test->m);
        free(test);
        return NULL;
}

/* A field a line, as the hooks give them. */
static int append_fields(sd_bus_message* reply, const HookView* view, const HookVerdict* verdict) {
        _cleanup_journal_entry_ JournalEntry entry = {};
        int r;

        hook_verdict_add_fields(view, verdict, &entry);
        r = sd_bus_message_open_container(reply, 'e', "sv");
        if (r >= 0)
                r = sd_bus_message_append(reply, "s", "fields");
        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'v', "a{ss}");
        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'a', "{ss}");
        for (const char *p = entry.data, *end = p + entry.size; r >= 0 && p < end;) {
                const char* newline = memchr(p, '\n', (size_t) (end - p));
                const char* equals = memchr(p, '=', (size_t) (newline - p));
                _cleanup_free_ char* name = xstrndup(p, (size_t) (equals - p));
                _cleanup_free_ char* value = xstrndup(equals + 1, (size_t) (newline - equals - 1));

                r = sd_bus_message_append(reply, "{ss}", name, value);
                p = newline + 1;
        }
        for (unsigned i = 0; r >= 0 && i < 3; i++)
                r = sd_bus_message_close_container(reply);
        return r;
}

static int reply_verdict(HookTest* test, const HookVerdict* verdict) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message* reply = NULL;
        int priority = verdict->priority >= 0 ? verdict->priority : stream_priority(test->judge.stream);
        int r;

        r = sd_bus_message_new_method_return(test->m, &reply);
        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'a', "{sv}");
        if (r >= 0)
                r = sd_bus_message_append(reply, "{sv}{sv}{sv}", "verdict", "s", verdict->suppress ? "suppress" : "pass", "hook",
                                          "s", verdict->hook ? verdict->hook->name : "", "priority", "i", priority);
        if (r >= 0)
                r = append_fields(reply, &test->judge.view, verdict);
        if (r >= 0)
                r = sd_bus_message_close_container(reply);
        return r < 0 ? r : sd_bus_message_send(reply);
}

static void run_test(void* userdata) {
        HookTest* test = userdata;
        HookVerdict verdict;
        int r;

        line_judge_refresh(&test->judge);
        if (!line_judge(&test->judge, 0, &test->line, &verdict))
                return; /* on_woken() comes */

        r = reply_verdict(test, &verdict);
        if (r < 0)
                (void) sd_bus_reply_method_errno(test->m, r, NULL);
        hook_test_free(test);
}

static void on_woken(void* userdata) {
        HookTest* test = userdata;

        output_hub_queue(test->s->output, &test->turn);
}

static unsigned count_tests_of(const Supervisor* s, const char* sender) {
        const HookTest* test;
        unsigned n = 0;

        TAILQ_FOREACH(test, &s->hook_tests, tests)
                n += strcmp(sd_bus_message_get_sender(test->m), sender) == 0;
        return n;
}

static int method_test_hooks(sd_bus_message* m, void* userdata, sd_bus_error* error) {
        Supervisor* s = userdata;
        const char *name, *stream, *line;
        const Node* node;
        HookTest* test;
        int r;

        r = sd_bus_message_read(m, "sss", &name, &stream, &line);
        if (r < 0)
                return r;
        if (stream_from_string(stream) < 0)
                return sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS, "stream: must be stdout or stderr");
        if (!*line || strchr(line, '\n'))
                return sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS, "line: must be one line, without its newline");
        if (strlen(line) > LINE_MAX_MAX)
                return sd_bus_error_setf(error, ERROR_LIMITS_EXCEEDED, "line: is longer than %u bytes", LINE_MAX_MAX);
        if (s->n_hook_tests >= HOOK_TESTS_MAX)
                return sd_bus_error_setf(error, ERROR_LIMITS_EXCEEDED, "%u tests of hooks are under way already", HOOK_TESTS_MAX);
        if (count_tests_of(s, sd_bus_message_get_sender(m)) >= HOOK_TESTS_PER_SENDER_MAX)
                return sd_bus_error_setf(error, ERROR_LIMITS_EXCEEDED,
                                         "%u of your tests of hooks are under way already; wait for answers first",
                                         HOOK_TESTS_PER_SENDER_MAX);

        node = registry_find(&s->registry, name);
        test = xnew0(HookTest);
        *test = (HookTest) {
                .s = s,
                .m = call_hold(s->calls, m),
                .line = { .data = line, .size = strlen(line) },
                .judge = {
                        .hub = s->output,
                        .node = name,
                        .role = (unsigned) (node && node->spec ? node->spec->role : ROLE_STANDALONE),
                        .stream = stream_from_string(stream),
                        .wake = on_woken,
                        .userdata = test,
                },
                .turn = { .run = run_test, .userdata = test },
        };
        line_judge_init(&test->judge);
        TAILQ_INSERT_TAIL(&s->hook_tests, test, tests);
        s->n_hook_tests++;
        on_woken(test);
        return 1;
}

static int get_n_hooks(sd_bus* bus, const char* path, const char* interface, const char* property, sd_bus_message* reply,
                       void* userdata, sd_bus_error* error) {
        Supervisor* s = userdata;
        const HookChain* chain = hooks_chain(s->hooks);

        return sd_bus_message_append(reply, "u", (uint32_t) (chain ? hook_chain_size(chain) : 0));
}

static const sd_bus_vtable hooks_face_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD_WITH_ARGS("AddHook", SD_BUS_ARGS("a{sv}", hook), SD_BUS_RESULT("s", name), method_add_hook,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("RemoveHook", SD_BUS_ARGS("s", name), SD_BUS_RESULT("b", done), method_remove_hook,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("ListHooks", SD_BUS_NO_ARGS, SD_BUS_RESULT("aa{sv}", hooks), method_list_hooks,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("TestHooks", SD_BUS_ARGS("s", node, "s", stream, "s", line), SD_BUS_RESULT("a{sv}", verdict),
                                method_test_hooks, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_PROPERTY("NHooks", "u", get_n_hooks, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_VTABLE_END,
};

int hooks_face_register(Supervisor* s) {
        return sd_bus_add_object_vtable(s->bus, NULL, SUPERVISOR_PATH, SUPERVISOR_INTERFACE, hooks_face_vtable, s);
}

void hooks_face_done(Supervisor* s) {
        HookTest* test;

        while ((test = TAILQ_FIRST(&s->hook_tests)))
                hook_test_free(test);
}
