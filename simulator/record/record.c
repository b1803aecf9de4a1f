/* What is kept of a record: every attempt is a scripted reply as soon as it is added, so that no
 * body outlives the call that brought it. */
#include "simulator/record/record.h"

#include <stdlib.h>

#include "base/duration.h"
#include "redial/redial.h"
#include "simulator/record/record_parts.h"

#define SECRETS_MAX 64 /* each text that gets in is searched for all of them */

struct kept_call {
    struct kept_call *next;
    struct record_call asked;
};

/* A reply, in the order in which its request was sent. */
struct kept_reply {
    struct kept_reply *next;
    struct redial_str provider, script;
    int64_t sent_at;
    uint32_t call;
};

struct kept_refresh {
    struct kept_refresh *next;
    struct record_refresh told;
};

struct record {
    struct arena *arena;
    struct kept_call *calls, **calls_end;
    struct kept_reply *replies;
    struct kept_refresh *refreshes, **refreshes_end;
    uint32_t call_count;
    struct redial_str secrets[SECRETS_MAX];
    size_t secret_count;
    bool failed;
};

struct record *record_new(void)
{
    struct record *record = calloc(1, sizeof *record);
    if (!record) return NULL;
    record->arena = arena_new();
    record->calls_end = &record->calls;
    record->refreshes_end = &record->refreshes;
    if (record->arena) return record;
    free(record);
    return NULL;
}

void record_destroy(struct record *record)
{
    if (!record) return;
    arena_destroy(record->arena);
    free(record);
}

static struct redial_str keep(struct record *record, struct redial_str text)
{
    struct redial_str kept = {0};
    if (!arena_copy(record->arena, text, &kept)) record->failed = true;
    return kept;
}

static void *keep_new(struct record *record, size_t size)
{
    void *made = record->failed ? NULL : arena_alloc(record->arena, 1, size);
    record->failed |= !made;
    return made;
}

static struct secrets secrets_of(const struct record *record)
{
    return (struct secrets){record->secrets, record->secret_count};
}

/* ---- Adding */

void record_add_secret(struct record *record, struct redial_str secret)
{
    if (!record || secret.len == 0) return;
    if (record->secret_count == SECRETS_MAX)
        record->failed = true; /* better no record than one with a secret in it */
    else
        record->secrets[record->secret_count++] = keep(record, secret);
}

uint32_t record_add_call(struct record *record, const struct record_call *call)
{
    struct kept_call *kept = record ? keep_new(record, sizeof *kept) : NULL;
    if (!kept) return 0;
    *kept = (struct kept_call){.asked = *call};
    kept->asked.provider = keep(record, call->provider);
    kept->asked.model = keep(record, call->model);
    *record->calls_end = kept;
    record->calls_end = &kept->next;
    return record->call_count++;
}

void record_set_cancelled(struct record *record, uint32_t call, int64_t at)
{
    struct kept_call *kept = record ? record->calls : NULL;
    while (kept && call-- > 0) kept = kept->next;
    if (kept) kept->asked.cancel_at = at;
}

/* Attempts come in as they end. Of those that were sent at one moment the call that began first
 * goes first, and of one call the one that came in first. */
static bool is_before(const struct kept_reply *a, const struct kept_reply *b)
{
    return a->sent_at != b->sent_at ? a->sent_at < b->sent_at : a->call <= b->call;
}

static void put_in_order(struct record *record, struct kept_reply *reply)
{
    struct kept_reply **place = &record->replies;
    while (*place && is_before(*place, reply)) place = &(*place)->next;
    reply->next = *place;
    *place = reply;
}

void record_add_attempt(struct record *record, const struct record_attempt *attempt)
{
    struct kept_reply *reply = record ? keep_new(record, sizeof *reply) : NULL;
    struct text script = TEXT_INIT;
    if (!reply) return;
    const struct secrets secrets = secrets_of(record);
    record->failed |= !record_write_reply(attempt, &secrets, &script);
    *reply = (struct kept_reply){.provider = keep(record, attempt->provider),
                                 .script = keep(record, text_str(&script)),
                                 .sent_at = attempt->sent_at,
                                 .call = attempt->call};
    text_clean_up(&script);
    put_in_order(record, reply);
}

