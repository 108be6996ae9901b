/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/queue.h>
#include <unistd.h>

#include "stem/scope-entry.h"
#include "util/alloc.h"
#include "util/fd.h"
#include "util/inotify.h"
#include "util/log.h"

struct ScopeEntries {
        const char* root;
        int fd;
        sd_event_source* source;
        TAILQ_HEAD(, ScopeEntry) all;
};

struct ScopeEntry {
        ScopeEntries* entries; /* weak */
        char* slice_group;
        char* scope;
        scope_entry_seen_t seen;
        void* userdata;
        int slice_watch;
        int scope_watch; /* negative: the group is not there yet, or the watch has fired */
        TAILQ_ENTRY(ScopeEntry) all_entry;
};

/* What has been in the group before it is watched is not told; who is called for its making looks later than that. */
static void watch_scope(ScopeEntry* entry) {
        _cleanup_free_ char* path = xasprintf("%s%s/%s/cgroup.events", entry->entries->root, entry->slice_group,
                                                entry->scope);

        entry->scope_watch = inotify_add_watch(entry->entries->fd, path, IN_MODIFY | IN_ONESHOT);
        if (entry->scope_watch < 0)
                (void) log_debug_errno(-errno, "Failed to watch %s: %m", path);
}

static bool concerns(const ScopeEntry* entry, const struct inotify_event* e) {
        if (e->mask & IN_CREATE)
                return entry->slice_watch == e->wd && e->len > 0 && strcmp(entry->scope, e->name) == 0;
        return (e->mask & IN_MODIFY) && entry->scope_watch == e->wd;
}

/* At most one start of a scope is under way. */
static void dispatch(const struct inotify_event* e, void* userdata) {
        ScopeEntries* entries = userdata;
        ScopeEntry* entry;

        TAILQ_FOREACH(entry, &entries->all, all_entry)
                if (concerns(entry, e)) {
                        if (e->mask & IN_CREATE)
                                watch_scope(entry);
                        else
                                entry->scope_watch = -1;
                        entry->seen(entry->userdata);
                        return;
                }
}

static int on_events(sd_event_source* s, int fd, uint32_t revents, void* userdata) {
        inotify_read_events(fd, dispatch, userdata);
        return 0;
}

int scope_entries_new(sd_event* event, const char* root, ScopeEntries** ret) {
        _cleanup_(scope_entries_freep) ScopeEntries* entries = xnew0(ScopeEntries);
        int r;

        entries->root = root;
        TAILQ_INIT(&entries->all);
        entries->fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
        if (entries->fd < 0)
                return -errno;
        r = sd_event_add_io(event, &entries->source, entries->fd, EPOLLIN, on_events, entries);
        if (r < 0)
                return r;
        (void) sd_event_source_set_description(entries->source, "scope-entries");
        *ret = take_ptr(entries);
        return 0;
}

ScopeEntries* scope_entries_free(ScopeEntries* entries) {
        if (!entries)
                return NULL;

        assert(TAILQ_EMPTY(&entries->all));
        (void) sd_event_source_disable_unref(entries->source);
        (void) fd_close(entries->fd);
        free(entries);
        return NULL;
}

int scope_entry_new(ScopeEntries* entries, const char* slice_group, const char* scope, scope_entry_seen_t seen,
                    void* userdata, ScopeEntry** ret) {
        _cleanup_free_ char* path = xasprintf("%s%s", entries->root, slice_group);
        int watch = inotify_add_watch(entries->fd, path, IN_CREATE | IN_ONLYDIR);
        ScopeEntry* entry;

        if (watch < 0)
                return -errno;
        entry = xnew0(ScopeEntry);
        entry->entries = entries;
        entry->slice_group = xstrdup(slice_group);
        entry->scope = xstrdup(scope);
        entry->seen = seen;
        entry->userdata = userdata;
        entry->slice_watch = watch;
        entry->scope_watch = -1;
        TAILQ_INSERT_TAIL(&entries->all, entry, all_entry);
        *ret = entry;
        return 0;
}

ScopeEntry* scope_entry_free(ScopeEntry* entry) {
        if (!entry)
                return NULL;

        if (entry->scope_watch >= 0)
                (void) inotify_rm_watch(entry->entries->fd, entry->scope_watch);
        TAILQ_REMOVE(&entry->entries->all, entry, all_entry);
        free(entry->slice_group);
        free(entry->scope);
        free(entry);
        return NULL;
}
