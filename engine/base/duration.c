#include "base/duration.h"

#include <string.h>

static const struct unit {
    char word[3];
    int64_t ns;
} units[] = {
    /* largest first: the parts of a duration are written in this order */
    {"d", NS_PER_DAY},
    {"h", NS_PER_HOUR},
    {"m", NS_PER_MINUTE},
    {"s", NS_PER_SECOND},
    {"ms", NS_PER_MS},
    {"us", NS_PER_US},
    {"ns", 1},
};
enum { UNIT_DAY, UNIT_HOUR, UNIT_MINUTE, UNIT_SECOND, UNIT_MS };

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static struct redial_str take_digits(struct redial_str *rest)
{
    size_t len = 0;
    while (len < rest->len && is_digit(rest->ptr[len])) len++;
    struct redial_str digits = str_take(*rest, len);
    *rest = str_skip(*rest, len);
    return digits;
}

static void skip_blanks(struct redial_str *rest)
{
    while (rest->len > 0 && (rest->ptr[0] == ' ' || rest->ptr[0] == '\t'))
        *rest = str_skip(*rest, 1);
}

static struct redial_str take_unit(struct redial_str *rest)
{
    size_t len = 0;
    while (len < rest->len && !strchr("0123456789.+- \t", rest->ptr[len])) len++;
    struct redial_str word = str_take(*rest, len);
    *rest = str_skip(*rest, len);
    return word;
}

static size_t find_unit(struct redial_str word)
{
    size_t i = 0;
    while (i < REDIAL_COUNT_OF(units) && !str_is(word, units[i].word)) i++;
    return i;
}

