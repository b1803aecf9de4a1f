#include "document/node.h"

struct node *node_get(const struct node *mapping, const char *key)
{
    if (!mapping || mapping->kind != NODE_MAPPING) return NULL;
    for (size_t i = 0; i < mapping->count; i++)
        if (str_is(mapping->keys[i]->text, key)) return mapping->values[i];
    return NULL;
}

static bool is_one_of(struct redial_str text, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (str_is(text, words[i])) return true;
    return false;
}

static bool is_plain_scalar(const struct node *node)
{
    return node->kind == NODE_SCALAR && node->plain;
}

bool node_is_null(const struct node *node)
{
    static const char *const words[] = {"", "~", "null", "Null", "NULL"};
    return is_plain_scalar(node) && is_one_of(node->text, words, REDIAL_COUNT_OF(words));
}

static bool is_boolean(struct redial_str text)
{
    static const char *const words[] = {"true", "True", "TRUE", "false", "False", "FALSE"};
    return is_one_of(text, words, REDIAL_COUNT_OF(words));
}

static size_t digits_at(struct redial_str text, size_t at)
{
    size_t end = at;
    while (end < text.len && text.ptr[end] >= '0' && text.ptr[end] <= '9') end++;
    return end - at;
}

static bool has_char(struct redial_str text, size_t at, char a, char b)
{
    return at < text.len && (text.ptr[at] == a || text.ptr[at] == b);
}

/* [-+]? ( . digits | digits [ . digits? ] ) ( [eE] [-+]? digits )?   YAML 1.2 section 10.3.2;
 * octal, hexadecimal, infinite numbers and NaN are left out: no value of ours is written so. */
static bool is_number(struct redial_str text)
{
    size_t at = has_char(text, 0, '-', '+');
    size_t whole = digits_at(text, at), fraction = 0;
    at += whole;
    if (has_char(text, at, '.', '.')) {
        fraction = digits_at(text, at + 1);
        at += 1 + fraction;
    }
    if (whole + fraction == 0) return false;
    if (has_char(text, at, 'e', 'E')) {
        at += 1 + (size_t)has_char(text, at + 1, '-', '+');
        size_t exponent = digits_at(text, at);
        if (exponent == 0) return false;
        at += exponent;
    }
    return at == text.len;
}

const char *node_kind_name(const struct node *node)
{
    if (!node) return "nothing";
    if (node->kind == NODE_SEQUENCE) return "a list";
    if (node->kind == NODE_MAPPING) return "a mapping";
    if (node_is_null(node)) return "nothing";
    if (node->plain && is_boolean(node->text)) return "true or false";
    if (node->plain && is_number(node->text)) return "a number";
    return "text";
}
