/* Where a request goes: the model's id on its platform, region, project, and the URL of them. */
#include "platforms/request_parts.h"

static struct redial_str first_given(struct redial_str a, struct redial_str b)
{
    return a.len > 0 ? a : b;
}

/* ---- What the policy knows */

static bool is_mantle(const struct build *build)
{
    return build->provider->surface == BEDROCK_MANTLE;
}

/* Counts are made by models themselves, not by profiles of regions. */
static struct redial_str without_prefix(struct redial_str id)
{
    struct redial_str place = REDIAL_STR("{prefix}.");

    return str_starts_with(id, place) ? str_skip(id, place.len) : id;
}

static bool fill_in_model(const struct build *build, struct redial_str *id)
{
    struct redial_str pattern = build->platform->mantle.model_id, place = REDIAL_STR("{model}");
    struct redial_str model = build->facts->model;
    size_t open = str_find(pattern, place);

    if (open == SIZE_MAX) return true;
    return arena_printf(build->arena, id, "%.*s%.*s%.*s", (int)open, pattern.ptr,
                        REDIAL_STR_ARG(model),
                        REDIAL_STR_ARG(str_skip(pattern, open + place.len))) ||
           request_out_of_memory(build);
}

static bool resolve_model(struct build *build, const struct platform_model *model)
{
    struct redial_str *id = &build->target.model_id;

    *id = build->facts->model;
    if (!model) return true;
    if (is_mantle(build)) return fill_in_model(build, id);
    *id = build->wire->count_in_base64 && build->target.operation == REQUEST_COUNT_TOKENS
              ? without_prefix(model->id)
              : policy_model_id(build->facts->policy, build->facts->provider, model);
    if (str_find(*id, REDIAL_STR("{")) != SIZE_MAX)
        return request_refuse(build, "the model's id has a place to fill in", *id,
                              "no prefix is known for its region");
    *id = first_given(*id, build->facts->model);
    return true;
}

static struct redial_str api_version(const struct build *build, const struct platform_model *model)
{
    if (is_mantle(build)) return build->platform->mantle.api_version;
    return model && model->api_version.len > 0 ? model->api_version : build->platform->api_version;
}

bool request_resolve(struct build *build)
{
    const struct request_facts *facts = build->facts;
    const struct platform_model *model = policy_platform_model(
        facts->policy, build->provider->platform, policy_find_model(facts->policy, facts->model));

    build->refuses_prefill = model && model->refuses_prefill;
    build->target = (struct target){
        .operation = facts->operation,
        .api_version = api_version(build, model),
        .region = policy_region(facts->policy, facts->provider, facts->model),
        .project = first_given(facts->project,
                               first_given(build->provider->project, build->platform->project)),
        .stream = facts->stream && facts->operation == REQUEST_MESSAGES,
    };
    return resolve_model(build, model);
}

/* ---- The base URL */

/* "no project is known for provider 'x': set A or B, or give it a project" */
static bool refuse_unknown(const struct build *build, const char *what,
                           const struct redial_str variables[2], const char *key)
{
    struct text why = TEXT_INIT;
    bool any = false;

    text_printf(&why, "no %s is known for provider '%.*s': ", what,
                REDIAL_STR_ARG(build->provider->name));
    for (size_t i = 0; i < 2; i++) {
        if (variables[i].len == 0) continue;
        text_append(&why, any ? REDIAL_STR(" or ") : REDIAL_STR("set "));
        text_append(&why, variables[i]);
        any = true;
    }
    text_printf(&why, "%sgive it a %s", any ? ", or " : "", key);
    (void)request_settle(build, &why, build->why);
    return false;
}

/* Both of a pair that contradict each other are a mistake that only a person can mend. */
static bool check_contradiction(const struct build *build)
{
    const struct platform *platform = build->platform;

    if (platform->base_url.len == 0 || platform->resource.value.len == 0) return true;
    if (!arena_printf(build->arena, build->why,
                      "platform '%.*s' has both a resource (%.*s) and a base URL (%.*s): they "
                      "exclude each other, unset one",
                      REDIAL_STR_ARG(platform->name), REDIAL_STR_ARG(platform->resource.variables),
                      REDIAL_STR_ARG(platform->base_url_variables)))
        return request_out_of_memory(build);
    return false;
}

static bool choose_base(const struct build *build, struct redial_str *base)
{
    const struct request_facts *facts = build->facts;

    *base = first_given(facts->base_url, build->provider->base_url);
    if (base->len > 0) return true;
    *base = policy_base_url(facts->policy, facts->provider, build->target.region);
    if (base->len == 0)
        return request_refuse(build, "no URL is known for provider", build->provider->name,
                              "give it a base_url, or its platform an endpoint");
    return check_contradiction(build);
}

/* Fills in what `base` leaves open, one kind of place after the other. */
static bool fill_in(const struct build *build, struct redial_str base, struct text *url)
{
    const struct {
        struct redial_str place, value, variables[2];
        const char *what, *key;
    } places[] = {
        {REDIAL_STR("{region}"), build->target.region, {{0}, {0}}, "region", "region"},
        {REDIAL_STR("{resource}"),
         build->platform->resource.value,
         {build->platform->resource.variables, build->platform->base_url_variables},
         "resource",
         "base_url"},
    };

    for (size_t i = 0; i < REDIAL_COUNT_OF(places); i++) {
        size_t open = str_find(base, places[i].place);
        if (open == SIZE_MAX) continue;
        if (places[i].value.len == 0)
            return refuse_unknown(build, places[i].what, places[i].variables, places[i].key);
        text_append(url, str_take(base, open));
        text_append(url, places[i].value);
        base = str_skip(base, open + places[i].place.len);
    }
    if (str_find(base, REDIAL_STR("{")) != SIZE_MAX)
        return request_refuse(build, "the endpoint has a place to fill in", base,
                              "only {region} and {resource} are known: give a base_url");
    while (str_ends_with(base, REDIAL_STR("/"))) base.len--;
    text_append(url, base);
    return true;
}

bool request_write_url(const struct build *build, struct redial_str *url)
{
    struct redial_str base;
    struct text text = TEXT_INIT;

    if (build->platform->kind == PLATFORM_VERTEX && build->target.project.len == 0)
        return refuse_unknown(build, "project",
                              (const struct redial_str[2]){build->platform->project_variables},
                              "project");
    if (!choose_base(build, &base)) return false;
    if (!fill_in(build, base, &text)) {
        text_clean_up(&text);
        return false;
    }
    build->wire->write_path(&text, &build->target);
    return request_settle(build, &text, url);
}
