/* What each fallback of a policy loses: features from provider to provider, room from model to
 * model. */
#include <inttypes.h>

#include "audit/ask.h"
#include "story/table.h"

/* Every row as a wish, when nothing in particular is asked for. */
static const struct wishes *all_rows(const struct matrix *matrix, struct wishes *all)
{
    *all = (struct wishes){0};
    for (size_t s = MATRIX_BASELINE; s < MATRIX_WIRE; s++)
        for (size_t r = 0; r < matrix->tables[s].row_count && all->count < WISHES_MAX; r++)
            all->list[all->count++] =
                (struct wish){.table = &matrix->tables[s], .row = &matrix->tables[s].rows[r]};
    return all;
}

static void put_losses(const struct redial_policy *policy, uint16_t from, uint16_t to,
                       const struct wishes *wishes, bool unsure, struct text *out)
{
    const char *between = "";
    struct text unread = TEXT_INIT;
    for (size_t i = 0; i < wishes->count; i++) {
        const struct wish *wish = &wishes->list[i];
        enum standing before = ask(policy, from, wish, &unread);
        enum standing after = ask(policy, to, wish, &unread);
        bool lost = unsure ? after == STANDING_UNSURE : after > STANDING_UNSURE;
        if (before <= STANDING_IN_PART && lost) {
            text_printf(out, "%s%.*s", between, REDIAL_STR_ARG(wish->row->name));
            between = ", ";
        }
        text_clear(&unread);
    }
    text_clean_up(&unread);
}

/* Data goes elsewhere: no loss of a feature, and yet what somebody must know. */
static void put_residency(const struct redial_policy *policy, uint16_t to, struct text *out)
{
    const struct provider *provider = &policy->providers[to];
    const struct feature_cell *cell =
        &policy->platforms[provider->platform].features[REDIAL_FEATURE_DATA_RESIDENCY];
    struct redial_str where = provider->residency.len > 0 ? provider->residency : cell->value;
    text_append(out, where);
}

static size_t put_providers(const struct redial_policy *policy, const struct wishes *wishes,
                            struct table *table)
{
    size_t losing = 0;
    struct text text = TEXT_INIT;
    for (uint16_t p = 0; policy->provider_fallbacks && p < policy->provider_count; p++)
        for (size_t f = 0; f < REDIAL_COUNT_OF(policy->provider_fallbacks[p]); f++) {
            uint16_t to = policy->provider_fallbacks[p][f];
            if (to == NO_INDEX) break;
            table_cell(table, policy->providers[p].name);
            table_cell(table, policy->providers[to].name);
            put_losses(policy, p, to, wishes, false, &text);
            losing += text.len > 0;
            table_cell_from(table, &text);
            put_losses(policy, p, to, wishes, true, &text);
            table_cell_from(table, &text);
            put_residency(policy, to, &text);
            table_cell_from(table, &text);
        }
    text_clean_up(&text);
    return losing;
}

static void put_change(const char *what, int64_t from, int64_t to, struct text *out)
{
    if (from > 0 && to > 0 && to < from)
        text_printf(out, "%s%s %" PRId64 " instead of %" PRId64, out->len > 0 ? ", " : "", what, to,
                    from);
}

/* A provider whose two legs differ in room, or that lacks the second model. */
static bool put_model(const struct redial_policy *policy, uint16_t platform, uint16_t from,
                      uint16_t to, struct table *table)
{
    const struct platform_model *before = policy_platform_model(policy, platform, from);
    const struct platform_model *after = policy_platform_model(policy, platform, to);
    struct text text = TEXT_INIT;
    if (!before) return false;
    if (!after) {
        text_append(&text, REDIAL_STR("the platform does not list it"));
    } else {
        put_change("context", before->context, after->context, &text);
        put_change("max_output", before->max_output, after->max_output, &text);
    }
    bool loses = text.len > 0;
    table_cell(table, policy->platforms[platform].name);
    table_cell(table, policy->models[from].name);
    table_cell(table, policy->models[to].name);
    table_cell_from(table, &text);
    text_clean_up(&text);
    return loses;
}

static size_t put_models(const struct redial_policy *policy, struct table *table)
{
    size_t losing = 0;
    for (uint16_t m = 0; m < policy->model_count; m++)
        for (size_t f = 0; f < policy->models[m].fallback_count; f++)
            for (uint16_t p = 0; p < policy->platform_count; p++)
                losing += put_model(policy, p, m, policy->models[m].fallbacks[f], table);
    return losing;
}

static void finish(struct table *table, const char *title, const char *none, uint32_t width,
                   struct text *out)
{
    text_printf(out, "%s\n", title);
    if (table_rows(table) == 0)
        text_printf(out, "  %s\n", none);
    else
        table_write(table, 2, width, out);
    table_end(table);
}

size_t ask_print_fallbacks(const struct redial_policy *policy, const struct matrix *matrix,
                           const struct wishes *wishes, uint32_t width, struct text *out)
{
    struct wishes all;
    struct table table;
    struct arena *arena = arena_new();
    if (!arena) {
        out->failed = true;
        return 0;
    }
    if (wishes->count == 0) wishes = all_rows(matrix, &all);
    table_begin(&table, arena,
                (const char *const[]){"from", "to", "loses", "perhaps", "data then in"}, 5);
    size_t losing = put_providers(policy, wishes, &table);
    finish(&table, "fallbacks to another provider:", "the policy has none", width, out);
    table_begin(&table, arena, (const char *const[]){"on", "from", "to", "loses"}, 4);
    losing += put_models(policy, &table);
    finish(&table, "\nfallbacks to another model:", "the policy has none", width, out);
    arena_destroy(arena);
    return losing;
}
