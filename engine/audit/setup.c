/* Gathers the setup: values as the policy has them, and whose word each is, by what the files say
 * before their references are filled in. */
#include "audit/setup.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/environment.h"
#include "document/node.h"
#include "redial/redial.h"

/* ---- The environment */

bool setup_is_set(const struct setup *setup, const char *name)
{
    const struct redial_env *row = setup->environment;
    if (!row) return getenv(name) != NULL;
    for (; row->name; row++)
        if (str_is(str_of(row->name), name)) return true;
    return false;
}

struct redial_str setup_get(const struct setup *setup, const char *name)
{
    return environment_get(setup->environment, str_of(name));
}

#define SECRET_LONG 20u /* of which four characters more or less tell nothing */

void setup_secret(const char *what, struct redial_str secret, struct text *out)
{
    text_printf(out, "%s of %zu characters", what, secret.len);
    if (secret.len < SECRET_LONG) return;
    struct redial_str end = str_skip(secret, secret.len - 4);
    text_printf(out, ", ends in %.*s", REDIAL_STR_ARG(end));
}

/* ---- The files, as they are written */

struct gathering {
    struct setup *setup;
    struct diag_list *diags;   /* unheard: the policy has been read before */
    const struct source *last; /* the file that `document` is of */
    const struct node *document;
};

static const struct node *member(const struct node *mapping, struct redial_str name)
{
    for (size_t i = 0; mapping && mapping->kind == NODE_MAPPING && i < mapping->count; i++)
        if (str_eq(mapping->keys[i]->text, name)) return mapping->values[i];
    return NULL;
}

/* What stands under `section` and `name` in the file of a span; NULL when it is elsewhere. */
static const struct node *row_of(struct gathering *gathering, const struct span *span,
                                 const char *section, struct redial_str name)
{
    if (!span->source) return NULL;
    if (span->source != gathering->last) {
        gathering->last = span->source;
        gathering->document =
            document_parse(gathering->setup->arena, span->source, gathering->diags);
    }
    return member(member(gathering->document, str_of(section)), name);
}

static const struct node *row_of_provider(struct gathering *gathering,
                                          const struct provider *provider)
{
    return row_of(gathering, &provider->span, "providers", provider->name);
}

static const struct node *row_of_platform(struct gathering *gathering,
                                          const struct provider *provider)
{
    const struct platform *platform = &gathering->setup->policy->platforms[provider->platform];
    return row_of(gathering, &platform->span, "platforms", platform->name);
}

/* ---- Whose word */

static bool say_place(const struct setup *setup, const struct node *node, struct setup_value *value)
{
    return arena_printf(setup->arena, &value->from, "%.*s:%" PRIu32,
                        REDIAL_STR_ARG(node->span.source->path), node->span.line);
}

/* The variable of the first reference that has a value, or the place of a default. */
static bool say_scalar(const struct setup *setup, const struct node *node,
                       struct setup_value *value)
{
    struct redial_str rest = node->text;
    size_t at = str_find(rest, REDIAL_STR("${"));
    if (at == SIZE_MAX) return rest.len == 0 || say_place(setup, node, value);
    rest = str_skip(rest, at + 2);
    rest = str_take(rest, str_find(rest, REDIAL_STR("}")));
    size_t mark = str_find(rest, REDIAL_STR(":-"));
    struct redial_str name = str_take(rest, mark == SIZE_MAX ? rest.len : mark);
    if (environment_get(setup->environment, name).len > 0)
        return arena_copy(setup->arena, name, &value->from);
    bool otherwise = mark != SIZE_MAX && mark + 2 < rest.len;
    return !otherwise || say_place(setup, node, value);
}

/* A text, a list of which the first with a value counts, or {from, default}. */
// NOLINTNEXTLINE(misc-no-recursion)
static bool say_from(const struct setup *setup, const struct node *node, struct setup_value *value)
{
    if (!node || value->from.len > 0) return true;
    switch (node->kind) {
    case NODE_SCALAR: return say_scalar(setup, node, value);
    case NODE_SEQUENCE:
        for (size_t i = 0; i < node->count; i++)
            if (!say_from(setup, node->items[i], value)) return false;
        return true;
    case NODE_MAPPING:
        return say_from(setup, member(node, REDIAL_STR("from")), value) &&
               say_from(setup, member(node, REDIAL_STR("default")), value);
    }
    return true;
}

/* A value and whose word it is, by where it is written. */
static bool say(const struct setup *setup, struct redial_str text, const struct node *node,
                struct setup_value *value)
{
    value->value = text;
    if (text.len == 0) return true;
    if (!say_from(setup, node, value)) return false;
    if (value->from.len == 0) value->from = REDIAL_STR("the policy");
    return true;
}

/* The provider's own word, else its platform's. */
static bool take(struct gathering *gathering, const struct provider *provider, const char *key,
                 struct redial_str own, struct redial_str of_platform, struct setup_value *value)
{
    const struct node *row =
        own.len > 0 ? row_of_provider(gathering, provider) : row_of_platform(gathering, provider);
    return say(gathering->setup, own.len > 0 ? own : of_platform, member(row, str_of(key)), value);
}

/* ---- Parts */

/* Where an address is written: policy_base_url says in which order they count. */
static const struct node *address_row(struct gathering *gathering, const struct provider *provider,
                                      struct redial_str region)
{
    const struct platform *platform = &gathering->setup->policy->platforms[provider->platform];
    bool is_mantle = provider->surface == BEDROCK_MANTLE;
    struct redial_str base = is_mantle ? platform->mantle.base_url : platform->base_url;
    if (provider->base_url.len > 0)
        return member(row_of_provider(gathering, provider), REDIAL_STR("base_url"));
    const struct node *row = row_of_platform(gathering, provider);
    if (is_mantle) row = member(row, REDIAL_STR("mantle"));
    if (base.len > 0) return member(row, REDIAL_STR("base_url"));
    const struct node *own = member(member(row, REDIAL_STR("endpoints")), region);
    return own ? own : member(row, REDIAL_STR("endpoint"));
}

