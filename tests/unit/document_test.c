#include "document/node.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/failing_memory.h"

struct reading {
    struct arena *arena;
    struct diag_list *diags;
    const struct source *source;
    struct node *root;
};

static struct reading reading_of(struct redial_str text)
{
    struct reading r = {.arena = arena_new(), .diags = diag_list_new()};
    r.source = source_of(r.arena, REDIAL_STR("f"), text, r.diags);
    if (r.source) r.root = document_parse(r.arena, r.source, r.diags);
    return r;
}

static void reading_clean_up(struct reading *r)
{
    arena_destroy(r->arena);
    diag_list_destroy(r->diags);
}

static void expect_rendered(const struct diag_list *list, const char *name, const char *want)
{
    struct text text = TEXT_INIT;
    diag_render(list, false, &text);
    cr_expect(str_is(text_str(&text), want), "%s\nexp:\n%s\ngot:\n%s", name, want,
              text_str(&text).ptr);
    text_clean_up(&text);
}

/* A span is right when bytes and line and column say the same, and its bytes are `want`. */
static void expect_span(const struct reading *r, const struct node *node, const char *want)
{
    cr_assert_not_null(node, "%s", want);
    struct span counted = span_of(r->source, node->span.begin, node->span.end);
    cr_expect_eq(node->span.line, counted.line, "%s", want);
    cr_expect_eq(node->span.column, counted.column, "%s", want);
    cr_expect_eq(node->span.length, counted.length, "%s", want);
    struct redial_str text =
        str_take(str_skip(r->source->text, node->span.begin), node->span.end - node->span.begin);
    cr_expect(str_is(text, want), "exp: %s\ngot: %.*s", want, REDIAL_STR_ARG(text));
}

/* --- well-formed documents --- */

Test(document, nodes_have_kinds_texts_and_children)
{
    struct reading r = reading_of(REDIAL_STR("name: chat\nrules:\n- when: [a, 'b']\n  max: 3\n"));
    cr_assert_not_null(r.root);
    cr_expect_eq(r.root->kind, NODE_MAPPING);
    cr_expect_eq(r.root->count, 2);
    cr_expect(str_is(node_get(r.root, "name")->text, "chat"));
    struct node *rules = node_get(r.root, "rules");
    cr_expect_eq(rules->kind, NODE_SEQUENCE);
    cr_assert_eq(rules->count, 1);
    struct node *when = node_get(rules->items[0], "when");
    cr_assert_eq(when->count, 2);
    cr_expect(when->items[0]->plain);
    cr_expect_not(when->items[1]->plain);
    cr_expect_null(node_get(r.root, "nam"));
    cr_expect_null(node_get(rules, "name"));
    cr_expect_null(node_get(NULL, "name"));
    cr_expect_eq(diag_errors(r.diags), 0);
    reading_clean_up(&r);
}

Test(document, spans_cover_what_they_name_whatever_its_characters)
{
    struct reading r = reading_of(REDIAL_STR(
        "größe: \"é \\n ü\" # ä\nlist:\n  - 'ö'\n  - {ß: [1, 2 ]}\n  - two\n    lines\nend:\n"));
    cr_assert_not_null(r.root);
    struct node *list = node_get(r.root, "list");
    expect_span(&r, r.root->keys[0], "größe");
    expect_span(&r, r.root->values[0], "\"é \\n ü\"");
    expect_span(&r, list, "- 'ö'\n  - {ß: [1, 2 ]}\n  - two\n    lines");
    expect_span(&r, list->items[0], "'ö'");
    expect_span(&r, list->items[1], "{ß: [1, 2 ]}");
    expect_span(&r, node_get(list->items[1], "ß"), "[1, 2 ]");
    expect_span(&r, node_get(list->items[1], "ß")->items[1], "2");
    expect_span(&r, list->items[2], "two\n    lines");
    expect_span(&r, node_get(r.root, "end"), "");
    cr_expect_eq(node_get(r.root, "end")->span.line, 7);
    cr_expect_eq(node_get(r.root, "end")->span.column, 5);
    reading_clean_up(&r);
}

