/* What was given out: who may have it, until when, and how to find it by its text. */
#include <stdio.h>
#include <stdlib.h>

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

/* What was written becomes the authority's, if all of it could be. */
static bool settle(struct authority *authority, struct text *text, struct redial_str *out)
{
    bool done = !text->failed && arena_copy(authority->arena, text_str(text), out);

    text_clean_up(text);
    return done;
}

bool secret_make(struct authority *authority, const char *stem, size_t length,
                 struct redial_str *secret)
{
    struct text text = TEXT_INIT;

    text_printf(&text, "%s", stem);
    letters(authority, ALPHABET, sizeof ALPHABET - 1, length, &text);
    return settle(authority, &text, secret) && secret_keep(authority, *secret);
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

/* At most half full, so that a search ends soon. */
static bool make_room(struct authority *authority)
{
    struct grant **old = authority->slots;
    size_t old_count = authority->slot_count;

    if (authority->grant_count * 2 < old_count) return true;
    authority->slots = calloc(old_count ? old_count * 2 : 64, sizeof(struct grant *));
    if (!authority->slots) {
        authority->slots = old;
        return false;
    }
    authority->slot_count = old_count ? old_count * 2 : 64;
    for (size_t i = 0; i < old_count; i++)
        if (old[i]) authority->slots[slot_of(authority, old[i]->text)] = old[i];
    free(old);
    return true;
}

struct grant *grant_add(struct authority *authority, const struct grant *grant, bool to_begin_with)
{
    struct grant *added = ARENA_NEW(authority->arena, struct grant);

    if (!added || !make_room(authority)) return NULL;
    *added = *grant;
    if (!to_begin_with) added->generation = ++authority->issued[grant->platform].generation_last;
    authority->slots[slot_of(authority, added->text)] = added;
    authority->grant_count++;
    return added;
}

/* ---- How long it is good */

static int64_t life(const struct authority *authority)
{
    return authority->options.token_life > 0 ? authority->options.token_life : 3600 * SECOND;
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
    return (life(authority) + SECOND - 1) / SECOND;
}

static int64_t requests(const struct authority *authority)
{
    return authority->options.token_requests > 0 ? authority->options.token_requests : -1;
}

struct grant *grant_token(struct authority *authority, enum platform_kind platform,
                          const char *stem, int64_t now)
{
    struct grant grant = {.kind = GRANT_TOKEN, .platform = platform};

    grant.expires_at = now + life(authority);
    grant.requests_left = requests(authority);
    if (!secret_make(authority, stem, 40, &grant.text)) return NULL;
    return grant_add(authority, &grant, false);
}

struct grant *grant_signer(struct authority *authority, int64_t now)
{
    struct grant grant = {.kind = GRANT_SIGNER, .platform = PLATFORM_BEDROCK};
    struct text id = TEXT_INIT;

    grant.expires_at = now + life(authority);
    grant.requests_left = requests(authority);
    text_printf(&id, "ASIACANARY");
    letters(authority, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 32, 10, &id);
    if (!settle(authority, &id, &grant.text) ||
        !secret_make(authority, "canary/", 33, &grant.secret) ||
        !secret_make(authority, "IQoJb3JpZ2luX2Vj/canary/", 96, &grant.session))
        return NULL;
    return grant_add(authority, &grant, false);
}
