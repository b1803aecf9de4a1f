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

/* ---- Jitter */

static bool jitter_takes_share(enum jitter_kind kind)
{
    return kind == JITTER_ADD || kind == JITTER_SUBTRACT || kind == JITTER_SPREAD;
}

static bool read_jitter(struct reading *reading, const struct node *value, void *target)
{
    struct backoff *backoff = target;
    bool mapping = value->kind == NODE_MAPPING && value->count == 1;
    if (value->kind != NODE_SCALAR && !mapping)
        return reading_unexpected(reading, value, "a jitter: none, full, equal or {add: 25%}");
    int row;
    if (!read_word(reading, mapping ? value->keys[0] : value, &jitter_names, &row)) return false;
    backoff->jitter = (enum jitter_kind)row;
    backoff->jitter_ppm = 0;
    if (jitter_takes_share(backoff->jitter) == mapping)
        return !mapping || read_share(reading, value->values[0], &backoff->jitter_ppm);
    struct diag *diag =
        diag_error(reading->diags, "bad-jitter", value->span, "jitter '%s' %s",
                   jitter_names.rows[row].word, mapping ? "takes no share" : "needs its share");
    diag_cure(reading->diags, diag, mapping ? "write jitter: %s" : "write jitter: {%s: 25%%}",
              jitter_names.rows[row].word);
    return false;
}

/* ---- Hints */

/* Headers whose unit is known, the first that matches decides. Others must say theirs. */
static const struct {
    const char *pattern;
    enum hint_unit unit;
} known_headers[] = {
    {"retry-after-ms", HINT_MILLISECONDS},
    {"x-ms-retry-after-ms", HINT_MILLISECONDS},
    {"retry-after", HINT_SECONDS_OR_DATE},
    {"anthropic-ratelimit-unified-*reset", HINT_UNIX_SECONDS},
    {"anthropic-*-reset", HINT_RFC3339},
};

static bool unit_of_header(struct redial_str name, enum hint_unit *unit)
{
    for (size_t i = 0; i < REDIAL_COUNT_OF(known_headers); i++)
        if (glob_match(str_of(known_headers[i].pattern), name)) {
            *unit = known_headers[i].unit;
            return true;
        }
    return false;
}

struct hint_source {
    struct redial_str header;
    int unit; /* −1: by the header's name */
};

static bool read_hint_unit(struct reading *reading, const struct node *value, void *target)
{
    return read_word(reading, value, &hint_unit_names, target);
}

static bool read_header_name(struct reading *reading, const struct node *value, void *target)
{
    if (value->kind != NODE_SCALAR || value->text.len == 0)
        return reading_unexpected(reading, value, "a header's name");
    struct redial_str *name = target;
    char *lower = ARENA_ARRAY(reading->arena, char, value->text.len);
    if (!lower) return reading_out_of_memory(reading);
    for (size_t i = 0; i < value->text.len; i++) {
        lower[i] = value->text.ptr[i];
        if (lower[i] >= 'A' && lower[i] <= 'Z') lower[i] = (char)(lower[i] + ('a' - 'A'));
    }
    *name = (struct redial_str){lower, value->text.len};
    return true;
}

static const struct key hint_source_keys[] = {
    {"header", read_header_name, offsetof(struct hint_source, header), "the header's name", "text",
     true},
    {"as", read_hint_unit, offsetof(struct hint_source, unit), "what its value is",
     "seconds_or_date, milliseconds, unix_seconds or rfc3339", true},
};
static const struct keys hint_source_table = {"a hint's header", hint_source_keys,
                                              REDIAL_COUNT_OF(hint_source_keys)};

static bool unknown_unit(struct reading *reading, const struct node *item, struct redial_str name)
{
    struct diag *diag = diag_error(reading->diags, "bad-hint", item->span,
                                   "the unit of header '%.*s' is not known", REDIAL_STR_ARG(name));
    diag_cure(reading->diags, diag,
              "write {header: %.*s, as: seconds_or_date}, or as: "
              "milliseconds, unix_seconds, rfc3339",
              REDIAL_STR_ARG(name));
    return false;
}

/* The number of a header in the policy, the same for all backoffs that read it. */
static bool hint_header_number(struct reading *reading, const struct node *item,
                               struct hint_header header, uint8_t *number)
{
    struct redial_policy *policy = config_of(reading)->policy;
    for (size_t i = 0; i < policy->hint_header_count; i++) {
        if (!str_eq(policy->hint_headers[i].name, header.name)) continue;
        *number = (uint8_t)i;
        if (policy->hint_headers[i].unit == header.unit) return true;
        diag_error(reading->diags, "bad-hint", item->span,
                   "header '%.*s' is read as %s elsewhere in this policy",
                   REDIAL_STR_ARG(header.name),
                   hint_unit_names.rows[policy->hint_headers[i].unit].word);
        return false;
    }
    if (policy->hint_header_count == REDIAL_HINTS_MAX) {
        diag_error(reading->diags, "too-many", item->span,
                   "a policy reads at most %d different hint headers", REDIAL_HINTS_MAX);
        return false;
    }
    *number = (uint8_t)policy->hint_header_count;
    policy->hint_headers[policy->hint_header_count++] = header;
    return true;
}

