/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* The syntax of configuration files, which is that of systemd's (systemd.syntax(7)):
 *
 *   [Section]              repeated sections and keys are given one after the other, in the order of the file
 *   Key=value              blanks around both are dropped; nothing else in a value has a meaning here
 *   # ; comment            whole lines only; also between the lines of a continued one
 *   Key=one \              a backslash at the end of a line stands for a blank, and the next line goes on
 *
 * and that of Python's configparser, which node.cfg has. There
 *
 *   [Section] comment      what stands behind the bracket does not count
 *   Key: value             may stand for Key=value
 *   Key=one                a line that begins further to the right than the one with the key goes on with the value,
 *       two                also behind comments and empty lines
 *
 * Why a parser of our own: libini_config (SSSD's ding-libs), the one strict library in Debian 12, was tried. It
 * gives up the whole file for one line without '=', merges sections of the same name so that the order of their
 * keys is lost, takes "a" and "A" for one key, knows neither continued lines nor indented comments, refuses a file
 * with a byte that is not UTF-8 without saying where, and needs 13 s for 60,000 keys. This one is fuzzed with
 * fuzz-settings and fuzz-hook-file.
 *
 * It is a pull parser: the caller asks for one item after the other. Nothing is allocated for an item, a line
 * that is wrong is an item of its own, and the parser goes on behind it. */

#include <stdbool.h>
#include <stddef.h>

#include "util/macro.h"

#define INI_FILE_MAX (1024U * 1024U)

typedef enum IniSyntax {
        INI_SYNTAX_SYSTEMD,
        INI_SYNTAX_PYTHON,
} IniSyntax;

typedef enum IniKind {
        INI_SECTION,    /* section */
        INI_ASSIGNMENT, /* section, key, value */
        INI_PROBLEM,    /* problem, what_is_lost */
} IniKind;

/* All strings live until the next call of ini_reader_next(). They are UTF-8 without control characters but tabs. */
typedef struct IniItem {
        IniKind kind;
        unsigned line;   /* where the item begins */
        unsigned column; /* where an assignment's value begins, in bytes from 1; 0 if that is on a continued line */
        const char* section;
        const char* key;
        const char* value; /* "" for an empty one */
        bool is_continued; /* the value is from several lines */
        const char* problem;
        const char* what_is_lost; /* by the problem, if the file is read all the same: "line" */
} IniItem;

typedef struct IniReader {
        IniSyntax syntax;
        char* text;
        char* next;
        char* end;
        unsigned line;
        char* section;
        bool section_is_bad; /* what follows a broken header belongs nowhere, and was already complained about */
} IniReader;

/* Reads the file. 0, -ENOENT, -EFBIG, -EBADFD (no regular file), or another -errno; nothing to release on failure. */
int ini_reader_open(IniReader* reader, const char* path);
/* The same for text in memory, of which a copy is taken. 0 or -EFBIG. */
int ini_reader_init(IniReader* reader, IniSyntax syntax, const char* text, size_t size);
void ini_reader_done(IniReader* reader);
#define _cleanup_ini_reader_ _cleanup_(ini_reader_done)

/* The next item, or false at the end. */
bool ini_reader_next(IniReader* reader, IniItem* ret);
