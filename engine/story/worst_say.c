/* The worst case in words and as JSON. */
#include <inttypes.h>

#include "story/explain_parts.h"
#include "story/put.h"
#include "story/worst.h"

static bool is_alike(const struct worst_case *a, const struct worst_case *b)
{
    return a->met == b->met && a->attempts == b->attempts && a->waited == b->waited &&
           a->hinted == b->hinted && a->reason == b->reason;
}

static bool classes_alike(const struct worst *worst, size_t a, size_t b)
{
    for (size_t i = 0; i < VARIANT_COUNT; i++)
        if (!is_alike(&worst->of_class[i][a], &worst->of_class[i][b])) return false;
    return true;
}

/* ---- Text ---- */

static void say_attempts(int64_t attempts, struct text *out)
{
    if (attempts == WORST_UNBOUNDED)
        text_append(out, REDIAL_STR("unbounded"));
    else
        text_printf(out, "%" PRId64, attempts);
}

static void say_wait(int64_t ns, struct text *out)
{
    if (ns == WORST_UNBOUNDED)
        text_append(out, REDIAL_STR("unbounded"));
    else if (ns == 0)
        text_append_char(out, '-');
    else
        words_time(ns, out);
}

static int64_t times(int64_t attempts, int64_t outer)
{
    int64_t product;
    if (attempts == WORST_UNBOUNDED || __builtin_mul_overflow(attempts, outer, &product))
        return WORST_UNBOUNDED;
    return product;
}

/* What is said of the callers here, or what the policy declares of them for lint; 0 nothing. */
static int64_t outer_of(const struct redial_policy *policy, const struct explain_style *style)
{
    int64_t outer = style->outer;
    if (outer > 0 || policy->outer_retry_count == 0) return outer;
    outer = 1;
    for (size_t i = 0; i < policy->outer_retry_count; i++)
        outer = times(outer, INT64_C(1) + policy->outer_retries[i]);
    return outer;
}

struct sheet {
    struct table table;
    struct text cell;
    int64_t outer;  /* 0: not told */
    bool with_mode; /* a column for the unattended mode */
};

static void cell_wait(struct sheet *sheet, int64_t ns)
{
    say_wait(ns, &sheet->cell);
    table_cell_from(&sheet->table, &sheet->cell);
}

static void cell_attempts(struct sheet *sheet, int64_t attempts)
{
    say_attempts(attempts, &sheet->cell);
    table_cell_from(&sheet->table, &sheet->cell);
}

/* The class cell is in sheet->cell. */
static void add_row(struct sheet *sheet, const struct worst_case *plain,
                    const struct worst_case *unattended, const char *ends)
{
    table_cell_from(&sheet->table, &sheet->cell);
    cell_attempts(sheet, plain->attempts);
    if (sheet->outer > 0) cell_attempts(sheet, times(plain->attempts, sheet->outer));
    cell_wait(sheet, plain->waited);
    cell_wait(sheet, plain->hinted);
    table_cell(&sheet->table, str_of(ends));
    if (sheet->with_mode) cell_attempts(sheet, unattended->attempts);
}

static void add_classes(struct sheet *sheet, const struct worst *worst)
{
    bool shown[REDIAL_CLASS_COUNT] = {0};
    for (size_t i = 0; i < REDIAL_CLASS_COUNT; i++) {
        const struct worst_case *plain = &worst->of_class[VARIANT_PLAIN][i];
        if (shown[i] || !plain->met) continue;
        for (size_t k = i; k < REDIAL_CLASS_COUNT; k++) {
            if (shown[k] || !classes_alike(worst, i, k)) continue;
            shown[k] = true;
            text_printf(&sheet->cell, "%s%s", k > i ? ", " : "",
                        redial_class_name((enum redial_class)k));
        }
        add_row(sheet, plain, &worst->of_class[VARIANT_UNATTENDED][i],
                plain->reason == REDIAL_REASON_NONE ? "nothing"
                                                    : redial_reason_name(plain->reason));
    }
}

