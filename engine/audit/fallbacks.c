/* What each fallback of a policy loses: features from provider to provider, room from model to
 * model. */
#include <inttypes.h>

#include "audit/ask.h"
#include "audit/print.h"
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

enum loss { LOSS_WHOLE, LOSS_NARROWER, LOSS_PERHAPS };

static bool is_loss(enum loss loss, enum standing before, enum standing after)
{
    if (before > STANDING_IN_PART) return false; /* it was not had before */
    switch (loss) {
    case LOSS_WHOLE: return after > STANDING_UNSURE;
    case LOSS_NARROWER: return before == STANDING_SERVES && after == STANDING_IN_PART;
    case LOSS_PERHAPS: return after == STANDING_UNSURE;
    }
    return false;
}

/* What makes it narrower: "VX basic: only web_search_20250305". */
static void put_conditions(const struct redial_policy *policy, const struct matrix *matrix,
                           uint16_t provider, const struct wish *wish, struct text *out)
{
    int kind = (int)policy->platforms[policy->providers[provider].platform].kind;
    struct text remark = TEXT_INIT;
    const char *between = " (";
    for (size_t c = 0; c < wish->table->column_count; c++) {
        const struct matrix_cell *cell = &wish->row->cells[c];
        if (wish->table->columns[c].platform != kind || !cell->present ||
            cell->support == SUPPORT_FULL)
            continue;
        struct redial_str word = matrix_word(cell), heading = wish->table->columns[c].heading;
        matrix_remark(matrix, cell, &remark);
        text_printf(out, "%s%.*s %.*s%s%.*s", between, REDIAL_STR_ARG(heading),
                    REDIAL_STR_ARG(word), remark.len > 0 ? ": " : "",
                    REDIAL_STR_ARG(text_str(&remark)));
        text_clear(&remark);
        between = "; ";
    }
    text_append(out, REDIAL_STR(")"));
    text_clean_up(&remark);
}

static void put_losses(const struct redial_policy *policy, const struct matrix *matrix,
                       uint16_t from, uint16_t to, const struct wishes *wishes, enum loss loss,
                       struct text *out)
{
    struct text unread = TEXT_INIT;
    for (size_t i = 0; i < wishes->count; i++) {
        const struct wish *wish = &wishes->list[i];
        enum standing before = ask(policy, from, wish, &unread);
        enum standing after = ask(policy, to, wish, &unread);
        text_clear(&unread);
        if (!is_loss(loss, before, after)) continue;
        text_printf(out, "%s%.*s", out->len > 0 ? ", " : "", REDIAL_STR_ARG(wish->row->name));
        if (loss == LOSS_NARROWER) put_conditions(policy, matrix, to, wish, out);
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

/* ---- Models */

static void put_change(const char *what, int64_t from, int64_t to, struct text *out)
{
    if (from > 0 && to > 0 && to < from)
        text_printf(out, "%s%s %" PRId64 " instead of %" PRId64, out->len > 0 ? ", " : "", what, to,
                    from);
}

static void put_limits(const struct platform_model *before, const struct platform_model *after,
                       struct text *out)
{
    put_change("context", before->context, after->context, out);
    put_change("max_output", before->max_output, after->max_output, out);
    if (after->refuses_prefill && !before->refuses_prefill)
        text_printf(out, "%stakes no prefill", out->len > 0 ? ", " : "");
}

/* The models of one platform that another lacks, or serves with less room. */
static void put_models_lost(const struct redial_policy *policy, uint16_t from, uint16_t to,
                            struct text *out)
{
    const struct platform *platform = &policy->platforms[policy->providers[from].platform];
    struct text limits = TEXT_INIT;
    for (size_t i = 0; i < platform->model_count; i++) {
        const struct platform_model *before = &platform->models[i];
        const struct platform_model *after =
            policy_platform_model(policy, policy->providers[to].platform, before->model);
        if (after) put_limits(before, after, &limits);
        if (after && limits.len == 0) continue;
        text_printf(out, "%s%.*s", out->len > 0 ? ", " : "",
                    REDIAL_STR_ARG(policy->models[before->model].name));
        if (after) text_printf(out, " (%.*s)", REDIAL_STR_ARG(text_str(&limits)));
        text_clear(&limits);
    }
    text_clean_up(&limits);
}

/* ---- Edges */

/* A row of an edge, its ends in the first alone. */
struct edge {
    struct table *table;
    struct redial_str from, to;
    size_t rows;
};

/* False when there is nothing to say. */
static bool put_row(struct edge *edge, const char *what, struct text *said)
{
    if (said->len == 0) return false;
    bool first = edge->rows++ == 0;
    table_cell(edge->table, first ? edge->from : (struct redial_str){"", 0});
    table_cell(edge->table, first ? edge->to : (struct redial_str){"", 0});
    table_cell(edge->table, str_of(what));
    table_cell_from(edge->table, said);
    return true;
}

static bool put_edge(const struct redial_policy *policy, const struct matrix *matrix,
                     const struct wishes *wishes, uint16_t from, uint16_t to, struct table *table)
{
    static const char *const words[] = {
        [LOSS_WHOLE] = "loses", [LOSS_NARROWER] = "narrower", [LOSS_PERHAPS] = "perhaps"};
    struct edge edge = {
        .table = table, .from = policy->providers[from].name, .to = policy->providers[to].name};
    struct text text = TEXT_INIT;
    bool loses = false;
    for (size_t loss = LOSS_WHOLE; loss <= LOSS_PERHAPS; loss++) {
        put_losses(policy, matrix, from, to, wishes, (enum loss)loss, &text);
        bool any = put_row(&edge, words[loss], &text);
        if (loss == LOSS_WHOLE) loses = any;
    }
    ask_flags(policy, wishes, from, to, &text);
    put_row(&edge, "beta flags", &text);
    put_models_lost(policy, from, to, &text);
    put_row(&edge, "models", &text);
    put_residency(policy, to, &text);
    put_row(&edge, "data in", &text);
    text_clean_up(&text);
    return loses;
}

static size_t put_providers(const struct redial_policy *policy, const struct matrix *matrix,
                            const struct wishes *wishes, struct table *table)
{
    size_t losing = 0;
    for (uint16_t p = 0; policy->provider_fallbacks && p < policy->provider_count; p++)
        for (size_t f = 0; f < REDIAL_COUNT_OF(policy->provider_fallbacks[p]); f++) {
            uint16_t to = policy->provider_fallbacks[p][f];
            if (to == NO_INDEX) break;
            losing += put_edge(policy, matrix, wishes, p, to, table);
        }
    return losing;
}

/* A platform whose two legs differ in room, or that lacks the second model. */
static bool put_model(const struct redial_policy *policy, uint16_t platform, uint16_t from,
                      uint16_t to, struct table *table)
{
    const struct platform_model *before = policy_platform_model(policy, platform, from);
    const struct platform_model *after = policy_platform_model(policy, platform, to);
    struct text text = TEXT_INIT;
    if (!before) return false;
    if (after)
        put_limits(before, after, &text);
    else
        text_append(&text, REDIAL_STR("the platform does not list it"));
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
    table_begin(&table, arena, (const char *const[]){"from", "to", "", ""}, 4);
    size_t losing = put_providers(policy, matrix, wishes, &table);
    finish(&table, "fallbacks to another provider:", "the policy has none", width, out);
    table_begin(&table, arena, (const char *const[]){"on", "from", "to", "loses"}, 4);
    losing += put_models(policy, &table);
    finish(&table, "\nfallbacks to another model:", "the policy has none", width, out);
    arena_destroy(arena);
    return losing;
}
