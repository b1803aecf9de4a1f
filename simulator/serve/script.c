/* What is served: a scenario, or without one four providers that always answer. */
#include <stdlib.h>
#include <string.h>

#include "redial/redial.h"
#include "simulator/endpoints/unconst.h"
#include "simulator/serve/serve_parts.h"

static struct script *script_new(void)
{
    struct script *script = calloc(1, sizeof *script);

    if (!script) return NULL;
    script->holders = 1;
    script->arena = arena_new();
    if (script->arena) return script;
    free(script);
    return NULL;
}

void script_let_go(struct script *script)
{
    if (!script || --script->holders > 0) return;
    if (script->is_scenario) scenario_clean_up(&script->scenario);
    arena_destroy(script->arena);
    free(script);
}

/* Takes what was loaded over; NULL when it was not. */
static struct script *script_take(struct script *script, bool loaded)
{
    struct scenario *scenario = &script->scenario;

    script->is_scenario = loaded;
    if (!loaded) {
        script_let_go(script);
        return NULL;
    }
    script->path = scenario->source->path;
    script->text = scenario->source->text;
    script->policy = scenario->policy;
    script->providers = scenario->providers;
    script->provider_count = scenario->provider_count;
    script->span = scenario->world_span;
    script->seed = scenario->seed;
    for (size_t i = 0; i < script->provider_count; i++)
        script->strikes |=
            strikes_of(script->providers[i].replies, script->providers[i].reply_count);
    return script;
}

struct script *script_load(const char *path, struct diag_list *diags)
{
    struct script *script = script_new();

    if (!script) {
        diag_out_of_memory(diags);
        return NULL;
    }
    return script_take(script, scenario_load(script->arena, path, diags, &script->scenario));
}

struct script *script_load_text(struct redial_str path, struct redial_str text,
                                struct diag_list *diags)
{
    struct script *script = script_new();

    if (!script) {
        diag_out_of_memory(diags);
        return NULL;
    }
    return script_take(script,
                       scenario_load_text(script->arena, path, text, diags, &script->scenario));
}

/* ---- What it says */

const struct reply_script *script_written(const struct script *script,
                                          const struct reply_script *reply)
{
    for (size_t i = 0; i < script->provider_count; i++) {
        const struct provider_script *provider = &script->providers[i];
        if (reply >= provider->replies && reply < provider->replies + provider->reply_count)
            return reply;
        for (size_t k = 0; k < provider->outage_count; k++)
            if (reply == &provider->outages[k].reply) return reply;
    }
    return NULL;
}

const uint8_t *script_features(const struct script *script, uint16_t provider)
{
    for (size_t i = 0; i < script->provider_count; i++)
        if (script->providers[i].index == provider) return script->providers[i].features;
    return NULL;
}

/* ---- Without a scenario */

static bool add_provider(struct script *script, enum platform_kind kind)
{
    struct redial_policy *policy = script->policy;
    struct provider_script *provider = unconst(&script->providers[kind]);
    struct reply_script *reply = ARENA_NEW(script->arena, struct reply_script);

    if (!reply) return false;
    *reply = (struct reply_script){
        .at = -1, .repeat = REDIAL_UNLIMITED, .status = 200, .retry_after = -1};
    policy->platforms[kind] =
        (struct platform){.name = str_of(platform_names.rows[kind].word), .kind = kind};
    policy->providers[kind] =
        (struct provider){.name = policy->platforms[kind].name, .platform = (uint16_t)kind};
    *provider = (struct provider_script){.provider = policy->platforms[kind].name,
                                         .index = (uint16_t)kind,
                                         .replies = reply,
                                         .reply_count = 1,
                                         .idle_close = DURATION_MAX,
                                         .expire_after = DURATION_MAX};
    return true;
}

struct script *script_without_scenario(void)
{
    struct script *script = script_new();
    struct redial_policy *policy;

    if (!script) return NULL;
    script->policy = policy = ARENA_NEW(script->arena, struct redial_policy);
    script->providers = ARENA_ARRAY(script->arena, struct provider_script, PLATFORM_KIND_COUNT);
    script->provider_count = PLATFORM_KIND_COUNT;
    if (policy) {
        policy->platforms = ARENA_ARRAY(script->arena, struct platform, PLATFORM_KIND_COUNT);
        policy->providers = ARENA_ARRAY(script->arena, struct provider, PLATFORM_KIND_COUNT);
        policy->platform_count = policy->provider_count = PLATFORM_KIND_COUNT;
    }
    if (!policy || !script->providers || !policy->platforms || !policy->providers) {
        script_let_go(script);
        return NULL;
    }
    for (int kind = 0; kind < PLATFORM_KIND_COUNT; kind++) {
        if (add_provider(script, (enum platform_kind)kind)) continue;
        script_let_go(script);
        return NULL;
    }
    return script;
}
