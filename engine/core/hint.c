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
    if (unit == HINT_SECONDS_OR_DATE || unit == HINT_MILLISECONDS) {
        if (number)
            hint = (struct redial_hint){.kind = REDIAL_HINT_DELAY, .value = ns};
        else if (unit == HINT_SECONDS_OR_DATE && http_date_parse(value, &ns))
            hint = (struct redial_hint){.kind = REDIAL_HINT_INSTANT, .value = ns};
    } else if (unit == HINT_UNIX_SECONDS ? number : rfc3339_parse(value, &ns)) {
        hint = (struct redial_hint){.kind = REDIAL_HINT_INSTANT, .value = ns};
    }
    return hint;
}

int64_t hint_choose(const struct hint_policy *policy, const struct redial_hint hints[], int64_t now,
                    uint8_t *header)
{
    for (size_t i = 0; i < policy->count; i++) {
        const struct redial_hint *hint = &hints[policy->from[i]];
        int64_t delay = 0;
        if (hint->kind == REDIAL_HINT_DELAY) delay = hint->value;
        if (hint->kind == REDIAL_HINT_INSTANT && hint->value > now) delay = hint->value - now;
        if (delay > 0) {
            *header = policy->from[i];
            return delay;
        }
    }
    *header = REDIAL_HINTS_MAX;
    return 0;
}
