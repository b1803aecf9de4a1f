/* What was given out: who may have it, until when, and how to find it by its text. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "simulator/authority/parts.h"

/* ---- Secrets */

bool secret_keep(struct authority *authority, struct redial_str secret)
{
    if (authority->secret_count == authority->secret_capacity) {
        size_t capacity = authority->secret_capacity ? authority->secret_capacity * 2 : 64;
        struct redial_str *grown = realloc(authority->secrets, capacity * sizeof *grown);
        if (!grown) return false;
        authority->secrets = grown;
        authority->secret_capacity = capacity;
    }
    authority->secrets[authority->secret_count++] = secret;
    return true;
}

static void letters(struct authority *authority, const char *alphabet, size_t count, size_t length,
                    struct text *out)
{
    for (size_t i = 0; i < length; i++)
        text_append_char(out, alphabet[random_next(&authority->random) % count]);
}

#define ALPHABET "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

bool secret_write(struct authority *authority, const char *stem, size_t length, struct text *out)
{
    text_append(out, str_of(stem));
    letters(authority, ALPHABET, sizeof ALPHABET - 1, length, out);
    return !out->failed;
}

bool secret_make(struct authority *authority, const char *stem, size_t length,
                 struct redial_str *secret)
{
    struct text text = TEXT_INIT;
    bool made = secret_write(authority, stem, length, &text) &&
                arena_copy(authority->arena, text_str(&text), secret);

    text_clean_up(&text);
    return made && secret_keep(authority, *secret);
}

void uuid_make(struct authority *authority, char out[UUID_SIZE])
{
    uint64_t a = random_next(&authority->random), b = random_next(&authority->random);

    snprintf(out, UUID_SIZE, "%08x-%04x-4%03x-%04x-%012llx", (unsigned)(a >> 32),
             (unsigned)(a >> 16 & 0xffff), (unsigned)(a & 0xfff),
             (unsigned)(0x8000 | (b >> 48 & 0x3fff)),
             (unsigned long long)(b & UINT64_C(0xffffffffffff)));
}

/* ---- The table */

static size_t slot_of(const struct authority *authority, struct redial_str text)
{
    size_t at = str_hash(text) & (authority->slot_count - 1);

    while (authority->slots[at] && !str_eq(authority->slots[at]->text, text))
        at = (at + 1) & (authority->slot_count - 1);
    return at;
}

struct grant *grant_find(const struct authority *authority, struct redial_str text)
{
    if (authority->slot_count == 0 || text.len == 0) return NULL;
    return authority->slots[slot_of(authority, text)];
}

static void enter(struct authority *authority, struct grant *list)
{
    for (struct grant *grant = list; grant; grant = grant->next)
        authority->slots[slot_of(authority, grant->text)] = grant;
}

static void enter_all(struct authority *authority)
{
    memset(authority->slots, 0, authority->slot_count * sizeof *authority->slots);
    enter(authority, authority->begun_with);
    enter(authority, authority->oldest);
}

/* A power of two, at most half full, so that a search ends soon. */
static bool make_room(struct authority *authority)
{
    size_t count = authority->slot_count ? authority->slot_count * 2 : 64;
    struct grant **slots;

    if (authority->grant_count * 2 < authority->slot_count) return true;
    slots = calloc(count, sizeof *slots);
    if (!slots) return false;
    free(authority->slots);
    authority->slots = slots;
    authority->slot_count = count;
    enter_all(authority);
    return true;
}

static void put(struct authority *authority, struct grant *grant)
{
    authority->slots[slot_of(authority, grant->text)] = grant;
    authority->grant_count++;
}

struct grant *grant_begin_with(struct authority *authority, const struct grant *grant)
{
    struct grant *added = ARENA_NEW(authority->arena, struct grant);

    if (!added || !make_room(authority)) return NULL;
    *added = *grant;
    added->next = authority->begun_with;
    authority->begun_with = added;
    put(authority, added);
    return added;
}

/* ---- How long it is good */

static int64_t life(const struct authority *authority)
{
    return authority->options.token_life > 0 ? authority->options.token_life : 3600 * NS_PER_SECOND;
}

enum grant_state grant_state(const struct authority *authority, struct grant *grant, int64_t now)
{
    const struct issued *issued = &authority->issued[grant->platform];

    if (grant->expires_at == FROM_FIRST_USE) grant->expires_at = now + life(authority);
    if (grant->generation <= issued->revoked_to) return GRANT_REVOKED;
    if (grant->generation <= issued->expired_to) return GRANT_EXPIRED;
    if (now >= grant->expires_at || grant->requests_left == 0) return GRANT_EXPIRED;
    return GRANT_GOOD;
}

int64_t grant_seconds(const struct authority *authority)
{
    return (life(authority) + NS_PER_SECOND - 1) / NS_PER_SECOND;
}

static int64_t requests(const struct authority *authority)
{
    return authority->options.token_requests > 0 ? authority->options.token_requests : -1;
}

/* ---- What is given out later: a bounded number of them, the newest */

