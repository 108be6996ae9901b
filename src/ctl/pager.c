/* SPDX-License-Identifier: BSD-3-Clause */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-login.h>
#include <unistd.h>

#include "ctl/child.h"
#include "ctl/pager.h"
#include "util/fd.h"
#include "util/parse.h"

/* Quit at once what fits on the screen, keep colours, chop long lines, say nothing of lines that are not there. */
#define LESS_OPTIONS "FRSXMK"

PagerChoice pager_choose(const char* systemd_pager, const char* pager, const char* pager_secure, bool rights_differ) {
        const char* command = systemd_pager ? systemd_pager : pager;
        bool wanted;

        if (command && (command[0] == '\0' || strcmp(command, "cat") == 0))
                return (PagerChoice) { "", false };
        /* who says that it is not needed takes it upon himself; else only less has a mode for it */
        if (pager_secure && parse_bool(pager_secure, &wanted) >= 0 && !wanted)
                return (PagerChoice) { command, false };
        if (rights_differ || pager_secure)
                return (PagerChoice) { NULL, true };
        return (PagerChoice) { command, false };
}

static bool rights_differ(void) {
        uid_t owner;

        /* of no session: as in systemd, who can tell */
        if (sd_pid_get_owner_uid(0, &owner) < 0)
                return geteuid() != getuid() || geteuid() == 0;
        return owner != geteuid();
}

/* Without a pager there is nothing between. */
static _noreturn_ void copy(void) {
        char buffer[4096];
        ssize_t n;

        while ((n = read(STDIN_FILENO, buffer, sizeof(buffer))) > 0)
                if (fd_write_all(STDOUT_FILENO, buffer, (size_t) n) < 0)
                        break;
        _exit(0);
}

static _noreturn_ void run(const PagerChoice* choice) {
        const char *options = getenv("SYSTEMD_LESS"), *charset = getenv("SYSTEMD_LESSCHARSET");

        (void) setenv("LESS", options ? options : LESS_OPTIONS, 1);
        (void) setenv("LESSCHARSET", charset ? charset : "utf-8", 1);
        if (choice->secure) {
                (void) setenv("LESSSECURE", "1", 1);
                (void) unsetenv("LESSOPEN");
                (void) unsetenv("LESSCLOSE");
        }
        if (choice->command)
                (void) execl("/bin/sh", "sh", "-c", choice->command, NULL);
        (void) execlp("less", "less", NULL);
        if (!choice->secure)
                (void) execlp("more", "more", NULL);
        copy();
}

pid_t pager_open(void) {
        PagerChoice choice = pager_choose(getenv("SYSTEMD_PAGER"), getenv("PAGER"), getenv("SYSTEMD_PAGERSECURE"),
                                          rights_differ());
        pid_t pager;
        int fds[2];

        if (choice.command && choice.command[0] == '\0')
                return 0;
        if (pipe2(fds, O_CLOEXEC) < 0)
                return 0;
        pager = child_fork();
        if (pager == 0) {
                (void) dup2(fds[0], STDIN_FILENO);
                fd_close(fds[0]);
                fd_close(fds[1]);
                run(&choice);
        }
        if (pager > 0)
                (void) dup2(fds[1], STDOUT_FILENO);
        fd_close(fds[0]);
        fd_close(fds[1]);
        return pager < 0 ? 0 : pager;
}

void pager_close(pid_t pager) {
        if (pager == 0)
                return;

        /* what the user sees of Ctrl-C now is up to the pager */
        (void) signal(SIGINT, SIG_IGN);
        (void) fclose(stdout);
        (void) child_wait(pager);
}