static bool read_hint_source(struct reading *reading, const struct node *item, uint8_t *number)
{
    struct hint_source source = {.unit = -1};
    enum hint_unit unit = HINT_SECONDS_OR_DATE;
    if (item->kind == NODE_MAPPING) {
        if (!keys_read(reading, &hint_source_table, item, &source)) return false;
        unit = (enum hint_unit)source.unit;
    } else {
        if (!read_header_name(reading, item, &source.header)) return false;
        if (!unit_of_header(source.header, &unit))
            return unknown_unit(reading, item, source.header);
    }
    return hint_header_number(reading, item, (struct hint_header){source.header, unit}, number);
}

static bool read_hint_from(struct reading *reading, const struct node *value, void *target)
{
    struct hint_policy *hint = target;
    size_t count = items_count(value);
    if (count > REDIAL_HINTS_MAX) {
        diag_error(reading->diags, "too-many", value->span,
                   "a policy reads at most %d different hint headers", REDIAL_HINTS_MAX);
        return false;
    }
    bool right = true;
    for (size_t i = 0; i < count; i++)
        right = read_hint_source(reading, items_at(value, i), &hint->from[i]) && right;
    hint->count = count;
    return right;
}

static bool read_hint_above(struct reading *reading, const struct node *value, void *target)
{
    enum hint_above *out = target;
    int row;
    if (!read_word(reading, value, &hint_above_names, &row)) return false;
    *out = (enum hint_above)row;
    return true;
}

static const struct key hint_keys[] = {
    {"from", read_hint_from, 0, "the headers to read, the first readable one wins",
     "list of header names or {header: name, as: unit}", false},
    {"max", read_duration, offsetof(struct hint_policy, max), "the longest wait that is obeyed",
     "duration", false},
    {"above", read_hint_above, offsetof(struct hint_policy, above), "what a longer one leads to",
     "clamp, ignore, give_up or fallback", false},
};
static const struct keys hint_table = {"hint", hint_keys, REDIAL_COUNT_OF(hint_keys)};

static bool read_hint(struct reading *reading, const struct node *value, void *target)
{
    struct hint_policy *hint = target;
    hint->span = value->span;
    if (value->kind == NODE_SCALAR && str_is(value->text, "none")) {
        hint->count = 0;
        return true;
    }
    return keys_read(reading, &hint_table, value, hint);
}

/* ---- A backoff */

static const struct key backoff_keys[] = {
    {"like", already_read, 0, "take all keys of that backoff, then change the ones written here",
     "name of a backoff above", false},
    {"kind", read_kind, offsetof(struct backoff, kind), "how the wait grows",
     "constant, linear, exponential or decorrelated", false},
    {"base", read_duration, offsetof(struct backoff, base), "the first wait", "duration", false},
    {"factor", read_factor, offsetof(struct backoff, factor),
     "exponential: every wait is so many times the one before", "number above 0", false},
    {"cap", read_bound, offsetof(struct backoff, cap), "the longest wait, before jitter",
     "duration or unlimited", false},
    {"jitter", read_jitter, 0, "chance, so that many callers do not come back at once",
     "none, full, equal, {add: share}, {subtract: share} or {spread: share}", false},
    {"cap_after_jitter", read_bool, offsetof(struct backoff, cap_after_jitter),
     "the cap holds for the jittered wait too", "true or false", false},
    {"hint", read_hint, offsetof(struct backoff, hint), "the server's own word on waiting",
     "{from, max, above} or none", false},
};
static const struct keys backoff_table = {"a backoff", backoff_keys, REDIAL_COUNT_OF(backoff_keys)};

#define BACKOFF_INIT                                                                               \
    {                                                                                              \
        .kind = BACKOFF_EXPONENTIAL, .base = -1, .cap = DURATION_MAX, .factor = 2,                 \
        .jitter = JITTER_NONE, .hint = {.max = 0, .above = HINT_CLAMP},                            \
    }

static struct span place_of(const struct node *mapping, const char *key)
{
    const struct node *value = node_get(mapping, key);
    return value ? value->span : mapping->span;
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
    if (node_get(written, "factor") && backoff->kind != BACKOFF_EXPONENTIAL) {
        diag_error(diags, "bad-factor", place_of(written, "factor"),
                   "a factor means nothing to kind %s",
                   backoff_kind_names.rows[backoff->kind].word);
        return false;
    }
    if (backoff->hint.count > 0 && backoff->hint.max <= 0) {
        diag = diag_error(diags, "unbounded-hint", place_of(written, "hint"),
                          "the hints of backoff '%.*s' have no bound", REDIAL_STR_ARG(name));
        diag_cure(diags, diag, "add max: the longest wait that a server may ask for, such as 1h");
        return false;
    }
    return true;
}

static bool read_one(struct reading *reading, const struct node *value, struct backoff *backoff)
{
    const struct node *like = node_get(value, "like");
    bool right = !like || read_like(reading, like, backoff);
    right = keys_read(reading, &backoff_table, value, backoff) && right;
    return right && check_backoff(reading, backoff, value);
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
