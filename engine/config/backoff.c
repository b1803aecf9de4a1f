/* `backoff`: how long to wait, and how far the server's word on it counts. */
#include "config/reader.h"

static bool read_kind(struct reading *reading, const struct node *value, void *target)
{
    enum backoff_kind *out = target;
    int row;
    if (!read_word(reading, value, &backoff_kind_names, &row)) return false;
    *out = (enum backoff_kind)row;
    return true;
}

/* A copy of a backoff that stands above it, so there is no circle to fall into. The other keys of
 * the mapping then change the copy: read_one reads `like` before them. */
static bool read_like(struct reading *reading, const struct node *value, void *target)
{
    struct config *config = config_of(reading);
    struct backoff *backoff = target;
    uint16_t like = config_find(config, &config->backoffs, "backoff", value);
    if (like == NO_INDEX) return false;
    struct backoff *model = &config->policy->backoffs[like];
    if (like >= config->backoffs_read) {
        struct diag *diag =
            diag_error(reading->diags, "bad-like", value->span,
                       "backoff '%.*s' does not stand above this one", REDIAL_STR_ARG(value->text));
        diag_cure(reading->diags, diag, "a backoff builds on one that is already there");
        return false;
    }
    struct redial_str name = backoff->name;
    struct span span = backoff->span;
    *backoff = *model;
    backoff->name = name;
    backoff->span = span;
    backoff->built_on = false;
    model->built_on = true;
    return true;
}

static bool already_read(struct reading *reading, const struct node *value, void *target)
{
    (void)reading;
    (void)value;
    (void)target;
    return true;
}

/* ---- A backoff */

static bool read_step(struct reading *reading, const struct node *value, void *target)
{
    struct backoff *backoff = target;
    backoff->step_given = true;
    return read_duration(reading, value, &backoff->step);
}

static bool read_first(struct reading *reading, const struct node *value, void *target)
{
    struct backoff *backoff = target;
    backoff->first_given = true;
    return read_duration(reading, value, &backoff->first);
}

/* A duration that may be negative. */
static bool read_offset(struct reading *reading, const struct node *value, void *target)
{
    int64_t *offset = target;
    struct node size = *value;
    bool negative = value->kind == NODE_SCALAR && str_starts_with(value->text, REDIAL_STR("-"));
    size.text = str_skip(value->text, negative);
    if (!read_duration(reading, &size, offset)) return false;
    if (negative) *offset = -*offset;
    return true;
}

static const struct key backoff_keys[] = {
    {"like", already_read, 0, "take all keys of that backoff, then change the ones written here",
     "name of a backoff above", false},
    {"kind", read_kind, offsetof(struct backoff, kind), "how the wait grows",
     "constant, linear, exponential, decorrelated or decorrelated_v2", false},
    {"base", read_duration, offsetof(struct backoff, base), "the first wait", "duration", false},
    {"step", read_step, 0,
     "linear: every wait is so much longer than the one before; else the base", "duration", false},
    {"offset", read_offset, offsetof(struct backoff, offset),
     "exponential: added to every wait before the cap", "duration, may be negative", false},
    {"first", read_first, 0, "the first wait, in place of the formula's", "duration", false},
    {"rising", read_bool, offsetof(struct backoff, rising),
     "decorrelated: never shorter than the last wait", "true or false", false},
    {"floor", read_duration, offsetof(struct backoff, floor), "no wait is shorter", "duration",
     false},
    {"plus", read_duration, offsetof(struct backoff, plus), "added to every wait, last of all",
     "duration", false},
    {"factor", read_factor, offsetof(struct backoff, factor),
     "exponential: every wait is so many times the one before", "number above 0", false},
    {"cap", read_bound, offsetof(struct backoff, cap), "the longest wait, before jitter",
     "duration or unlimited", false},
    {"jitter", read_jitter, offsetof(struct backoff, jitter),
     "chance, so that many callers do not come back at once",
     "none, full, equal, {add: share or span}, {subtract: …}, {spread: …} or {scale: [low, high]}",
     false},
    {"cap_after_jitter", read_bool, offsetof(struct backoff, cap_after_jitter),
     "the cap holds for the jittered wait too", "true or false", false},
    {"hint", read_hint, offsetof(struct backoff, hint), "the server's own word on waiting",
     "{from, max, above} or none", false},
};
static const struct keys backoff_table = {"a backoff", backoff_keys, REDIAL_COUNT_OF(backoff_keys)};

#define BACKOFF_INIT                                                                               \
    {                                                                                              \
        .kind = BACKOFF_EXPONENTIAL, .base = -1, .cap = DURATION_MAX, .factor = 2,                 \
        .hint = {.max = 0, .above = HINT_CLAMP},                                                   \
    }

static struct span place_of(const struct node *mapping, const char *key)
{
    const struct node *value = node_get(mapping, key);
    return value ? value->span : mapping->span;
}

/* Keys that mean something to one or some kinds only. */
static const struct {
    const char *key;
    uint32_t kinds;
} kind_keys[] = {
    {"factor", 1u << BACKOFF_EXPONENTIAL},
    {"offset", 1u << BACKOFF_EXPONENTIAL},
    {"step", 1u << BACKOFF_LINEAR},
    {"rising", 1u << BACKOFF_DECORRELATED},
    {"first", ~(1u << BACKOFF_DECORRELATED_V2)},
    {"jitter", ~(1u << BACKOFF_DECORRELATED | 1u << BACKOFF_DECORRELATED_V2)},
};

