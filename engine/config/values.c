/* Readers of plain values: text, words, numbers, durations. */
#include "base/duration.h"
#include "config/keys.h"
#include "config/shape.h"

static bool is_filled(const struct node *value)
{
    return value->kind == NODE_SCALAR && !node_is_null(value);
}

bool read_text(struct reading *reading, const struct node *value, void *target)
{
    if (!is_filled(value)) return reading_unexpected(reading, value, "text");
    return arena_copy(reading->arena, value->text, target) || reading_out_of_memory(reading);
}

bool read_bool(struct reading *reading, const struct node *value, void *target)
{
    bool *out = target;
    if (value->kind == NODE_SCALAR && str_is(value->text, "true"))
        *out = true;
    else if (value->kind == NODE_SCALAR && str_is(value->text, "false"))
        *out = false;
    else
        return reading_unexpected(reading, value, "true or false");
    return true;
}

bool read_word(struct reading *reading, const struct node *value, const struct names *names,
               int *row)
{
    if (!is_filled(value)) {
        struct text list = TEXT_INIT;
        text_printf(&list, "a %s: ", names->what);
        names_list(names, &list);
        reading_unexpected(reading, value, list.failed ? names->what : list.ptr);
        text_clean_up(&list);
        return false;
    }
    *row = names_find(names, value->text);
    if (*row >= 0) return true;
    struct redial_str written = node_written(value);
    struct diag *diag = diag_error(reading->diags, "unknown-word", value->span, "unknown %s '%.*s'",
                                   names->what, REDIAL_STR_ARG(written));
    int closest = names_closest(names, value->text);
    if (closest >= 0) {
        diag_cure(reading->diags, diag, "did you mean '%s'?", names->rows[closest].word);
        return false;
    }
    struct text list = TEXT_INIT;
    names_list(names, &list);
    struct redial_str all = text_str(&list);
    diag_cure(reading->diags, diag, "expected %.*s", REDIAL_STR_ARG(all));
    text_clean_up(&list);
    return false;
}

/* ---- Numbers */

enum number_error { NUMBER_OK, NUMBER_MALFORMED, NUMBER_TOO_LARGE };

/* Digits with single underscores between them; an optional minus. */
static enum number_error parse_whole(struct redial_str text, int64_t *number)
{
    bool negative = text.len > 0 && text.ptr[0] == '-';
    text = str_skip(text, negative);
    int64_t sum = 0;
    bool digit_before = false, too_large = false;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == '_' && digit_before && i + 1 < text.len) {
            digit_before = false;
            continue;
        }
        if (c < '0' || c > '9') return NUMBER_MALFORMED;
        digit_before = true;
        if (__builtin_mul_overflow(sum, 10, &sum) || __builtin_add_overflow(sum, c - '0', &sum))
            too_large = true;
    }
    if (!digit_before) return NUMBER_MALFORMED;
    if (too_large) return NUMBER_TOO_LARGE;
    *number = negative ? -sum : sum;
    return NUMBER_OK;
}

static bool out_of_range(struct reading *reading, const struct node *value, int64_t low,
                         int64_t high)
{
    struct redial_str written = node_written(value);
    struct diag *diag = diag_error(reading->diags, "out-of-range", value->span,
                                   "'%.*s' is outside its range, %lld to %lld",
                                   REDIAL_STR_ARG(written), (long long)low, (long long)high);
    reading_blame_variable(reading, diag, value);
    return false;
}

static bool take_whole(struct reading *reading, const struct node *value, struct redial_str digits,
                       const int64_t range[2], int64_t *number, const char *expected)
{
    enum number_error error =
        is_filled(value) && value->plain ? parse_whole(digits, number) : NUMBER_MALFORMED;
    if (error == NUMBER_MALFORMED) return reading_unexpected(reading, value, expected);
    if (error == NUMBER_TOO_LARGE || *number < range[0] || *number > range[1])
        return out_of_range(reading, value, range[0], range[1]);
    return true;
}

bool read_whole(struct reading *reading, const struct node *value, int64_t low, int64_t high,
                int64_t *number)
{
    return take_whole(reading, value, value->text, (int64_t[2]){low, high}, number,
                      "a whole number");
}

bool read_count(struct reading *reading, const struct node *value, void *target)
{
    int32_t *out = target;
    if (value->kind == NODE_SCALAR && str_is(value->text, "unlimited")) {
        *out = INT32_MAX;
        return true;
    }
    int64_t number = 0;
    if (!take_whole(reading, value, value->text, (int64_t[2]){0, 1000000000}, &number,
                    "a whole number or `unlimited`"))
        return false;
    *out = (int32_t)number;
    return true;
}

#define TOKENS_MAX INT64_C(1000000000000) /* no context window comes near; sums cannot overflow */

bool read_tokens(struct reading *reading, const struct node *value, void *target)
{
    int64_t *out = target, number = 0;
    struct redial_str digits = value->text;
    int64_t unit = 1;
    if (value->kind == NODE_SCALAR && str_ends_with(digits, REDIAL_STR("k"))) unit = 1000;
    if (value->kind == NODE_SCALAR && str_ends_with(digits, REDIAL_STR("M"))) unit = 1000000;
    if (unit > 1) digits = str_take(digits, digits.len - 1);
    if (!take_whole(reading, value, digits, (int64_t[2]){0, TOKENS_MAX / unit}, &number,
                    "a number of tokens, such as 3000 or 200k"))
        return false;
    *out = number * unit;
    return true;
}

