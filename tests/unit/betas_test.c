/* Beta flags: the platforms' rows, the matrix and the fakes must not say different things. */
#include <criterion/criterion.h>

#include "audit/matrix.h"
#include "platforms/request.h"
#include "redial/redial.h"
#include "simulator/serve/demand.h"
#include "tests/support/policy_from.h"

#define TODAY 20780 /* 2026-11-23 */
#define PROVIDERS                                                                                  \
    "rules: [{name: rest, when: always, do: [fail]}]\n"                                            \
    "providers:\n"                                                                                 \
    "  anthropic: {platform: anthropic}\n"                                                         \
    "  bedrock: {platform: bedrock}\n"                                                             \
    "  mantle: {platform: bedrock, surface: mantle}\n"                                             \
    "  vertex: {platform: vertex}\n"                                                               \
    "  foundry: {platform: foundry}\n"

static struct arena *arena;
static struct redial_policy *policy;

static void start(void)
{
    arena = arena_new();
    policy = policy_from(PROVIDERS);
}

static void stop(void)
{
    redial_policy_release(policy);
    arena_destroy(arena);
}

TestSuite(betas, .init = start, .fini = stop);

/* A flag that the pattern matches. */
static struct redial_str dated(struct redial_str glob)
{
    struct redial_str flag;
    cr_assert(str_ends_with(glob, REDIAL_STR("*")), "%.*s", REDIAL_STR_ARG(glob));
    cr_assert(
        arena_printf(arena, &flag, "%.*s2026-01-01", (int)glob.len - 1, glob.ptr ? glob.ptr : ""));
    return flag;
}

/* The columns of the matrix that a provider's requests come to. */
static bool is_surface_of(const struct matrix_column *column, const struct provider *provider)
{
    if (provider->surface == BEDROCK_MANTLE) return str_is(column->name, "bedrock_messages");
    return column->platform == (int)policy->platforms[provider->platform].kind;
}

static bool is_denied(const struct matrix_table *table, const struct matrix_row *row,
                      const struct provider *provider)
{
    bool denied = true;
    for (size_t c = 0; c < table->column_count; c++)
        if (is_surface_of(&table->columns[c], provider))
            denied = denied && row->cells[c].support == SUPPORT_NONE;
    return denied;
}

static void expect_flag(const struct matrix_table *table, const struct matrix_row *row,
                        uint16_t provider, struct redial_str flag)
{
    const struct provider *of = &policy->providers[provider];
    struct redial_str sent = policy_beta(policy, provider, flag);
    bool denied = is_denied(table, row, of);

    cr_expect_neq(str_eq(sent, flag), denied, "%.*s on %.*s: the matrix has %.*s, and '%.*s' goes",
                  REDIAL_STR_ARG(flag), REDIAL_STR_ARG(of->name), denied ? 4 : 7,
                  denied ? "none" : "support", REDIAL_STR_ARG(sent));
    if (sent.len > 0)
        cr_expect(str_eq(policy_beta(policy, provider, sent), sent), "%.*s goes as it is",
                  REDIAL_STR_ARG(sent));
}

Test(betas, a_flag_goes_exactly_where_the_matrix_does_not_deny_its_feature)
{
    struct diag_list *diags = diag_list_new();
    struct matrix matrix;
    size_t flags = 0;

    cr_assert(matrix_read(arena, "policies/matrix.yaml", policy, TODAY, diags, &matrix));
    const struct matrix_table *table = &matrix.tables[MATRIX_FEATURES];
    for (size_t r = 0; r < table->row_count; r++)
        for (size_t i = 0; i < table->rows[r].betas.count; i++, flags++)
            for (uint16_t p = 0; p < (uint16_t)policy->provider_count; p++)
                expect_flag(table, &table->rows[r], p, dated(table->rows[r].betas.list[i]));
    cr_expect_gt(flags, 20);
    diag_list_destroy(diags);
}

Test(betas, the_fake_of_bedrock_refuses_what_its_rows_do_not_send)
{
    const struct beta_table *rows = &policy->platforms[policy->providers[1].platform].betas;
    size_t refused = 0;

    for (; demand_refused_betas[refused]; refused++) {
        struct redial_str flag = dated(str_of(demand_refused_betas[refused]));
        cr_expect_not(str_eq(policy_beta(policy, 1, flag), flag), "%.*s", REDIAL_STR_ARG(flag));
    }
    cr_expect_eq(refused, rows->count);
}

Test(betas, what_a_credential_asks_for_is_not_the_callers)
{
    static const struct redial_header own = {REDIAL_STR_INIT("anthropic-beta"),
                                             REDIAL_STR_INIT("skills-2025-10-02, one")};
    static const struct redial_str flags[] = {REDIAL_STR_INIT("files-api-2025-04-14"),
                                              REDIAL_STR_INIT("files-api-2025-04-14, one")};
    struct request_facts facts = {.policy = policy,
                                  .provider = policy_find_provider(policy, REDIAL_STR("mantle")),
                                  .credential_beta = REDIAL_STR("files-api-2025-04-14"),
                                  .betas = flags,
                                  .beta_count = 2,
                                  .custom_headers = &own,
                                  .custom_header_count = 1};
    struct request_betas betas;

    cr_assert(request_betas(arena, &facts, &betas));
    cr_expect(str_is(betas.sent, "files-api-2025-04-14,one"));
    cr_expect(str_is(betas.note, "beta flags that mantle does not take: files-api-2025-04-14"),
              "once, and none of a header that Bedrock does not get");
    facts.provider = policy_find_provider(policy, REDIAL_STR("anthropic"));
    cr_assert(request_betas(arena, &facts, &betas));
    cr_expect(str_is(betas.sent, "files-api-2025-04-14,one,skills-2025-10-02"));
    cr_expect_eq(betas.note.len, 0);
}