Test(document, spans_are_right_behind_a_byte_order_mark_and_with_crlf)
{
    struct reading r =
        reading_of(REDIAL_STR("\xef\xbb\xbf"
                              "é: ü\r\nb:\r\n  - c\r\n  - |\r\n    text\r\n    more\r\n"));
    cr_assert_not_null(r.root);
    cr_expect_eq(r.root->keys[0]->span.column, 1);
    expect_span(&r, r.root->keys[0], "é");
    expect_span(&r, r.root->values[0], "ü");
    expect_span(&r, r.root->values[1]->items[0], "c");
    expect_span(&r, r.root->values[1]->items[1], "    text\r\n    more\r\n");
    cr_expect(str_is(r.root->values[1]->items[1]->text, "text\nmore\n"));
    reading_clean_up(&r);
}

Test(document, spans_of_anchored_values_begin_at_the_value)
{
    struct reading r = reading_of(REDIAL_STR(
        "a: &x  one\nb: &y # why\n  c: 1\nd: [&z\n 2, *z]\ne: &v\nf: &w |\n  text\n&k g: 1\n"));
    cr_assert_not_null(r.root);
    expect_span(&r, node_get(r.root, "a"), "one");
    expect_span(&r, node_get(r.root, "b"), "c: 1");
    expect_span(&r, node_get(r.root, "d"), "[&z\n 2, *z]");
    expect_span(&r, node_get(r.root, "d")->items[0], "2");
    expect_span(&r, node_get(r.root, "e"), "&v");
    expect_span(&r, node_get(r.root, "f"), "  text\n");
    expect_span(&r, r.root->keys[5], "g");
    cr_expect_eq(node_get(r.root, "d")->items[0], node_get(r.root, "d")->items[1]);
    reading_clean_up(&r);
}

Test(document, a_list_ends_with_an_alias_that_is_its_last_item)
{
    struct reading r = reading_of(REDIAL_STR("a: &x 1\nb:\n  - 2\n  - *x\nc: *x\n"));
    cr_assert_not_null(r.root);
    expect_span(&r, node_get(r.root, "b"), "- 2\n  - *x");
    expect_span(&r, r.root, "a: &x 1\nb:\n  - 2\n  - *x\nc: *x");
    cr_expect_eq(node_get(r.root, "a"), node_get(r.root, "c"));
    reading_clean_up(&r);
}

Test(document, an_anchor_may_be_set_again)
{
    struct reading r = reading_of(REDIAL_STR("- &x 1\n- *x\n- &x 2\n- *x\n"));
    cr_assert_not_null(r.root);
    cr_expect(str_is(r.root->items[1]->text, "1"));
    cr_expect(str_is(r.root->items[3]->text, "2"));
    reading_clean_up(&r);
}

struct kind_case {
    char yaml[32], want[32];
    bool null;
};

ParameterizedTestParameters(document, a_value_is_called)
{
    static struct kind_case cases[] = {
        {"[1]", "a list", false},       {"{a: 1}", "a mapping", false},
        {"~", "nothing", true},         {"null", "nothing", true},
        {"NULL", "nothing", true},      {"'null'", "text", false},
        {"''", "text", false},          {"true", "true or false", false},
        {"'true'", "text", false},      {"yes", "text", false},
        {"on", "text", false},          {"12", "a number", false},
        {"-1.5e+3", "a number", false}, {".5", "a number", false},
        {"5.", "a number", false},      {"1e", "text", false},
        {".", "text", false},           {"+", "text", false},
        {"5s", "text", false},          {"'12'", "text", false},
        {"1.2.3", "text", false},
    };
    return cr_make_param_array(struct kind_case, cases, REDIAL_COUNT_OF(cases));
}

ParameterizedTest(struct kind_case *c, document, a_value_is_called)
{
    struct reading r = reading_of(str_of(c->yaml));
    cr_assert_not_null(r.root, "%s", c->yaml);
    cr_expect_str_eq(node_kind_name(r.root), c->want, "%s", c->yaml);
    cr_expect_eq(node_is_null(r.root), c->null, "%s", c->yaml);
    reading_clean_up(&r);
}

/* --- block scalars --- */

struct block_case {
    char name[64], yaml[128];
    char lines[64], text[64]; /* of the value of the key `s`, or of the root */
    uint32_t indent;
};