/* A decimal number without sign or exponent: at most 9 digits before the point and 9 behind it, in
 * billionths. By hand, since strtod reads by the host program's locale. */
static bool parse_decimal(struct redial_str text, int64_t *billionths)
{
    struct redial_str rest = text, whole = {0}, part = {0};
    if (!str_split(&rest, '.', &whole)) return false;
    bool has_point = whole.len < text.len;
    if (has_point) part = rest;
    if (whole.len == 0 || whole.len > 9 || part.len > 9 || (has_point && part.len == 0))
        return false;
    int64_t sum = 0;
    for (size_t i = 0; i < 18; i++) {
        char c = '0';
        if (i >= 9 && i - 9 < part.len) c = part.ptr[i - 9];
        if (i < 9 && i + whole.len >= 9) c = whole.ptr[i + whole.len - 9];
        if (c < '0' || c > '9') return false;
        sum = sum * 10 + (c - '0');
    }
    *billionths = sum;
    return true;
}

bool read_factor(struct reading *reading, const struct node *value, void *target)
{
    double *out = target;
    int64_t billionths;
    bool decimal = is_filled(value) && parse_decimal(value->text, &billionths);
    if (!decimal || billionths == 0)
        return reading_unexpected(reading, value, "a number above 0, such as 2 or 1.5");
    *out = (double)billionths / 1e9;
    return true;
}

bool read_scale(struct reading *reading, const struct node *value, void *target)
{
    uint32_t *out = target;
    int64_t billionths;
    bool decimal = is_filled(value) && parse_decimal(value->text, &billionths);
    if (!decimal || billionths > 1000 * INT64_C(1000000000))
        return reading_unexpected(reading, value, "a factor from 0 to 1000, such as 0.8");
    *out = (uint32_t)(billionths / 1000);
    return true;
}

bool read_share(struct reading *reading, const struct node *value, void *target)
{
    static const char expected[] = "a share, such as 25% or 0.25";
    uint32_t *out = target;
    if (!is_filled(value)) return reading_unexpected(reading, value, expected);
    struct redial_str text = value->text;
    bool percent = str_ends_with(text, REDIAL_STR("%"));
    if (percent) text = str_trim(str_take(text, text.len - 1));
    int64_t billionths;
    if (!parse_decimal(text, &billionths)) return reading_unexpected(reading, value, expected);
    int64_t ppm = percent ? billionths / 100000 : billionths / 1000;
    if (ppm <= 1000000) {
        *out = (uint32_t)ppm;
        return true;
    }
    struct redial_str written = node_written(value);
    struct diag *diag = diag_error(reading->diags, "out-of-range", value->span,
                                   "'%.*s' is more than 100 %%", REDIAL_STR_ARG(written));
    if (!percent) diag_cure(reading->diags, diag, "write %.*s%%", REDIAL_STR_ARG(written));
    return false;
}

/* ---- Durations */

static const struct {
    const char *message, *cure;
} duration_errors[] = {
    [DURATION_NO_UNIT] = {"has no unit", "write it as 500ms, 5s, 10m or 1h"},
    [DURATION_UNKNOWN_UNIT] = {"has an unknown unit", "the units are ns, us, ms, s, m, h and d"},
    [DURATION_NEGATIVE] = {"is negative", "a duration is 0s or more"},
    [DURATION_OVERFLOW] = {"is too long", "the longest duration is about 292 years"},
    [DURATION_MALFORMED] = {"is not a duration", "write it as 500ms, 1.5s or 1m30s"},
};

bool read_duration(struct reading *reading, const struct node *value, void *target)
{
    if (!is_filled(value))
        return reading_unexpected(reading, value, "a duration, such as 500ms or 1m30s");
    enum duration_error error = duration_parse(value->text, target);
    if (error == DURATION_OK) return true;
    struct redial_str written = node_written(value);
    struct diag *diag = diag_error(reading->diags, "bad-duration", value->span, "'%.*s' %s",
                                   REDIAL_STR_ARG(written), duration_errors[error].message);
    reading_blame_variable(reading, diag, value);
    diag_cure(reading->diags, diag, "%s", duration_errors[error].cure);
    return false;
}

bool read_bound(struct reading *reading, const struct node *value, void *target)
{
    if (value->kind != NODE_SCALAR || !str_is(value->text, "unlimited"))
        return read_duration(reading, value, target);
    int64_t *out = target;
    *out = DURATION_MAX;
    return true;
}

/* ---- Shapes */

const struct shape_row value_shapes[] = {
    {read_text, AS_TEXT},
    {read_bool, AS_BOOL},
    {read_duration, AS_DURATION},
    {read_bound, AS_MATCHES_OR("^" ONE_DURATION "$", AS_EXACTLY("unlimited"))},
    {read_count, AS_COUNT},
    {read_tokens, AS_WHOLE_OR(0, 0, AS_MATCHES("^[0-9]+(_[0-9]+)*[kM]$"))},
    {read_factor, AS_DECIMAL},
    {read_share, AS_SHARE},
    {read_scale, AS_NUMBER_OR(0, 1000, AS_MATCHES("^" ONE_DECIMAL "$"))},
    {0},
};
