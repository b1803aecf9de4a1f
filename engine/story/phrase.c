#include "story/phrase.h"

#include <inttypes.h>

#include "story/words.h"

/* ---- Conditions ---- */

static void phrase_word(struct redial_str word, struct text *out)
{
    bool quote = word.len == 0 || str_find(word, REDIAL_STR(" ")) != SIZE_MAX;
    if (quote) text_append_char(out, '"');
    words_said(word, SIZE_MAX, out);
    if (quote) text_append_char(out, '"');
}

static bool is_time(enum fact fact)
{
    return fact == FACT_ELAPSED || fact == FACT_WAITED || fact == FACT_HINT;
}

static void phrase_number(enum fact fact, int64_t number, struct text *out)
{
    if (is_time(fact))
        duration_format(number, out);
    else
        text_printf(out, "%" PRId64, number);
}

static void phrase_range(const struct condition *condition, struct text *out)
{
    int64_t low = condition->range.low, high = condition->range.high;
    if (low > INT64_MIN) phrase_number(condition->fact, low, out);
    if (low == high) return;
    text_append(out, REDIAL_STR(".."));
    if (high < INT64_MAX) phrase_number(condition->fact, high, out);
}

static void phrase_fact(const struct condition *condition, struct text *out)
{
    text_append(out, str_of(fact_names.rows[condition->fact].word));
    if (condition->fact == FACT_HEADER) {
        text_append_char(out, '.');
        text_append(out, condition->header);
    }
    text_append_char(out, '=');
    if (condition->kind == CONDITION_RANGE) {
        phrase_range(condition, out);
        return;
    }
    for (size_t i = 0; i < condition->count; i++) {
        if (i > 0) text_append_char(out, '|');
        if (condition->words)
            phrase_word(condition->words[i], out);
        else
            text_printf(out, "%" PRIu32, condition->values[i]);
    }
}

static void phrase_children(const struct condition *condition, const char *between,
                            struct text *out)
{
    for (size_t i = 0; i < condition->count; i++) {
        if (i > 0) text_append(out, str_of(between));
        phrase_condition(condition->children[i], out);
    }
}

void phrase_condition(const struct condition *condition, struct text *out)
{
    switch (condition->kind) {
    case CONDITION_ALWAYS: text_append(out, REDIAL_STR("always")); return;
    case CONDITION_ALL: phrase_children(condition, " ", out); return;
    case CONDITION_ANY:
        text_append_char(out, '(');
        phrase_children(condition, " or ", out);
        text_append_char(out, ')');
        return;
    case CONDITION_NOT:
        text_append(out, REDIAL_STR("not ("));
        phrase_children(condition, " ", out);
        text_append_char(out, ')');
        return;
    case CONDITION_LUA:
    case CONDITION_ONE_OF:
    case CONDITION_RANGE:
    case CONDITION_GLOB: phrase_fact(condition, out); return;
    }
}

/* ---- Steps ---- */

static void phrase_step(const struct redial_policy *policy, const struct step *step,
                        struct text *out)
{
    text_append(out, str_of(redial_step_name(step->kind)));
    bool fits = step->kind == REDIAL_STEP_FIT_OUTPUT_LIMIT;
    if (step->kind == REDIAL_STEP_BACKOFF && step->backoff != BACKOFF_DEFAULT) {
        text_append_char(out, ' ');
        text_append(out, policy->backoffs[step->backoff].name);
    } else if (step->kind == REDIAL_STEP_LUA) {
        text_append_char(out, ' ');
        text_append(out, policy->hooks.functions[step->function].name);
    } else if (step->kind == REDIAL_STEP_WAIT ||
               (step->kind == REDIAL_STEP_COOLDOWN && step->wait > 0)) {
        text_append_char(out, ' ');
        duration_format(step->wait, out);
    } else if (step->kind == REDIAL_STEP_COOLDOWN) {
        text_append_char(out, ' ');
        text_append(out, policy->guards.cooldowns[step->cooldown].guard.name);
    } else if (step->kind == REDIAL_STEP_DISABLE) {
        text_append(out, REDIAL_STR(" fast"));
    } else if (fits || step->kind == REDIAL_STEP_RAISE_OUTPUT_LIMIT) {
        text_printf(out, " (floor %" PRId64 ", buffer %" PRId64, step->floor, step->buffer);
        if (fits) text_printf(out, ", below: %s", below_floor_names.rows[step->below_floor].word);
        text_append_char(out, ')');
    }
}

