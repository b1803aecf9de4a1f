/* Flags of anthropic-beta, and `betas` of a platform: which of a caller's flags it takes. */
#include "config/betas.h"

#include "config/reader.h"

#define BETAS_MAX 256u /* of one list */

/* ---- Flags */

/* Goes into a header and into JSON. */
static bool is_word(struct redial_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (c <= 0x20 || c >= 0x7f || c == '"' || c == ',' || c == '\\') return false;
    }
    return text.len > 0;
}

static bool read_glob(struct reading *reading, const struct node *value, void *target)
{
    struct redial_str written = node_written(value);
    if (value->kind != NODE_SCALAR || node_is_null(value))
        return reading_unexpected(reading, value, "a beta flag");
    if (is_word(value->text)) return read_text(reading, value, target);
    struct diag *diag = diag_error(reading->diags, "bad-flag", value->span,
                                   "'%.*s' is no beta flag", REDIAL_STR_ARG(written));
    diag_cure(reading->diags, diag,
              "a flag is one word without commas or blanks, as files-api-2025-04-14");
    return false;
}

/* What is sent is no pattern. */
static bool read_flag(struct reading *reading, const struct node *value, void *target)
{
    if (value->kind == NODE_SCALAR && str_find(value->text, REDIAL_STR("*")) != SIZE_MAX)
        return reading_unexpected(reading, value, "a whole beta flag, as files-api-2025-04-14");
    return read_glob(reading, value, target);
}

static bool is_too_many(struct reading *reading, const struct node *value, size_t count)
{
    if (count > BETAS_MAX)
        diag_error(reading->diags, "too-many", value->span, "more than %u flags", BETAS_MAX);
    return count > BETAS_MAX;
}

static bool read_list(struct reading *reading, const struct node *value, read_fn *read,
                      struct beta_flags *flags)
{
    size_t count = items_count(value);
    bool right = true;
    if (is_too_many(reading, value, count)) return false;
    flags->list = ARENA_ARRAY(reading->arena, struct redial_str, count);
    if (!flags->list) return reading_out_of_memory(reading);
    flags->count = count;
    for (size_t i = 0; i < count; i++)
        right = read(reading, items_at(value, i), &flags->list[i]) && right;
    return right;
}

bool read_beta_flags(struct reading *reading, const struct node *value, void *target)
{
    return read_list(reading, value, read_flag, target);
}

bool read_beta_globs(struct reading *reading, const struct node *value, void *target)
{
    return read_list(reading, value, read_glob, target);
}

/* ---- Rows */

struct betas {
    struct beta_table renamed, dropped;
};

static struct beta_row *make_rows(struct reading *reading, const struct node *value, size_t count,
                                  struct beta_table *table)
{
    if (is_too_many(reading, value, count)) return NULL;
    table->rows = ARENA_ARRAY(reading->arena, struct beta_row, count);
    if (!table->rows) reading_out_of_memory(reading);
    table->count = table->rows ? count : 0;
    return table->rows;
}

static bool read_drop(struct reading *reading, const struct node *value, void *target)
{
    size_t count = items_count(value);
    struct beta_row *rows = make_rows(reading, value, count, target);
    bool right = rows != NULL;
    for (size_t i = 0; rows && i < count; i++) {
        rows[i].span = items_at(value, i)->span;
        right = read_glob(reading, items_at(value, i), &rows[i].flag_glob) && right;
    }
    return right;
}

static bool read_rename(struct reading *reading, const struct node *value, void *target)
{
    if (value->kind != NODE_MAPPING)
        return reading_unexpected(
            reading, value, "flags by pattern: {advanced-tool-use-*: tool-search-tool-2025-10-19}");
    struct beta_row *rows = make_rows(reading, value, value->count, target);
    bool right = rows != NULL;
    for (size_t i = 0; rows && i < value->count; i++) {
        rows[i].span = value->keys[i]->span;
        right = read_glob(reading, value->keys[i], &rows[i].flag_glob) &&
                read_flag(reading, value->values[i], &rows[i].sent) && right;
    }
    return right;
}

static const struct key beta_keys[] = {
    {"drop", read_drop, offsetof(struct betas, dropped),
     "flags that are not sent, as patterns: the platform refuses the request for them",
     "flag or list of flags", false},
    {"rename", read_rename, offsetof(struct betas, renamed),
     "flags that go by another name there; looked at before `drop`, the first pattern that matches",
     "mapping of flags to flags", false},
};
static const struct keys beta_table = {"the beta flags of a platform", beta_keys,
                                       REDIAL_COUNT_OF(beta_keys)};

/* ---- The table */

static bool check_twice(struct reading *reading, const struct beta_table *table, size_t row)
{
    struct redial_str flag = table->rows[row].flag_glob;
    for (size_t i = 0; i < row && flag.len > 0; i++) {
        if (!str_eq(table->rows[i].flag_glob, flag)) continue;
        struct diag *diag = diag_error(reading->diags, "duplicate-name", table->rows[row].span,
                                       "a second row for the same flag");
        diag_note(reading->diags, diag, table->rows[i].span, "the first one");
        diag_cure(reading->diags, diag, "remove one: a flag is dropped, or renamed");
        return false;
    }
    return true;
}

/* One list, what is renamed first. */
static bool join(struct reading *reading, const struct betas *betas, struct beta_table *table)
{
    size_t count = betas->renamed.count + betas->dropped.count;
    bool right = true;
    table->rows = ARENA_ARRAY(reading->arena, struct beta_row, count);
    if (!table->rows) return reading_out_of_memory(reading);
    for (; table->count < count; table->count++) {
        size_t i = table->count, behind = i - betas->renamed.count;
        table->rows[i] =
            i < betas->renamed.count ? betas->renamed.rows[i] : betas->dropped.rows[behind];
        right = check_twice(reading, table, i) && right;
    }
    return right;
}

bool read_betas(struct reading *reading, const struct node *value, void *target)
{
    struct betas betas = {0};
    bool right = keys_read(reading, &beta_table, value, &betas);
    return join(reading, &betas, target) && right;
}

/* ---- Shapes */

const struct shape_row beta_shapes[] = {
    {read_beta_flags, AS_ITEMS(AS_TEXT)}, {read_beta_globs, AS_ITEMS(AS_TEXT)},
    {read_drop, AS_ITEMS(AS_TEXT)},       {read_rename, AS_NAMED(AS_TEXT)},
    {read_betas, AS_KEYS(beta_table)},    {0},
};
