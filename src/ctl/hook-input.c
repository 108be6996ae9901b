/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "config/hook-file.h"
#include "config/ini.h"
#include "ctl/ctl.h"
#include "ctl/hook-input.h"
#include "ctl/input.h"

/* The name that the file would have in hooks.d; NULL: it is no name of a hook file. */
static char* name_of_file(const char* path) {
        const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
        size_t length = strlen(base), suffix = strlen(HOOK_FILE_SUFFIX);

        if (length <= suffix || strcmp(base + length - suffix, HOOK_FILE_SUFFIX) != 0)
                return NULL;
        return xstrndup(base, length - suffix);
}

/* The assignments as the file that they could be. */
static char* make_text(char* const* assignments) {
        _cleanup_strv_free_ char** lines = NULL;

        strv_extend(&lines, "[Hook]");
        STRV_FOREACH(assignment, assignments) {
                if (!strchr(*assignment, '=') || strchr(*assignment, '\n') || (*assignment)[0] == '[') {
                        ctl_say("'%s' is not KEY=VALUE on one line", *assignment);
                        return NULL;
                }
                strv_extend(&lines, *assignment);
        }
        strv_extend(&lines, "");
        return strv_join(lines, "\n");
}

static Hook* parse(const char* name, const char* file, const char* text, size_t size) {
        _cleanup_diagnostics_ Diagnostics d = {};
        _cleanup_hook_ Hook* hook = NULL;
        _cleanup_free_ char* why = hook_name_check(name);

        if (why) {
                ctl_say("%s: the name of the hook %s", file, why);
                return NULL;
        }
        if (size > INI_FILE_MAX) {
                ctl_say("%s: larger than the %u bytes that the file of a hook may have", file, INI_FILE_MAX);
                return NULL;
        }
        hook = hook_parse(name, HOOK_SOURCE_RUNTIME, file, text, size, &d);
        for (size_t i = 0; i < d.n; i++) {
                _cleanup_free_ char* line = diagnostic_to_string(&d.items[i]);

                ctl_say("%s", line);
        }
        if (!hook && d.n == 0)
                ctl_say("%s: there is no hook in it", file);
        return d.n > 0 ? NULL : take_ptr(hook);
}

Hook* hook_input_read(char* const* arguments) {
        _cleanup_free_ char *text = NULL, *name = NULL;
        size_t size;

        if (arguments[1]) {
                text = make_text(arguments + 1);
                return text ? parse(arguments[0], "(command line)", text, strlen(text)) : NULL;
        }

        name = name_of_file(arguments[0]);
        if (!name) {
                ctl_say("'%s' is neither FILE" HOOK_FILE_SUFFIX " nor a name that KEY=VALUE follows", arguments[0]);
                return NULL;
        }
        if (input_read(arguments[0], &text, &size) < 0)
                return NULL;
        return parse(name, arguments[0], text, size);
}
