/* Answers to a question, as text and as JSON. */
#include "audit/ask.h"
#include "story/put.h"
#include "story/table.h"

static enum standing worst(const struct redial_policy *policy, uint16_t provider,
                           const struct wishes *wishes)
{
    enum standing standing = STANDING_SERVES;
    struct text unread = TEXT_INIT;
    for (size_t i = 0; i < wishes->count; i++) {
        enum standing here = ask(policy, provider, &wishes->list[i], &unread);
        if (here > standing) standing = here;
    }
    text_clean_up(&unread);
    return standing;
}

static bool can(enum standing standing)
{
    return standing <= STANDING_IN_PART;
}

/* ---- Text */

static void put_wishes(const struct wishes *wishes, struct text *out)
{
    text_append(out, REDIAL_STR("asked for:\n"));
    for (size_t i = 0; i < wishes->count; i++) {
        const struct wish *wish = &wishes->list[i];
        text_printf(out, "  %.*s", REDIAL_STR_ARG(wish->row->name));
        if (wish->at.len > 0) text_printf(out, "  (%.*s)", REDIAL_STR_ARG(wish->at));
        text_append_char(out, '\n');
    }
}

static void put_reasons(const struct redial_policy *policy, uint16_t provider,
                        const struct wishes *wishes, struct text *out)
{
    const char *between = "";
    struct text says = TEXT_INIT;
    for (size_t i = 0; i < wishes->count; i++) {
        enum standing here = ask(policy, provider, &wishes->list[i], &says);
        if (here != STANDING_SERVES) {
            text_printf(out, "%s%s %.*s (%.*s)", between, standing_names.rows[here].word,
                        REDIAL_STR_ARG(wishes->list[i].row->name), (int)says.len,
                        says.ptr ? says.ptr : "");
            between = "; ";
        }
        text_clear(&says);
    }
    text_clean_up(&says);
}

/* The flags of the request that its platform would refuse it for. */
static void put_flags(const struct redial_policy *policy, const struct wishes *wishes,
                      struct arena *arena, uint32_t width, struct text *out)
{
    struct table table;
    struct text flags = TEXT_INIT;
    table_begin(&table, arena, (const char *const[]){"provider", "does not take"}, 2);
    for (uint16_t p = 0; p < policy->provider_count; p++) {
        ask_flags(policy, wishes, NO_INDEX, p, &flags);
        if (flags.len == 0) continue;
        table_cell(&table, policy->providers[p].name);
        table_cell_from(&table, &flags);
    }
    if (table_rows(&table) > 0) {
        text_append(out, REDIAL_STR("\nbeta flags:\n"));
        table_write(&table, 2, width, out);
    }
    table_end(&table);
    text_clean_up(&flags);
}

size_t ask_print_text(const struct redial_policy *policy, const struct matrix *matrix,
                      const struct wishes *wishes, uint32_t width, struct text *out)
{
    static const char *const verdicts[STANDING_COUNT] = {"can", "can, in part", "unsure", "cannot",
                                                         "cannot"};
    size_t able = 0;
    struct arena *arena = arena_new();
    struct table table;
    struct text reasons = TEXT_INIT;
    (void)matrix;
    if (!arena) {
        out->failed = true;
        return 0;
    }
    put_wishes(wishes, out);
    text_append(out, REDIAL_STR("\nproviders:\n"));
    table_begin(&table, arena, (const char *const[]){"provider", "serves it", "because it"}, 3);
    for (uint16_t p = 0; p < policy->provider_count; p++) {
        enum standing standing = worst(policy, p, wishes);
        able += can(standing);
        table_cell(&table, policy->providers[p].name);
        table_cell(&table, str_of(verdicts[standing]));
        put_reasons(policy, p, wishes, &reasons);
        table_cell_from(&table, &reasons);
    }
    table_write(&table, 2, width, out);
    table_end(&table);
    text_clean_up(&reasons);
    put_flags(policy, wishes, arena, width, out);
    arena_destroy(arena);
    text_printf(out, "\n%zu of %zu providers can serve it\n", able, policy->provider_count);
    return able;
}

/* ---- JSON */

static void put_answers(const struct redial_policy *policy, uint16_t provider,
                        const struct wishes *wishes, struct text *out)
{
    struct text says = TEXT_INIT;
    put_key(out, "features");
    for (size_t i = 0; i < wishes->count; i++) {
        enum standing here = ask(policy, provider, &wishes->list[i], &says);
        text_append(out, i == 0 ? REDIAL_STR("[{") : REDIAL_STR(",{"));
        put_text(out, "feature", wishes->list[i].row->name);
        put_word(out, "standing", standing_names.rows[here].word);
        put_text(out, "says", text_str(&says));
        text_append_char(out, '}');
        text_clear(&says);
    }
    text_append(out, wishes->count == 0 ? REDIAL_STR("[]") : REDIAL_STR("]"));
    text_clean_up(&says);
}

/* [{"flag":"a","sent":null}]: as it goes to the provider. */
static void put_betas(const struct redial_policy *policy, uint16_t provider,
                      const struct wishes *wishes, struct text *out)
{
    put_key(out, "betas");
    for (size_t i = 0; i < wishes->flag_count; i++) {
        struct redial_str sent = policy_beta(policy, provider, wishes->flags[i]);
        text_append(out, i == 0 ? REDIAL_STR("[{") : REDIAL_STR(",{"));
        put_text(out, "flag", wishes->flags[i]);
        put_key(out, "sent");
        if (sent.len > 0)
            text_append_json(out, sent);
        else
            text_append(out, REDIAL_STR("null"));
        text_append_char(out, '}');
    }
    text_append(out, wishes->flag_count == 0 ? REDIAL_STR("[]") : REDIAL_STR("]"));
}

size_t ask_print_json(const struct redial_policy *policy, const struct matrix *matrix,
                      const struct wishes *wishes, uint32_t width, struct text *out)
{
    size_t able = 0;
    (void)matrix;
    (void)width;
    text_append(out, REDIAL_STR("{\"asked\":["));
    for (size_t i = 0; i < wishes->count; i++) {
        text_append(out, i == 0 ? REDIAL_STR("{") : REDIAL_STR(",{"));
        put_text(out, "feature", wishes->list[i].row->name);
        put_text(out, "at", wishes->list[i].at);
        text_append_char(out, '}');
    }
    text_append(out, REDIAL_STR("],\"providers\":["));
    for (uint16_t p = 0; p < policy->provider_count; p++) {
        enum standing standing = worst(policy, p, wishes);
        able += can(standing);
        text_append(out, p == 0 ? REDIAL_STR("{") : REDIAL_STR(",{"));
        put_text(out, "provider", policy->providers[p].name);
        put_key(out, "can");
        text_append(out, can(standing) ? REDIAL_STR("true") : REDIAL_STR("false"));
        put_word(out, "standing", standing_names.rows[standing].word);
        put_answers(policy, p, wishes, out);
        put_betas(policy, p, wishes, out);
        text_append_char(out, '}');
    }
    text_printf(out, "],\"able\":%zu}\n", able);
    return able;
}
