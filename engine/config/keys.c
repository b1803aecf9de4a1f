#include "config/keys.h"

#define WRITTEN_BYTES_MAX 60u /* of a value that a message repeats */

size_t items_count(const struct node *value)
{
    return value->kind == NODE_SEQUENCE ? value->count : 1;
}

const struct node *items_at(const struct node *value, size_t index)
{
    return value->kind == NODE_SEQUENCE ? value->items[index] : value;
}

static struct redial_str without_quotes(struct redial_str text)
{
    if (text.len < 2) return text;
    char quote = text.ptr[0];
    bool quoted = (quote == '"' || quote == '\'') && text.ptr[text.len - 1] == quote;
    return quoted ? str_take(str_skip(text, 1), text.len - 2) : text;
}

struct redial_str node_written(const struct node *value)
{
    const struct span *span = &value->span;
    struct redial_str text = value->text;
    if (span->source && span->end > span->begin)
        text = str_take(str_skip(span->source->text, span->begin), span->end - span->begin);
    text = without_quotes(str_trim(text));
    if (text.len > WRITTEN_BYTES_MAX) {
        text = str_take(text, WRITTEN_BYTES_MAX);
        text.len = str_utf8_valid_len(text);
    }
    return text;
}

bool reading_out_of_memory(struct reading *reading)
{
    reading->out_of_memory = true;
    diag_out_of_memory(reading->diags);
    return false;
}

void reading_blame_variable(struct reading *reading, struct diag *diag, const struct node *value)
{
    struct redial_str text = node_written(value);
    size_t begin = str_find(text, REDIAL_STR("${"));
    if (begin == SIZE_MAX) return;
    text = str_skip(text, begin + 2);
    size_t length = 0;
    while (length < text.len && text.ptr[length] != ':' && text.ptr[length] != '}') length++;
    text = str_take(text, length);
    diag_note(reading->diags, diag, value->span,
              "this is what the environment variable %.*s says, or its default",
              REDIAL_STR_ARG(text));
}

bool reading_unexpected(struct reading *reading, const struct node *value, const char *expected)
{
    if (value->kind == NODE_SCALAR && !node_is_null(value)) {
        struct redial_str written = node_written(value);
        struct diag *diag =
            diag_error(reading->diags, "wrong-type", value->span, "expected %s, found '%.*s'",
                       expected, REDIAL_STR_ARG(written));
        reading_blame_variable(reading, diag, value);
    } else {
        diag_error(reading->diags, "wrong-type", value->span, "expected %s, found %s", expected,
                   node_is_null(value) ? "nothing" : node_kind_name(value));
    }
    return false;
}

struct redial_str reading_suggestion(const struct reading *reading, const struct redial_str *words,
                                     size_t count, struct redial_str name)
{
    if (diag_errors(reading->diags) > DIAG_SHOWN_MAX) return (struct redial_str){0};
    size_t closest = str_closest(words, count, name);
    if (closest == SIZE_MAX) return (struct redial_str){0};
    return words[closest];
}

/* ---- A mapping by its table */

#define KEYS_MAX 64u /* of one table; `seen` is a bit mask */

static int find_row(const struct keys *keys, struct redial_str name)
{
    for (size_t i = 0; i < keys->count; i++)
        if (str_is(name, keys->rows[i].name)) return (int)i;
    return -1;
}

static struct redial_str suggest_key(const struct reading *reading, const struct keys *keys,
                                     struct redial_str name)
{
    struct redial_str words[KEYS_MAX];
    for (size_t i = 0; i < keys->count; i++) words[i] = str_of(keys->rows[i].name);
    return reading_suggestion(reading, words, keys->count, name);
}

static void report_unknown_key(struct reading *reading, const struct keys *keys,
                               const struct node *key)
{
    struct redial_str written = node_written(key);
    struct diag *diag = diag_error(reading->diags, "unknown-key", key->span,
                                   "unknown key '%.*s' in %s", REDIAL_STR_ARG(written), keys->what);
    struct redial_str suggestion = suggest_key(reading, keys, key->text);
    if (suggestion.len > 0) {
        diag_cure(reading->diags, diag, "did you mean '%.*s'?", REDIAL_STR_ARG(suggestion));
        return;
    }
    struct text list = TEXT_INIT;
    for (size_t i = 0; i < keys->count; i++)
        text_printf(&list, "%s%s", i == 0 ? "" : ", ", keys->rows[i].name);
    struct redial_str all = text_str(&list);
    diag_cure(reading->diags, diag, "its keys are: %.*s", REDIAL_STR_ARG(all));
    text_clean_up(&list);
}

static bool report_missing(struct reading *reading, const struct keys *keys,
                           const struct node *mapping, uint64_t seen)
{
    bool complete = true;
    for (size_t i = 0; i < keys->count; i++) {
        const struct key *row = &keys->rows[i];
        if (!row->required || seen & (UINT64_C(1) << i)) continue;
        struct diag *diag = diag_error(reading->diags, "missing-key", mapping->span,
                                       "%s has no '%s'", keys->what, row->name);
        diag_cure(reading->diags, diag, "%s: %s (%s)", row->name, row->doc, row->type);
        complete = false;
    }
    return complete;
}

bool keys_read(struct reading *reading, const struct keys *keys, const struct node *mapping,
               void *target)
{
    if (mapping->kind != NODE_MAPPING) {
        struct text expected = TEXT_INIT;
        text_printf(&expected, "%s as a mapping (key: value)", keys->what);
        reading_unexpected(reading, mapping, expected.failed ? "a mapping" : expected.ptr);
        text_clean_up(&expected);
        return false;
    }
    bool right = true;
    uint64_t seen = 0;
    for (size_t i = 0; i < mapping->count; i++) {
        int row = find_row(keys, mapping->keys[i]->text);
        if (row < 0) {
            report_unknown_key(reading, keys, mapping->keys[i]);
            right = false;
            continue;
        }
        seen |= UINT64_C(1) << row;
        const struct key *key = &keys->rows[row];
        right = key->read(reading, mapping->values[i], (char *)target + key->offset) && right;
    }
    return report_missing(reading, keys, mapping, seen) && right;
}
