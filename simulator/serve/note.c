/* Entries of the journal, made of requests and replies: secrets are cut out here, before anything
 * is kept. */
#include <string.h>

#include "base/redact.h"
#include "simulator/serve/serve_parts.h"

#define HEADERS_KEPT_MAX 64u
#define VALUE_KEPT_MAX   2048u /* of a header; more tells nobody anything */

/* ---- Secrets */

static bool is_secret_header(struct redial_str name)
{
    static const char *const names[] = {
        "authorization",
        "x-api-key",
        "api-key",
        "cookie",
        "proxy-authorization",
        "x-amz-security-token",
        "x-goog-api-key",
        "x-identity-header",
        "x-aws-ec2-metadata-token",
        "x-amz-sso_bearer_token",
    };

    for (size_t i = 0; i < REDIAL_COUNT_OF(names); i++)
        if (str_eq_nocase(name, str_of(names[i]))) return true;
    return false;
}

/* Every secret that was given out, and what looks like one. */
static void cut(struct fakes *fakes, struct redial_str text, struct text *out)
{
    struct redial_str found[16];
    const struct secrets known = {
        found,
        authority_secrets_in(fakes->authority, text, found, REDIAL_COUNT_OF(found)),
    };

    redact(text, &known, out);
}

struct redial_str note_text(struct fakes *fakes, struct redial_str text)
{
    struct text clean = TEXT_INIT;
    struct redial_str kept = {"", 0};

    cut(fakes, str_take(text, VALUE_KEPT_MAX), &clean);
    if (clean.failed || !arena_copy(journal_arena(fakes->journal), text_str(&clean), &kept))
        kept = (struct redial_str){"", 0};
    text_clean_up(&clean);
    return kept;
}

/* ---- Headers: a client sends the same ones again and again, and they are kept once */

static struct redial_header *copy_headers(struct fakes *fakes, const struct arrival *arrival,
                                          size_t count)
{
    struct redial_header *kept =
        ARENA_ARRAY(journal_arena(fakes->journal), struct redial_header, count);

    for (size_t i = 0; kept && i < count; i++) {
        const struct redial_header *header = &arrival->headers[i];
        kept[i].name = note_text(fakes, header->name);
        kept[i].value =
            is_secret_header(header->name) ? REDIAL_STR(REDACTED) : note_text(fakes, header->value);
    }
    return kept;
}

/* How often a client says that it has tried already: the Anthropic SDKs' own header, or AWS's
 * "attempt=2; max=3". */
static int32_t read_retry_count(const struct arrival *arrival)
{
    struct redial_str own =
        header_value(arrival->headers, arrival->header_count, "x-stainless-retry-count");
    struct redial_str aws =
        header_value(arrival->headers, arrival->header_count, "amz-sdk-request");
    int64_t count = -1;

    if (own.len > 0) return str_to_int64(own, &count) && count < 1000 ? (int32_t)count : -1;
    if (!str_starts_with(aws, REDIAL_STR("attempt="))) return -1;
    aws = str_skip(aws, 8);
    aws = str_take(
        aws, str_find(aws, REDIAL_STR(";")) == SIZE_MAX ? aws.len : str_find(aws, REDIAL_STR(";")));
    return str_to_int64(aws, &count) && count > 0 && count < 1000 ? (int32_t)(count - 1) : -1;
}

static struct noted *noted_find(struct fakes *fakes, const struct arrival *arrival)
{
    const struct arena *arena = journal_arena(fakes->journal);

    for (size_t i = 0; i < NOTED_MAX; i++) {
        struct noted *noted = &fakes->noted[i];
        if (noted->arena == arena && str_eq(noted->head, arrival->head)) return noted;
    }
    return NULL;
}

/* The head itself is kept in memory of its own, since it holds what the journal must not. */
static struct noted *noted_make(struct fakes *fakes, const struct arrival *arrival)
{
    struct noted *noted = &fakes->noted[fakes->noted_next++ % NOTED_MAX];
    size_t count =
        arrival->header_count < HEADERS_KEPT_MAX ? arrival->header_count : HEADERS_KEPT_MAX;

    text_clear(&noted->raw);
    text_append(&noted->raw, arrival->head);
    noted->head = noted->raw.failed ? (struct redial_str){"", 0} : text_str(&noted->raw);
    noted->arena = journal_arena(fakes->journal);
    noted->headers = copy_headers(fakes, arrival, count);
    noted->count = noted->headers ? count : 0;
    noted->path = note_text(fakes, arrival->target);
    noted->method = note_text(fakes, arrival->method);
    noted->client = header_value(noted->headers, noted->count, "user-agent");
    noted->retry_count = read_retry_count(arrival);
    return noted;
}

void note_forget(struct fakes *fakes)
{
    for (size_t i = 0; i < NOTED_MAX; i++) {
        text_clean_up(&fakes->noted[i].raw);
        fakes->noted[i] = (struct noted){0};
    }
}

/* ---- Requests */

struct journal_entry *note_arrival(struct fakes *fakes, const struct arrival *arrival)
{
    struct journal_entry *entry = journal_add(fakes->journal);
    const struct noted *noted;

    if (!entry) return NULL;
    noted = noted_find(fakes, arrival);
    if (!noted) noted = noted_make(fakes, arrival);
    entry->arrived_at = arrival->began_at - fakes->began_at;
    entry->read_at = fakes->now - fakes->began_at;
    entry->method = noted->method;
    entry->path = noted->path;
    entry->headers = noted->headers;
    entry->header_count = noted->count;
    entry->client = noted->client;
    entry->retry_count = noted->retry_count;
    entry->connection = arrival->connection;
    entry->reused = arrival->reused;
    return entry;
}

/* ---- Replies */

static int64_t read_hint(const struct exchange *exchange, int64_t now)
{
    struct redial_str ms =
        header_value(exchange->headers, exchange->header_count, "retry-after-ms");
    struct redial_str seconds =
        header_value(exchange->headers, exchange->header_count, "retry-after");
    int64_t value;

    if (ms.len > 0 && str_to_int64(ms, &value) && value >= 0 && value < INT64_MAX / NS_PER_MS)
        return value * NS_PER_MS;
    if (seconds.len == 0) return -1;
    if (str_to_int64(seconds, &value))
        return value >= 0 && value < INT64_MAX / NS_PER_SECOND ? value * NS_PER_SECOND : -1;
    return http_date_parse(seconds, &value) && value > now ? value - now : -1;
}

void note_reply(struct fakes *fakes, struct journal_entry *entry, const struct exchange *exchange,
                enum platform_kind platform)
{
    struct redial_str retry =
        header_value(exchange->headers, exchange->header_count, "x-should-retry");
    bool speaks = exchange->act_count > 0 && exchange->acts[0].kind == ACT_HEAD;

    entry->status = speaks ? exchange->status : 0;
    entry->class = (uint8_t)meaning_of(fakes, exchange, platform, entry->end == JOURNAL_REFUSED);
    if (exchange->script) entry->fault = exchange->script->fault;
    if (!speaks) return;
    entry->hint = read_hint(exchange, fakes->now);
    entry->should_retry = (int8_t)(str_is(retry, "true") - str_is(retry, "false"));
}

void note_told(struct fakes *fakes, uint32_t number)
{
    const struct journal_entry *entry = journal_find(fakes->journal, number);

    if (entry && fakes->options.arrived) fakes->options.arrived(fakes->options.context, entry);
}
