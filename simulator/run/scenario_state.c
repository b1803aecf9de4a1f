/* `expect.state`: how guards and modes stand after the run. */
#include "simulator/run/runner.h"
#include "simulator/run/scenario_parts.h"
#include "simulator/run/state.h"

/* ---- Reading */

static const struct name subject_rows[] = {
    [REDIAL_GUARD_NONE] = {"mode", "of a mode"},
    [REDIAL_GUARD_BUDGET] = {"budget", "what is left of a budget"},
    [REDIAL_GUARD_BREAKER] = {"breaker", "open, half_open or closed"},
    [REDIAL_GUARD_COOLDOWN] = {"cooldown", "running or over"},
    [REDIAL_GUARD_LIMITER] = {"limiter", "the requests per second it allows, or off"},
};
static const struct names subject_names = {"subject of a state", subject_rows,
                                           REDIAL_COUNT_OF(subject_rows)};

static bool read_one(struct reading *reading, const struct node *key, const struct node *value,
                     struct expected_state *state)
{
    struct redial_str rest = key->text, kind;
    if (!str_split(&rest, ' ', &kind)) kind = key->text;
    state->span = value->span;
    state->what = key->text;
    state->name = str_trim(rest);
    state->guard = names_find(&subject_names, kind);
    if (state->guard >= 0 && state->name.len > 0) return read_text(reading, value, &state->value);
    struct diag *diag =
        diag_error(reading->diags, "unknown-key", key->span, "expected a kind and a name");
    diag_cure(
        reading->diags, diag,
        "write `budget NAME`, `breaker NAME`, `cooldown NAME`, `limiter NAME` or `mode fast`");
    return false;
}

bool scenario_read_state(struct reading *reading, const struct node *value, void *target)
{
    struct expect *expect = target;
    if (value->kind != NODE_MAPPING)
        return reading_unexpected(reading, value, "states as a mapping ({budget NAME: 480})");
    expect->states = scenario_array(reading, value->count, sizeof *expect->states);
    if (!expect->states) return false;
    expect->state_count = value->count;
    bool right = true;
    for (size_t i = 0; i < value->count; i++)
        right = read_one(reading, value->keys[i], value->values[i], &expect->states[i]) && right;
    return right;
}

/* ---- Against the policy */

static bool has_guard(const struct redial_policy *policy, const struct expected_state *state)
{
    const struct guards *guards = &policy->guards;
    for (size_t i = 0; i <= COOLDOWN_ANY; i++) {
        const struct guard *named[] = {
            [REDIAL_GUARD_NONE] = NULL,
            [REDIAL_GUARD_BUDGET] = i < guards->budget_count ? &guards->budgets[i].guard : NULL,
            [REDIAL_GUARD_BREAKER] = i < guards->breaker_count ? &guards->breakers[i].guard : NULL,
            [REDIAL_GUARD_COOLDOWN] = &guards->cooldowns[i].guard,
            [REDIAL_GUARD_LIMITER] = i < guards->limiter_count ? &guards->limiters[i].guard : NULL,
        };
        const struct guard *guard = named[state->guard];
        if (guard && str_eq(guard->name, state->name)) return true;
    }
    return state->guard == REDIAL_GUARD_NONE && str_is(state->name, "fast") && policy->fast.present;
}

bool scenario_link_states(struct scenario *scenario, struct diag_list *diags)
{
    bool right = true;
    for (size_t i = 0; i < scenario->expect.state_count; i++) {
        const struct expected_state *state = &scenario->expect.states[i];
        if (state->guard < 0 || state->name.len == 0 || has_guard(scenario->policy, state))
            continue;
        diag_error(diags, "unknown-name", state->span, "the policy has no %.*s",
                   REDIAL_STR_ARG(state->what));
        right = false;
    }
    return right;
}

/* ---- After the run */

static void write_amount(int64_t thousandths, struct text *out)
{
    text_printf(out, "%lld", (long long)(thousandths / 1000));
    int part = (int)(thousandths % 1000);
    if (part == 0) return;
    text_printf(out, ".%03d", part);
    while (out->len && out->ptr[out->len - 1] == '0') out->ptr[--out->len] = '\0';
}

static void write_guard(const struct redial_guard *guard, struct text *out)
{
    switch ((enum redial_guard_kind)guard->kind) {
    case REDIAL_GUARD_BUDGET: write_amount(guard->left, out); break;
    case REDIAL_GUARD_BREAKER:
        text_append(out, str_of(guard->half_open ? "half_open" : guard->until ? "open" : "closed"));
        break;
    case REDIAL_GUARD_COOLDOWN: text_append(out, str_of(guard->until ? "running" : "over")); break;
    case REDIAL_GUARD_LIMITER:
        if (guard->rate > 0)
            write_amount((int64_t)(guard->rate * 1000 + 0.5), out);
        else
            text_append(out, REDIAL_STR("off"));
        break;
    case REDIAL_GUARD_NONE:
    case REDIAL_GUARD_COUNT: break;
    }
}

static void write_state(struct redial_engine *engine, const struct expected_state *state,
                        const struct redial_call *last, int64_t now, struct text *out)
{
    struct redial_mode mode;
    struct redial_guard guard;
    if (state->guard == REDIAL_GUARD_NONE) {
        if (redial_engine_mode(engine, "fast", now, &mode))
            text_append(out, str_of(redial_mode_name((enum redial_mode_state)mode.state)));
    } else if (redial_engine_guard(engine, (enum redial_guard_kind)state->guard, state->name, last,
                                   now, &guard)) {
        write_guard(&guard, out);
    } else {
        text_append(out, REDIAL_STR("(not in the policy any more)"));
    }
}

bool state_observe(struct redial_engine *engine, const struct expect *expect,
                   const struct redial_call *last, int64_t now, struct observation *observation)
{
    struct arena *arena = observation->violations.arena;
    if (expect->state_count == 0) return true;
    struct redial_str *states = ARENA_ARRAY(arena, struct redial_str, expect->state_count);
    struct text text = TEXT_INIT;
    bool fine = states != NULL;
    for (size_t i = 0; fine && i < expect->state_count; i++) {
        text_clear(&text);
        write_state(engine, &expect->states[i], last, now, &text);
        fine = !text.failed && arena_copy(arena, text_str(&text), &states[i]);
    }
    text_clean_up(&text);
    observation->states = fine ? states : NULL;
    return fine;
}