void phrase_steps(const struct redial_policy *policy, const struct steps *steps, struct text *out)
{
    for (size_t i = 0; i < steps->count; i++) {
        if (i > 0) text_append(out, REDIAL_STR(", "));
        phrase_step(policy, &steps->list[i], out);
    }
}

static struct redial_str file_name(struct redial_str path)
{
    for (size_t i = path.len; i > 0; i--)
        if (path.ptr[i - 1] == '/') return str_skip(path, i);
    return path;
}

void phrase_place(const struct redial_policy *policy, const struct span *span, struct text *out)
{
    if (!span->source) return;
    if (policy->source_count == 0 || span->source != policy->sources[0])
        text_append(out, file_name(span->source->path));
    text_printf(out, ":%" PRIu32, span->line);
}

/* ---- Waits ---- */

static void phrase_share(uint32_t ppm, struct text *out)
{
    text_printf(out, "%" PRIu32, ppm / 10000);
    if (ppm % 10000) text_printf(out, ".%02" PRIu32, ppm % 10000 / 100);
    text_append_char(out, '%');
}

static void phrase_signed(int64_t ns, struct text *out)
{
    if (ns == 0) return;
    text_append(out, str_of(ns < 0 ? " - " : " + "));
    duration_format(ns < 0 ? -ns : ns, out);
}

static void phrase_linear(const struct backoff *backoff, struct text *out)
{
    if (!backoff->step_given) {
        text_append(out, REDIAL_STR(" x n"));
        return;
    }
    text_append(out, REDIAL_STR(" + "));
    duration_format(backoff->step, out);
    text_append(out, REDIAL_STR(" x (n-1)"));
}

static void phrase_base(const struct backoff *backoff, struct text *out)
{
    bool capped = backoff->cap != DURATION_MAX && backoff->kind != BACKOFF_CONSTANT;
    if (backoff->first_given) {
        duration_format(backoff->first, out);
        text_append(out, REDIAL_STR(", then "));
    }
    if (capped) text_append(out, REDIAL_STR("min("));
    if (backoff->kind == BACKOFF_DECORRELATED) text_append(out, REDIAL_STR("random("));
    if (backoff->rising)
        text_append(out, REDIAL_STR("the last wait"));
    else
        duration_format(backoff->base, out);
    switch (backoff->kind) {
    case BACKOFF_LINEAR: phrase_linear(backoff, out); break;
    case BACKOFF_EXPONENTIAL: text_printf(out, " x %g^(n-1)", backoff->factor); break;
    case BACKOFF_DECORRELATED: text_append(out, REDIAL_STR("..3 x the last wait)")); break;
    case BACKOFF_DECORRELATED_V2:
        text_append(out, REDIAL_STR(" x 2^random(n-1..n), decorrelated as Polly does it"));
        break;
    case BACKOFF_CONSTANT:
    case BACKOFF_KIND_COUNT: break;
    }
    phrase_signed(backoff->offset, out);
    if (!capped) return;
    text_append(out, REDIAL_STR(", "));
    duration_format(backoff->cap, out);
    text_append_char(out, ')');
}

