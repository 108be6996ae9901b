/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "core/node-name.h"
#include "ctl/child.h"
#include "ctl/ctl.h"
#include "ctl/failure.h"
#include "ctl/journal.h"
#include "ctl/json.h"
#include "ctl/look.h"
#include "ctl/nodes.h"
#include "ctl/selection.h"
#include "ctl/ssh.h"

/* The names that were given, as they are: the journal remembers nodes that are long gone. Only what is to be matched is
 * matched with those that there are. *ret stays NULL for all. */
static Outcome choose(Ctl* ctl, char** arguments, char*** ret) {
        const Options* o = &ctl->options;
        bool ask = o->roles != 0 || o->states != 0;
        json_auto_t* nodes = NULL;
        Outcome outcome;
        json_t* status;
        size_t i;

        STRV_FOREACH(argument, arguments) {
                _cleanup_free_ char* why = name_is_glob(*argument) ? NULL : node_name_check(*argument);

                if (why) {
                        ctl_say("There can be no node '%s': %s", *argument, why);
                        return OUTCOME_NO_SUCH;
                }
                ask = ask || name_is_glob(*argument);
        }
        if (!ask) {
                strv_extend_strv(ret, arguments);
                return OUTCOME_DONE;
        }
        outcome = nodes_select(ctl, arguments, &nodes);
        json_array_foreach(nodes, i, status)
                strv_extend(ret, status_text(status, "name"));
        if (outcome == OUTCOME_DONE && !*ret) {
                ctl_say("No node matches");
                return OUTCOME_NO_SUCH;
        }
        return outcome;
}

static void run(char** command) {
        (void) execvp(command[0], command);
        ctl_say("Failed to run %s: %s", command[0], strerror(errno));
}

/* journalctl has no --host. As a child, for what a failure of ssh itself means here, only we know. */
static Outcome run_there(Ctl* ctl, char** command) {
        bool terminal = ctl->terminal.is_terminal && isatty(STDIN_FILENO);
        _cleanup_strv_free_ char** ssh = ssh_command(ctl->options.host, terminal, command);
        _cleanup_free_ char* advice = NULL;
        pid_t child = child_fork();
        int status;

        if (child == 0) {
                run(ssh);
                _exit(OUTCOME_FAILED);
        }
        if (child < 0) {
                ctl_say("Failed to run ssh: %s", strerror(errno));
                return OUTCOME_FAILED;
        }
        status = child_wait(child);
        if (status != SSH_FAILED)
                return status == 0 ? OUTCOME_DONE : OUTCOME_FAILED;

        advice = failure_to_connect(-ENOTCONN, &ctl->options);
        ctl_say("%s", advice);
        return OUTCOME_UNREACHABLE;
}

Outcome verb_log(Ctl* ctl, char** arguments) {
        _cleanup_strv_free_ char **names = NULL, **command = NULL;
        _cleanup_free_ char* why = NULL;
        JournalScope scope;
        Outcome outcome;

        if (journal_scope(&ctl->options, &scope, &why) < 0) {
                ctl_say("%s", why);
                return OUTCOME_FAILED;
        }
        outcome = choose(ctl, arguments, &names);
        if (outcome != OUTCOME_DONE)
                return outcome;

        command = journal_command(&ctl->options, &scope, names);
        fflush(stdout);
        if (ctl->options.transport == TRANSPORT_REMOTE)
                return run_there(ctl, command);
        run(command);
        return OUTCOME_FAILED;
}
