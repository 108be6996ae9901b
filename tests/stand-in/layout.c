/* SPDX-License-Identifier: BSD-3-Clause */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "stand-in/layout.h"
#include "stand-in/lexer.h"
#include "stand-in/reporter.h"
#include "util/alloc.h"
#include "util/parse.h"

typedef enum FieldType {
        FIELD_NODE_TYPE,
        FIELD_ADDRESS,
        FIELD_PORT,
        FIELD_STRING,
        FIELD_STRING_SET,
} FieldType;

/* A member of Cluster::Node, the series that have it, and those that cannot do without it. */
typedef struct Field {
        const char* name;
        FieldType type;
        size_t offset;
        unsigned since, until;
        unsigned mandatory_until;
} Field;

#define NOWHERE SIZE_MAX
#define NEVER ZEEK_SERIES_ANY
#define ALWAYS ZEEK_SERIES_NONE

static const Field fields[] = {
        { "node_type", FIELD_NODE_TYPE, offsetof(LayoutNode, node_type), ZEEK_SERIES_ANY, ZEEK_SERIES_NONE,
          ALWAYS },
        { "ip", FIELD_ADDRESS, offsetof(LayoutNode, ip), ZEEK_SERIES_ANY, ZEEK_SERIES_NONE, ALWAYS },
        { "zone_id", FIELD_STRING, offsetof(LayoutNode, zone_id), ZEEK_SERIES_ANY, ZEEK_SERIES_NONE, NEVER },
        { "p", FIELD_PORT, offsetof(LayoutNode, p), ZEEK_SERIES_ANY, ZEEK_SERIES_NONE, ZEEK_SERIES(4, 0) },
        { "interface", FIELD_STRING, offsetof(LayoutNode, interface), ZEEK_SERIES_ANY, ZEEK_SERIES(7, 1),
          NEVER },
        { "manager", FIELD_STRING, offsetof(LayoutNode, manager), ZEEK_SERIES_ANY, ZEEK_SERIES_NONE, NEVER },
        { "time_machine", FIELD_STRING, NOWHERE, ZEEK_SERIES_ANY, ZEEK_SERIES(7, 1), NEVER },
        { "workers", FIELD_STRING_SET, NOWHERE, ZEEK_SERIES_ANY, ZEEK_SERIES(3, 0), NEVER },
        { "id", FIELD_STRING, NOWHERE, ZEEK_SERIES_ANY, ZEEK_SERIES_NONE, NEVER },
        { "metrics_port", FIELD_PORT, offsetof(LayoutNode, metrics_port), ZEEK_SERIES(7, 0),
          ZEEK_SERIES_NONE, NEVER },
};

static const struct {
        const char* name;
        unsigned until;
} node_types[] = {
        { "NONE", ZEEK_SERIES_NONE },    { "CONTROL", ZEEK_SERIES_NONE }, { "LOGGER", ZEEK_SERIES_NONE },
        { "MANAGER", ZEEK_SERIES_NONE }, { "PROXY", ZEEK_SERIES_NONE },   { "WORKER", ZEEK_SERIES_NONE },
        { "TIME_MACHINE", ZEEK_SERIES(7, 1) },
};

typedef struct Parser {
        Lexer lexer;
        Token token; /* the one that is looked at */
        const char* file;
        const Version* version;
        Layout layout;
} Parser;

static void advance(Parser* parser) {
        parser->token = lexer_next(&parser->lexer);
}

static Location here(const Parser* parser) {
        return (Location) { .file = parser->file, .line = parser->token.line };
}

static int syntax_error(const Parser* parser) {
        _cleanup_free_ char* text = token_describe(&parser->token);
        Location where = here(parser);

        if (parser->token.type == TOKEN_END)
                return report_error(&where, "syntax error, at end of file %s", parser->file);
        return report_error(&where, "syntax error, at or near \"%s\"", text);
}

static int expect(Parser* parser, const char* text) {
        if (!token_is(&parser->token, text))
                return syntax_error(parser);
        advance(parser);
        return 0;
}

static int parse_string(Parser* parser, char** ret) {
        Location where = here(parser);
        char* value;

        if (parser->token.type != TOKEN_STRING)
                return syntax_error(parser);
        if (token_unquote(&parser->token, &value) < 0)
                return report_error(&where, "bad escape sequence in string constant");
        advance(parser);
        *ret = value;
        return 0;
}

