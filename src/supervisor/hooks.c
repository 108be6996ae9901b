/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/queue.h>
#include <unistd.h>

#include "config/hook-file.h"
#include "config/search-path.h"
#include "supervisor/hook-program.h"
#include "supervisor/hooks.h"
#include "supervisor/worker.h"
#include "util/fd.h"
#include "util/file.h"
#include "util/log.h"
#include "util/strv.h"
#include "wire/names.h"

typedef enum ChangeType {
        CHANGE_LOAD,
        CHANGE_ADD,
        CHANGE_REMOVE,
} ChangeType;

/* One change. While the worker is at it, it is the worker's alone. */
typedef struct Change {
        ChangeType type;
        Hook* hook; /* to be added */
        char* name; /* to be removed */
        hooks_changed_t done;
        void* userdata;

        char* directory; /* of runtime hooks */
        bool user_mode;
        HookList list; /* to be in force after it; not for CHANGE_LOAD */
        HookChain* chain;
        Diagnostics warnings;
        const char* error;
        char* text;
        TAILQ_ENTRY(Change) entry;
} Change;

struct Hooks {
        HooksPlace place;
        char* directory;
        HookChain* chain;
        HookProgram* programs[HOOK_PROGRAMS_MAX]; /* by their numbers in the chain; NULL: it could not be had */
        Worker* worker;
        TAILQ_HEAD(, Change) changes; /* the first is being made */
        size_t n_changes;
};

static Change* change_free(Change* c) {
        hook_unref(c->hook);
        free(c->name);
        free(c->directory);
        hook_list_done(&c->list);
        hook_chain_free(c->chain);
        diagnostics_done(&c->warnings);
        free(c->text);
        free(c);
        return NULL;
}

static void change_fail(Change* c, const char* error, char* text) {
        if (c->error)
                free(text);
        else {
                c->error = error;
                c->text = text;
        }
}

static void list_add(HookList* list, Hook* hook) {
        GROW(list->items, list->n, list->allocated);
        list->items[list->n++] = hook_ref(hook);
}

/* ---- in the worker ---- */

/* libhs speaks in sentences. */
static int length_without_full_stop(const char* why) {
        return (int) strcspn(why, ".");
}

static void on_refused_in_file(const Hook* hook, const HookPattern* pattern, size_t offset, const char* why, void* userdata) {
        diagnostics_add_at(userdata, hook->source, pattern->line,
                           pattern->column > 0 ? pattern->column + (unsigned) offset : 0,
                           "Match=: %.*s; ignoring this pattern", length_without_full_stop(why), why);
}

HookChain* hooks_read_files(bool user_mode, const char* runtime_directory, Diagnostics* warnings) {
        _cleanup_strv_free_ char** directories = search_path_directories(user_mode);
        _cleanup_hook_list_ HookList list = {};

        hook_list_load(&list, directories, runtime_directory, warnings);
        return hook_chain_new(list.items, list.n, on_refused_in_file, warnings);
}

/* What is wrong with the others was said when they were read. */
static void on_refused_in_change(const Hook* hook, const HookPattern* pattern, size_t offset, const char* why,
                                 void* userdata) {
        Change* c = userdata;

        if (c->hook == hook)
                change_fail(c, ERROR_INVALID_HOOK,
                            xasprintf("match[%zu]: column %zu: %.*s", (size_t) (pattern - hook->patterns), offset + 1,
                                      length_without_full_stop(why), why));
}