ParameterizedTestParameters(document, a_block_scalar)
{
    static struct block_case cases[] = {
        {"in the middle", "a: 1\ns: |\n  one\n  two\nb: 2\n", "  one\n  two\n", "one\ntwo\n", 2},
        {"is last, with a line break", "s: |\n  one\n", "  one\n", "one\n", 2},
        {"is last, without a line break", "s: |\n  one", "  one", "one", 2},
        {"with comments around", "# a\ns: | # b\n    one\n# c\nb: 2\n", "    one\n", "one\n", 4},
        {"with a comment of its own", "s: |\n  # one\n  two\n", "  # one\n  two\n", "# one\ntwo\n",
         2},
        {"with deeper lines inside", "s: |\n  one\n      two\n  three\n",
         "  one\n      two\n  three\n", "one\n    two\nthree\n", 2},
        {"with blank lines inside", "s: |\n  one\n\n  two\n", "  one\n\n  two\n", "one\n\ntwo\n",
         2},
        {"with blank lines before", "s: |\n\n  one\n", "\n  one\n", "\none\n", 2},
        {"with blank lines behind", "s: |\n  one\n\n  \nb: 2\n", "  one\n", "one\n", 2},
        {"keeping blank lines behind", "s: |+\n  one\n\nb: 2\n", "  one\n\n", "one\n\n", 2},
        {"with spaces beyond its indentation", "s: |\n  one\n    \nb: 2\n", "  one\n    \n",
         "one\n  \n", 2},
        {"stripped", "s: |-\n  one\nb: 2\n", "  one\n", "one", 2},
        {"folded", "s: >\n  one\n  two\nb: 2\n", "  one\n  two\n", "one two\n", 2},
        {"with a stated indentation", "s: |2\n    one\n  two\n", "    one\n  two\n", "  one\ntwo\n",
         2},
        {"with a stated indentation and chomping", "s: |-1 # 7\n  one\n", "  one\n", " one", 1},
        {"empty", "s: |\nb: 2\n", "", "", 2},
        {"empty with blank lines", "s: |\n\n\nb: 2\n", "", "", 2},
        {"empty at the end", "s: |", "", "", 2},
        {"in characters of several bytes", "é: ü\ns: |\n  größe\n", "  größe\n", "größe\n", 2},
        {"with text like a document end", "s: |\n  ---\n  ...\nb: 2\n", "  ---\n  ...\n",
         "---\n...\n", 2},
        {"as the document", "|\n  one\n", "  one\n", "one\n", 2},
        {"as the document, explicit", "--- |\n one\n...\n", " one\n", "one\n", 1},
    };
    return cr_make_param_array(struct block_case, cases, REDIAL_COUNT_OF(cases));
}

ParameterizedTest(struct block_case *c, document, a_block_scalar)
{
    struct reading r = reading_of(str_of(c->yaml));
    cr_assert_not_null(r.root, "%s", c->name);
    struct node *node = r.root->kind == NODE_MAPPING ? node_get(r.root, "s") : r.root;
    cr_assert_not_null(node, "%s", c->name);
    expect_span(&r, node, c->lines);
    cr_expect(str_is(node->text, c->text), "%s: %s", c->name, node->text.ptr);
    cr_expect_eq(node->block_indent, c->indent, "%s: %u", c->name, node->block_indent);
    cr_expect_not(node->plain, "%s", c->name);
    reading_clean_up(&r);
}

Test(document, block_scalars_know_the_indentation_around_them)
{
    struct reading r = reading_of(REDIAL_STR("a:\n  - - b: |1\n        x\n      c: |\n"));
    cr_assert_not_null(r.root);
    struct node *inner = r.root->values[0]->items[0]->items[0];
    expect_span(&r, node_get(inner, "b"), "        x\n");
    cr_expect(str_is(node_get(inner, "b")->text, " x\n"));
    cr_expect_eq(node_get(inner, "b")->block_indent, 7);
    cr_expect_eq(node_get(inner, "c")->block_indent, 8);
    reading_clean_up(&r);
}

Test(document, other_scalars_have_no_block_indentation)
{
    struct reading r = reading_of(REDIAL_STR("a: 'x\n  y'\n"));
    cr_assert_not_null(r.root);
    cr_expect_eq(node_get(r.root, "a")->block_indent, 0);
    reading_clean_up(&r);
}

/* --- documents that are not well-formed --- */

struct bad_case {
    char name[64], yaml[96], want[512];
};

