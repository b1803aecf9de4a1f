/* The platforms of a policy: where calls go, what replies mean, and who supports what. */
#include <inttypes.h>

#include "base/redact.h"
#include "story/explain_parts.h"

static void write_table(struct table *table, const struct explain_style *style, struct text *out)
{
    table_write(table, 2, style->width, out);
    table_end(table);
}

static void write_providers(const struct redial_policy *policy, const struct explain_style *style,
                            struct arena *arena, struct text *out)
{
    struct table table;
    text_append(out, REDIAL_STR("\nproviders (configured uses of a platform):\n"));
    table_begin(
        &table, arena,
        (const char *const[]){"line", "provider", "platform", "region", "base URL", "residency"},
        6);
    for (size_t i = 0; i < policy->provider_count; i++) {
        const struct provider *provider = &policy->providers[i];
        const struct platform *platform = &policy->platforms[provider->platform];
        struct text cell = TEXT_INIT;
        phrase_place(policy, &provider->span, &cell);
        table_cell_from(&table, &cell);
        table_cell(&table, provider->name);
        table_cell(&table, platform->name);
        struct redial_str region = provider->region.len ? provider->region : platform->region;
        table_cell(&table, region);
        redact(policy_base_url(policy, (uint16_t)i, region), NULL, &cell);
        table_cell_from(&table, &cell);
        text_clean_up(&cell);
        table_cell(&table, provider->residency);
    }
    write_table(&table, style, out);
}

static void write_platform_rows(const struct redial_policy *policy,
                                const struct explain_style *style, struct arena *arena,
                                struct text *out)
{
    struct table table;
    text_append(out, REDIAL_STR("\nplatforms:\n"));
    table_begin(&table, arena,
                (const char *const[]){"platform", "credentials, in order", ">models",
                                      ">classify rows", "used when"},
                5);
    for (size_t i = 0; i < policy->platform_count; i++) {
        const struct platform *platform = &policy->platforms[i];
        struct text credentials = TEXT_INIT;
        table_cell(&table, platform->name);
        for (size_t c = 0; c < platform->credential_count; c++)
            text_printf(&credentials, "%s%.*s", c ? ", " : "",
                        REDIAL_STR_ARG(platform->credentials[c]));
        table_cell_from(&table, &credentials);
        text_clean_up(&credentials);
        table_printf(&table, "%zu", platform->model_count);
        table_printf(&table, "%zu", platform->classify.count);
        table_cell(&table, platform->use_when);
    }
    write_table(&table, style, out);
    text_printf(out, "  and %zu classify rows for every platform, after its own\n",
                policy->transport.count);
}

static void write_classify(const struct redial_policy *policy, const char *name,
                           const struct classify_table *rows, const struct explain_style *style,
                           struct arena *arena, struct text *out)
{
    struct table table;
    struct text cell = TEXT_INIT;
    text_printf(out, "\nclassify on %s (the first that matches names the class):\n", name);
    table_begin(&table, arena, (const char *const[]){"line", "class", "when"}, 3);
    for (size_t i = 0; i < rows->count; i++) {
        phrase_place(policy, &rows->rows[i].span, &cell);
        table_cell_from(&table, &cell);
        table_printf(&table, "%s%s", redial_class_name(rows->rows[i].class),
                     rows->rows[i].assumed ? " (assumed)" : "");
        phrase_condition(rows->rows[i].when, &cell);
        table_cell_from(&table, &cell);
    }
    text_clean_up(&cell);
    write_table(&table, style, out);
}

static void write_models(const struct redial_policy *policy, const struct explain_style *style,
                         struct arena *arena, struct text *out)
{
    struct table table;
    text_append(out, REDIAL_STR("\nmodels (as each platform calls them):\n"));
    table_begin(
        &table, arena,
        (const char *const[]){"platform", "model", "id", ">context", ">max output", "prefill"}, 6);
    for (size_t i = 0; i < policy->platform_count; i++)
        for (size_t m = 0; m < policy->platforms[i].model_count; m++) {
            const struct platform_model *model = &policy->platforms[i].models[m];
            table_cell(&table, policy->platforms[i].name);
            table_cell(&table, policy->models[model->model].name);
            table_cell(&table, model->id);
            table_printf(&table, "%" PRId64, model->context);
            table_printf(&table, "%" PRId64, model->max_output);
            table_cell(&table, model->refuses_prefill ? REDIAL_STR("no") : REDIAL_STR("yes"));
        }
    write_table(&table, style, out);
}

void explain_feature(const struct feature_cell *cell, struct text *out)
{
    if (!cell->present) {
        text_append(out, REDIAL_STR("unknown"));
        return;
    }
    if (cell->value.len > 0)
        text_append(out, cell->value);
    else
        text_append(out, str_of(support_names.rows[cell->support].word));
    if (cell->requires && cell->value.len == 0)
        text_printf(out, " (%s)", credential_names.rows[cell->requires].word);
}

static void write_features(const struct redial_policy *policy, const struct explain_style *style,
                           struct arena *arena, struct text *out)
{
    const char *headings[TABLE_COLUMNS_MAX] = {"feature"};
    struct redial_str names[TABLE_COLUMNS_MAX];
    size_t shown = policy->platform_count < TABLE_COLUMNS_MAX - 1 ? policy->platform_count
                                                                  : TABLE_COLUMNS_MAX - 1;
    struct text cell = TEXT_INIT;
    struct table table;
    for (size_t i = 0; i < shown; i++) { /* headings are C strings: the arena ends its copies */
        if (!arena_copy(arena, policy->platforms[i].name, &names[i])) out->failed = true;
        headings[i + 1] = out->failed ? "" : names[i].ptr;
    }
    text_append(out, REDIAL_STR("\nfeatures:\n"));
    table_begin(&table, arena, headings, shown + 1);
    for (int f = 0; f < REDIAL_FEATURE_COUNT; f++) {
        table_cell(&table, str_of(feature_names.rows[f].word));
        for (size_t i = 0; i < shown; i++) {
            explain_feature(&policy->platforms[i].features[f], &cell);
            table_cell_from(&table, &cell);
        }
    }
    text_clean_up(&cell);
    write_table(&table, style, out);
}

void explain_platforms(const struct redial_policy *policy, const struct explain_style *style,
                       struct arena *arena, struct text *out)
{
    write_providers(policy, style, arena, out);
    write_platform_rows(policy, style, arena, out);
    if (style->full) {
        for (size_t i = 0; i < policy->platform_count; i++) {
            struct redial_str name;
            if (!arena_copy(arena, policy->platforms[i].name, &name)) out->failed = true;
            if (out->failed) return;
            write_classify(policy, name.ptr, &policy->platforms[i].classify, style, arena, out);
        }
        write_classify(policy, "every platform, after its own rows", &policy->transport, style,
                       arena, out);
        write_models(policy, style, arena, out);
    }
    write_features(policy, style, arena, out);
    explain_feature_rules(policy, style, arena, out);
}
