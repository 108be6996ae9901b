/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "supervisor/configuration.h"
#include "supervisor/worker.h"
#include "util/log.h"
#include "util/strv.h"

/* A zeek that takes longer to print its version than this is treated as one of which nothing is known. */
#define PROBE_TIMEOUT_USEC (10 * USEC_PER_SEC)
/* The resolver of the C library gives up after two times 5 s for each server. */
#define HOSTS_TIMEOUT_USEC (30 * USEC_PER_SEC)
#define HOSTS_PROGRAM LIBEXECDIR "/zeek-hosts"

/* The steps, in order: files in the thread, then one question after the other to the stem. To refresh a configuration, the
 * thread looks at the binary instead. */
typedef enum LoaderStep {
        LOADER_IDLE,
        LOADER_BINARY,
        LOADER_FILES,
        LOADER_VERSION,
        LOADER_ZEEK_PATH,
        LOADER_HOSTS,
} LoaderStep;

struct ConfigurationLoader {
        StemClient* stem;
        bool user_mode;
        configuration_loaded_t callback;
        void* userdata;

        LoaderStep step;
        bool again; /* asked for while one was under way */
        bool waits; /* for the line to the stem, to ask what the step asks */

        Worker* worker;
        sd_bus_slot* probe;
        Configuration* configuration; /* being made; the worker's own while it is busy */

        configuration_refreshed_t refreshed; /* NULL: the configuration is new */
        Configuration* stale;                /* weak: is being refreshed */
        char* binary;                        /* of that; with the next two the worker's own while it is busy */
        char* binary_directory;              /* NULL: it has not changed */
        ZeekBinaryStamp stamp;
};

static void read_files(void* userdata) {
        ConfigurationLoader* l = userdata;

        l->configuration = configuration_read_files(l->user_mode);
}

static int start_reading(ConfigurationLoader* l) {
        int r = worker_start(l->worker, read_files, l);

        if (r >= 0)
                l->step = LOADER_FILES;
        return r;
}

static void finish_refresh(ConfigurationLoader* l, bool changed) {
        configuration_refreshed_t refreshed = take_ptr(l->refreshed);
        int r = 0;

        l->stale = l->configuration = NULL;
        l->step = LOADER_IDLE;
        if (l->again) {
                l->again = false;
                r = start_reading(l);
        }
        if (r < 0)
                (void) log_error_errno(r, "Failed to start a thread to read the configuration: %m");
        refreshed(changed, l->userdata);
}

static void finish(ConfigurationLoader* l) {
        if (l->refreshed) {
                finish_refresh(l, true);
                return;
        }

        Configuration* c = take_ptr(l->configuration);

        l->step = LOADER_IDLE;
        if (l->again) {
                l->again = false;
                int r = start_reading(l);
                if (r >= 0) {
                        configuration_free(c);
                        return;
                }
                (void) log_error_errno(r, "Failed to start a thread to read the configuration again: %m");
        }
        l->callback(c, l->userdata);
}

/* ---- questions to the stem ---- */

static void next_step(ConfigurationLoader* l);
static bool ask(ConfigurationLoader* l);

static void take_answer(ConfigurationLoader* l, const char* output) {
        Configuration* c = l->configuration;

        if (l->step == LOADER_VERSION)
                c->version = zeek_version_parse(output);
        else if (l->step == LOADER_ZEEK_PATH)
                free_and_replace(c->zeek_path, xstrndup(output, strcspn(output, "\n")));
        else
                node_file_take_hosts(&c->node_file, output, &c->warnings);
}

static void lack_answer(ConfigurationLoader* l, const char* why) {
        Configuration* c = l->configuration;

        if (l->step == LOADER_HOSTS) {
                node_file_lack_hosts(&c->node_file, why);
                return;
        }
        log_warning("Failed to ask %s: %s", c->binary, why);
        *(l->step == LOADER_VERSION ? &c->version_unanswered : &c->zeek_path_unanswered) = true;
}

static int on_probed(sd_bus_message* reply, void* userdata, sd_bus_error* ret_error) {
        ConfigurationLoader* l = userdata;
        const char* output;

        l->probe = sd_bus_slot_unref(l->probe);
        /* That the stem died says nothing about zeek, and one of which nothing is known would be started differently. */
        if (stem_answer_is_lost(reply) && ask(l))
                return 0;
        if (sd_bus_message_is_method_error(reply, NULL))
                lack_answer(l, sd_bus_message_get_error(reply)->message);
        else if (sd_bus_message_read(reply, "s", &output) >= 0)
                take_answer(l, output);

        next_step(l);
        return 0;
}

static int probe(ConfigurationLoader* l, char* const* arguments, usec_t timeout) {
        static const char* const environment[] = { "PATH=/usr/sbin:/usr/bin:/sbin:/bin", NULL };
        _cleanup_(sd_bus_message_unrefp) sd_bus_message* call = NULL;
        const Account* account = &l->configuration->accounts[ROLE_WORKER];
        uint32_t uid = l->user_mode ? UINT32_MAX : account->uid; /* a user's stem changes none */
        uint32_t gid = l->user_mode ? UINT32_MAX : account->gid;
        int r;

        r = stem_client_new_call(l->stem, "Probe", &call);
        if (r >= 0)
                r = sd_bus_message_append_strv(call, (char**) arguments);
        if (r >= 0)
                r = sd_bus_message_append_strv(call, (char**) environment);
        if (r >= 0)
                r = sd_bus_message_append(call, "uut", uid, gid, (uint64_t) timeout);
        if (r >= 0)
                r = stem_client_send(l->stem, call, &l->probe, on_probed, l);
        return r;
}

