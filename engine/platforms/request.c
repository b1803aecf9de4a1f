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

static struct build build_begin(struct arena *arena, const struct request_facts *facts,
                                struct redial_str *why)
{
    static const struct body nothing = {.member_count = 0};
    const struct provider *provider = &facts->policy->providers[facts->provider];
    const struct platform *platform = &facts->policy->platforms[provider->platform];

    return (struct build){.arena = arena,
                          .facts = facts,
                          .provider = provider,
                          .platform = platform,
                          .wire =
                              is_mantle(provider) ? &mantle_wire : platform_wire(platform->kind),
                          .body = facts->body ? facts->body : &nothing,
                          .why = why};
}

/* "beta flags that bedrock does not take: a, b (sent as c)" */
static bool say_changes(const struct build *build, struct redial_str *note)
{
    const struct redial_policy *policy = build->facts->policy;
    struct redial_str rest = build->betas_changed, flag;
    struct text text = TEXT_INIT;

    if (rest.len > 0)
        text_printf(&text, "beta flags that %.*s does not take",
                    REDIAL_STR_ARG(build->provider->name));
    for (const char *before = ": "; str_split(&rest, ',', &flag); before = ", ") {
        struct redial_str sent = policy_beta(policy, build->facts->provider, flag);
        text_printf(&text, "%s%.*s", before, REDIAL_STR_ARG(flag));
        if (sent.len > 0) text_printf(&text, " (sent as %.*s)", REDIAL_STR_ARG(sent));
    }
    return request_settle(build, &text, note);
}

bool request_betas(struct arena *arena, const struct request_facts *facts,
                   struct request_betas *betas)
{
    struct redial_str why;
    struct build build = build_begin(arena, facts, &why);

    *betas = (struct request_betas){0};
    if (!request_join_betas(&build) || !say_changes(&build, &betas->note)) return false;
    betas->sent = build.betas;
    return true;
}

bool request_build(struct arena *arena, const struct request_facts *facts,
                   struct http_request *request, struct redial_str *why)
{
    struct build build = build_begin(arena, facts, why);

    *request = (struct http_request){.method = "POST"};
    if (!request_resolve(&build) || !request_join_betas(&build) || !request_add_headers(&build) ||
        !request_write_url(&build, &request->url) || !request_splice_body(&build, request))
        return false;
    request->headers = build.headers;
    request->header_count = build.header_count;
    return true;
}
