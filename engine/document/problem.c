#include "document/problem.h"

/* A row explains `problem` where its further conditions hold; the first that fits is taken. */
struct explanation {
    const char *problem; /* libyaml's words */
    const char *context; /* libyaml's, or NULL: any */
    char at;             /* the byte at the problem's place, or 0: any */
    const char *message, *cure;
};

#define QUOTE_IT "put the text in quotes"
#define NO_TABS  "indent with spaces"

/* clang-format off */
static const struct explanation explanations[] = {
    {"found character that cannot start any token", NULL, '\t',
     "a tab is used for indentation", NO_TABS},
    {"found character that cannot start any token", NULL, '@',
     "text cannot begin with '@'", QUOTE_IT},
    {"found character that cannot start any token", NULL, '`',
     "text cannot begin with '`'", QUOTE_IT},
    {"found character that cannot start any token", NULL, '%',
     "text cannot begin with '%'", QUOTE_IT},
    {"found a tab character that violates indentation", NULL, 0,
     "a tab is used for indentation", NO_TABS},
    {"found a tab character where an indentation space is expected", NULL, 0,
     "a tab is used for indentation", NO_TABS},
    {"did not find expected key", NULL, 0,
     "expected a key here", "keys of one mapping have the same indentation; each is followed by ':'"},
    {"did not find expected '-' indicator", NULL, 0,
     "expected a list item here", "items of one list have the same indentation; each begins with '-'"},
    {"could not find expected ':'", NULL, 0,
     "expected ':' behind a key", "a key and ': ' stand before a value; longer text needs '|' or quotes"},
    {"mapping values are not allowed in this context", NULL, 0,
     "a ':' cannot stand here", "put text that contains ': ' in quotes, or check the indentation"},
    {"mapping keys are not allowed in this context", NULL, 0,
     "a key cannot stand here", "put text that begins with '?' in quotes"},
    {"block sequence entries are not allowed in this context", NULL, 0,
     "a list item cannot stand here", "begin the list on a line of its own"},
    {"found unexpected end of stream", "while scanning a quoted scalar", 0,
     "the closing quote is missing", NULL},
    {"found unexpected document indicator", "while scanning a quoted scalar", 0,
     "the closing quote is missing", NULL},
    {"found unknown escape character", NULL, 0,
     "unknown escape behind '\\'", "write '\\\\' for a backslash, or use single quotes"},
    {"did not find expected hexdecimal number", NULL, 0,
     "expected hexadecimal digits in this escape", NULL},
    {"found invalid Unicode character escape code", NULL, 0,
     "this escape is no Unicode character", NULL},
    {"did not find expected ',' or ']'", NULL, 0,
     "expected ',' or ']' here", NULL},
    {"did not find expected ',' or '}'", NULL, 0,
     "expected ',' or '}' here", "put text that begins with '{' in quotes"},
    {"did not find expected node content", NULL, 0,
     "expected a value here", NULL},
    {"did not find expected <document start>", NULL, 0,
     "the document ends before this", "check the indentation, and that a ':' follows each key"},
    {"did not find expected alphabetic or numeric character", "while scanning an alias", 0,
     "'*' begins an alias: only letters, digits, '-' and '_' may follow", "put text that begins with '*' in quotes"},
    {"did not find expected alphabetic or numeric character", "while scanning an anchor", 0,
     "'&' begins an anchor: only letters, digits, '-' and '_' may follow", "put text that begins with '&' in quotes"},
    {"found undefined tag handle", NULL, 0,
     "tags are not part of the language", "put text that begins with '!' in quotes"},
    {"did not find expected comment or line break", "while scanning a block scalar", 0,
     "nothing may follow '|' or '>' on its line", "begin the text on the next line"},
    {"found an indentation indicator equal to 0", NULL, 0,
     "the indentation behind '|' or '>' is at least 1", NULL},
    {"found incompatible YAML document", NULL, 0,
     "this YAML version is not supported", "remove the %YAML line"},
};
/* clang-format on */

