/* What is missing in a setup, and what is set in a way that its owner may not have meant. */
#include <string.h>

#include "audit/setup.h"
#include "base/url.h"

static const struct platform *platform_of(const struct setup *setup, size_t provider)
{
    return &setup->policy->platforms[setup->policy->providers[provider].platform];
}

static bool has_kind(const struct setup *setup, enum platform_kind kind)
{
    for (size_t i = 0; i < setup->policy->provider_count; i++)
        if (platform_of(setup, i)->kind == kind) return true;
    return false;
}

static bool has(const struct setup *setup, const char *name)
{
    return setup_get(setup, name).len > 0;
}

/* ---- What keeps a provider from working */

static void check_credential(struct setup *setup, size_t number, struct findings *findings)
{
    struct setup_provider *provider = &setup->providers[number];
    if (provider->credential.standing != CREDENTIAL_ABSENT) return;
    provider->works = false;
    if (provider->meant)
        findings_add(findings, FINDING_NO_CREDENTIAL, setup->policy->providers[number].span,
                     "%.*s: %.*s", REDIAL_STR_ARG(provider->name),
                     REDIAL_STR_ARG(provider->credential.detail));
}

static void check_address(struct setup *setup, size_t number, struct findings *findings)
{
    struct setup_provider *provider = &setup->providers[number];
    struct redial_str address = provider->address.value;
    struct url url;
    if (!url_split(address, &url) || !url_is_plain(&url) || url_is_loopback(&url)) return;
    provider->works = false;
    findings_add(findings, FINDING_PLAIN_HTTP, setup->policy->providers[number].span,
                 "%.*s: %.*s (%.*s) would carry the credential in the clear, so nothing is sent; "
                 "write https://",
                 REDIAL_STR_ARG(provider->name), REDIAL_STR_ARG(address),
                 REDIAL_STR_ARG(provider->address.from));
}

#define RESOURCE    "ANTHROPIC_FOUNDRY_RESOURCE"
#define FOUNDRY_URL "ANTHROPIC_FOUNDRY_BASE_URL"

static void have_no_address(struct setup *setup, size_t number, const char *why,
                            struct findings *findings)
{
    struct setup_provider *provider = &setup->providers[number];
    provider->works = false;
    if (provider->meant)
        findings_add(findings, FINDING_NO_RESOURCE, setup->policy->providers[number].span,
                     "%.*s: %s", REDIAL_STR_ARG(provider->name), why);
}

/* As requests are refused that would go there. */
static void check_resource(struct setup *setup, size_t number, struct findings *findings)
{
    const struct platform *platform = platform_of(setup, number);
    if (str_find(setup->providers[number].address.value, SETUP_RESOURCE) != SIZE_MAX)
        have_no_address(setup, number, "neither " RESOURCE " nor " FOUNDRY_URL " is set", findings);
    else if (setup->policy->providers[number].base_url.len == 0 && platform->base_url.len > 0 &&
             platform->resource.value.len > 0)
        have_no_address(setup, number,
                        RESOURCE " and " FOUNDRY_URL " exclude each other: unset one", findings);
}

/* ---- What somebody may not have meant */

static void check_project(struct setup *setup, size_t number, struct findings *findings)
{
    const struct setup_provider *provider = &setup->providers[number];
    if (platform_of(setup, number)->kind != PLATFORM_VERTEX || provider->project.value.len > 0)
        return;
    if (provider->meant)
        findings_add(findings, FINDING_METADATA_TIMEOUT, setup->policy->providers[number].span,
                     "%.*s: no project ID: the metadata server is asked for it, and where there is "
                     "none, that hangs, in other clients for 12 s; set "
                     "ANTHROPIC_VERTEX_PROJECT_ID and GOOGLE_CLOUD_PROJECT",
                     REDIAL_STR_ARG(provider->name));
}

