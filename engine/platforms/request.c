/* Builds requests. The policy says where a model lives and what its platform supports; the
 * platform's row says how it wants to be asked. */
#include "platforms/request.h"

#include "platforms/request_parts.h"

bool request_refuse(const struct build *build, const char *what, struct redial_str name,
                    const char *cure)
{
    if (!arena_printf(build->arena, build->why, "%s '%.*s': %s", what, REDIAL_STR_ARG(name), cure))
        *build->why = REDIAL_STR("memory is out");
    return false;
}

bool request_out_of_memory(const struct build *build)
{
    *build->why = REDIAL_STR("memory is out");
    return false;
}

bool request_settle(const struct build *build, struct text *text, struct redial_str *settled)
{
    bool done = !text->failed && arena_copy(build->arena, text_str(text), settled);

    text_clean_up(text);
    return done || request_out_of_memory(build);
}

bool request_is_fast(const struct build *build)
{
    return build->facts->fast && build->facts->policy->fast.present &&
           build->platform->kind == PLATFORM_ANTHROPIC;
}

static bool is_mantle(const struct provider *provider)
{
    return provider->surface == BEDROCK_MANTLE;
}

struct redial_str platform_signing_service(const struct redial_policy *policy, uint16_t provider)
{
    const struct provider *of = &policy->providers[provider];
    const struct platform *platform = &policy->platforms[of->platform];

    return is_mantle(of) ? platform->mantle.signing : platform->signing;
}

bool request_build(struct arena *arena, const struct request_facts *facts,
                   struct http_request *request, struct redial_str *why)
{
    static const struct body nothing = {.member_count = 0};
    const struct provider *provider = &facts->policy->providers[facts->provider];
    const struct platform *platform = &facts->policy->platforms[provider->platform];
    struct build build = {.arena = arena,
                          .facts = facts,
                          .provider = provider,
                          .platform = platform,
                          .wire =
                              is_mantle(provider) ? &mantle_wire : platform_wire(platform->kind),
                          .body = facts->body ? facts->body : &nothing,
                          .why = why};

    *request = (struct http_request){.method = "POST"};
    if (!request_resolve(&build) || !request_join_betas(&build) || !request_add_headers(&build) ||
        !request_write_url(&build, &request->url) || !request_splice_body(&build, request))
        return false;
    request->headers = build.headers;
    request->header_count = build.header_count;
    return true;
}
