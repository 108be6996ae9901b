/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "child/child-order.h"
#include "child/limits.h"
#include "util/fd.h"
#include "util/strv.h"

static_assert(CHILD_ORDER_SIZE >
                      sizeof(ChildOrder) +
                              2 * (ORDER_STRINGS_SIZE_MAX + (ORDER_ARGUMENTS_MAX + ORDER_ENVIRONMENT_MAX) * 2 * sizeof(max_align_t)) +
                              ORDER_GROUPS_MAX * sizeof(gid_t) + ORDER_CPU_MASK_MAX + 5 * PATH_MAX +
                              2 * BPF_MAXINSNS * sizeof(struct sock_filter),
              "there is room for every order");

/* What is in the file. Its pointers are those of whoever wrote it, and are moved by whoever reads it. */
typedef struct Letter {
        ChildOrder told;
        ChildFilter filter;
        const struct Letter* written_at;
        size_t used; /* bytes of the space, for what those above point to */
        _Alignas(max_align_t) char space[];
} Letter;

#define SPACE (CHILD_ORDER_SIZE - sizeof(Letter))
#define KEPT_SIZE (64U * 1024U)

int child_order_new(void) {
        int fd = memfd_create("zeek-stem-order", MFD_CLOEXEC);

        return fd < 0 ? -errno : fd;
}

/* ---- whoever writes ---- */

/* NULL: no room. */
static void* reserve(Letter* letter, size_t size) {
        size_t begin = (letter->used + _Alignof(max_align_t) - 1) & ~(_Alignof(max_align_t) - 1);

        if (size > SPACE || begin > SPACE - size)
                return NULL;
        letter->used = begin + size;
        return letter->space + begin;
}

/* Replaces what *p points to by a copy of it. */
static int copy_data(Letter* letter, void** p, size_t size) {
        void* copy;

        if (!*p)
                return 0;
        copy = reserve(letter, size);
        if (!copy)
                return -E2BIG;
        memcpy(copy, *p, size);
        *p = copy;
        return 0;
}

static int copy_string(Letter* letter, char** s) {
        return *s ? copy_data(letter, (void**) s, strlen(*s) + 1) : 0;
}

static int copy_strv(Letter* letter, char*** v) {
        int r = copy_data(letter, (void**) v, (strv_length(*v) + 1) * sizeof(char*));

        for (char** s = *v; r >= 0 && s && *s; s++)
                r = copy_string(letter, s);
        return r;
}

static int copy_order(Letter* letter, LaunchOrder* order) {
        int r = copy_strv(letter, &order->arguments);

        if (r >= 0)
                r = copy_strv(letter, &order->environment);

        char** const strings[] = { &order->name, &order->working_directory, &order->output_file, &order->error_file,
                                   &order->status_file };
        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(strings); i++)
                r = copy_string(letter, strings[i]);

        if (r >= 0)
                r = copy_data(letter, (void**) &order->groups, order->n_groups * sizeof(gid_t));
        return r < 0 ? r : copy_data(letter, (void**) &order->cpu_mask, order->cpu_mask_size);
}

static int copy_program(Letter* letter, struct sock_fprog* program) {
        return copy_data(letter, (void**) &program->filter, program->len * sizeof(struct sock_filter));
}

static int copy_filter(Letter* letter, const ChildFilter* filter) {
        int r;

        letter->filter = *filter;
        letter->told.setup.filter = &letter->filter;
        r = copy_program(letter, &letter->filter.asking);
        return r < 0 ? r : copy_program(letter, &letter->filter.silent);
}

static int compose(Letter* letter, const LaunchOrder* order, const ChildSetup* setup) {
        LaunchOrder* copy = &letter->told.order;
        int r;

        letter->written_at = letter;
        letter->used = 0;
        letter->told.setup = *setup;
        *copy = *order;
        /* what is the parent's alone */
        copy->scope = copy->slice_group = NULL;
        copy->message = NULL;
        copy->input_fd = -EBADF;
        copy->syscalls = (SyscallOrder) {};
        for (size_t i = 0; i < copy->n_limits; i++)
                copy->limits[i].name = NULL;

        r = copy_order(letter, copy);
        return r < 0 || !setup->filter ? r : copy_filter(letter, setup->filter);
}

int child_order_write(int fd, const LaunchOrder* order, const ChildSetup* setup) {
        static _Alignas(4096) char memory[CHILD_ORDER_SIZE]; /* only what was written to is there */
        Letter* letter = (Letter*) memory;
        size_t size;
        int r = compose(letter, order, setup);

        size = sizeof(Letter) + letter->used;
        if (r >= 0)
                r = fd_write_all(fd, letter, size);
        if (size > KEPT_SIZE)
                (void) madvise(memory, sizeof memory, MADV_DONTNEED);
        return r;
}

/* ---- whoever reads ---- */

/* Makes *p point to where it is here. */
static void move_pointer(const Letter* letter, void* p) {
        char* there;

        memcpy(&there, p, sizeof there);
        if (!there)
                return;
        there = (char*) letter + (there - (const char*) letter->written_at);
        memcpy(p, &there, sizeof there);
}

static void move_strv(const Letter* letter, char*** v) {
        move_pointer(letter, v);
        for (char** s = *v; s && *s; s++)
                move_pointer(letter, s);
}

static void move_order(const Letter* letter, LaunchOrder* order) {
        move_strv(letter, &order->arguments);
        move_strv(letter, &order->environment);
        move_pointer(letter, &order->name);
        move_pointer(letter, &order->working_directory);
        move_pointer(letter, &order->output_file);
        move_pointer(letter, &order->error_file);
        move_pointer(letter, &order->status_file);
        move_pointer(letter, &order->groups);
        move_pointer(letter, &order->cpu_mask);
}

const ChildOrder* child_order_read(int fd) {
        off_t size = lseek(fd, 0, SEEK_END);
        Letter* letter = size < (off_t) sizeof(Letter)
                                 ? MAP_FAILED
                                 : mmap(NULL, (size_t) size, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);

        if (letter == MAP_FAILED)
                return NULL;
        move_order(letter, &letter->told.order);
        move_pointer(letter, &letter->told.setup.filter);
        move_pointer(letter, &letter->filter.asking.filter);
        move_pointer(letter, &letter->filter.silent.filter);
        return &letter->told;
}