static bool is_over(const struct authority *authority, const struct grant *grant, int64_t now)
{
    const struct issued *issued = &authority->issued[grant->platform];
    bool refused =
        grant->generation <= issued->revoked_to || grant->generation <= issued->expired_to;

    return now >= grant->expires_at || grant->requests_left == 0 || grant->spent ||
           (grant->generation > 0 && refused);
}

/* Of those that are not over, the oldest go until an eighth is free: room is made once for many. */
static void drop_old(struct authority *authority, int64_t now)
{
    size_t good = 0, seen = 0, kept = AUTHORITY_ISSUED_MAX - AUTHORITY_ISSUED_MAX / 8;
    struct grant **link = &authority->oldest;

    for (struct grant *grant = *link; grant; grant = grant->next)
        good += !is_over(authority, grant, now);
    authority->newest = NULL;
    for (struct grant *grant = *link; grant; grant = *link) {
        bool over = is_over(authority, grant, now);
        if (over || good - seen++ > kept) {
            *link = grant->next;
            free(grant);
            authority->grant_count--;
            authority->issued_count--;
        } else {
            authority->newest = grant;
            link = &grant->next;
        }
    }
}

/* The id of keys that sign is none. */
static bool keep_secrets(struct authority *authority, const struct grant *grant)
{
    if (grant->kind != GRANT_SIGNER) return secret_keep(authority, grant->text);
    return secret_keep(authority, grant->secret) && secret_keep(authority, grant->session);
}

static bool make_way(struct authority *authority, int64_t now)
{
    bool fine = true;

    if (authority->issued_count < AUTHORITY_ISSUED_MAX) return true;
    drop_old(authority, now);
    enter_all(authority);
    authority->secret_count = authority->begun_secrets;
    for (const struct grant *grant = authority->oldest; grant && fine; grant = grant->next)
        fine = keep_secrets(authority, grant);
    return fine;
}

/* One block of memory: the grant, then its texts. */
static struct grant *copy_grant(const struct grant *grant)
{
    size_t len = grant->text.len + grant->secret.len + grant->session.len;
    struct grant *copy = malloc(sizeof *copy + len);
    char *at = copy ? (char *)(copy + 1) : NULL;

    if (!copy) return NULL;
    *copy = *grant;
    struct redial_str *texts[] = {&copy->text, &copy->secret, &copy->session};
    for (size_t i = 0; i < REDIAL_COUNT_OF(texts); i++) {
        if (texts[i]->len == 0) continue;
        memcpy(at, texts[i]->ptr, texts[i]->len);
        texts[i]->ptr = at;
        at += texts[i]->len;
    }
    return copy;
}

struct grant *grant_issue(struct authority *authority, const struct grant *grant, int64_t now)
{
    bool counts = grant->kind == GRANT_TOKEN || grant->kind == GRANT_SIGNER;
    struct grant *added;

    if (!make_way(authority, now) || !make_room(authority)) return NULL;
    added = copy_grant(grant);
    if (!added) return NULL;
    if (counts) added->generation = ++authority->issued[grant->platform].generation_last;
    if (authority->newest)
        authority->newest->next = added;
    else
        authority->oldest = added;
    authority->newest = added;
    authority->issued_count++;
    put(authority, added);
    return keep_secrets(authority, added) ? added : NULL;
}

void grants_clean_up(struct authority *authority)
{
    for (struct grant *grant = authority->oldest, *next; grant; grant = next) {
        next = grant->next;
        free(grant);
    }
    free(authority->slots);
    free(authority->secrets);
}

struct grant *grant_secret(struct authority *authority, const struct grant *grant, const char *stem,
                           size_t length, int64_t now)
{
    struct grant made = *grant, *added = NULL;
    struct text text = TEXT_INIT;

    if (secret_write(authority, stem, length, &text)) {
        made.text = text_str(&text);
        added = grant_issue(authority, &made, now);
    }
    text_clean_up(&text);
    return added;
}

struct grant *grant_token(struct authority *authority, enum platform_kind platform,
                          const char *stem, int64_t now)
{
    const struct grant grant = {.kind = GRANT_TOKEN,
                                .platform = platform,
                                .expires_at = now + life(authority),
                                .requests_left = requests(authority)};

    return grant_secret(authority, &grant, stem, 40, now);
}

struct grant *grant_signer(struct authority *authority, int64_t now)
{
    struct grant grant = {.kind = GRANT_SIGNER,
                          .platform = PLATFORM_BEDROCK,
                          .expires_at = now + life(authority),
                          .requests_left = requests(authority)},
                 *added = NULL;
    struct text id = TEXT_INIT, secret = TEXT_INIT, session = TEXT_INIT;

    text_printf(&id, "ASIACANARY");
    letters(authority, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 32, 10, &id);
    if (secret_write(authority, "canary/", 33, &secret) &&
        secret_write(authority, "IQoJb3JpZ2luX2Vj/canary/", 96, &session) && !id.failed) {
        grant.text = text_str(&id);
        grant.secret = text_str(&secret);
        grant.session = text_str(&session);
        added = grant_issue(authority, &grant, now);
    }
    text_clean_up(&id);
    text_clean_up(&secret);
    text_clean_up(&session);
    return added;
}
