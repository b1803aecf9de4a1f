/* `budgets` and `breakers`. */
#include "config/reader.h"

/* ---- Amounts */

/* A number of tokens as thousandths: "14", "0.1". */
static bool read_amount(struct reading *reading, const struct node *value, void *target)
{
    int64_t *out = target;
    double number;
    if (value->kind == NODE_SCALAR && str_is(value->text, "0")) {
        *out = 0;
        return true;
    }
    if (!read_factor(reading, value, &number)) return false;
    *out = (int64_t)(number * (double)BUDGET_UNIT + 0.5);
    if (*out > 0 && *out <= BUDGET_AMOUNT_MAX / BUDGET_UNIT) return true;
    struct redial_str written = node_written(value);
    diag_error(reading->diags, "out-of-range", value->span,
               "'%.*s' is outside its range, 0.001 to 1000000", REDIAL_STR_ARG(written));
    return false;
}

/* `5`, or by class: `{rate_limited: 5, any: 14}`. */
static bool read_cost(struct reading *reading, const struct node *value, void *target)
{
    struct budget *budget = target;
    int64_t any = BUDGET_UNIT;
    bool right = true;
    if (value->kind != NODE_MAPPING) right = read_amount(reading, value, &any);
    const struct node *rest = value->kind == NODE_MAPPING ? node_get(value, "any") : NULL;
    if (rest) right = read_amount(reading, rest, &any);
    for (size_t i = 0; i < REDIAL_CLASS_COUNT; i++) budget->cost[i] = any;
    for (size_t i = 0; value->kind == NODE_MAPPING && i < value->count; i++) {
        int row;
        if (str_is(value->keys[i]->text, "any")) continue;
        right = read_word(reading, value->keys[i], &class_names, &row) &&
                read_amount(reading, value->values[i], &budget->cost[row]) && right;
    }
    return right;
}

static bool read_after_retry(struct reading *reading, const struct node *value, void *target)
{
    int64_t *out = target;
    if (value->kind != NODE_SCALAR || !str_is(value->text, "last_cost"))
        return read_amount(reading, value, out);
    *out = BUDGET_LAST_COST;
    return true;
}

#define AT(field) offsetof(struct budget, field)
static const struct key refund_keys[] = {
    {"first_try", read_amount, AT(refund_first_try), "of a call that needed no retry", "number",
     false},
    {"after_retry", read_after_retry, AT(refund_after_retry), "of a call that needed one",
     "number or last_cost", false},
};
static const struct keys refund_table = {"a refund", refund_keys, REDIAL_COUNT_OF(refund_keys)};

static bool read_refund(struct reading *reading, const struct node *value, void *target)
{
    struct budget *budget = target;
    if (value->kind == NODE_MAPPING) return keys_read(reading, &refund_table, value, budget);
    bool right = read_after_retry(reading, value, &budget->refund_after_retry);
    budget->refund_first_try = budget->refund_after_retry;
    if (right && budget->refund_first_try == BUDGET_LAST_COST) budget->refund_first_try = 0;
    return right;
}

/* ---- Budgets */

static bool read_charge(struct reading *reading, const struct node *value, void *target)
{
    enum budget_charge *out = target;
    int row;
    if (!read_word(reading, value, &budget_charge_names, &row)) return false;
    *out = (enum budget_charge)row;
    return true;
}

static bool read_when_empty(struct reading *reading, const struct node *value, void *target)
{
    enum budget_empty *out = target;
    int row;
    if (!read_word(reading, value, &budget_empty_names, &row)) return false;
    *out = (enum budget_empty)row;
    return true;
}

static bool read_of(struct reading *reading, const struct node *value, void *target)
{
    enum budget_kind *out = target;
    int row;
    if (!read_word(reading, value, &budget_of_names, &row)) return false;
    *out = (enum budget_kind)row;
    return true;
}

/* Kept as a share until the capacity is known. */
static bool read_keep(struct reading *reading, const struct node *value, void *target)
{
    int64_t *keep = target;
    uint32_t ppm;
    if (!read_share(reading, value, &ppm)) return false;
    *keep = ppm;
    return true;
}

