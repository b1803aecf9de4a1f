/* STS's replies: whatever the bytes, the chain ends with keys or with a reason, and no text that it
 * found is longer than the reply. */
#include <assert.h>

#include "credentials/chain.h"
#include "credentials/xml.h"
#include "redial/redial.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_xml(struct redial_str text)
{
    struct arena *arena = arena_new();
    struct xml_want wants[] = {
        {"*/Error/Code", {0}},
        {"AssumeRoleResponse/AssumeRoleResult/Credentials/SecretAccessKey", {0}},
    };
    if (arena && xml_read(arena, text, wants, REDIAL_COUNT_OF(wants)))
        for (size_t i = 0; i < REDIAL_COUNT_OF(wants); i++) assert(wants[i].text.len <= text.len);
    arena_destroy(arena);
}

static struct errand_answer answer_to(const struct errand *errand, uint16_t status,
                                      struct redial_str reply)
{
    if (errand->kind == ERRAND_HTTP) return (struct errand_answer){.status = status, .body = reply};
    if (str_ends_with(errand->path, REDIAL_STR("token")))
        return (struct errand_answer){.body = REDIAL_STR("a.b.c")};
    return (struct errand_answer){.missing = true};
}

/* The first byte chooses the status. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint16_t statuses[] = {200, 400, 403, 500};
    static const struct redial_env environment[] = {
        {"AWS_WEB_IDENTITY_TOKEN_FILE", "/token"}, {"AWS_ROLE_ARN", "r"}, {NULL, NULL}};
    struct redial_str link = REDIAL_STR("aws_chain"), why;
    const struct chain_options options = {
        .links = &link, .link_count = 1, .environment = environment};
    if (size == 0) return 0;
    struct redial_str reply = {(const char *)data + 1, size - 1};
    read_xml(reply);
    struct chain *chain = chain_new(&options, &why);
    if (!chain) return 0;
    enum chain_state state = chain_begin(chain, 1, CHAIN_FROM_CACHE);
    for (int steps = 0; state == CHAIN_ASKS; steps++) {
        assert(steps < 20);
        struct errand_answer answer = answer_to(chain_errand(chain), statuses[data[0] % 4], reply);
        state = chain_answer(chain, &answer, 1);
    }
    assert(state == CHAIN_READY ? chain_credential(chain) != NULL : chain_why(chain).len > 0);
    chain_destroy(chain);
    return 0;
}
