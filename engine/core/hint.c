#include "core/hint.h"

/* A decimal number of units, as ns: digits, then a fraction. No sign, no exponent, no "NaN":
 * whatever a server sends in those forms is not a wait. */
static bool read_decimal(struct redial_str text, int64_t unit, int64_t *ns)
{
    size_t i = 0;
    int64_t total = 0;
    bool over = false;
    for (; i < text.len && text.ptr[i] >= '0' && text.ptr[i] <= '9'; i++)
        if (__builtin_mul_overflow(total, 10, &total) ||
            __builtin_add_overflow(total, text.ptr[i] - '0', &total))
            over = true;
    if (i == 0) return false;
    if (over || __builtin_mul_overflow(total, unit, &total)) {
        over = true;
        total = INT64_MAX;
    }
    if (i < text.len && text.ptr[i] == '.') {
        size_t point = i++;
        for (int64_t part = unit / 10; i < text.len && text.ptr[i] >= '0' && text.ptr[i] <= '9';
             i++, part /= 10)
            if (!over) total = duration_add(total, (text.ptr[i] - '0') * part);
        if (i == point + 1) return false;
    }
    *ns = total;
    return i == text.len;
}

struct redial_hint hint_read(struct redial_str value, enum hint_unit unit)
{
    struct redial_hint hint = {.kind = REDIAL_HINT_UNREADABLE};
    value = str_trim(value);
    int64_t ns = 0;
    bool number = read_decimal(value, unit == HINT_MILLISECONDS ? NS_PER_MS : NS_PER_SECOND, &ns);
    if (unit == HINT_SECONDS_OR_DATE || unit == HINT_SECONDS || unit == HINT_MILLISECONDS) {
        if (number)
            hint = (struct redial_hint){.kind = REDIAL_HINT_DELAY, .value = ns};
        else if (unit == HINT_SECONDS_OR_DATE && http_date_parse(value, &ns))
            hint = (struct redial_hint){.kind = REDIAL_HINT_INSTANT, .value = ns};
    } else if (unit == HINT_UNIX_SECONDS ? number : rfc3339_parse(value, &ns)) {
        hint = (struct redial_hint){.kind = REDIAL_HINT_INSTANT, .value = ns};
    }
    return hint;
}

static bool is_span(const struct redial_hint *hint, int64_t now, int64_t *delay)
{
    *delay = 0;
    if (hint->kind == REDIAL_HINT_DELAY) *delay = hint->value;
    if (hint->kind == REDIAL_HINT_INSTANT && hint->value > now) *delay = hint->value - now;
    return *delay > 0;
}

static struct hint_word odd_word(enum hint_odd odd, uint8_t header)
{
    static const enum hint_word_kind kinds[HINT_ODD_COUNT] = {
        [HINT_ODD_IGNORE] = HINT_WORD_NONE,
        [HINT_ODD_NOW] = HINT_WORD_NOW,
        [HINT_ODD_VETO] = HINT_WORD_VETO,
    };
    return (struct hint_word){.kind = kinds[odd],
                              .header = odd == HINT_ODD_IGNORE ? REDIAL_HINTS_MAX : header};
}

struct hint_word hint_choose(const struct hint_policy *policy, const struct redial_hint hints[],
                             int64_t now)
{
    struct hint_word unreadable = {.kind = HINT_WORD_NONE, .header = REDIAL_HINTS_MAX};
    for (size_t i = 0; i < policy->count; i++) {
        const struct redial_hint *hint = &hints[policy->from[i]];
        int64_t delay;
        if (is_span(hint, now, &delay))
            return (struct hint_word){HINT_WORD_SPAN, policy->from[i], delay};
        if (hint->kind == REDIAL_HINT_UNREADABLE) {
            unreadable = odd_word(policy->unreadable, policy->from[i]);
        } else if (hint->kind != REDIAL_HINT_ABSENT && policy->zero != HINT_ODD_IGNORE) {
            return odd_word(policy->zero, policy->from[i]);
        }
    }
    return unreadable;
}