ParameterizedTestParameters(document, explains)
{
    static struct bad_case cases[] = {
        {"a tab", "a:\n\tb: 1\n",
         "f:2:1: error: a tab is used for indentation [syntax]\n    2 |  b: 1\n      | ^\n      = "
         "indent with spaces\n"},
        {"an unclosed quote", "a: \"x\n",
         "f:2:1: error: the closing quote is missing [syntax]\n    2 |\n      | ^\nf:1:4: note: "
         "the quoted text begins here\n"
         "    1 | a: \"x\n      |    ^\n"},
        {"an unclosed bracket", "a: [1, é\nb: 2\n",
         "f:2:2: error: expected ',' or ']' here [syntax]\n    2 | b: 2\n      |  ^\nf:1:4: note: "
         "the list begins here\n"
         "    1 | a: [1, é\n      |    ^\n"},
        {"a key out of line", "é:\n    b: 1\n  c: 2\n",
         "f:3:3: error: expected a key here [syntax]\n    3 |   c: 2\n      |   ^\n"
         "      = keys of one mapping have the same indentation; each is followed by ':'\n"
         "f:1:1: note: the mapping begins here\n    1 | é:\n      | ^\n"},
        {"an item out of line", "a:\n  - b\n  c: 1\n",
         "f:3:3: error: expected a list item here [syntax]\n    3 |   c: 1\n      |   ^\n"
         "      = items of one list have the same indentation; each begins with '-'\n"
         "f:2:3: note: the list begins here\n    2 |   - b\n      |   ^\n"},
        {"a second colon", "a: b: c\n",
         "f:1:5: error: a ':' cannot stand here [syntax]\n    1 | a: b: c\n      |     ^\n"
         "      = put text that contains ': ' in quotes, or check the indentation\n"},
        {"a glob without quotes", "a: *é*\n",
         "f:1:5: error: '*' begins an alias: only letters, digits, '-' and '_' may follow "
         "[syntax]\n    1 | a: *é*\n"
         "      |     ^\n      = put text that begins with '*' in quotes\nf:1:4: note: the alias "
         "begins here\n"
         "    1 | a: *é*\n      |    ^\n"},
        {"an unknown alias", "é: *foo\n",
         "f:1:4: error: no anchor '&foo' stands above this alias [anchor]\n    1 | é: *foo\n      "
         "|    ^~~~\n"
         "      = put text that begins with '*' in quotes\n"},
        {"an alias inside its value", "a: &x [*x]\n",
         "f:1:8: error: this alias stands inside the value it means [anchor]\n    1 | a: &x [*x]\n "
         "     |        ^~\n"
         "f:1:7: note: the value begins here\n    1 | a: &x [*x]\n      |       ^\n"},
        {"a tag", "a: &b !foo x\n",
         "f:1:7: error: tags are not part of the language [tag]\n    1 | a: &b !foo x\n      |     "
         "  ^~~~\n"
         "      = put text that begins with '!' in quotes\n"},
        {"a tag of YAML's own, and one on a list", "a: !!str 1\nb: !x [1]\n",
         "f:1:4: error: tags are not part of the language [tag]\n    1 | a: !!str 1\n      |    "
         "^~~~~\n"
         "      = put text that begins with '!' in quotes\n"
         "f:2:4: error: tags are not part of the language [tag]\n    2 | b: !x [1]\n      |    ^~\n"
         "      = put text that begins with '!' in quotes\n"},
        {"a merge key", "a: &x {b: 1}\nc:\n  <<: *x\n",
         "f:3:3: error: merge keys (<<) are not part of the language [merge-key]\n    3 |   <<: "
         "*x\n      |   ^~\n"
         "      = write the keys out; an alias (*name) may stand for a whole value\n"},
        {"a template without quotes", "a: {{ x }}\n",
         "f:1:5: error: a key is plain text, not a mapping [key]\n    1 | a: {{ x }}\n      |     "
         "^~~~~\n"
         "      = put text that begins with '{' or '[' in quotes\n"},
        {"an alias to a list as a key", "- &x [1]\n- *x : 2\n",
         "f:2:3: error: a key is plain text, not a list [key]\n    2 | - *x : 2\n      |   ^~\n"
         "      = put text that begins with '{' or '[' in quotes\n"},
        {"a second document", "a: 1\n---\nb: 2\n",
         "f:2:1: error: a second document begins here [documents]\n    2 | ---\n      | ^~~\n"
         "      = keep one document in a file\n"},
        {"an unknown escape", "a: \"\\d\"\n",
         "f:1:5: error: unknown escape behind '\\' [syntax]\n    1 | a: \"\\d\"\n      |     ^\n"
         "      = write '\\\\' for a backslash, or use single quotes\nf:1:4: note: the quoted text "
         "begins here\n"
         "    1 | a: \"\\d\"\n      |    ^\n"},
        {"text behind a block indicator", "a: | x\n",
         "f:1:6: error: nothing may follow '|' or '>' on its line [syntax]\n    1 | a: | x\n      "
         "|      ^\n"
         "      = begin the text on the next line\nf:1:4: note: the text begins here\n    1 | a: | "
         "x\n      |    ^\n"},
        {"a reserved character", "a: @x\n",
         "f:1:4: error: text cannot begin with '@' [syntax]\n    1 | a: @x\n      |    ^\n      = "
         "put the text in quotes\n"},
        {"an empty document", "# nothing\n", "f: error: the document is empty [empty]\n"},
        {"no text at all", "", "f: error: the document is empty [empty]\n"},
        {"an explicit document without content", "---\n",
         "f: error: the document is empty [empty]\n"},
        {"a control character", "é: \x07\n",
         "f:1:4: error: character U+0007 cannot stand in a YAML file [encoding]\n    1 | é: ?\n    "
         "  |    ^\n"
         "      = write it as \"\\u0007\", in double quotes\n"},
        {"a control character of two bytes", "a: \xc2\x9b\n",
         "f:1:4: error: character U+009B cannot stand in a YAML file [encoding]\n    1 | a: ?\n    "
         "  |    ^\n"
         "      = write it as \"\\u009b\", in double quotes\n"},
        {"a character that is none", "a: \xef\xbf\xbf\n",
         "f:1:4: error: character U+FFFF cannot stand in a YAML file [encoding]\n    1 | a: "
         "\xef\xbf\xbf\n      |    ^\n"
         "      = write it as \"\\uffff\", in double quotes\n"},
        {"a byte that is not UTF-8", "é: 1\nü: \xff\n",
         "f:2:4: error: byte 0xff is not UTF-8 [encoding]\n    2 | ü: ?\n      |    ^\n      = "
         "save the file as UTF-8\n"},
    };
    return cr_make_param_array(struct bad_case, cases, REDIAL_COUNT_OF(cases));
}

