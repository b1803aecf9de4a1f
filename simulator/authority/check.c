/* Checks the credential of a request to a platform: each platform in its own words. */
#include "simulator/authority/parts.h"

static check_fn *const checks[PLATFORM_KIND_COUNT] = {
    [PLATFORM_ANTHROPIC] = check_anthropic,
    [PLATFORM_BEDROCK] = check_bedrock,
    [PLATFORM_VERTEX] = check_vertex,
    [PLATFORM_FOUNDRY] = check_foundry,
};

enum checked check_passed(struct grant *grant, const char *how, struct authority_identity *identity)
{
    if (grant->requests_left > 0) grant->requests_left--;
    identity->generation = grant->generation;
    identity->is_static =
        grant->kind == GRANT_KEY || (grant->kind == GRANT_SIGNER && grant->session.len == 0);
    identity->how = str_of(how);
    return CHECKED_GOOD;
}

#define WITHOUT_MEMORY                                                                             \
    "{\"error\":{\"type\":\"api_error\",\"message\":\"The simulator is out of memory\"}}"

bool authority_check(struct authority *authority, enum platform_kind platform,
                     const struct authority_request *request, int64_t now, struct arena *arena,
                     struct authority_identity *identity, struct authority_reply *refusal,
                     struct redial_str *why)
{
    struct answer answer = {authority, request, {"", 0}, now, arena, refusal, why};
    enum checked checked;

    *identity = (struct authority_identity){.how = {"", 0}};
    *refusal = (struct authority_reply){0};
    *why = (struct redial_str){"", 0};
    checked = checks[platform](&answer, identity);
    if (checked == CHECKED_NO_MEMORY) {
        *refusal = (struct authority_reply){.status = 500, .body = REDIAL_STR(WITHOUT_MEMORY)};
        *why = REDIAL_STR("memory is out");
    }
    return checked == CHECKED_GOOD;
}