static bool check_kind(struct reading *reading, const struct backoff *backoff,
                       const struct node *written)
{
    bool right = true;
    for (size_t i = 0; i < REDIAL_COUNT_OF(kind_keys); i++) {
        if (kind_keys[i].kinds & 1u << backoff->kind || !node_get(written, kind_keys[i].key))
            continue;
        struct diag *diag =
            diag_error(reading->diags, "bad-key", place_of(written, kind_keys[i].key),
                       "'%s' means nothing to kind %s", kind_keys[i].key,
                       backoff_kind_names.rows[backoff->kind].word);
        diag_cure(reading->diags, diag, "remove it, or choose another kind");
        right = false;
    }
    return right;
}

static bool check_hint(struct reading *reading, const struct backoff *backoff,
                       const struct node *written)
{
    const struct hint_policy *hint = &backoff->hint;
    if (hint->count == 0 || (!hint->held && hint->min <= hint->max)) return true;
    bool bent = hint->min > 0 || hint->jitter.kind != JITTER_NONE;
    if (hint->held && !bent) return true;
    struct diag *diag =
        diag_error(reading->diags, "bad-hint", place_of(written, "hint"),
                   "the hints of backoff '%.*s' have a min %s", REDIAL_STR_ARG(backoff->name),
                   hint->held ? "or jitter beside `within`" : "above their max");
    diag_cure(reading->diags, diag, "%s",
              hint->held ? "`within` holds a hint near the own wait: remove the others"
                         : "raise max, or lower min");
    return false;
}

static bool check_backoff(struct reading *reading, const struct backoff *backoff,
                          const struct node *written)
{
    struct redial_str name = backoff->name;
    struct diag_list *diags = reading->diags;
    struct diag *diag = NULL;
    if (backoff->base < 0) {
        diag = diag_error(diags, "missing-key", written->span, "backoff '%.*s' has no 'base'",
                          REDIAL_STR_ARG(name));
        diag_cure(diags, diag, "base: the first wait, such as 500ms");
        return false;
    }
    if (backoff->base == 0) {
        diag = diag_error(diags, "out-of-range", place_of(written, "base"),
                          "the base of backoff '%.*s' is 0: it would not wait at all",
                          REDIAL_STR_ARG(name));
        diag_cure(diags, diag, "begin with something like 500ms");
        return false;
    }
    if (backoff->cap < backoff->base) {
        diag = diag_error(diags, "out-of-range", place_of(written, "cap"),
                          "the cap of backoff '%.*s' is below its base", REDIAL_STR_ARG(name));
        diag_note(diags, diag, place_of(written, "base"), "the base");
        return false;
    }
    if (!check_kind(reading, backoff, written)) return false;
    if (backoff->hint.count > 0 && backoff->hint.max <= 0 && !backoff->hint.held) {
        diag = diag_error(diags, "unbounded-hint", place_of(written, "hint"),
                          "the hints of backoff '%.*s' have no bound", REDIAL_STR_ARG(name));
        diag_cure(diags, diag, "add max: the longest wait that a server may ask for, such as 1h");
        return false;
    }
    return check_hint(reading, backoff, written);
}

/* What `like` brought along and the kind has no use for. */
static void forget_strange_keys(struct backoff *backoff)
{
    bool decorrelated =
        backoff->kind == BACKOFF_DECORRELATED || backoff->kind == BACKOFF_DECORRELATED_V2;
    if (decorrelated) backoff->jitter = (struct jitter){.kind = JITTER_NONE};
    if (backoff->kind != BACKOFF_EXPONENTIAL) backoff->offset = 0;
    if (backoff->kind != BACKOFF_LINEAR) backoff->step_given = false;
    if (backoff->kind != BACKOFF_DECORRELATED) backoff->rising = false;
    if (backoff->kind == BACKOFF_DECORRELATED_V2) backoff->first_given = false;
}

static bool read_one(struct reading *reading, const struct node *value, struct backoff *backoff)
{
    const struct node *like = node_get(value, "like");
    bool right = !like || read_like(reading, like, backoff);
    right = keys_read(reading, &backoff_table, value, backoff) && right;
    if (backoff->hint.held && backoff->hint.max == 0) backoff->hint.max = DURATION_MAX;
    right = right && check_backoff(reading, backoff, value);
    forget_strange_keys(backoff);
    return right;
}

bool read_backoffs(struct reading *reading, const struct node *value, void *target)
{
    struct config *config = config_of(reading);
    struct redial_policy *policy = target;
    if (value->kind != NODE_MAPPING || value->count == 0)
        return reading_unexpected(reading, value, "named backoffs: {standard: {base: 500ms}}");
    if (config->backoffs.count != value->count) return false; /* too many: said when declared */
    policy->backoffs = ARENA_ARRAY(reading->arena, struct backoff, value->count);
    if (!policy->backoffs) return reading_out_of_memory(reading);
    policy->backoff_count = value->count;
    bool right = true;
    for (size_t i = 0; i < value->count; i++) {
        struct backoff *backoff = &policy->backoffs[i];
        *backoff = (struct backoff)BACKOFF_INIT;
        backoff->span = value->keys[i]->span;
        right = read_name(reading, value->keys[i], &backoff->name) && right;
        right = read_one(reading, value->values[i], backoff) && right;
        config->backoffs_read = i + 1;
    }
    return right;
}
