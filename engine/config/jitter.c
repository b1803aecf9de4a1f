/* `jitter`: chance in a wait, as a word or as a word with its amount. */
#include "config/reader.h"

/* "25%" of the wait, or a span such as 1s. */
static bool read_amount(struct reading *reading, const struct node *value, struct jitter *jitter)
{
    if (value->kind == NODE_SCALAR && duration_parse(value->text, &jitter->span) == DURATION_OK &&
        jitter->span > 0)
        return true;
    jitter->span = 0;
    bool digit = value->kind == NODE_SCALAR && value->text.len > 0 && value->text.ptr[0] >= '0' &&
                 value->text.ptr[0] <= '9';
    if (!digit) return reading_unexpected(reading, value, "a share or a span, such as 25% or 1s");
    return read_share(reading, value, &jitter->ppm);
}

static bool no_amount(struct reading *reading, const struct node *value, struct jitter *jitter)
{
    (void)reading;
    (void)value;
    (void)jitter;
    return true;
}

/* [0.8, 1.3]: the lower factor, then the upper. */
static bool read_factors(struct reading *reading, const struct node *value, struct jitter *jitter)
{
    if (value->kind != NODE_SEQUENCE || value->count != 2)
        return reading_unexpected(reading, value, "two factors, such as [0.8, 1.3]");
    if (!read_scale(reading, value->items[0], &jitter->low_ppm) ||
        !read_scale(reading, value->items[1], &jitter->ppm))
        return false;
    if (jitter->low_ppm <= jitter->ppm && jitter->ppm > 0) return true;
    struct diag *diag = diag_error(reading->diags, "out-of-range", value->span,
                                   "the second factor is not above the first");
    diag_cure(reading->diags, diag, "write the lower one first, such as [0.8, 1.3]");
    return false;
}

static const struct {
    bool (*parameter)(struct reading *reading, const struct node *value, struct jitter *jitter);
    const char *example; /* NULL: stands alone */
} jitter_forms[JITTER_KIND_COUNT] = {
    [JITTER_NONE] = {no_amount, NULL},
    [JITTER_FULL] = {no_amount, NULL},
    [JITTER_EQUAL] = {no_amount, NULL},
    [JITTER_ADD] = {read_amount, "{add: 25%}"},
    [JITTER_SUBTRACT] = {read_amount, "{subtract: 25%}"},
    [JITTER_SPREAD] = {read_amount, "{spread: 20%}"},
    [JITTER_SCALE] = {read_factors, "{scale: [0.8, 1.3]}"},
};

bool read_jitter(struct reading *reading, const struct node *value, void *target)
{
    struct jitter *jitter = target;
    bool mapping = value->kind == NODE_MAPPING && value->count == 1;
    if (value->kind != NODE_SCALAR && !mapping)
        return reading_unexpected(reading, value, "a jitter: none, full, equal or {add: 25%}");
    int row;
    if (!read_word(reading, mapping ? value->keys[0] : value, &jitter_names, &row)) return false;
    *jitter = (struct jitter){.kind = (enum jitter_kind)row};
    const char *example = jitter_forms[row].example;
    if ((example != NULL) == mapping)
        return !mapping || jitter_forms[row].parameter(reading, value->values[0], jitter);
    struct diag *diag =
        diag_error(reading->diags, "bad-jitter", value->span, "jitter '%s' %s",
                   jitter_names.rows[row].word, mapping ? "takes no share" : "needs its share");
    diag_cure(reading->diags, diag, "write jitter: %s",
              mapping ? jitter_names.rows[row].word : example);
    return false;
}