static void phrase_jitter(const struct jitter *jitter, struct text *out)
{
    static const char *const before[JITTER_KIND_COUNT] = {
        [JITTER_NONE] = "",
        [JITTER_FULL] = ", of which random(0..100%)",
        [JITTER_EQUAL] = ", of which half and random(0..50%)",
        [JITTER_ADD] = " + random(0..",
        [JITTER_SUBTRACT] = " - random(0..",
        [JITTER_SPREAD] = " +- random(0..",
        [JITTER_SCALE] = ", of which random(",
    };
    text_append(out, str_of(before[jitter->kind]));
    if (jitter->kind == JITTER_NONE || jitter->kind == JITTER_FULL || jitter->kind == JITTER_EQUAL)
        return;
    if (jitter->kind == JITTER_SCALE) {
        phrase_share(jitter->low_ppm, out);
        text_append(out, REDIAL_STR(".."));
        phrase_share(jitter->ppm, out);
        text_append_char(out, ')');
        return;
    }
    if (jitter->span)
        duration_format(jitter->span, out);
    else
        phrase_share(jitter->ppm, out);
    text_append(out, str_of(jitter->span ? ")" : " of that)"));
}

void phrase_backoff(const struct backoff *backoff, struct text *out)
{
    phrase_base(backoff, out);
    phrase_jitter(&backoff->jitter, out);
    if (backoff->cap_after_jitter && backoff->jitter.kind != JITTER_NONE) {
        text_append(out, REDIAL_STR(", in all at most "));
        duration_format(backoff->cap, out);
    }
    if (backoff->floor > 0) {
        text_append(out, REDIAL_STR(", at least "));
        duration_format(backoff->floor, out);
    }
    phrase_signed(backoff->plus, out);
}

static void phrase_hint_bound(const struct hint_policy *hint, struct text *out)
{
    static const char *const above[HINT_ABOVE_COUNT] = {
        [HINT_CLAMP] = "cut to it",
        [HINT_IGNORE] = "ignored",
        [HINT_GIVE_UP] = "the call gives up",
        [HINT_FALLBACK] = "the call falls back to another model",
        [HINT_AT_ONCE] = "no wait at all",
    };
    bool bent = hint->min > 0 || hint->jitter.kind != JITTER_NONE;
    const char *how = bent ? "" : " exactly as said";
    if (hint->max == DURATION_MAX) {
        text_printf(out, "however long%s", bent ? "" : ", exactly as said");
        return;
    }
    text_append(out, REDIAL_STR("up to "));
    duration_format(hint->max, out);
    text_printf(out, "%s; above it %s", how, above[hint->above]);
}

static void phrase_hint_bends(const struct hint_policy *hint, struct text *out)
{
    static const char *const odd[HINT_ODD_COUNT] = {
        [HINT_ODD_NOW] = "no wait at all",
        [HINT_ODD_VETO] = "no retry",
    };
    if (hint->min > 0) {
        text_append(out, REDIAL_STR("; at least "));
        duration_format(hint->min, out);
    }
    if (hint->jitter.kind != JITTER_NONE) {
        text_append(out, REDIAL_STR("; the hint"));
        phrase_jitter(&hint->jitter, out);
    }
    if (odd[hint->zero]) text_printf(out, "; 0 or past: %s", odd[hint->zero]);
    if (odd[hint->unreadable]) text_printf(out, "; unreadable: %s", odd[hint->unreadable]);
    if (hint->restarts) text_append(out, REDIAL_STR("; then the backoff begins anew"));
}

void phrase_hint(const struct redial_policy *policy, const struct hint_policy *hint,
                 struct text *out)
{
    if (hint->count == 0) {
        text_append(out, REDIAL_STR("not read"));
        return;
    }
    for (size_t i = 0; i < hint->count; i++) {
        if (i > 0) text_append(out, REDIAL_STR(", then "));
        text_append(out, policy->hint_headers[hint->from[i]].name);
    }
    text_append(out, REDIAL_STR(": "));
    if (hint->held) {
        text_append(out, REDIAL_STR("held between the own wait and "));
        duration_format(hint->within, out);
        text_append(out, REDIAL_STR(" more"));
    } else {
        phrase_hint_bound(hint, out);
    }
    phrase_hint_bends(hint, out);
}