void record_add_refresh(struct record *record, const struct record_refresh *refresh)
{
    struct kept_refresh *kept = record ? keep_new(record, sizeof *kept) : NULL;
    if (!kept) return;
    *kept = (struct kept_refresh){.told = *refresh};
    kept->told.provider = keep(record, refresh->provider);
    kept->told.failed = keep(record, refresh->failed);
    *record->refreshes_end = kept;
    record->refreshes_end = &kept->next;
}

/* ---- Words of the file */

void record_key(struct text *out, size_t from, const char *key)
{
    if (out->len > from) text_append(out, REDIAL_STR(", "));
    text_printf(out, "%s: ", key);
}

void record_duration(struct text *out, size_t from, const char *key, int64_t ns)
{
    record_key(out, from, key);
    duration_format(ns, out);
}

/* JSON's strings are YAML's too. */
void record_text(struct text *out, struct redial_str text, const struct secrets *secrets)
{
    struct text clean = TEXT_INIT;
    redact(text, secrets, &clean);
    text_append_json(out, text_str(&clean));
    out->failed |= clean.failed;
    text_clean_up(&clean);
}

static void write_number(struct text *out, size_t from, const char *key, int64_t number)
{
    if (number <= 0) return;
    record_key(out, from, key);
    text_printf(out, "%lld", (long long)number);
}

static void write_true(struct text *out, size_t from, const char *key, bool holds)
{
    if (!holds) return;
    record_key(out, from, key);
    text_append(out, REDIAL_STR("true"));
}

static void write_word(struct text *out, size_t from, const char *key, const char *word)
{
    record_key(out, from, key);
    text_append(out, str_of(word));
}

/* ---- Calls */

static void write_call(const struct record *record, const struct record_call *call,
                       struct text *out)
{
    const struct secrets secrets = secrets_of(record);
    text_append_char(out, '{');
    size_t from = out->len;
    if (call->at > 0) record_duration(out, from, "at", call->at);
    if (call->provider.len) record_key(out, from, "provider");
    if (call->provider.len) record_text(out, call->provider, &secrets);
    record_key(out, from, "model");
    record_text(out, call->model, &secrets);
    write_word(out, from, "query", redial_query_name(call->query));
    if (call->credential != REDIAL_CREDENTIAL_PLATFORM)
        write_word(out, from, "credential", credential_names.rows[call->credential].word);
    write_number(out, from, "max_tokens", call->max_tokens);
    write_number(out, from, "input_tokens", call->input_tokens);
    write_true(out, from, "stream", call->stream);
    write_true(out, from, "unattended", call->unattended);
    if (call->fast) write_word(out, from, "speed", "fast");
    if (call->deadline > 0) record_duration(out, from, "deadline", call->deadline);
    if (call->cancel_at >= 0) record_duration(out, from, "cancel_at", call->cancel_at);
    text_append_char(out, '}');
}

static void write_calls(const struct record *record, struct text *out)
{
    if (record->call_count == 1) {
        text_append(out, REDIAL_STR("call: "));
        write_call(record, &record->calls->asked, out);
        text_append_char(out, '\n');
        return;
    }
    text_append(out, REDIAL_STR("calls:\n"));
    for (const struct kept_call *call = record->calls; call; call = call->next) {
        text_append(out, REDIAL_STR("  - "));
        write_call(record, &call->asked, out);
        text_append_char(out, '\n');
    }
}

/* ---- The world */

/* What the simulated token server says by itself need not be said again. */
static struct redial_str without_prefix(struct redial_str failed)
{
    const struct redial_str known = REDIAL_STR("the token server refused: ");
    return str_starts_with(failed, known) ? str_skip(failed, known.len) : failed;
}

static void write_refresh(const struct record *record, const struct record_refresh *refresh,
                          struct text *out)
{
    const struct secrets secrets = secrets_of(record);
    text_append(out, REDIAL_STR("      - {"));
    size_t from = out->len;
    record_duration(out, from, "after", refresh->took);
    if (refresh->failed.len) {
        record_key(out, from, "fail");
        record_text(out, without_prefix(refresh->failed), &secrets);
    }
    text_append(out, REDIAL_STR("}\n"));
}

