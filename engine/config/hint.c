/* `hint`: which of the server's own words on waiting are read, and how far they count. */
#include "config/reader.h"

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

static bool read_odd(struct reading *reading, const struct node *value, void *target)
{
    enum hint_odd *out = target;
    int row;
    if (!read_word(reading, value, &hint_odd_names, &row)) return false;
    *out = (enum hint_odd)row;
    return true;
}

static bool read_within(struct reading *reading, const struct node *value, void *target)
{
    struct hint_policy *hint = target;
    hint->held = true;
    return read_duration(reading, value, &hint->within);
}

static const struct key hint_keys[] = {
    {"from", read_hint_from, 0, "the headers to read, the first readable one wins",
     "list of header names or {header: name, as: unit}", false},
    {"max", read_bound, offsetof(struct hint_policy, max), "the longest wait that is obeyed",
     "duration or unlimited", false},
    {"above", read_hint_above, offsetof(struct hint_policy, above), "what a longer one leads to",
     "clamp, ignore, give_up, fallback or now", false},
    {"min", read_duration, offsetof(struct hint_policy, min), "a shorter one is raised to this",
     "duration", false},
    {"within", read_within, 0, "hold the wait between the own one and so much more; needs no max",
     "duration", false},
    {"zero", read_odd, offsetof(struct hint_policy, zero), "what 0 or an instant in the past means",
     "ignore, now or veto", false},
    {"unreadable", read_odd, offsetof(struct hint_policy, unreadable),
     "what a value that is no wait means", "ignore, now or veto", false},
    {"restarts", read_bool, offsetof(struct hint_policy, restarts),
     "the wait after a hinted one is the first again", "true or false", false},
    {"jitter", read_jitter, offsetof(struct hint_policy, jitter), "chance added to a hint",
     "as a backoff's jitter", false},
};
static const struct keys hint_table = {"hint", hint_keys, REDIAL_COUNT_OF(hint_keys)};

bool read_hint(struct reading *reading, const struct node *value, void *target)
{
    struct hint_policy *hint = target;
    hint->span = value->span;
    if (value->kind == NODE_SCALAR && str_is(value->text, "none")) {
        hint->count = 0;
        return true;
    }
    return keys_read(reading, &hint_table, value, hint);
}

/* ---- Shapes */

const struct shape_row hint_shapes[] = {
    {read_header_name, AS_TEXT},
    {read_hint_unit, AS_WORD(hint_unit_names)},
    {read_hint_from, AS_ITEMS(AS_KEYS_OR(hint_source_table, AS_TEXT))},
    {read_hint_above, AS_WORD(hint_above_names)},
    {read_odd, AS_WORD(hint_odd_names)},
    {read_within, AS_DURATION},
    {read_hint, AS_KEYS_OR(hint_table, AS_EXACTLY("none"))},
    {0},
};