static void begin_sheet(struct sheet *sheet, struct arena *arena)
{
    const char *headings[TABLE_COLUMNS_MAX];
    size_t count = 0;
    headings[count++] = "every attempt";
    headings[count++] = ">attempts";
    if (sheet->outer > 0) headings[count++] = ">with outer";
    headings[count++] = ">own waits";
    headings[count++] = ">hinted";
    headings[count++] = "ends with";
    if (sheet->with_mode) headings[count++] = ">unattended";
    table_begin(&sheet->table, arena, headings, count);
}

void worst_explain(const struct redial_policy *policy, const struct explain_style *style,
                   struct arena *arena, struct text *out)
{
    struct worst worst;
    struct sheet sheet = {.outer = outer_of(policy, style),
                          .with_mode = policy->variants[VARIANT_UNATTENDED].present};
    if (!worst_find(policy, &worst)) out->failed = true;
    begin_sheet(&sheet, arena);
    add_classes(&sheet, &worst);
    text_append(&sheet.cell, REDIAL_STR("any mix, at most"));
    add_row(&sheet, &worst.mixed[VARIANT_PLAIN], &worst.mixed[VARIANT_UNATTENDED], "");
    text_append(out, REDIAL_STR("\nworst case of one call, when attempts fail at once:\n"));
    if (sheet.outer > 0)
        text_printf(out, "  (with outer: callers make each call up to %" PRId64 " times)\n",
                    sheet.outer);
    table_write(&sheet.table, 2, style->width, out);
    table_end(&sheet.table);
    if (sheet.cell.failed) out->failed = true;
    text_clean_up(&sheet.cell);
}

/* ---- JSON ---- */

static void put_bounded(struct text *out, const char *name, int64_t value)
{
    if (value != WORST_UNBOUNDED) {
        put_int(out, name, value);
        return;
    }
    put_key(out, name);
    text_append(out, REDIAL_STR("null"));
}

static void put_case(struct text *out, const struct worst_case *worst, int64_t outer)
{
    put_bounded(out, "attempts", worst->attempts);
    if (outer > 0) put_bounded(out, "attempts_with_outer", times(worst->attempts, outer));
    put_bounded(out, "waited_ns", worst->waited);
    put_bounded(out, "hinted_ns", worst->hinted);
    if (worst->reason != REDIAL_REASON_NONE)
        put_word(out, "reason", redial_reason_name(worst->reason));
}

static void put_mode(struct text *out, const struct redial_policy *policy,
                     const struct worst *worst, size_t variant, int64_t outer)
{
    put_text(out, "mode", policy->variants[variant].name);
    put_key(out, "classes");
    text_append_char(out, '[');
    const char *separator = "{";
    for (size_t i = 0; i < REDIAL_CLASS_COUNT; i++) {
        if (!worst->of_class[variant][i].met) continue;
        text_append(out, str_of(separator));
        separator = ",{";
        put_word(out, "class", redial_class_name((enum redial_class)i));
        put_case(out, &worst->of_class[variant][i], outer);
        text_append_char(out, '}');
    }
    text_append(out, REDIAL_STR("]"));
    put_key(out, "any_mix_at_most");
    text_append_char(out, '{');
    put_case(out, &worst->mixed[variant], outer);
    text_append_char(out, '}');
}

void worst_json(const struct redial_policy *policy, const struct explain_style *style,
                struct text *out)
{
    struct worst worst;
    if (!worst_find(policy, &worst)) out->failed = true;
    put_key(out, "worst_case");
    text_append_char(out, '[');
    for (size_t i = 0, written = 0; i < VARIANT_COUNT; i++) {
        if (!policy->variants[i].present) continue;
        text_append(out, written++ > 0 ? REDIAL_STR(",{") : REDIAL_STR("{"));
        put_mode(out, policy, &worst, i, outer_of(policy, style));
        text_append_char(out, '}');
    }
    text_append_char(out, ']');
}
