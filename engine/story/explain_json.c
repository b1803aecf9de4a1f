/* The whole policy as one JSON object. Times are nanoseconds; null is "unlimited" or "none". */
#include "story/explain_parts.h"
#include "story/put.h"

struct json_page {
    const struct redial_policy *policy;
    struct text *out;
    struct text cell;
};

static void open_list(struct text *out, const char *name)
{
    put_key(out, name);
    text_append_char(out, '[');
}

static void open_item(struct text *out, size_t index)
{
    text_append(out, index > 0 ? REDIAL_STR(",{") : REDIAL_STR("{"));
}

static void put_phrase(struct json_page *page, const char *name)
{
    put_text(page->out, name, text_str(&page->cell));
    if (page->cell.failed) page->out->failed = true;
    text_clear(&page->cell);
}

static void put_span_of_time(struct text *out, const char *name, int64_t ns)
{
    if (ns != DURATION_MAX) {
        put_int(out, name, ns);
        return;
    }
    put_key(out, name);
    text_append(out, REDIAL_STR("null"));
}

static void put_rule(struct json_page *page, const struct rule *rule)
{
    struct text *out = page->out;
    put_text(out, "name", rule->name);
    put_text(out, "about", rule->about);
    put_place(out, "at", &rule->span);
    phrase_condition(rule->when, &page->cell);
    put_phrase(page, "when");
    phrase_steps(page->policy, &rule->steps, &page->cell);
    put_phrase(page, "do");
    if (rule->max_given) put_count(out, "max", rule->max);
    phrase_steps(page->policy, &rule->then, &page->cell);
    put_phrase(page, "then");
    put_word(out, "after_output", after_output_names.rows[rule->after_output].word);
}

static void put_variant(struct json_page *page, const struct variant *variant)
{
    struct text *out = page->out;
    put_text(out, "name", variant->name);
    put_place(out, "at", &variant->span);
    put_count(out, "retries_per_leg", variant->limits.retries);
    put_count(out, "attempts_per_call", variant->limits.attempts);
    put_span_of_time(out, "deadline_ns", variant->limits.deadline);
    put_text(out, "backoff", page->policy->backoffs[variant->default_backoff].name);
    open_list(out, "rules");
    for (size_t i = 0; i < page->policy->rule_count; i++) {
        open_item(out, i);
        put_rule(page, &variant->rules[i]);
        text_append_char(out, '}');
    }
    text_append_char(out, ']');
}

static void put_backoff(struct json_page *page, const struct backoff *backoff)
{
    struct text *out = page->out;
    put_text(out, "name", backoff->name);
    put_place(out, "at", &backoff->span);
    phrase_backoff(backoff, &page->cell);
    put_phrase(page, "formula");
    open_list(out, "steps_ns");
    for (size_t i = 0; i < backoff->step_count; i++)
        text_printf(out, "%s%lld", i > 0 ? "," : "", (long long)backoff->steps[i]);
    text_append_char(out, ']');
    phrase_hint(page->policy, &backoff->hint, &page->cell);
    put_phrase(page, "hint");
}

static void put_classify(struct json_page *page, const char *name,
                         const struct classify_table *table)
{
    struct text *out = page->out;
    open_list(out, name);
    for (size_t i = 0; i < table->count; i++) {
        open_item(out, i);
        put_word(out, "class", redial_class_name(table->rows[i].class));
        put_place(out, "at", &table->rows[i].span);
        phrase_condition(table->rows[i].when, &page->cell);
        put_phrase(page, "when");
        put_true(out, "assumed", table->rows[i].assumed);
        text_append_char(out, '}');
    }
    text_append_char(out, ']');
}

static void put_features(struct json_page *page, const struct platform *platform)
{
    struct text *out = page->out;
    put_key(out, "features");
    text_append_char(out, '{');
    for (int f = 0; f < REDIAL_FEATURE_COUNT; f++) {
        const struct feature_cell *cell = &platform->features[f];
        put_key(out, feature_names.rows[f].word);
        text_append_char(out, '{');
        put_word(out, "support",
                 cell->present ? support_names.rows[cell->support].word : "unknown");
        put_text(out, "value", cell->value);
        if (cell->requires) put_word(out, "requires", credential_names.rows[cell->requires].word);
        put_text(out, "source", cell->source);
        put_text(out, "note", cell->note);
        text_append_char(out, '}');
    }
    text_append_char(out, '}');
}