static void check_shadow(const struct setup *setup, size_t number, const struct setup_region *row,
                         struct findings *findings)
{
    const struct setup_provider *provider = &setup->providers[number];
    if (str_eq(row->region.value, provider->region.value)) return;
    findings_add(findings, FINDING_SHADOWED, setup->policy->providers[number].span,
                 "%.*s: calls of %.*s go to %.*s (%.*s), not to %.*s (%.*s)",
                 REDIAL_STR_ARG(provider->name), REDIAL_STR_ARG(row->models),
                 REDIAL_STR_ARG(row->region.value), REDIAL_STR_ARG(row->region.from),
                 REDIAL_STR_ARG(provider->region.value), REDIAL_STR_ARG(provider->region.from));
}

/* A region that the environment sets and the provider does not take. */
static void check_unheard(const struct setup *setup, size_t number, const char *name,
                          struct findings *findings)
{
    const struct setup_provider *provider = &setup->providers[number];
    struct redial_str set = setup_get(setup, name);
    if (set.len == 0 || str_eq(set, provider->region.value)) return;
    findings_add(findings, FINDING_SHADOWED, setup->policy->providers[number].span,
                 "%.*s: %s=%.*s is not heard: %.*s (%.*s) comes before it",
                 REDIAL_STR_ARG(provider->name), name, REDIAL_STR_ARG(set),
                 REDIAL_STR_ARG(provider->region.value), REDIAL_STR_ARG(provider->region.from));
}

static void check_regions(struct setup *setup, size_t number, struct findings *findings)
{
    static const struct {
        enum platform_kind kind;
        const char *name;
    } names[] = {{PLATFORM_BEDROCK, "AWS_REGION"},
                 {PLATFORM_BEDROCK, "AWS_DEFAULT_REGION"},
                 {PLATFORM_VERTEX, "CLOUD_ML_REGION"}};
    const struct setup_provider *provider = &setup->providers[number];
    for (size_t i = 0; i < provider->region_count; i++)
        check_shadow(setup, number, &provider->regions[i], findings);
    for (size_t i = 0; i < REDIAL_COUNT_OF(names); i++)
        if (names[i].kind == platform_of(setup, number)->kind)
            check_unheard(setup, number, names[i].name, findings);
}

static void check_warnings(struct setup *setup, size_t number, struct findings *findings)
{
    const struct setup_provider *provider = &setup->providers[number];
    struct redial_str rest = provider->credential.warnings, line;
    while (str_split(&rest, '\n', &line))
        if (line.len > 0)
            findings_add(findings, FINDING_CREDENTIAL, setup->policy->providers[number].span,
                         "%.*s: %.*s", REDIAL_STR_ARG(provider->name), REDIAL_STR_ARG(line));
}

/* ---- What is set twice, or in vain */

static const struct pair {
    enum platform_kind kind;
    enum finding_kind finding;
    const char *first, *second, *says;
} pairs[] = {
    {PLATFORM_ANTHROPIC, FINDING_KEY_AND_OAUTH, "ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN",
     "the first of the platform's `credentials` that is found is sent, the other never"},
    {PLATFORM_ANTHROPIC, FINDING_KEY_AND_OAUTH, "ANTHROPIC_API_KEY", "CLAUDE_CODE_OAUTH_TOKEN",
     "the first of the platform's `credentials` that is found is sent, the other never"},
    {PLATFORM_FOUNDRY, FINDING_KEY_AND_OAUTH, "ANTHROPIC_FOUNDRY_API_KEY",
     "ANTHROPIC_FOUNDRY_AUTH_TOKEN", "clients differ in which of the two they send"},
    {PLATFORM_FOUNDRY, FINDING_TWO_ADDRESSES, RESOURCE, FOUNDRY_URL,
     "they exclude each other, and nothing is sent; the vendor's SDK refuses to start"},
    {PLATFORM_BEDROCK, FINDING_KEY_AND_OAUTH, "AWS_BEARER_TOKEN_BEDROCK", "AWS_ACCESS_KEY_ID",
     "the bearer token is sent, the keys sign nothing"},
    {PLATFORM_BEDROCK, FINDING_PROFILE_AND_KEYS, "AWS_PROFILE", "AWS_ACCESS_KEY_ID",
     "here and in Anthropic's SDK the keys come first, in AWS's SDK for JavaScript the profile"},
};