static int probe_zeek(ConfigurationLoader* l, const char* program, const char* argument) {
        const char* const arguments[] = { program, argument, NULL };

        return probe(l, (char* const*) arguments, PROBE_TIMEOUT_USEC);
}

static int ask_zeek_path(ConfigurationLoader* l) {
        _cleanup_free_ char* zeek_config = xasprintf("%s/zeek-config", l->configuration->binary_directory);

        if (access(zeek_config, X_OK) < 0)
                return -errno;
        return probe_zeek(l, zeek_config, "--zeekpath");
}

static int ask_hosts(ConfigurationLoader* l) {
        _cleanup_strv_free_ char** arguments = NULL;

        strv_extend(&arguments, HOSTS_PROGRAM);
        strv_extend_strv(&arguments, node_file_hosts(&l->configuration->node_file));
        return probe(l, arguments, HOSTS_TIMEOUT_USEC);
}

/* The question of the step. True: the answer will come. */
static bool ask(ConfigurationLoader* l) {
        const char* problem = l->configuration->accounts[ROLE_WORKER].problem;
        int r;

        if (l->step == LOADER_HOSTS && problem) {
                lack_answer(l, problem);
                return false;
        }
        if (l->step == LOADER_VERSION)
                r = probe_zeek(l, l->configuration->binary, "--version");
        else
                r = l->step == LOADER_ZEEK_PATH ? ask_zeek_path(l) : ask_hosts(l);

        l->waits = r == -ENOTCONN;
        if (r < 0 && !l->waits && l->step == LOADER_HOSTS)
                lack_answer(l, strerror(-r));
        return r >= 0 || l->waits;
}

/* Is there anything to ask in this step? */
static bool step_applies(const ConfigurationLoader* l) {
        const Configuration* c = l->configuration;
        bool has_account = !c->accounts[ROLE_WORKER].problem;

        switch (l->step) {
        case LOADER_VERSION:
                return c->binary && has_account;
        case LOADER_ZEEK_PATH:
                return c->binary && has_account && !c->settings->zeek.script_path;
        case LOADER_HOSTS:
                return !l->refreshed && node_file_hosts(&c->node_file);
        default:
                return false;
        }
}

static void next_step(ConfigurationLoader* l) {
        while (l->step < LOADER_HOSTS) {
                l->step++;
                if (step_applies(l) && ask(l))
                        return;
        }
        finish(l);
}

static void look_at_binary(void* userdata) {
        ConfigurationLoader* l = userdata;

        ZeekBinaryStamp stamp = zeek_binary_stamp(l->binary);

        if (!zeek_binary_stamp_equal(&stamp, &l->stamp))
                l->binary_directory = zeek_binary_directory(l->binary);
        l->stamp = stamp;
}

static void on_binary_seen(ConfigurationLoader* l) {
        _cleanup_free_ char *binary = take_ptr(l->binary), *directory = take_ptr(l->binary_directory);
        Configuration* c = l->stale;

        if (zeek_binary_stamp_equal(&l->stamp, &c->stamp)) {
                finish_refresh(l, false);
                return;
        }
        log_info("%s is not the program that it was and is asked for its version", binary);
        c->stamp = l->stamp;
        free_and_replace(c->binary_directory, take_ptr(directory));
        l->configuration = c;
        l->step = LOADER_FILES;
        next_step(l);
}

static void on_worker_done(void* userdata) {
        ConfigurationLoader* l = userdata;

        if (l->step == LOADER_BINARY)
                on_binary_seen(l);
        else
                next_step(l);
}

/* ---- the loader ---- */

int configuration_loader_new(sd_event* event, StemClient* stem, bool user_mode, configuration_loaded_t callback,
                             void* userdata, ConfigurationLoader** ret) {
        ConfigurationLoader* l = xnew0(ConfigurationLoader);
        int r;

        *l = (ConfigurationLoader) {
                .stem = stem,
                .user_mode = user_mode,
                .callback = callback,
                .userdata = userdata,
        };
        r = worker_new(event, "configuration-read", on_worker_done, l, &l->worker);
        if (r < 0) {
                configuration_loader_free(l);
                return r;
        }

        *ret = l;
        return 0;
}

ConfigurationLoader* configuration_loader_free(ConfigurationLoader* l) {
        if (!l)
                return NULL;

        sd_bus_slot_unref(l->probe);
        if (!worker_free(l->worker))
                return NULL; /* all this is its own now */
        if (!l->refreshed)
                configuration_free(l->configuration);
        free(l->binary);
        free(l->binary_directory);
        free(l);
        return NULL;
}

int configuration_loader_start(ConfigurationLoader* l) {
        if (l->step != LOADER_IDLE) {
                l->again = true;
                return 0;
        }
        return start_reading(l);
}

int configuration_loader_refresh(ConfigurationLoader* l, Configuration* c, configuration_refreshed_t refreshed) {
        int r;

        if (l->step != LOADER_IDLE)
                return -EBUSY;
        free_and_replace(l->binary, xstrdup(c->binary));
        l->stamp = c->stamp;
        r = worker_start(l->worker, look_at_binary, l);
        if (r < 0)
                return r;
        l->step = LOADER_BINARY;
        l->stale = c;
        l->refreshed = refreshed;
        return 0;
}

void configuration_loader_poll(ConfigurationLoader* l) {
        worker_poll(l->worker);
}

bool configuration_loader_resume(ConfigurationLoader* l) {
        if (l->waits && !ask(l))
                next_step(l);
        return l->step != LOADER_IDLE;
}
