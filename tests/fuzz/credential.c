/* What lies in credential files and comes from token servers: the first byte chooses the reader,
 * the rest is the text. Whatever the bytes, a reader takes them or says why not, and what it took
 * is whole. */
#include <assert.h>

#include "base/duration.h"
#include "credentials/anthropic_file.h"
#include "credentials/google_file.h"
#include "credentials/jwt.h"
#include "credentials/token_reply.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define NOW (INT64_C(1790000000) * NS_PER_SECOND)

static void read_google(struct redial_str text, struct arena *arena)
{
    struct google_file file;
    struct redial_str why;
    if (!google_file_read(text, arena, &file, &why)) {
        assert(why.len > 0);
        return;
    }
    assert(file.type < GOOGLE_TYPE_COUNT && file.type != GOOGLE_IMPERSONATED);
    assert(file.token_url.len > 0);
    assert(file.type != GOOGLE_SERVICE_ACCOUNT || (file.email.len && file.private_key.len));
    assert(file.type != GOOGLE_EXTERNAL || file.source_path.len || file.source_url.len ||
           file.source_verify_url.len);
    assert(file.delegate_count <= GOOGLE_DELEGATES_MAX);
    assert(file.source_header_count <= GOOGLE_HEADERS_MAX);
}

static void read_profile(struct redial_str text, struct arena *arena)
{
    struct anthropic_profile profile;
    struct redial_str why;
    assert(anthropic_profile_read(text, arena, &profile, &why) || why.len > 0);
    (void)anthropic_profile_name_fits(text);
}

/* What is written back is read as the same tokens. */
static void read_tokens(struct redial_str text, struct arena *arena)
{
    struct anthropic_tokens tokens, again;
    struct redial_str why;
    struct text written = TEXT_INIT;
    if (!anthropic_tokens_read(text, arena, &tokens, &why)) {
        assert(why.len > 0);
        return;
    }
    anthropic_tokens_write(&written, text, &tokens);
    assert(!written.failed);
    assert(anthropic_tokens_read(text_str(&written), arena, &again, &why));
    assert(again.expires_at == tokens.expires_at);
    assert(again.access_token.len >= tokens.access_token.len);
    text_clean_up(&written);
}

static void read_reply(struct redial_str text, struct arena *arena)
{
    static const uint16_t statuses[] = {0, 200, 400, 503};
    struct token_reply reply;
    struct errand_answer answer = {.body = str_skip(text, 1)};
    if (text.len > 0) answer.status = statuses[(unsigned char)text.ptr[0] % 4];
    bool given = token_reply_read(&answer, NOW, arena, &reply) == TOKEN_GIVEN;
    assert(given ? reply.token.len > 0 && reply.expires_at > NOW : reply.why.len > 0);
}

static void read_jwt(struct redial_str text, struct arena *arena)
{
    int64_t expires_at = 0;
    (void)arena;
    assert(!jwt_expires_at(text, &expires_at) || expires_at >= 0);
}

static void read_key(struct redial_str text, struct arena *arena)
{
    struct redial_str why = {0};
    struct signing_key *key = signing_key_read(text, &why);
    (void)arena;
    assert(key || why.len > 0);
    signing_key_destroy(key);
}

static void read_certified_key(struct redial_str text, struct arena *arena)
{
    struct redial_str why = {0};
    struct signing_key *key = signing_key_read_certified(text, REDIAL_STR("not-a-secret-12"), &why);
    (void)arena;
    assert(key ? signing_key_sha256(key).len == 32 : why.len > 0);
    signing_key_destroy(key);
}

static void (*const readers[])(struct redial_str text, struct arena *arena) = {
    read_google, read_profile, read_tokens, read_reply, read_jwt, read_key, read_certified_key,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) return 0;
    struct arena *arena = arena_new();
    assert(arena);
    readers[data[0] % REDIAL_COUNT_OF(readers)](
        (struct redial_str){(const char *)data + 1, size - 1}, arena);
    arena_destroy(arena);
    return 0;
}