static const struct {
    const char *context, *note;
} contexts[] = {
    {"while parsing a block mapping", "the mapping begins here"},
    {"while parsing a flow mapping", "the mapping begins here"},
    {"while parsing a block collection", "the list begins here"},
    {"while parsing a flow sequence", "the list begins here"},
    {"while scanning a quoted scalar", "the quoted text begins here"},
    {"while parsing a quoted scalar", "the quoted text begins here"},
    {"while scanning an alias", "the alias begins here"},
    {"while scanning an anchor", "the anchor begins here"},
    {"while scanning a simple key", "the key begins here"},
    {"while scanning a plain scalar", "the text begins here"},
    {"while scanning a block scalar", "the text begins here"},
};

static bool same_words(const char *a, const char *b)
{
    return str_eq(str_of(a), str_of(b));
}

static bool fits(const struct explanation *row, const yaml_parser_t *parser, char at)
{
    if (!same_words(row->problem, parser->problem)) return false;
    if (row->context && !same_words(row->context, parser->context)) return false;
    return !row->at || row->at == at;
}

/* libyaml's own words where there are no better ones. */
static struct explanation explanation_of(const yaml_parser_t *parser, char at)
{
    for (size_t i = 0; i < REDIAL_COUNT_OF(explanations); i++)
        if (fits(&explanations[i], parser, at)) return explanations[i];
    return (struct explanation){.message = parser->problem ? parser->problem
                                                           : "this is not well-formed YAML"};
}

static const char *note_of(const yaml_parser_t *parser)
{
    for (size_t i = 0; i < REDIAL_COUNT_OF(contexts); i++)
        if (same_words(contexts[i].context, parser->context)) return contexts[i].note;
    return parser->context;
}

void problem_explain(const yaml_parser_t *parser, struct cursor *cursor, struct diag_list *diags)
{
    if (parser->error == YAML_MEMORY_ERROR) {
        diag_out_of_memory(diags);
        return;
    }
    struct redial_str text = cursor->source->text;
    struct place place = cursor_to_index(cursor, parser->problem_mark.index);
    char at = '\0';
    if (place.byte < text.len) at = text.ptr[place.byte];
    struct explanation explanation = explanation_of(parser, at);
    struct diag *diag = diag_error(diags, "syntax", span_between(cursor->source, place, place),
                                   "%s", explanation.message);
    if (explanation.cure) diag_cure(diags, diag, "%s", explanation.cure);
    if (!parser->context || parser->context_mark.index == parser->problem_mark.index) return;
    place = cursor_to_index(cursor, parser->context_mark.index);
    diag_note(diags, diag, span_between(cursor->source, place, place), "%s", note_of(parser));
}

/* A character outside of what YAML 1.2 section 5.1 calls printable. */
struct unprintable {
    size_t len; /* 0: there is none */
    uint32_t point;
};

static struct unprintable unprintable_at(struct redial_str text, size_t at)
{
    unsigned char c = (unsigned char)text.ptr[at];
    if (c < 0x80) {
        bool fine = (c >= 0x20 && c != 0x7f) || c == '\t' || c == '\n' || c == '\r';
        return (struct unprintable){!fine, c};
    }
    if (c != 0xc2 && c != 0xef) return (struct unprintable){0};
    uint32_t second = (unsigned char)text.ptr[at + 1];
    if (c == 0xc2) return (struct unprintable){second < 0xa0 && second != 0x85 ? 2 : 0, second};
    uint32_t third = (unsigned char)text.ptr[at + 2];
    return (struct unprintable){second == 0xbf && third >= 0xbe ? 3 : 0, 0xffc0 | (third & 0x3f)};
}

bool problem_free_characters(const struct source *source, struct diag_list *diags)
{
    struct redial_str text = source->text;
    for (size_t at = 0; at < text.len; at++) {
        struct unprintable found = unprintable_at(text, at);
        if (found.len == 0) continue;
        struct diag *diag = diag_error(diags, "encoding", span_of(source, at, at + found.len),
                                       "character U+%04X cannot stand in a YAML file", found.point);
        if (found.point == 0) {
            diag_cure(diags, diag, "is this a text file?");
        } else {
            diag_cure(diags, diag, "write it as \"\\u%04x\", in double quotes", found.point);
        }
        return false;
    }
    return true;
}