static void write_provider(const struct record *record, struct redial_str provider,
                           struct text *out)
{
    bool asked = false;
    text_append(out, REDIAL_STR("  "));
    record_text(out, provider, NULL);
    text_append(out, REDIAL_STR(":\n"));
    for (const struct kept_refresh *kept = record->refreshes; kept; kept = kept->next) {
        if (!str_eq(kept->told.provider, provider)) continue;
        if (!asked) text_append(out, REDIAL_STR("    token_server:\n"));
        asked = true;
        write_refresh(record, &kept->told, out);
    }
    /* Every refusal is written down: the world need not draw conclusions of its own. */
    text_append(out, REDIAL_STR("    credentials: {remembered: false}\n    replies:\n"));
    for (const struct kept_reply *reply = record->replies; reply; reply = reply->next)
        if (str_eq(reply->provider, provider))
            text_printf(out, "      - %.*s\n", REDIAL_STR_ARG(reply->script));
}

static bool is_first_of_provider(const struct record *record, const struct kept_reply *reply)
{
    const struct kept_reply *before = record->replies;
    while (before != reply && !str_eq(before->provider, reply->provider)) before = before->next;
    return before == reply;
}

static void write_world(const struct record *record, struct text *out)
{
    if (!record->replies) {
        text_append(out, REDIAL_STR("world: {}\n"));
        return;
    }
    text_append(out, REDIAL_STR("world:\n"));
    for (const struct kept_reply *reply = record->replies; reply; reply = reply->next)
        if (is_first_of_provider(record, reply)) write_provider(record, reply->provider, out);
}

/* ---- All of it */

/* A variable whose value had to be cut says nothing any more, and stays out. */
static void write_environment(const struct record *record, const struct redial_env *environment,
                              struct text *out)
{
    const struct secrets secrets = secrets_of(record);
    bool any = false;
    for (; environment && environment->name; environment++) {
        struct text clean = TEXT_INIT;
        struct redial_str value = str_of(environment->value);
        bool cut = redact(value, &secrets, &clean);
        out->failed |= clean.failed;
        text_clean_up(&clean);
        if (cut) continue;
        if (!any) text_append(out, REDIAL_STR("env:\n"));
        any = true;
        text_append(out, REDIAL_STR("  "));
        record_text(out, str_of(environment->name), NULL);
        text_append(out, REDIAL_STR(": "));
        record_text(out, value, NULL);
        text_append_char(out, '\n');
    }
}

static void write_story(struct redial_str story, const struct secrets *secrets, struct text *out)
{
    struct text clean = TEXT_INIT;
    struct redial_str rest, line;
    if (story.len == 0) return;
    redact(story, secrets, &clean);
    rest = str_trim(text_str(&clean));
    text_append(out, REDIAL_STR("  story: |\n"));
    while (str_split(&rest, '\n', &line)) text_printf(out, "    %.*s\n", REDIAL_STR_ARG(line));
    out->failed |= clean.failed;
    text_clean_up(&clean);
}

static void write_expected(const struct record *record, const struct record_scenario *scenario,
                           struct text *out)
{
    const struct secrets secrets = secrets_of(record);
    if (scenario->outcome.len == 0 && scenario->story.len == 0) return;
    text_append(out, REDIAL_STR("expect:\n"));
    if (scenario->outcome.len && record->call_count == 1)
        text_printf(out, "  outcome: %.*s\n", REDIAL_STR_ARG(scenario->outcome));
    write_story(scenario->story, &secrets, out);
}

bool record_write(const struct record *record, const struct record_scenario *scenario,
                  struct text *out)
{
    if (!record || record->failed) return false;
    const struct secrets secrets = secrets_of(record);
    text_append(out, REDIAL_STR("# Recorded: replies as they came, but for their words.\n"
                                "scenario: 1\nname: "));
    record_text(out, scenario->name, &secrets);
    text_append(out, REDIAL_STR("\npolicy: "));
    record_text(out, scenario->policy, NULL);
    text_printf(out, "\nseed: %llu\n", (unsigned long long)scenario->seed);
    write_environment(record, scenario->environment, out);
    write_calls(record, out);
    write_world(record, out);
    write_expected(record, scenario, out);
    return !out->failed;
}