/* At most a day: what is older says nothing, and sums stay within their numbers. */
static bool read_window(struct reading *reading, const struct node *value, void *target)
{
    int64_t *window = target;
    if (!read_duration(reading, value, window)) return false;
    if (*window >= NS_PER_SECOND && *window <= NS_PER_DAY) return true;
    struct diag *diag = diag_error(reading->diags, "out-of-range", value->span,
                                   "a budget's window lasts from a second to a day");
    diag_cure(reading->diags, diag, "write something like 10s");
    return false;
}

static const struct key budget_keys[] = {
    {"of", read_of, AT(kind), "what retries are held against", "tokens, calls or running", false},
    {"capacity", read_amount, AT(capacity), "tokens: how many there are", "number", false},
    {"cost", read_cost, 0, "tokens: what a retry takes", "number, or {CLASS: number, any: number}",
     false},
    {"charge", read_charge, AT(charge), "tokens: what is charged", "retries or failures", false},
    {"keep", read_keep, AT(keep), "tokens: retries only while more than this share is left",
     "share", false},
    {"refund", read_refund, 0, "tokens: what a success puts back",
     "number, or {first_try, after_retry}", false},
    {"refill", read_amount, AT(refill), "tokens: what time puts back, per second", "number", false},
    {"share", read_share, AT(share_ppm), "calls, running: retries per call", "share", false},
    {"floor", read_amount, AT(floor),
     "retries that are always allowed: calls: per second; running: at once", "number", false},
    {"window", read_window, AT(window), "calls: how long calls and retries count", "duration",
     false},
    {"per", read_guard_per, AT(guard), "what it tells apart", "provider, model, credential, query",
     false},
    {"when_empty", read_when_empty, AT(when_empty), "what a refused retry leads to",
     "fail or wait_then_fail", false},
};
#undef AT
static const struct keys budget_table = {"a budget", budget_keys, REDIAL_COUNT_OF(budget_keys)};

/* Which keys mean something to which kind. */
static const struct {
    const char *key;
    bool kinds[BUDGET_KIND_COUNT];
    bool needed;
} budget_forms[] = {
    {"capacity", {[BUDGET_TOKENS] = true}, true},
    {"cost", {[BUDGET_TOKENS] = true}, false},
    {"charge", {[BUDGET_TOKENS] = true}, false},
    {"keep", {[BUDGET_TOKENS] = true}, false},
    {"refund", {[BUDGET_TOKENS] = true}, false},
    {"refill", {[BUDGET_TOKENS] = true}, false},
    {"share", {[BUDGET_CALLS] = true, [BUDGET_RUNNING] = true}, true},
    {"floor", {[BUDGET_CALLS] = true, [BUDGET_RUNNING] = true}, false},
    {"window", {[BUDGET_CALLS] = true}, true},
};

static bool check_budget(struct reading *reading, const struct budget *budget,
                         const struct node *written)
{
    const char *kind = budget_of_names.rows[budget->kind].word;
    bool right = true;
    for (size_t i = 0; i < REDIAL_COUNT_OF(budget_forms); i++) {
        const char *key = budget_forms[i].key;
        const struct node *value = node_get(written, key);
        struct diag *diag = NULL;
        if (value && !budget_forms[i].kinds[budget->kind]) {
            diag = diag_error(reading->diags, "contradiction", value->span,
                              "'%s' means nothing to a budget of %s", key, kind);
            diag_cure(reading->diags, diag, "remove it, or say `of:` otherwise");
        } else if (!value && budget_forms[i].kinds[budget->kind] && budget_forms[i].needed) {
            diag = diag_error(reading->diags, "missing-key", written->span,
                              "a budget of %s has no '%s'", kind, key);
            diag_cure(reading->diags, diag, "%s",
                      budget->kind == BUDGET_TOKENS ? "capacity: 500"
                                                    : "write {of: calls, share: 20%, window: 10s}");
        }
        right = right && !diag;
    }
    return right;
}

static bool read_budget(struct reading *reading, const struct node *value, void *entry)
{
    struct budget *budget = entry;
    const struct node *share = value->kind == NODE_MAPPING ? node_get(value, "share") : NULL;
    budget->kind = share ? BUDGET_CALLS : BUDGET_TOKENS;
    budget->keep = -1;
    for (size_t i = 0; i < REDIAL_CLASS_COUNT; i++) budget->cost[i] = BUDGET_UNIT;
    if (!keys_read(reading, &budget_table, value, budget)) return false;
    if (budget->keep >= 0) /* capacity ≤ 10^9 thousandths */
        budget->keep = budget->capacity * budget->keep / 1000000;
    else if (budget->charge == BUDGET_CHARGES_FAILURES)
        budget->keep = 0;
    if (budget->kind != BUDGET_TOKENS) config_of(reading)->policy->guards.counts_calls = true;
    return check_budget(reading, budget, value);
}

