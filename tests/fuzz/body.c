/* Requests of callers: whatever the bytes, the scan says where they are wrong or where their
 * members stand, and what any platform is sent of them is a request again. */
#include <assert.h>
#include <stdlib.h>

#include "api/load.h"
#include "platforms/request.h"
#include "redial/redial.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct redial_policy *shipped(void)
{
    static const struct redial_env none[] = {{NULL, NULL}};
    static struct redial_policy *policy;

    if (!policy) policy = policy_load("policies/claude-code.yaml", none, NULL);
    assert(policy);
    return policy;
}

/* Whatever platform it goes to, the spliced body is one that the scan takes. */
static void splice(const struct body *body, uint16_t provider)
{
    static const struct redial_str flag = REDIAL_STR_INIT("a-flag");
    struct arena *arena = arena_new();
    struct text whole = TEXT_INIT;
    struct http_request request;
    struct redial_str why;
    struct body again;
    struct body_error error;
    const struct request_facts facts = {.policy = shipped(),
                                        .provider = provider,
                                        .model = REDIAL_STR("claude-opus-4-6"),
                                        .body = body,
                                        .stream = provider % 2,
                                        .max_tokens = provider,
                                        .betas = &flag,
                                        .beta_count = 1,
                                        .base_url = REDIAL_STR("http://127.0.0.1"),
                                        .project = REDIAL_STR("p")};

    if (request_build(arena, &facts, &request, &why)) {
        for (size_t i = 0; i < request.piece_count; i++) text_append(&whole, request.pieces[i]);
        assert(body_scan(text_str(&whole), &again, &error));
    }
    text_clean_up(&whole);
    arena_destroy(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct redial_str text = {(const char *)data, size};
    struct body_error error;
    struct body body;

    if (!body_scan(text, &body, &error)) {
        assert(error.what && error.at <= size && error.line > 0 && error.column > 0);
        return 0;
    }
    for (size_t i = 0; i < body.member_count; i++) {
        const struct body_member *member = &body.members[i];
        assert(member->value.ptr > (const char *)data &&
               member->value.ptr + member->value.len < (const char *)data + size);
    }
    for (uint16_t provider = 0; provider < PLATFORM_KIND_COUNT; provider++) splice(&body, provider);
    return 0;
}