static int64_t common_divisor(int64_t a, int64_t b)
{
    while (b != 0) {
        int64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* 0.`digits` × unit in whole nanoseconds: the fraction is reduced first, so nothing is rounded and
 * nothing overflows. False when it is not whole. */
static bool fraction_of(struct redial_str digits, int64_t unit, int64_t *ns)
{
    int64_t above = 0, below = 1;
    while (digits.len > 0 && digits.ptr[digits.len - 1] == '0') digits.len--;
    if (digits.len > 18) return false;
    for (size_t i = 0; i < digits.len; i++) {
        above = above * 10 + (digits.ptr[i] - '0');
        below *= 10;
    }
    int64_t divisor = common_divisor(below, unit);
    below /= divisor;
    if (above % below != 0) return false;
    *ns = above / below * (unit / divisor);
    return true;
}

/* One number with its unit, which must be smaller than the one before. */
static enum duration_error parse_part(struct redial_str *rest, size_t *unit_next, int64_t *ns)
{
    struct redial_str whole = take_digits(rest), fraction = {0};
    if (whole.len == 0) return DURATION_MALFORMED;
    if (rest->len > 0 && rest->ptr[0] == '.') {
        *rest = str_skip(*rest, 1);
        fraction = take_digits(rest);
        if (fraction.len == 0) return DURATION_MALFORMED;
    }
    skip_blanks(rest);
    if (rest->len == 0) return DURATION_NO_UNIT;
    struct redial_str word = take_unit(rest);
    if (word.len == 0) return DURATION_MALFORMED;
    size_t unit = find_unit(word);
    if (unit == REDIAL_COUNT_OF(units)) return DURATION_UNKNOWN_UNIT;
    if (unit < *unit_next) return DURATION_MALFORMED;
    *unit_next = unit + 1;

    int64_t count = 0, part = 0;
    if (!fraction_of(fraction, units[unit].ns, &part)) return DURATION_MALFORMED;
    if (!str_to_int64(whole, &count) || __builtin_mul_overflow(count, units[unit].ns, &count) ||
        __builtin_add_overflow(count, part, ns))
        return DURATION_OVERFLOW;
    return DURATION_OK;
}

enum duration_error duration_parse(struct redial_str text, int64_t *ns)
{
    struct redial_str rest = str_trim(text);
    if (rest.len > 1 && rest.ptr[0] == '-' && is_digit(rest.ptr[1])) return DURATION_NEGATIVE;
    int64_t sum = 0;
    size_t unit_next = 0;
    do {
        int64_t part = 0;
        enum duration_error error = parse_part(&rest, &unit_next, &part);
        if (error != DURATION_OK) return error;
        if (__builtin_add_overflow(sum, part, &sum)) return DURATION_OVERFLOW;
        skip_blanks(&rest);
    } while (rest.len > 0);
    *ns = sum;
    return DURATION_OK;
}

static void append_number(struct text *out, uint64_t value, size_t width_min)
{
    char digits[20];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0 || sizeof digits - at < width_min);
    text_append(out, (struct redial_str){digits + at, sizeof digits - at});
}

static void append_in(struct text *out, uint64_t ns, struct unit unit)
{
    uint64_t below = (uint64_t)unit.ns, fraction = ns % below;
    append_number(out, ns / below, 1);
    if (fraction > 0) {
        size_t width = 0;
        for (uint64_t power = below; power > 1; power /= 10) width++;
        while (fraction % 10 == 0) {
            fraction /= 10;
            width--;
        }
        text_append_char(out, '.');
        append_number(out, fraction, width);
    }
    text_append(out, str_of(unit.word));
}

void duration_format(int64_t ns, struct text *out)
{
    if (ns == DURATION_MAX) {
        text_append(out, REDIAL_STR("unlimited"));
        return;
    }
    if (ns < 0) text_append_char(out, '-');
    uint64_t left = ns < 0 ? UINT64_C(0) - (uint64_t)ns : (uint64_t)ns;
    if (left < 10 * (uint64_t)NS_PER_SECOND && left % (uint64_t)NS_PER_SECOND != 0) {
        append_in(out, left, units[UNIT_MS]);
        return;
    }
    size_t unit = left == 0 ? UNIT_SECOND : UNIT_DAY;
    while (unit < UNIT_SECOND && left % (uint64_t)units[unit].ns != 0) unit++;
    uint64_t above = unit > UNIT_DAY ? (uint64_t)units[unit - 1].ns : 0;
    if (above > 0 && left >= above) {
        append_in(out, left - left % above, units[unit - 1]);
        left %= above;
    }
    append_in(out, left, units[unit]);
}

int64_t duration_add(int64_t a, int64_t b)
{
    int64_t sum = 0;
    if (!__builtin_add_overflow(a, b, &sum)) return sum;
    return a > 0 ? INT64_MAX : INT64_MIN;
}

/* --- dates --- */

struct moment {
    int year, month, day, hour, minute, second; /* month and day from 1 */
};

static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
static const char weekdays[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
static const char weekdays_long[7][10] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                          "Thursday", "Friday", "Saturday"};

static int month_days(int year, int month)
{
    static const int days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return days[month - 1] + (month == 2 && leap);
}

/* Days since 1970-01-01 in the Gregorian calendar. The year is counted from March, so that the leap
 * day is its last, and in eras of 400 years, which are all alike (Howard Hinnant,
 * "chrono-compatible algorithms"). */
static int64_t days_of(struct moment m)
{
    int64_t year = m.month <= 2 ? m.year - 1 : m.year;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t year_of_era = year - era * 400;
    int64_t day_of_year = (153 * ((m.month + 9) % 12) + 2) / 5 + m.day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

static struct moment moment_of(int64_t seconds)
{
    int64_t days = seconds / 86400 - (seconds % 86400 < 0), rest = seconds - days * 86400;
    int64_t shifted = days + 719468;
    int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
    int64_t day_of_era = shifted - era * 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month_from_march = (5 * day_of_year + 2) / 153;
    int64_t month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
    return (struct moment){
        .year = (int)(year_of_era + era * 400 + (month <= 2)),
        .month = (int)month,
        .day = (int)(day_of_year - (153 * month_from_march + 2) / 5 + 1),
        .hour = (int)(rest / 3600),
        .minute = (int)(rest / 60 % 60),
        .second = (int)(rest % 60),
    };
}

/* Second 60 is a leap second: the standards allow it, and the Unix epoch counts it as the next
 * second. */
static bool moment_to_ns(struct moment m, int64_t offset_seconds, int64_t ns, int64_t *unix_ns)
{
    if (m.month < 1 || m.month > 12 || m.day < 1 || m.day > month_days(m.year, m.month))
        return false;
    if (m.hour > 23 || m.minute > 59 || m.second > 60) return false;
    int64_t seconds = days_of(m) * 86400 + INT64_C(3600) * m.hour + INT64_C(60) * m.minute +
                      m.second - offset_seconds;
    int64_t whole = 0;
    return !__builtin_mul_overflow(seconds, NS_PER_SECOND, &whole) &&
           !__builtin_add_overflow(whole, ns, unix_ns);
}

static bool eat(struct redial_str *rest, const char *literal)
{
    struct redial_str prefix = str_of(literal);
    if (!str_starts_with(*rest, prefix)) return false;
    *rest = str_skip(*rest, prefix.len);
    return true;
}

static bool eat_number(struct redial_str *rest, size_t width, int *value)
{
    if (rest->len < width) return false;
    *value = 0;
    for (size_t i = 0; i < width; i++) {
        if (!is_digit(rest->ptr[i])) return false;
        *value = *value * 10 + (rest->ptr[i] - '0');
    }
    *rest = str_skip(*rest, width);
    return true;
}

static bool eat_month(struct redial_str *rest, int *month)
{
    for (int i = 0; i < 12; i++) {
        if (!eat(rest, months[i])) continue;
        *month = i + 1;
        return true;
    }
    return false;
}

static bool eat_weekday(struct redial_str *rest)
{
    for (size_t i = 0; i < 7; i++)
        if (eat(rest, weekdays[i])) return true;
    return false;
}

static bool eat_weekday_long(struct redial_str *rest)
{
    for (size_t i = 0; i < 7; i++)
        if (eat(rest, weekdays_long[i])) return true;
    return false;
}

static bool eat_time(struct redial_str *rest, struct moment *m)
{
    return eat_number(rest, 2, &m->hour) && eat(rest, ":") && eat_number(rest, 2, &m->minute) &&
           eat(rest, ":") && eat_number(rest, 2, &m->second);
}

/* Sun, 06 Nov 1994 08:49:37 GMT */
static bool read_imf(struct redial_str rest, struct moment *m)
{
    return eat_weekday(&rest) && eat(&rest, ", ") && eat_number(&rest, 2, &m->day) &&
           eat(&rest, " ") && eat_month(&rest, &m->month) && eat(&rest, " ") &&
           eat_number(&rest, 4, &m->year) && eat(&rest, " ") && eat_time(&rest, m) &&
           eat(&rest, " GMT") && rest.len == 0;
}

/* Sunday, 06-Nov-94 08:49:37 GMT. The RFC places the two digits by the clock of the reader; nothing
 * here has one, so they lie in 1970 to 2069. */
static bool read_rfc850(struct redial_str rest, struct moment *m)
{
    bool read = eat_weekday_long(&rest) && eat(&rest, ", ") && eat_number(&rest, 2, &m->day) &&
                eat(&rest, "-") && eat_month(&rest, &m->month) && eat(&rest, "-") &&
                eat_number(&rest, 2, &m->year) && eat(&rest, " ") && eat_time(&rest, m) &&
                eat(&rest, " GMT") && rest.len == 0;
    m->year += m->year < 70 ? 2000 : 1900;
    return read;
}

/* Sun Nov  6 08:49:37 1994 */
static bool read_asctime(struct redial_str rest, struct moment *m)
{
    return eat_weekday(&rest) && eat(&rest, " ") && eat_month(&rest, &m->month) &&
           eat(&rest, " ") &&
           (eat(&rest, " ") ? eat_number(&rest, 1, &m->day) : eat_number(&rest, 2, &m->day)) &&
           eat(&rest, " ") && eat_time(&rest, m) && eat(&rest, " ") &&
           eat_number(&rest, 4, &m->year) && rest.len == 0;
}

bool http_date_parse(struct redial_str text, int64_t *unix_ns)
{
    static bool (*const forms[])(struct redial_str, struct moment *) = {read_imf, read_rfc850,
                                                                        read_asctime};
    struct redial_str trimmed = str_trim(text);
    for (size_t i = 0; i < REDIAL_COUNT_OF(forms); i++) {
        struct moment m = {0};
        if (forms[i](trimmed, &m)) return moment_to_ns(m, 0, 0, unix_ns);
    }
    return false;
}

static int64_t floor_seconds(int64_t unix_ns)
{
    return unix_ns / NS_PER_SECOND - (unix_ns % NS_PER_SECOND < 0);
}

void http_date_format(int64_t unix_ns, struct text *out)
{
    int64_t seconds = floor_seconds(unix_ns);
    struct moment m = moment_of(seconds);
    int64_t weekday = ((days_of(m) + 4) % 7 + 7) % 7; /* the epoch began on a Thursday */
    text_printf(out, "%s, %02d %s %04d %02d:%02d:%02d GMT", weekdays[weekday], m.day,
                months[m.month - 1], m.year, m.hour, m.minute, m.second);
}

static bool eat_fraction(struct redial_str *rest, int64_t *ns)
{
    *ns = 0;
    if (!eat(rest, ".")) return true;
    struct redial_str digits = take_digits(rest);
    for (size_t i = 0; i < 9; i++) *ns = *ns * 10 + (i < digits.len ? digits.ptr[i] - '0' : 0);
    return digits.len > 0;
}

static bool eat_offset(struct redial_str *rest, int64_t *seconds)
{
    *seconds = 0;
    if (eat(rest, "Z") || eat(rest, "z")) return true;
    bool behind = eat(rest, "-");
    int hours = 0, minutes = 0;
    if (!behind && !eat(rest, "+")) return false;
    if (!eat_number(rest, 2, &hours) || !eat(rest, ":") || !eat_number(rest, 2, &minutes))
        return false;
    *seconds = (behind ? -1 : 1) * (INT64_C(3600) * hours + INT64_C(60) * minutes);
    return hours <= 23 && minutes <= 59;
}

bool rfc3339_parse(struct redial_str text, int64_t *unix_ns)
{
    struct redial_str rest = str_trim(text);
    struct moment m = {0};
    int64_t ns = 0, offset = 0;
    bool read = eat_number(&rest, 4, &m.year) && eat(&rest, "-") &&
                eat_number(&rest, 2, &m.month) && eat(&rest, "-") && eat_number(&rest, 2, &m.day) &&
                (eat(&rest, "T") || eat(&rest, "t") || eat(&rest, " ")) && eat_time(&rest, &m) &&
                eat_fraction(&rest, &ns) && eat_offset(&rest, &offset) && rest.len == 0;
    return read && moment_to_ns(m, offset, ns, unix_ns);
}

void rfc3339_format(int64_t unix_ns, struct text *out)
{
    struct moment m = moment_of(floor_seconds(unix_ns));
    text_printf(out, "%04d-%02d-%02dT%02d:%02d:%02dZ", m.year, m.month, m.day, m.hour, m.minute,
                m.second);
}