static int write_file(const Change* c) {
        _cleanup_free_ char* file = xasprintf("%s" HOOK_FILE_SUFFIX, c->hook->name);
        _cleanup_free_ char* text = hook_to_text(c->hook);
        _cleanup_close_ int directory = -EBADF;
        int r;

        r = directory_make(c->directory, 0755);
        if (r < 0)
                return r;
        directory = open(c->directory, O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
        if (directory < 0)
                return -errno;
        return file_write_atomic(directory, file, text, strlen(text), 0644);
}

static int remove_file(const Change* c) {
        _cleanup_free_ char* file = xasprintf("%s/%s" HOOK_FILE_SUFFIX, c->directory, c->name);

        return unlink(file) < 0 && errno != ENOENT ? -errno : 0;
}

static void make_change(void* userdata) {
        Change* c = userdata;
        int r = 0;

        if (c->type == CHANGE_LOAD) {
                c->chain = hooks_read_files(c->user_mode, c->directory, &c->warnings);
                return;
        }

        c->chain = hook_chain_new(c->list.items, c->list.n, on_refused_in_change, c);
        if (c->error)
                return;
        r = c->type == CHANGE_ADD ? write_file(c) : remove_file(c);
        if (r < 0)
                change_fail(c, ERROR_LIMITS_EXCEEDED,
                            xasprintf("hook '%s': keep it below %s: %s", c->type == CHANGE_ADD ? c->hook->name : c->name,
                                      c->directory, strerror(-r)));
}

/* ---- in the loop ---- */

/* A hook that stays goes on counting. */
static void take_counters(HookChain* chain, HookChain* old) {
        for (size_t i = 0; old && i < hook_chain_size(chain); i++) {
                const Hook* hook = hook_chain_hook(chain, i);
                size_t before = hook_chain_find(old, hook->name);

                if (before != SIZE_MAX && hook_equal(hook_chain_hook(old, before), hook))
                        *hook_chain_counters(chain, i) = *hook_chain_counters(old, before);
        }
}

/* So does its program go on running, unless what it may do has changed. */
static HookProgram* take_program(Hooks* h, const Hook* hook) {
        for (unsigned i = 0; h->chain && i < hook_chain_programs(h->chain); i++)
                if (h->programs[i] && hook_equal(hook_chain_hook(h->chain, hook_chain_program(h->chain, i)), hook) &&
                    !hook_program_is_outdated(h->programs[i]))
                        return take_ptr(h->programs[i]);
        return NULL;
}

static void find_programs(Hooks* h, HookChain* chain, HookProgram** programs) {
        for (unsigned i = 0; i < hook_chain_programs(chain); i++) {
                Hook* hook = hook_chain_hook(chain, hook_chain_program(chain, i));
                int r = 0;

                programs[i] = take_program(h, hook);
                if (!programs[i])
                        r = hook_program_new(h->place.programs, hook, &programs[i]);
                if (r < 0)
                        (void) log_error_errno(r, "Failed to set up the program of hook \"%s\": %m", hook->name);
        }
}

static void put_into_force(Hooks* h, HookChain* chain) {
        HookProgram* programs[HOOK_PROGRAMS_MAX] = {};
        HookChain* old = h->chain;

        take_counters(chain, old);
        find_programs(h, chain, programs);
        /* Those that nobody wants any more; who has asked them has to ask others. */
        for (unsigned i = 0; i < HOOK_PROGRAMS_MAX; i++) {
                hook_program_free(h->programs[i]);
                h->programs[i] = programs[i];
        }
        h->chain = chain;
        output_hub_set_hooks(h->place.output, chain, h->programs);
        hook_chain_free(old);
        h->place.changed(h->place.userdata);
}

/* Those in force, but for one. */
static void copy_list(const Hooks* h, HookList* list, const Hook* except) {
        for (size_t i = 0; h->chain && i < hook_chain_size(h->chain); i++)
                if (hook_chain_hook(h->chain, i) != except)
                        list_add(list, hook_chain_hook(h->chain, i));
}

static void check_room(Change* c) {
        HookTotals totals = {};
        char* why = NULL;

        for (size_t i = 0; i < c->list.n && !why; i++)
                why = hook_totals_add(&totals, c->list.items[i]);
        if (why)
                change_fail(c, ERROR_LIMITS_EXCEEDED, why);
}

/* Its turn has come: what it is to be made from, or why it cannot be made. */
static void prepare(Hooks* h, Change* c) {
        const char* name = c->type == CHANGE_ADD ? c->hook->name : c->name;
        size_t i = h->chain && c->type != CHANGE_LOAD ? hook_chain_find(h->chain, name) : SIZE_MAX;
        const Hook* known = i == SIZE_MAX ? NULL : hook_chain_hook(h->chain, i);

        switch (c->type) {
        case CHANGE_LOAD:
                break;
        case CHANGE_ADD:
                if (known)
                        change_fail(c, ERROR_INVALID_HOOK,
                                    xasprintf("name: there is a hook '%s' already (%s)", name, known->source));
                copy_list(h, &c->list, NULL);
                list_add(&c->list, c->hook);
                check_room(c);
                break;
        case CHANGE_REMOVE:
                if (!known)
                        change_fail(c, ERROR_NO_SUCH_HOOK, xasprintf("there is no hook '%s'", name));
                else if (strcmp(known->source, HOOK_SOURCE_RUNTIME) != 0)
                        change_fail(c, ERROR_INVALID_HOOK,
                                    xasprintf("hook '%s' is the file %s: remove or mask it there, and reload", name,
                                              known->source));
                copy_list(h, &c->list, known);
                break;
        }
}

static void finish(Hooks* h, Change* c) {
        TAILQ_REMOVE(&h->changes, c, entry);
        h->n_changes--;
        if (!c->error) {
                diagnostics_log(&c->warnings);
                put_into_force(h, take_ptr(c->chain));
        }
        c->done(c->userdata, c->error, c->text);
        change_free(c);
}

/* False: it cannot be made, and says why. True: the worker is at it, and it is not ours to look at. */
static bool start(Hooks* h, Change* c) {
        int r;

        prepare(h, c);
        if (c->error)
                return false;
        r = worker_start(h->worker, make_change, c);
        if (r < 0)
                change_fail(c, ERROR_LIMITS_EXCEEDED, xasprintf("start a thread: %s", strerror(-r)));
        return r >= 0;
}

static void start_next(Hooks* h) {
        Change* c;

        while (!worker_is_busy(h->worker) && (c = TAILQ_FIRST(&h->changes)))
                if (!start(h, c))
                        finish(h, c);
}

static void on_made(void* userdata) {
        Hooks* h = userdata;

        finish(h, TAILQ_FIRST(&h->changes));
        start_next(h);
}

static void change(Hooks* h, ChangeType type, Hook* hook, const char* name, hooks_changed_t done, void* userdata) {
        Change* c;

        c = xnew0(Change);
        *c = (Change) {
                .type = type,
                .hook = hook ? hook_ref(hook) : NULL,
                .name = xstrdup_or_null(name),
                .done = done,
                .userdata = userdata,
                .directory = xstrdup(h->directory),
                .user_mode = h->place.places->user_mode,
        };
        TAILQ_INSERT_TAIL(&h->changes, c, entry);
        h->n_changes++;
        start_next(h);
}

void hooks_load(Hooks* h, hooks_changed_t done, void* userdata) {
        change(h, CHANGE_LOAD, NULL, NULL, done, userdata);
}

int hooks_add(Hooks* h, Hook* hook, hooks_changed_t done, void* userdata) {
        if (h->n_changes >= HOOK_CHANGES_MAX)
                return -EBUSY;
        change(h, CHANGE_ADD, hook, NULL, done, userdata);
        return 0;
}

int hooks_remove(Hooks* h, const char* name, hooks_changed_t done, void* userdata) {
        if (h->n_changes >= HOOK_CHANGES_MAX)
                return -EBUSY;
        change(h, CHANGE_REMOVE, NULL, name, done, userdata);
        return 0;
}

HookChain* hooks_chain(const Hooks* h) {
        return h->chain;
}

int hooks_new(const HooksPlace* place, Hooks** ret) {
        _cleanup_(hooks_freep) Hooks* h = xnew0(Hooks);
        int r;

        h->place = *place;
        h->directory = xasprintf("%s/" HOOKS_RUNTIME_DIRECTORY, place->places->runtime_directory);
        TAILQ_INIT(&h->changes);
        r = worker_new(place->event, "hooks-worker", on_made, h, &h->worker);
        if (r < 0)
                return r;

        *ret = take_ptr(h);
        return 0;
}

Hooks* hooks_free(Hooks* h) {
        Change* c;

        if (!h)
                return NULL;

        if (!worker_free(h->worker)) /* the first is its own */
                TAILQ_REMOVE(&h->changes, TAILQ_FIRST(&h->changes), entry);
        while ((c = TAILQ_FIRST(&h->changes))) {
                TAILQ_REMOVE(&h->changes, c, entry);
                change_free(c);
        }
        output_hub_set_hooks(h->place.output, NULL, NULL);
        for (unsigned i = 0; i < HOOK_PROGRAMS_MAX; i++)
                hook_program_free(h->programs[i]);
        hook_chain_free(h->chain);
        free(h->directory);
        free(h);
        return NULL;
}