static void put_platform(struct json_page *page, const struct platform *platform)
{
    struct text *out = page->out;
    put_text(out, "name", platform->name);
    put_place(out, "at", &platform->span);
    put_text(out, "use_when", platform->use_when);
    put_text(out, "endpoint", platform->endpoint);
    put_text(out, "region", platform->region);
    open_list(out, "credentials");
    for (size_t i = 0; i < platform->credential_count; i++) {
        if (i > 0) text_append_char(out, ',');
        text_append_json(out, platform->credentials[i]);
    }
    text_append_char(out, ']');
    open_list(out, "models");
    for (size_t i = 0; i < platform->model_count; i++) {
        open_item(out, i);
        put_text(out, "model", page->policy->models[platform->models[i].model].name);
        put_text(out, "id", platform->models[i].id);
        put_known(out, "context", platform->models[i].context);
        put_known(out, "max_output", platform->models[i].max_output);
        if (platform->models[i].refuses_prefill) put_word(out, "prefill", "refused");
        text_append_char(out, '}');
    }
    text_append_char(out, ']');
    put_classify(page, "classify", &platform->classify);
    put_features(page, platform);
}

static void put_providers(struct json_page *page)
{
    const struct redial_policy *policy = page->policy;
    open_list(page->out, "providers");
    for (size_t i = 0; i < policy->provider_count; i++) {
        const struct provider *provider = &policy->providers[i];
        open_item(page->out, i);
        put_text(page->out, "name", provider->name);
        put_text(page->out, "platform", policy->platforms[provider->platform].name);
        put_text(page->out, "region", provider->region);
        put_text(page->out, "residency", provider->residency);
        text_append_char(page->out, '}');
    }
    text_append_char(page->out, ']');
}

static void put_fallbacks(struct json_page *page)
{
    const struct redial_policy *policy = page->policy;
    put_key(page->out, "fallback_models");
    text_append_char(page->out, '{');
    for (size_t i = 0; i < policy->model_count; i++) {
        const struct model *model = &policy->models[i];
        if (model->fallback_count == 0) continue;
        if (page->out->ptr && page->out->ptr[page->out->len - 1] != '{')
            text_append_char(page->out, ',');
        text_append_json(page->out, model->name);
        text_append(page->out, REDIAL_STR(":["));
        for (size_t f = 0; f < model->fallback_count; f++) {
            if (f > 0) text_append_char(page->out, ',');
            text_append_json(page->out, policy->models[model->fallbacks[f]].name);
        }
        text_append_char(page->out, ']');
    }
    text_append_char(page->out, '}');
}

static void put_lists(struct json_page *page)
{
    const struct redial_policy *policy = page->policy;
    struct text *out = page->out;
    open_list(out, "modes");
    for (size_t i = 0, written = 0; i < VARIANT_COUNT; i++) {
        if (!policy->variants[i].present) continue;
        open_item(out, written++);
        put_variant(page, &policy->variants[i]);
        text_append_char(out, '}');
    }
    text_append_char(out, ']');
    open_list(out, "backoffs");
    for (size_t i = 0; i < policy->backoff_count; i++) {
        open_item(out, i);
        put_backoff(page, &policy->backoffs[i]);
        text_append_char(out, '}');
    }
    text_append_char(out, ']');
    open_list(out, "platforms");
    for (size_t i = 0; i < policy->platform_count; i++) {
        open_item(out, i);
        put_platform(page, &policy->platforms[i]);
        text_append_char(out, '}');
    }
    text_append_char(out, ']');
}

static void put_hooks(struct json_page *page)
{
    const struct hooks_policy *hooks = &page->policy->hooks;
    struct text *out = page->out;
    if (!hooks->source) return;
    put_key(out, "hooks");
    text_append_char(out, '{');
    put_text(out, "file", hooks->file);
    put_place(out, "at", &hooks->span);
    for (int i = 0; i < HOOK_POINT_COUNT; i++)
        if (hooks->point[i] != NO_INDEX)
            put_text(out, hook_point_names.rows[i].word, hooks->functions[hooks->point[i]].name);
    put_word(out, "on_error", hook_on_error_names.rows[hooks->on_error].word);
    put_int(out, "instructions", hooks->instructions);
    put_int(out, "memory", hooks->memory);
    text_append_char(out, '}');
}

void explain_policy_json(const struct redial_policy *policy, struct text *out)
{
    struct json_page page = {policy, out, TEXT_INIT};
    text_append_char(out, '{');
    put_text(out, "policy", policy->name);
    put_text(out, "about", policy->about);
    put_text(out, "path", policy->path);
    if (policy->default_provider < policy->provider_count)
        put_text(out, "default_provider", policy->providers[policy->default_provider].name);
    put_text(out, "default_provider_why", policy->default_provider_why);
    put_text(out, "default_mode", policy->variants[policy->default_variant].name);
    put_text(out, "default_mode_why", policy->default_variant_why);
    put_word(out, "query", redial_query_name(policy->call.query));
    put_int(out, "attempt_timeout_ns", policy->call.attempt_timeout);
    put_int(out, "idle_timeout_ns", policy->call.idle_timeout);
    explain_feature_rules_json(policy, out);
    put_lists(&page);
    put_providers(&page);
    put_fallbacks(&page);
    explain_guards_json(policy, out);
    put_hooks(&page);
    put_classify(&page, "transport", &policy->transport);
    text_append(out, REDIAL_STR("}\n"));
    text_clean_up(&page.cell);
}