ParameterizedTest(struct bad_case *c, document, explains)
{
    struct reading r = reading_of(str_of(c->yaml));
    cr_expect_null(r.root, "%s", c->name);
    expect_rendered(r.diags, c->name, c->want);
    reading_clean_up(&r);
}

Test(document, explains_a_zero_byte_and_utf16)
{
    struct reading r = reading_of(REDIAL_STR("a: \0\n"));
    cr_expect_null(r.root);
    expect_rendered(r.diags, "a zero byte",
                    "f:1:4: error: character U+0000 cannot stand in a YAML file [encoding]\n"
                    "    1 | a: ?\n      |    ^\n      = is this a text file?\n");
    reading_clean_up(&r);
    r = reading_of(REDIAL_STR("\xff\xfe"
                              "a\0"));
    cr_expect_null(r.source);
    expect_rendered(r.diags, "UTF-16",
                    "f:1:1: error: byte 0xff is not UTF-8 [encoding]\n    1 | ??a?\n      | ^\n"
                    "      = the file looks like UTF-16: save it as UTF-8\n");
    reading_clean_up(&r);
}

/* --- keys --- */

Test(document, a_duplicate_key_is_reported_and_the_first_one_kept)
{
    struct reading r = reading_of(REDIAL_STR("a: 1\nb: 2\n'a': 3\n"));
    cr_assert_not_null(r.root);
    cr_expect_eq(r.root->count, 2);
    cr_expect(str_is(node_get(r.root, "a")->text, "1"));
    expect_rendered(r.diags, "duplicate",
                    "f:3:1: error: duplicate key 'a' [duplicate-key]\n    3 | 'a': 3\n      | ^~~\n"
                    "      = remove one of them\nf:1:1: note: the first one is here\n"
                    "    1 | a: 1\n      | ^\n");
    reading_clean_up(&r);
}

