/* Facts that are numbers and durations: exact, in a range, over or under a bound. */
#include "config/condition.h"

struct range {
    int64_t low, high;
};

static bool range_new(struct reading *reading, enum fact fact, const struct node *item,
                      struct range range, const struct condition **out)
{
    struct condition *condition = condition_new(reading, CONDITION_RANGE, fact, item, 0);
    if (!condition) return false;
    condition->range.low = range.low;
    condition->range.high = range.high;
    *out = condition;
    return true;
}

/* "500..599"; false when the item has no "..". */
static bool parse_dots(struct redial_str text, struct range *range)
{
    size_t at = str_find(text, REDIAL_STR(".."));
    if (at == SIZE_MAX) return false;
    return str_to_int64(str_trim(str_take(text, at)), &range->low) &&
           str_to_int64(str_trim(str_skip(text, at + 2)), &range->high) &&
           range->low <= range->high;
}

/* "5xx" */
static bool parse_hundred(struct redial_str text, struct range *range)
{
    if (text.len != 3 || text.ptr[0] < '1' || text.ptr[0] > '5') return false;
    if (!str_eq_nocase(str_skip(text, 1), REDIAL_STR("xx"))) return false;
    range->low = INT64_C(100) * (text.ptr[0] - '0');
    range->high = range->low + 99;
    return true;
}

#define STATUS_MIN 100
#define STATUS_MAX 599

static bool read_status_item(struct reading *reading, const struct node *item, struct range *range)
{
    struct redial_str text = item->kind == NODE_SCALAR ? item->text : (struct redial_str){0};
    if (!parse_hundred(text, range) && !parse_dots(text, range)) {
        if (!str_to_int64(text, &range->low))
            return reading_unexpected(reading, item,
                                      "an HTTP status, such as 429, 500..599 or 5xx");
        range->high = range->low;
    }
    if (range->low >= STATUS_MIN && range->high <= STATUS_MAX) return true;
    struct redial_str written = node_written(item);
    struct diag *diag = diag_error(reading->diags, "out-of-range", item->span,
                                   "'%.*s' is no HTTP status", REDIAL_STR_ARG(written));
    diag_cure(reading->diags, diag, "statuses are %d to %d", STATUS_MIN, STATUS_MAX);
    return false;
}

/* Exact statuses first, since the matcher indexes them, then the ranges. */
bool fact_read_status(struct reading *reading, const struct node *value, enum fact fact,
                      void *target)
{
    size_t count = items_count(value), part_count = 0;
    struct words exact;
    const struct condition **parts = condition_children(reading, count + 1);
    if (!condition_has_items(reading, value) || !parts || !words_begin(reading, count, &exact))
        return false;
    bool right = true;
    for (size_t i = 0; i < count; i++) {
        const struct node *item = items_at(value, i);
        struct range range = {0};
        if (!read_status_item(reading, item, &range))
            right = false;
        else if (range.low == range.high)
            right = words_add(reading, &exact, item, (uint32_t)range.low) && right;
        else
            right = range_new(reading, fact, item, range, &parts[part_count++]) && right;
    }
    if (!right) return false;
    if (exact.count > 0) {
        if (!words_end(reading, &exact, fact, value, &parts[part_count])) return false;
        part_count++;
    }
    return condition_join(reading, CONDITION_ANY, value, parts, part_count, target);
}

/* {over: …, under: …}, both excluded. */
struct bounds {
    int64_t over, under;
};

static bool read_plain_number(struct reading *reading, const struct node *value, void *target)
{
    return read_whole(reading, value, 0, INT32_MAX, target);
}

static const struct key number_bound_keys[] = {
    {"over", read_plain_number, offsetof(struct bounds, over), "more than this", "number", false},
    {"under", read_plain_number, offsetof(struct bounds, under), "less than this", "number", false},
};
static const struct keys number_bounds = {"a bound", number_bound_keys,
                                          REDIAL_COUNT_OF(number_bound_keys)};
static const struct key duration_bound_keys[] = {
    {"over", read_duration, offsetof(struct bounds, over), "longer than this", "duration", false},
    {"under", read_duration, offsetof(struct bounds, under), "shorter than this", "duration",
     false},
};
static const struct keys duration_bounds = {"a bound", duration_bound_keys,
                                            REDIAL_COUNT_OF(duration_bound_keys)};

static bool read_bounds(struct reading *reading, const struct keys *keys, const struct node *value,
                        struct range *range)
{
    struct bounds bounds = {-1, INT64_MAX};
    if (!keys_read(reading, keys, value, &bounds)) return false;
    range->low = duration_add(bounds.over, 1);
    range->high = bounds.under == INT64_MAX ? INT64_MAX : bounds.under - 1;
    if (value->count > 0 && range->low <= range->high) return true;
    diag_error(reading->diags, "never-matches", value->span, "nothing lies within these bounds");
    return false;
}

static bool read_number_item(struct reading *reading, const struct node *item, struct range *range)
{
    if (item->kind == NODE_MAPPING) return read_bounds(reading, &number_bounds, item, range);
    if (item->kind == NODE_SCALAR && parse_dots(item->text, range)) return true;
    if (item->kind != NODE_SCALAR || !str_to_int64(item->text, &range->low) || range->low < 0)
        return reading_unexpected(reading, item, "a number, such as 3, 2..5 or {over: 4}");
    range->high = range->low;
    return true;
}

bool fact_read_numbers(struct reading *reading, const struct node *value, enum fact fact,
                       void *target)
{
    size_t count = items_count(value);
    const struct condition **parts = condition_children(reading, count);
    if (!condition_has_items(reading, value) || !parts) return false;
    bool right = true;
    for (size_t i = 0; i < count; i++) {
        struct range range = {0};
        const struct node *item = items_at(value, i);
        right = read_number_item(reading, item, &range) &&
                range_new(reading, fact, item, range, &parts[i]) && right;
    }
    return right && condition_join(reading, CONDITION_ANY, value, parts, count, target);
}

bool fact_read_span(struct reading *reading, const struct node *value, enum fact fact, void *target)
{
    struct range range = {0};
    if (value->kind != NODE_MAPPING)
        return reading_unexpected(reading, value, "a bound, such as {over: 5m} or {under: 30s}");
    return read_bounds(reading, &duration_bounds, value, &range) &&
           range_new(reading, fact, value, range, target);
}

/* A hint is a number of nanoseconds, −1 when there is none. */
bool fact_read_hint(struct reading *reading, const struct node *value, enum fact fact, void *target)
{
    if (value->kind == NODE_MAPPING) return fact_read_span(reading, value, fact, target);
    struct range range = {0};
    if (value->kind == NODE_SCALAR && str_is(value->text, "present"))
        range = (struct range){0, INT64_MAX};
    else if (value->kind == NODE_SCALAR && str_is(value->text, "absent"))
        range = (struct range){-1, -1};
    else
        return reading_unexpected(reading, value, "present, absent or a bound such as {over: 1m}");
    return range_new(reading, fact, value, range, target);
}

bool fact_read_delivered(struct reading *reading, const struct node *value, enum fact fact,
                         void *target)
{
    bool delivered;
    return read_bool(reading, value, &delivered) &&
           range_new(reading, fact, value, (struct range){delivered, delivered}, target);
}

/* ---- Shapes */

const struct shape number_bounds_shape = AS_KEYS(number_bounds);
const struct shape duration_bounds_shape = AS_KEYS(duration_bounds);

const struct shape_row bound_shapes[] = {
    {read_plain_number, AS_WHOLE(0, INT32_MAX)},
    {0},
};
