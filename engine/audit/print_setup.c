/* A setup for people and for programs. */
#include "audit/setup.h"
#include "base/names.h"
#include "story/put.h"
#include "story/table.h"

static const char *const standings[CREDENTIAL_STANDING_COUNT] = {
    [CREDENTIAL_THERE] = "there",
    [CREDENTIAL_TO_ASK] = "to ask",
    [CREDENTIAL_ABSENT] = "absent",
};

static const char *verdict(const struct setup_provider *provider)
{
    if (!provider->works) return provider->meant ? "cannot be called" : "not set up";
    return provider->credential.standing == CREDENTIAL_TO_ASK ? "can be called if that is had"
                                                              : "can be called";
}

/* ---- Text */

static void row(struct table *table, const char *what, struct redial_str value,
                struct redial_str from)
{
    if (value.len == 0) return;
    table_cell(table, str_of(what));
    table_cell(table, value);
    table_cell(table, from);
}

static void put_regions(const struct setup_provider *provider, struct table *table)
{
    struct text text = TEXT_INIT;
    for (size_t i = 0; i < provider->region_count; i++) {
        const struct setup_region *region = &provider->regions[i];
        text_printf(&text, "%.*s for %.*s", REDIAL_STR_ARG(region->region.value),
                    REDIAL_STR_ARG(region->models));
        row(table, "", text_str(&text), region->region.from);
        text_clear(&text);
    }
    text_clean_up(&text);
}

static void put_provider(const struct setup_provider *provider, struct arena *arena, uint32_t width,
                         struct text *out)
{
    struct table table;
    text_printf(out, "\n%.*s, %.*s: %s\n", REDIAL_STR_ARG(provider->name),
                REDIAL_STR_ARG(provider->title), verdict(provider));
    table_begin(&table, arena, (const char *const[]){"", "", ""}, 3);
    bool absent = provider->credential.standing == CREDENTIAL_ABSENT; /* a finding says why */
    row(&table, "credential", absent ? REDIAL_STR("none found") : provider->credential.detail,
        provider->credential.source);
    row(&table, "address", provider->address.value, provider->address.from);
    row(&table, "region", provider->region.value, provider->region.from);
    put_regions(provider, &table);
    row(&table, "project", provider->project.value, provider->project.from);
    table_write(&table, 2, width, out);
    table_end(&table);
}

void setup_print_text(const struct setup *setup, uint32_t width, struct text *out)
{
    const struct redial_policy *policy = setup->policy;
    struct redial_str chosen = policy->providers[policy->default_provider].name;
    text_printf(out, "calls go to %.*s: %.*s\n", REDIAL_STR_ARG(chosen),
                REDIAL_STR_ARG(policy->default_provider_why));
    for (size_t i = 0; i < policy->provider_count; i++)
        put_provider(&setup->providers[i], setup->arena, width, out);
    text_append_char(out, '\n');
}

/* ---- JSON */

static void put_value(struct text *out, const char *name, const struct setup_value *value)
{
    if (value->value.len == 0) return;
    put_key(out, name);
    text_append_char(out, '{');
    put_text(out, "value", value->value);
    put_text(out, "from", value->from);
    text_append_char(out, '}');
}

static void put_json_regions(const struct setup_provider *provider, struct text *out)
{
    if (provider->region_count == 0) return;
    put_key(out, "regions");
    for (size_t i = 0; i < provider->region_count; i++) {
        text_append(out, i == 0 ? REDIAL_STR("[{") : REDIAL_STR(",{"));
        put_text(out, "models", provider->regions[i].models);
        put_text(out, "region", provider->regions[i].region.value);
        put_text(out, "from", provider->regions[i].region.from);
        text_append_char(out, '}');
    }
    text_append_char(out, ']');
}

static void put_json_provider(const struct setup *setup, size_t number, struct text *out)
{
    const struct setup_provider *provider = &setup->providers[number];
    text_append_char(out, '{');
    put_text(out, "provider", provider->name);
    put_text(out, "platform", provider->title);
    if (number == setup->policy->default_provider)
        put_text(out, "chosen", setup->policy->default_provider_why);
    put_true(out, "meant", provider->meant);
    put_true(out, "works", provider->works);
    put_key(out, "credential");
    text_append_char(out, '{');
    put_word(out, "standing", standings[provider->credential.standing]);
    put_text(out, "source", provider->credential.source);
    put_text(out, "detail", provider->credential.detail);
    text_append_char(out, '}');
    put_value(out, "address", &provider->address);
    put_value(out, "region", &provider->region);
    put_json_regions(provider, out);
    put_value(out, "project", &provider->project);
    text_append(out, REDIAL_STR("}\n"));
}

void setup_print_json(const struct setup *setup, uint32_t width, struct text *out)
{
    (void)width;
    for (size_t i = 0; i < setup->policy->provider_count; i++) put_json_provider(setup, i, out);
}