Test(document, duplicates_are_found_among_few_keys_and_many)
{
    for (unsigned count = 2; count < 200; count += 7) {
        struct text text = TEXT_INIT;
        for (unsigned i = 0; i < count; i++) text_printf(&text, "key%u: {a: 1, b: 2}\n", i);
        text_printf(&text, "key%u: again\nlast: 1\n", count / 2);
        struct reading r = reading_of(text_str(&text));
        cr_assert_not_null(r.root);
        cr_expect_eq(r.root->count, count + 1, "%u keys", count);
        cr_expect_eq(diag_errors(r.diags), 1, "%u keys", count);
        const struct diag *diag = diag_first(r.diags);
        cr_assert_not_null(diag);
        cr_expect_eq(diag->span.line, count + 1);
        cr_expect_eq(diag->notes->span.line, count / 2 + 1);
        reading_clean_up(&r);
        text_clean_up(&text);
    }
}

Test(document, keys_of_one_large_mapping_are_not_those_of_the_next)
{
    struct text text = TEXT_INIT;
    for (unsigned item = 0; item < 15; item++)
        for (unsigned i = 0; i < 20; i++) text_printf(&text, "%s key%u: 1\n", i ? " " : "-", i);
    struct reading r = reading_of(text_str(&text));
    cr_assert_not_null(r.root);
    cr_expect_eq(r.root->count, 15);
    cr_expect_eq(diag_errors(r.diags), 0);
    reading_clean_up(&r);
    text_clean_up(&text);
}

/* --- bounds --- */

static struct redial_str nested(struct text *text, unsigned depth)
{
    for (unsigned i = 0; i < depth; i++) text_append_char(text, '[');
    for (unsigned i = 0; i < depth; i++) text_append_char(text, ']');
    return text_str(text);
}

Test(document, depth_is_bounded)
{
    struct text text = TEXT_INIT;
    struct reading r = reading_of(nested(&text, DOCUMENT_DEPTH_MAX));
    cr_expect_not_null(r.root);
    reading_clean_up(&r);
    text_clear(&text);
    r = reading_of(nested(&text, DOCUMENT_DEPTH_MAX + 1));
    cr_expect_null(r.root);
    cr_assert_not_null(diag_first(r.diags));
    cr_expect_str_eq(diag_first(r.diags)->code, "too-deep");
    cr_expect_eq(diag_first(r.diags)->span.column, DOCUMENT_DEPTH_MAX + 1);
    reading_clean_up(&r);
    text_clean_up(&text);
}

Test(document, depth_counts_what_aliases_stand_for)
{
    struct text text = TEXT_INIT;
    text_append(&text, REDIAL_STR("- &a0 [x]\n"));
    for (unsigned i = 1; i < DOCUMENT_DEPTH_MAX; i++)
        text_printf(&text, "- &a%u [*a%u]\n", i, i - 1);
    struct reading r = reading_of(text_str(&text));
    cr_expect_null(r.root);
    cr_assert_not_null(diag_first(r.diags));
    cr_expect_str_eq(diag_first(r.diags)->code, "too-deep");
    cr_expect_eq(diag_first(r.diags)->span.line, DOCUMENT_DEPTH_MAX);
    reading_clean_up(&r);
    text_clean_up(&text);
}

Test(document, aliases_that_explode_end_at_the_one_too_many)
{
    struct text text = TEXT_INIT;
    text_append(&text, REDIAL_STR("a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n"));
    for (unsigned i = 1; i < 20; i++) {
        text_printf(&text, "a%u: &a%u [", i, i);
        for (unsigned j = 0; j < 10; j++) text_printf(&text, "*a%u,", i - 1);
        text_append(&text, REDIAL_STR("]\n"));
    }
    struct reading r = reading_of(text_str(&text));
    cr_expect_null(r.root);
    cr_expect_eq(diag_errors(r.diags), 1);
    cr_assert_not_null(diag_first(r.diags));
    cr_expect_str_eq(diag_first(r.diags)->code, "too-large");
    cr_expect_eq(diag_first(r.diags)->span.line, 6);
    cr_expect_lt(arena_size(r.arena), 100000);
    reading_clean_up(&r);
    text_clean_up(&text);
}