static int parse_node_type(Parser* parser, char** ret) {
        static const char prefix[] = "Cluster::";
        _cleanup_free_ char* word = NULL;
        Location where = here(parser);

        if (parser->token.type != TOKEN_IDENTIFIER)
                return syntax_error(parser);
        word = token_copy(&parser->token);
        if (strncmp(word, prefix, strlen(prefix)) == 0)
                for (size_t i = 0; i < ELEMENTSOF(node_types); i++)
                        if (strcmp(word + strlen(prefix), node_types[i].name) == 0 &&
                            version_has(parser->version, ZEEK_SERIES_ANY, node_types[i].until)) {
                                advance(parser);
                                *ret = xstrdup(node_types[i].name);
                                return 0;
                        }
        return report_error(&where, "unknown identifier %s, at or near \"%s\"", word, word);
}

static int parse_address(Parser* parser, char** ret) {
        _cleanup_free_ char* text = token_copy(&parser->token);
        struct in6_addr binary;

        if (parser->token.type == TOKEN_ADDRESS) {
                /* the lexer has seen to the address in the brackets, but there may be a /prefix behind */
                char* bracket = strchr(text, ']');

                if (bracket[1])
                        return syntax_error(parser);
                *bracket = 0;
                *ret = xstrdup(text + 1);
        } else if (parser->token.type == TOKEN_NUMBER && inet_pton(AF_INET, text, &binary) == 1)
                *ret = take_ptr(text);
        else
                return syntax_error(parser);
        advance(parser);
        return 0;
}

static int parse_port(Parser* parser, uint16_t* ret) {
        _cleanup_free_ char* text = token_copy(&parser->token);
        char* slash = strchr(text, '/');
        Location where = here(parser);
        uint64_t number;

        if (parser->token.type != TOKEN_NUMBER || !slash)
                return syntax_error(parser);
        *slash = 0;
        if (parse_u64(text, &number) < 0)
                return syntax_error(parser);
        if (number > UINT16_MAX)
                return report_error(&where, "bad port number - %s", text);
        advance(parser);
        *ret = (uint16_t) number;
        return 0;
}

/* set("a", "b"): checked and forgotten. */
static int parse_string_set(Parser* parser) {
        int r = expect(parser, "set");

        if (r >= 0)
                r = expect(parser, "(");
        while (r >= 0 && !token_is(&parser->token, ")")) {
                _cleanup_free_ char* member = NULL;

                r = parse_string(parser, &member);
                if (r >= 0 && !token_is(&parser->token, ")"))
                        r = expect(parser, ",");
        }
        return r < 0 ? r : expect(parser, ")");
}

static int parse_value(Parser* parser, const Field* field, LayoutNode* node) {
        void* place = field->offset == NOWHERE ? NULL : (char*) node + field->offset;
        _cleanup_free_ char* text = NULL;
        int r;

        switch (field->type) {
        case FIELD_PORT:
                return parse_port(parser, place);
        case FIELD_STRING_SET:
                return parse_string_set(parser);
        case FIELD_NODE_TYPE:
                r = parse_node_type(parser, &text);
                break;
        case FIELD_ADDRESS:
                r = parse_address(parser, &text);
                break;
        default:
                r = parse_string(parser, &text);
                break;
        }
        if (r >= 0 && place)
                *(char**) place = take_ptr(text);
        return r;
}

/* One "$field=value"; *seen has a bit for each field that the record had already. */
static int parse_field(Parser* parser, LayoutNode* node, unsigned* seen) {
        _cleanup_free_ char* name = NULL;
        Location where;
        int r;

        r = expect(parser, "$");
        if (r < 0)
                return r;
        if (parser->token.type != TOKEN_IDENTIFIER)
                return syntax_error(parser);
        name = token_copy(&parser->token);
        where = here(parser);
        advance(parser);

        for (size_t i = 0; i < ELEMENTSOF(fields); i++) {
                if (strcmp(name, fields[i].name) != 0 ||
                    !version_has(parser->version, fields[i].since, fields[i].until))
                        continue;
                if (*seen & 1U << i)
                        return report_error(&where, "duplicate field in record constructor ($%s)", name);
                *seen |= 1U << i;
                r = expect(parser, "=");
                return r < 0 ? r : parse_value(parser, &fields[i], node);
        }
        return report_error(&where, "type mismatch: Cluster::Node has no field $%s in Zeek %s", name,
                            version_is_known(parser->version) ? parser->version->text :
                                                                "of an unknown version");
}

static int check_mandatory(const Parser* parser, const Location* where, unsigned seen) {
        for (size_t i = 0; i < ELEMENTSOF(fields); i++) {
                unsigned series = version_is_known(parser->version) ?
                                  ZEEK_SERIES(parser->version->major, parser->version->minor) :
                                  ZEEK_SERIES_NONE - 1;

                if (series < fields[i].mandatory_until && !(seen & 1U << i))
                        return report_error(where, "non-optional field \"%s\" missing in initialization",
                                            fields[i].name);
        }
        return 0;
}