/* Leaves a place open for which there is no value. */
static bool fill_in(const struct setup *setup, struct redial_str place, struct redial_str value,
                    struct redial_str *url)
{
    size_t at = str_find(*url, place);
    if (at == SIZE_MAX || value.len == 0) return true;
    struct redial_str head = str_take(*url, at), tail = str_skip(*url, at + place.len);
    return arena_printf(setup->arena, url, "%.*s%.*s%.*s", REDIAL_STR_ARG(head),
                        REDIAL_STR_ARG(value), REDIAL_STR_ARG(tail));
}

/* Who names the resource says where calls go, not who wrote down the domain behind it. */
static bool take_resource(struct gathering *gathering, const struct provider *provider,
                          struct setup_value *address)
{
    const struct setup *setup = gathering->setup;
    struct redial_str resource = setup->policy->platforms[provider->platform].resource.value;
    struct setup_value word = {0};
    if (resource.len == 0 || str_find(address->value, SETUP_RESOURCE) == SIZE_MAX) return true;
    if (!say(setup, resource, member(row_of_platform(gathering, provider), REDIAL_STR("resource")),
             &word))
        return false;
    address->from = word.from;
    return fill_in(setup, SETUP_RESOURCE, resource, &address->value);
}

static bool take_address(struct gathering *gathering, uint16_t number, struct setup_provider *out)
{
    const struct setup *setup = gathering->setup;
    const struct provider *provider = &setup->policy->providers[number];
    struct redial_str region = out->region.value;
    return say(setup, policy_base_url(setup->policy, number, region),
               address_row(gathering, provider, region), &out->address) &&
           fill_in(setup, REDIAL_STR("{region}"), region, &out->address.value) &&
           take_resource(gathering, provider, &out->address);
}

static bool take_regions(struct gathering *gathering, const struct provider *provider,
                         struct setup_provider *out)
{
    const struct platform *platform = &gathering->setup->policy->platforms[provider->platform];
    const struct node *region = member(row_of_platform(gathering, provider), REDIAL_STR("region"));
    const struct node *rows = member(region, REDIAL_STR("per_model"));
    out->regions =
        ARENA_ARRAY(gathering->setup->arena, struct setup_region, platform->region_override_count);
    if (!out->regions) return platform->region_override_count == 0;
    for (size_t i = 0; i < platform->region_override_count; i++) {
        const struct region_override *override = &platform->region_overrides[i];
        if (override->region.len == 0) continue;
        struct setup_region *row = &out->regions[out->region_count++];
        row->models = override->model_glob;
        row->region.value = override->region;
        if (!say_from(gathering->setup, member(rows, override->model_glob), &row->region))
            return false;
    }
    return true;
}

static const char *const titles[PLATFORM_KIND_COUNT] = {
    [PLATFORM_ANTHROPIC] = "Anthropic (direct)",
    [PLATFORM_BEDROCK] = "AWS Bedrock",
    [PLATFORM_VERTEX] = "GCP Vertex",
    [PLATFORM_FOUNDRY] = "Azure Foundry",
};

/* The project of the credential, where nobody else names one. */
static void take_project(struct setup_provider *out)
{
    if (out->project.value.len > 0 || out->credential.project.len == 0) return;
    out->project.value = out->credential.project;
    out->project.from = out->credential.source;
}

static bool take_provider(struct gathering *gathering, uint16_t number, setup_credential_fn *look)
{
    const struct setup *setup = gathering->setup;
    const struct provider *provider = &setup->policy->providers[number];
    const struct platform *platform = &setup->policy->platforms[provider->platform];
    struct setup_provider *out = &setup->providers[number];
    out->name = provider->name;
    out->title = str_of(titles[platform->kind]);
    out->works = true;
    bool good =
        take(gathering, provider, "region", provider->region, platform->region, &out->region) &&
        take(gathering, provider, "project", provider->project, platform->project, &out->project) &&
        take_address(gathering, number, out) && take_regions(gathering, provider, out) &&
        look(setup->arena, setup->policy, number, setup->environment, &out->credential);
    take_project(out);
    return good;
}

/* ---- Which have to work */

static void mean(const struct setup *setup)
{
    const struct redial_policy *policy = setup->policy;
    setup->providers[policy->default_provider].meant = true;
    for (size_t i = 0; policy->providers_given && i < policy->provider_count; i++)
        setup->providers[i].meant = true;
    for (size_t round = 0; policy->provider_fallbacks && round < policy->provider_count; round++)
        for (size_t i = 0; i < policy->provider_count; i++)
            for (size_t f = 0;
                 setup->providers[i].meant && f < REDIAL_COUNT_OF(policy->provider_fallbacks[i]) &&
                 policy->provider_fallbacks[i][f] != NO_INDEX;
                 f++)
                setup->providers[policy->provider_fallbacks[i][f]].meant = true;
}

bool setup_read(struct setup *setup, setup_credential_fn *look, struct findings *findings)
{
    struct gathering gathering = {.setup = setup, .diags = diag_list_new()};
    size_t count = setup->policy->provider_count;
    setup->providers = ARENA_ARRAY(setup->arena, struct setup_provider, count);
    bool good = gathering.diags && setup->providers;
    for (size_t i = 0; good && i < count; i++) good = take_provider(&gathering, (uint16_t)i, look);
    if (good) {
        mean(setup);
        setup_check(setup, findings);
    }
    diag_list_destroy(gathering.diags);
    return good && !findings->failed;
}