static void check_pairs(const struct setup *setup, struct findings *findings)
{
    for (size_t i = 0; i < REDIAL_COUNT_OF(pairs); i++) {
        const struct pair *pair = &pairs[i];
        if (has_kind(setup, pair->kind) && has(setup, pair->first) && has(setup, pair->second))
            findings_add(findings, pair->finding, (struct span){0}, "%s and %s are both set: %s",
                         pair->first, pair->second, pair->says);
    }
}

static bool is_on(struct redial_str value)
{
    return str_is(value, "1") || str_eq_nocase(value, REDIAL_STR("true"));
}

static void check_choice(const struct setup *setup, struct findings *findings)
{
    static const char *const names[] = {"CLAUDE_CODE_USE_BEDROCK", "CLAUDE_CODE_USE_VERTEX",
                                        "CLAUDE_CODE_USE_FOUNDRY"};
    const char *first = NULL;
    for (size_t i = 0; i < REDIAL_COUNT_OF(names); i++) {
        if (!is_on(setup_get(setup, names[i]))) continue;
        if (first)
            findings_add(findings, FINDING_TWO_PROVIDERS, (struct span){0},
                         "%s and %s are both on: the first decides", first, names[i]);
        if (!first) first = names[i];
    }
}

/* A variable that somebody has set, to nothing: it counts as unset. */
static void check_empty(const struct setup *setup, const char *name, struct span span,
                        struct findings *findings)
{
    if (setup_is_set(setup, name) && !has(setup, name))
        findings_add(findings, FINDING_EMPTY, span, "%s is set and empty: it counts as unset",
                     name);
}

static void check_empty_credentials(const struct setup *setup, struct findings *findings)
{
    static const char *const names[] = {
        "ANTHROPIC_API_KEY",         "ANTHROPIC_AUTH_TOKEN",
        "ANTHROPIC_FOUNDRY_API_KEY", "AWS_ACCESS_KEY_ID",
        "AWS_BEARER_TOKEN_BEDROCK",  "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",         "AWS_PROFILE",
        "AZURE_CLIENT_ID",           "AZURE_CLIENT_SECRET",
        "AZURE_TENANT_ID",           "GOOGLE_APPLICATION_CREDENTIALS",
        "CLAUDE_CODE_USE_BEDROCK",   "CLAUDE_CODE_USE_VERTEX",
        "CLAUDE_CODE_USE_FOUNDRY"};
    for (size_t i = 0; i < REDIAL_COUNT_OF(names); i++)
        check_empty(setup, names[i], (struct span){0}, findings);
}

/* Every reference that the policy's files make, once. */
static void check_references(const struct setup *setup, const struct source *source,
                             struct findings *findings)
{
    char name[128];
    for (size_t begin = 0; begin < source->text.len;) {
        struct redial_str rest = str_skip(source->text, begin);
        size_t at = str_find(rest, REDIAL_STR("${")), len = 0;
        if (at == SIZE_MAX) return;
        begin += at + 2;
        rest = str_skip(source->text, begin);
        while (len < rest.len && len < sizeof name - 1 && rest.ptr[len] != '}' &&
               rest.ptr[len] != ':')
            len++;
        for (size_t i = 0; i < len; i++) name[i] = rest.ptr[i];
        name[len] = '\0';
        if (str_find(str_take(source->text, begin - 2),
                     str_take(str_skip(source->text, begin - 2), len + 3)) == SIZE_MAX)
            check_empty(setup, name, span_of(source, begin, begin + len), findings);
    }
}

/* ---- The whole */

void setup_check(struct setup *setup, struct findings *findings)
{
    static void (*const checks[])(struct setup *, size_t, struct findings *) = {
        check_credential, check_address, check_resource,
        check_project,    check_regions, check_warnings,
    };
    for (size_t p = 0; p < setup->policy->provider_count; p++)
        for (size_t i = 0; i < REDIAL_COUNT_OF(checks); i++) checks[i](setup, p, findings);
    check_choice(setup, findings);
    check_pairs(setup, findings);
    check_empty_credentials(setup, findings);
    for (size_t i = 0; i < setup->policy->source_count; i++)
        check_references(setup, setup->policy->sources[i], findings);
}