static void node_done(LayoutNode* node) {
        free(node->name);
        free(node->node_type);
        free(node->ip);
        free(node->manager);
        free(node->interface);
        free(node->zone_id);
}

static int parse_record(Parser* parser, LayoutNode* node) {
        Location where = here(parser);
        unsigned seen = 0;
        int r;

        r = expect(parser, "[");
        while (r >= 0) {
                r = parse_field(parser, node, &seen);
                if (r < 0)
                        return r;
                if (token_is(&parser->token, "]"))
                        break;
                r = expect(parser, ",");
        }
        if (r >= 0)
                r = expect(parser, "]");
        return r < 0 ? r : check_mandatory(parser, &where, seen);
}

/* One "["name"] = [ … ]". */
static int parse_node(Parser* parser, LayoutNode* node) {
        Location where = here(parser);
        int r;

        r = expect(parser, "[");
        if (r >= 0)
                r = parse_string(parser, &node->name);
        if (r >= 0)
                r = expect(parser, "]");
        if (r < 0)
                return r;
        if (layout_find(&parser->layout, node->name))
                return report_error(&where, "multiple initializations for index (%s)", node->name);
        r = expect(parser, "=");
        return r < 0 ? r : parse_record(parser, node);
}

static int parse_nodes(Parser* parser) {
        int r;

        r = token_is(&parser->token, "+=") ? expect(parser, "+=") : expect(parser, "=");
        if (r >= 0)
                r = expect(parser, "{");
        while (r >= 0 && !token_is(&parser->token, "}")) {
                Location where = here(parser);
                LayoutNode node = {};

                if (parser->layout.n >= LAYOUT_NODES_MAX)
                        return report_error(&where, "more than %d nodes", LAYOUT_NODES_MAX);
                r = parse_node(parser, &node);
                if (r < 0) {
                        node_done(&node);
                        return r;
                }
                GROW(parser->layout.nodes, parser->layout.n, parser->layout.allocated);
                parser->layout.nodes[parser->layout.n++] = node;
                if (!token_is(&parser->token, "}"))
                        r = expect(parser, ",");
        }
        return r < 0 ? r : expect(parser, "}");
}

static int parse_manager_is_logger(Parser* parser) {
        int r = expect(parser, "=");

        if (r < 0)
                return r;
        if (!token_is(&parser->token, "T") && !token_is(&parser->token, "F"))
                return syntax_error(parser);
        parser->layout.manager_is_logger = token_is(&parser->token, "T");
        advance(parser);
        return 0;
}

static int parse_statement(Parser* parser) {
        int r = expect(parser, "redef");

        if (r < 0)
                return r;
        if (token_is(&parser->token, "Cluster::nodes")) {
                advance(parser);
                r = parse_nodes(parser);
        } else if (token_is(&parser->token, "Cluster::manager_is_logger")) {
                advance(parser);
                r = parse_manager_is_logger(parser);
        } else
                return syntax_error(parser);
        return r < 0 ? r : expect(parser, ";");
}

int layout_parse(Layout* ret, const char* file, const char* text, size_t size, const Version* version) {
        Parser parser = { .file = file, .version = version, .layout.manager_is_logger = true };
        int r = 0;

        lexer_init(&parser.lexer, text, size);
        advance(&parser);
        while (r >= 0 && parser.token.type != TOKEN_END)
                r = parse_statement(&parser);
        if (r < 0) {
                layout_done(&parser.layout);
                return r;
        }

        *ret = parser.layout;
        return 0;
}

void layout_done(Layout* layout) {
        for (size_t i = 0; i < layout->n; i++)
                node_done(&layout->nodes[i]);
        free(layout->nodes);
        *layout = (Layout) {};
}

const LayoutNode* layout_find(const Layout* layout, const char* name) {
        for (size_t i = 0; i < layout->n; i++)
                if (strcmp(layout->nodes[i].name, name) == 0)
                        return &layout->nodes[i];
        return NULL;
}

size_t layout_count(const Layout* layout, const char* node_type) {
        size_t n = 0;

        for (size_t i = 0; i < layout->n; i++)
                n += strcmp(layout->nodes[i].node_type, node_type) == 0;
        return n;
}

bool layout_is_logger(const Layout* layout, const LayoutNode* node) {
        return strcmp(node->node_type, "LOGGER") == 0 ||
               (layout->manager_is_logger && strcmp(node->node_type, "MANAGER") == 0);
}