bool read_budgets(struct reading *reading, const struct node *value, void *target)
{
    (void)target;
    struct guards *guards = &config_of(reading)->policy->guards;
    return config_read_guards(reading, value,
                              &(struct guard_section){"budget", guards->budgets,
                                                      sizeof guards->budgets[0],
                                                      &guards->budget_count, read_budget});
}

/* ---- Breakers */

/* `5` failures, or `50%` of the attempts. */
static bool read_failures(struct reading *reading, const struct node *value, void *target)
{
    struct breaker *breaker = target;
    int64_t number;
    if (value->kind == NODE_SCALAR && str_ends_with(value->text, REDIAL_STR("%")))
        return read_share(reading, value, &breaker->failure_ppm);
    if (!read_whole(reading, value, 1, 1000000, &number)) return false;
    breaker->failures = (int32_t)number;
    return true;
}

static bool read_number(struct reading *reading, const struct node *value, void *target)
{
    int64_t number;
    if (!read_whole(reading, value, 1, 1000000, &number)) return false;
    *(int32_t *)target = (int32_t)number;
    return true;
}

#define AT(field) offsetof(struct breaker, field)
static const struct key breaker_keys[] = {
    {"classes", read_class_set, AT(classes), "what counts as a failure", "classes", false},
    {"failures", read_failures, 0, "so many in the window open it", "number, or share", true},
    {"minimum", read_number, AT(minimum), "attempts in the window before it may open", "number",
     false},
    {"window", read_duration, AT(window), "how long an attempt counts", "duration", true},
    {"open", read_duration, AT(open), "how long it stays open before it is tried again", "duration",
     true},
    {"probes", read_number, AT(probes), "successes that close it; so many at once", "number",
     false},
    {"per", read_guard_per, AT(guard), "what it tells apart", "provider, model, credential, query",
     false},
    {"when_open", read_guard_answer, AT(when_open), "what a call does that meets it open",
     "wait, fallback or fail", false},
};
#undef AT
static const struct keys breaker_table = {"a breaker", breaker_keys, REDIAL_COUNT_OF(breaker_keys)};

static bool check_breaker(struct reading *reading, const struct breaker *breaker,
                          const struct node *written)
{
    if (breaker->window > 0 && breaker->open > 0 && !(breaker->classes & 1)) return true;
    struct diag *diag;
    if (breaker->classes & 1) {
        diag = diag_error(reading->diags, "out-of-range", written->span,
                          "a success cannot count as a failure");
        diag_cure(reading->diags, diag, "remove `none` from classes");
        return false;
    }
    diag = diag_error(reading->diags, "out-of-range", written->span,
                      "a breaker's window and open time are longer than 0");
    diag_cure(reading->diags, diag, "write {failures: 5, window: 30s, open: 10s}");
    return false;
}

static bool read_breaker(struct reading *reading, const struct node *value, void *entry)
{
    struct breaker *breaker = entry;
    breaker->guard.per = 1u << GUARD_BY_PROVIDER;
    breaker->probes = 1;
    breaker->minimum = 1;
    breaker->when_open = GUARD_FAIL;
    breaker->classes = 1u << REDIAL_CLASS_SERVER_ERROR | 1u << REDIAL_CLASS_OVERLOADED |
                       1u << REDIAL_CLASS_TIMEOUT | 1u << REDIAL_CLASS_CONNECTION_FAILED |
                       1u << REDIAL_CLASS_CONNECTION_DROPPED | 1u << REDIAL_CLASS_STREAM_CUT;
    return keys_read(reading, &breaker_table, value, breaker) &&
           check_breaker(reading, breaker, value);
}

bool read_breakers(struct reading *reading, const struct node *value, void *target)
{
    (void)target;
    struct guards *guards = &config_of(reading)->policy->guards;
    return config_read_guards(reading, value,
                              &(struct guard_section){"breaker", guards->breakers,
                                                      sizeof guards->breakers[0],
                                                      &guards->breaker_count, read_breaker});
}