/* --- files --- */

static void expect_unread(const char *path, const char *want)
{
    struct reading r = {.arena = arena_new(), .diags = diag_list_new()};
    cr_expect_null(source_read(r.arena, path, r.diags));
    expect_rendered(r.diags, path, want);
    reading_clean_up(&r);
}

Test(source, a_missing_file_and_a_directory_are_explained)
{
    expect_unread(
        "/nonexistent/a.yaml",
        "/nonexistent/a.yaml: error: cannot read the file: No such file or directory [file]\n"
        "      = check the spelling; a relative path begins in the current directory\n");
    expect_unread(
        "/", "/: error: cannot read the file: Is a directory [file]\n      = name a file in it\n");
}

Test(source, a_file_without_end_is_too_large)
{
    struct reading r = {.arena = arena_new(), .diags = diag_list_new()};
    cr_expect_null(source_read(r.arena, "/dev/zero", r.diags));
    expect_rendered(r.diags, "endless",
                    "/dev/zero: error: the file is larger than 4 MiB [file]\n"
                    "      = is this the file you meant?\n");
    cr_expect_lt(arena_size(r.arena), 100000);
    reading_clean_up(&r);
}

Test(source, a_file_of_the_largest_size_is_read_and_one_byte_more_is_not)
{
    char path[] = "/tmp/redial-unit-XXXXXX";
    int file = mkstemp(path);
    char *bytes = malloc(DOCUMENT_BYTES_MAX + 1);
    cr_assert(file >= 0 && bytes);
    memset(bytes, 'a', DOCUMENT_BYTES_MAX + 1);
    struct reading r = {.arena = arena_new(), .diags = diag_list_new()};
    cr_assert_eq(write(file, bytes, DOCUMENT_BYTES_MAX), DOCUMENT_BYTES_MAX);
    const struct source *source = source_read(r.arena, path, r.diags);
    cr_expect(source && source->text.len == DOCUMENT_BYTES_MAX);
    cr_assert_eq(write(file, "a", 1), 1);
    cr_expect_null(source_read(r.arena, path, r.diags));
    cr_expect_null(source_of(r.arena, REDIAL_STR("f"),
                             (struct redial_str){bytes, DOCUMENT_BYTES_MAX + 1}, r.diags));
    cr_expect_eq(diag_errors(r.diags), 2);
    reading_clean_up(&r);
    free(bytes);
    close(file);
    unlink(path);
}

Test(source, standard_input_has_a_name)
{
    int ends[2];
    cr_assert_eq(pipe(ends), 0);
    cr_assert_eq(write(ends[1], "a: [", 4), 4);
    close(ends[1]);
    dup2(ends[0], STDIN_FILENO);
    struct reading r = {.arena = arena_new(), .diags = diag_list_new()};
    const struct source *source = source_read(r.arena, "-", r.diags);
    cr_assert_not_null(source);
    cr_expect(str_is(source->path, "<standard input>"));
    cr_expect(str_is(source->text, "a: ["));
    reading_clean_up(&r);
}

/* --- memory --- */

Test(document, survives_every_failed_allocation)
{
    struct text text = TEXT_INIT;
    for (unsigned i = 0; i < 100; i++)
        text_printf(&text, "key%u: &x [a, {b: c}, 'd', &y%u e, *x]\nkey%u: |\n  text\n", i, i, i);
    for (unsigned i = 0; i < 100; i++) text_printf(&text, "k%u: &a%u {b: %04000d}\n", i, i, 1);
    struct redial_str well =
        str_skip(text_str(&text), str_find(text_str(&text), REDIAL_STR("k0:")));
    bool failed = true;
    size_t nth = 0;
    while (failed) {
        struct reading r = {.arena = arena_new(), .diags = diag_list_new()};
        failing_memory_begin(++nth);
        r.source = source_of(r.arena, REDIAL_STR("f"), well, r.diags);
        if (r.source) r.root = document_parse(r.arena, r.source, r.diags);
        failed = failing_memory_end();
        cr_expect_eq(r.root == NULL, failed, "allocation %zu", nth);
        cr_expect_eq(diag_out_of_memory_seen(r.diags), failed, "allocation %zu", nth);
        reading_clean_up(&r);
    }
    cr_expect_gt(nth, 10);
    text_clean_up(&text);
}
