#include "simulator/authority/verify_sigv4.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "simulator/authority/canonical.h"
#include "simulator/authority/parts.h"

#define ALGORITHM "AWS4-HMAC-SHA256"
#define NO_MATCH                                                                                   \
    "The request signature we calculated does not match the signature you provided. Check your "   \
    "AWS Secret Access Key and signing method. Consult the service documentation for details."

/* ---- What both sentences of a verdict are made with */

static enum sigv4_fault say(struct sigv4_verdict *verdict, enum sigv4_fault fault,
                            struct arena *arena, struct redial_str message, const char *why, ...)
    REDIAL_PRINTF(5, 6);
static enum sigv4_fault say(struct sigv4_verdict *verdict, enum sigv4_fault fault,
                            struct arena *arena, struct redial_str message, const char *why, ...)
{
    va_list arguments;
    bool done;

    va_start(arguments, why);
    done = arena_vprintf(arena, &verdict->why, why, arguments);
    va_end(arguments);
    verdict->message = message;
    verdict->fault = done ? fault : SIGV4_NO_MEMORY;
    return verdict->fault;
}

/* ---- The claim */

static bool read_scope(struct redial_str credential, struct sigv4_claim *claim)
{
    struct redial_str *parts[] = {&claim->access_key_id, &claim->day, &claim->region,
                                  &claim->service, &claim->terminator};
    size_t count = 0;
    struct redial_str part;

    while (str_split(&credential, '/', &part)) {
        if (count == REDIAL_COUNT_OF(parts) || part.len == 0) return false;
        *parts[count++] = part;
    }
    return count == REDIAL_COUNT_OF(parts);
}

/* "Credential=…, SignedHeaders=…, Signature=…" in any order. */
static void read_parts(struct redial_str rest, struct redial_str *credential,
                       struct sigv4_claim *claim)
{
    struct redial_str field, name;

    while (str_split(&rest, ',', &field)) {
        field = str_trim(field);
        if (!str_split(&field, '=', &name)) continue;
        if (str_is(name, "Credential")) *credential = field;
        if (str_is(name, "SignedHeaders")) claim->signed_headers = field;
        if (str_is(name, "Signature")) claim->signature = field;
    }
}

static enum sigv4_fault incomplete(struct arena *arena, struct sigv4_verdict *verdict,
                                   const char *part)
{
    struct redial_str message;

    if (!arena_printf(arena, &message, "Authorization header requires '%s' parameter.", part))
        return verdict->fault = SIGV4_NO_MEMORY;
    return say(verdict, SIGV4_INCOMPLETE, arena, message,
               "the Authorization header has no well-formed %s", part);
}

enum sigv4_fault sigv4_read(const struct authority_request *request, struct arena *arena,
                            struct sigv4_claim *claim, struct sigv4_verdict *verdict)
{
    struct redial_str header = request_header(request, "authorization");
    struct redial_str credential = {"", 0};

    *claim = (struct sigv4_claim){0};
    *verdict = (struct sigv4_verdict){0};
    if (!str_starts_with(header, REDIAL_STR(ALGORITHM " ")))
        return say(verdict, SIGV4_MISSING, arena, REDIAL_STR("Missing Authentication Token"),
                   "there is no Authorization header that begins with " ALGORITHM);
    read_parts(str_skip(header, sizeof ALGORITHM), &credential, claim);
    if (!read_scope(credential, claim)) return incomplete(arena, verdict, "Credential");
    if (claim->signed_headers.len == 0) return incomplete(arena, verdict, "SignedHeaders");
    if (claim->signature.len == 0) return incomplete(arena, verdict, "Signature");
    return SIGV4_GOOD;
}

/* ---- Scope and date */

#define DATE_LEN 16u /* 20150830T123600Z */

static bool read_date(struct redial_str text, int64_t *moment)
{
    struct tm parts = {0};
    char copy[DATE_LEN + 1];
    const char *end;

    if (text.len != DATE_LEN) return false;
    memcpy(copy, text.ptr, DATE_LEN);
    copy[DATE_LEN] = '\0';
    end = strptime(copy, "%Y%m%dT%H%M%SZ", &parts);
    *moment = (int64_t)timegm(&parts) * NS_PER_SECOND;
    return end && *end == '\0';
}

static void write_date(int64_t moment, char out[DATE_LEN + 1])
{
    time_t seconds = (time_t)(moment / NS_PER_SECOND);
    struct tm parts;

    out[0] = '\0';
    if (gmtime_r(&seconds, &parts)) strftime(out, DATE_LEN + 1, "%Y%m%dT%H%M%SZ", &parts);
}

static enum sigv4_fault too_old(struct redial_str date, int64_t now, struct arena *arena,
                                struct sigv4_verdict *verdict)
{
    char edge[DATE_LEN + 1], clock[DATE_LEN + 1];
    struct redial_str message;

    write_date(now - SIGV4_SKEW_MAX, edge);
    write_date(now, clock);
    if (!arena_printf(arena, &message,
                      "Signature expired: %.*s is now earlier than %s (%s - 5 min.)",
                      REDIAL_STR_ARG(date), edge, clock))
        return verdict->fault = SIGV4_NO_MEMORY;
    return say(verdict, SIGV4_MISMATCH, arena, message,
               "x-amz-date is %.*s, more than 5 minutes before %s", REDIAL_STR_ARG(date), clock);
}

static enum sigv4_fault too_new(struct redial_str date, int64_t now, struct arena *arena,
                                struct sigv4_verdict *verdict)
{
    char edge[DATE_LEN + 1], clock[DATE_LEN + 1];
    struct redial_str message;

    write_date(now + SIGV4_SKEW_MAX, edge);
    write_date(now, clock);
    if (!arena_printf(arena, &message,
                      "Signature not yet current: %.*s is still later than %s (%s + 5 min.)",
                      REDIAL_STR_ARG(date), edge, clock))
        return verdict->fault = SIGV4_NO_MEMORY;
    return say(verdict, SIGV4_MISMATCH, arena, message,
               "x-amz-date is %.*s, more than 5 minutes after %s", REDIAL_STR_ARG(date), clock);
}

static enum sigv4_fault check_date(const struct sigv4_claim *claim, struct redial_str date,
                                   int64_t now, struct arena *arena, struct sigv4_verdict *verdict)
{
    int64_t moment = 0;

    if (!read_date(date, &moment))
        return say(verdict, SIGV4_INCOMPLETE, arena,
                   REDIAL_STR("Authorization header requires existence of either a 'X-Amz-Date' or "
                              "a 'Date' header."),
                   "x-amz-date is missing or not of the form 20150830T123600Z");
    if (!str_eq(claim->day, str_take(date, 8)))
        return say(verdict, SIGV4_MISMATCH, arena,
                   REDIAL_STR("Date in Credential scope does not match YYYYMMDD from ISO-8601 "
                              "version of date from HTTP"),
                   "the scope says %.*s, x-amz-date says %.*s", REDIAL_STR_ARG(claim->day),
                   REDIAL_STR_ARG(date));
    if (moment < now - SIGV4_SKEW_MAX) return too_old(date, now, arena, verdict);
    if (moment > now + SIGV4_SKEW_MAX) return too_new(date, now, arena, verdict);
    return SIGV4_GOOD;
}

static enum sigv4_fault check_scope(const struct sigv4_claim *claim,
                                    const struct sigv4_rules *rules, struct arena *arena,
                                    struct sigv4_verdict *verdict)
{
    struct redial_str message;

    if (!str_is(claim->terminator, "aws4_request"))
        return say(verdict, SIGV4_MISMATCH, arena,
                   REDIAL_STR("Credential should be scoped with a valid terminator: "
                              "'aws4_request'."),
                   "the scope ends in '%.*s', expected aws4_request",
                   REDIAL_STR_ARG(claim->terminator));
    if (str_eq(claim->service, rules->service)) return SIGV4_GOOD;
    if (!arena_printf(arena, &message, "Credential should be scoped to correct service: '%.*s'.",
                      REDIAL_STR_ARG(rules->service)))
        return verdict->fault = SIGV4_NO_MEMORY;
    return say(verdict, SIGV4_MISMATCH, arena, message,
               "the scope names service '%.*s', expected '%.*s'", REDIAL_STR_ARG(claim->service),
               REDIAL_STR_ARG(rules->service));
}

/* ---- Headers that must be signed */

static bool is_signed(const struct sigv4_claim *claim, struct redial_str name)
{
    struct redial_str rest = claim->signed_headers, one;

    while (str_split(&rest, ';', &one))
        if (str_eq_nocase(one, name)) return true;
    return false;
}

static enum sigv4_fault check_headers(const struct authority_request *request,
                                      const struct sigv4_claim *claim, struct arena *arena,
                                      struct sigv4_verdict *verdict)
{
    struct redial_str message;

    if (!is_signed(claim, REDIAL_STR("host")))
        return say(verdict, SIGV4_MISMATCH, arena,
                   REDIAL_STR("'Host' or ':authority' must be a 'SignedHeader' in the AWS "
                              "Authorization."),
                   "SignedHeaders does not name host");
    for (size_t i = 0; i < request->header_count; i++) {
        struct redial_str name = request->headers[i].name;
        bool must = str_eq_nocase(str_take(name, 6), REDIAL_STR("x-amz-"));
        if (!must || is_signed(claim, name)) continue;
        if (!arena_printf(arena, &message,
                          "There were headers present in the request which were not signed: %.*s",
                          REDIAL_STR_ARG(name)))
            return verdict->fault = SIGV4_NO_MEMORY;
        return say(verdict, SIGV4_MISMATCH, arena, message, "%.*s is sent and not signed",
                   REDIAL_STR_ARG(name));
    }
    return SIGV4_GOOD;
}

/* A hash that is sent must be the body's: it is what the signer believed to send. */
static enum sigv4_fault check_body(const struct authority_request *request, struct arena *arena,
                                   struct sigv4_verdict *verdict)
{
    struct redial_str sent = request_header(request, "x-amz-content-sha256");
    char hash[SHA256_HEX_SIZE];

    if (sent.len == 0) return SIGV4_GOOD;
    sha256_hex(request->body, hash);
    if (str_eq(sent, str_of(hash))) return SIGV4_GOOD;
    return say(verdict, SIGV4_MISMATCH, arena, REDIAL_STR(NO_MATCH),
               "x-amz-content-sha256 is %.*s, the body's hash is %s", REDIAL_STR_ARG(sent), hash);
}

/* ---- The signature */

static bool hmac(const unsigned char *key, size_t key_len, struct redial_str text,
                 unsigned char out[32])
{
    unsigned int len = 0;

    return HMAC(EVP_sha256(), key, (int)key_len, (const unsigned char *)text.ptr, text.len, out,
                &len) != NULL;
}

static bool derive_key(const struct sigv4_claim *claim, struct redial_str secret,
                       unsigned char key[32])
{
    struct redial_str steps[] = {claim->day, claim->region, claim->service, claim->terminator};
    struct text first = TEXT_INIT;
    unsigned char next[32];
    bool done;

    text_printf(&first, "AWS4%.*s", REDIAL_STR_ARG(secret));
    done = !first.failed && hmac((const unsigned char *)first.ptr, first.len, steps[0], key);
    text_clean_up(&first);
    for (size_t i = 1; done && i < REDIAL_COUNT_OF(steps); i++) {
        done = hmac(key, 32, steps[i], next);
        memcpy(key, next, sizeof next);
    }
    return done;
}

static void write_string_to_sign(const struct sigv4_claim *claim, struct redial_str date,
                                 struct redial_str canonical, struct text *out)
{
    char hash[SHA256_HEX_SIZE];

    sha256_hex(canonical, hash);
    text_printf(out, ALGORITHM "\n%.*s\n%.*s/%.*s/%.*s/%.*s\n%s", REDIAL_STR_ARG(date),
                REDIAL_STR_ARG(claim->day), REDIAL_STR_ARG(claim->region),
                REDIAL_STR_ARG(claim->service), REDIAL_STR_ARG(claim->terminator), hash);
}

struct trial {
    const struct authority_request *request;
    const struct sigv4_claim *claim;
    unsigned char key[32];
    struct redial_str date;
    struct arena *arena;
};

/* Whether the signature is right for the request made canonical in this way. False as well when
 * memory is out, which `verdict` tells. */
static bool fits(const struct trial *trial, const struct canonical_way *way,
                 struct sigv4_verdict *verdict)
{
    struct text canonical = TEXT_INIT, to_sign = TEXT_INIT;
    unsigned char signature[32];
    char hex[SHA256_HEX_SIZE] = "";
    bool done = canonical_write(trial->request, trial->claim->signed_headers, way, trial->arena,
                                &canonical);

    write_string_to_sign(trial->claim, trial->date, text_str(&canonical), &to_sign);
    done = done && !to_sign.failed && hmac(trial->key, 32, text_str(&to_sign), signature) &&
           arena_copy(trial->arena, text_str(&canonical), &verdict->canonical_request) &&
           arena_copy(trial->arena, text_str(&to_sign), &verdict->string_to_sign);
    if (done) hex_write(signature, sizeof signature, hex);
    if (!done) verdict->fault = SIGV4_NO_MEMORY;
    text_clean_up(&canonical);
    text_clean_up(&to_sign);
    return done && trial->claim->signature.len == 64 &&
           CRYPTO_memcmp(hex, trial->claim->signature.ptr, 64) == 0;
}

/* ---- Where the two canonical requests differ */

static const struct slip {
    struct canonical_way way;
    const char *what;
} slips[] = {
    {{.path_once = true}, "its path was not encoded a second time"},
    {{.path_decoded = true}, "its path was signed without any encoding"},
    {{.path_normal = true}, "its path was signed with empty and dot segments resolved"},
    {{.query_unsorted = true}, "its query was not sorted"},
    {{.values_raw = true}, "its header values were not trimmed"},
    {{.host_bare = true}, "its host was signed without the port"},
    {{.body_empty = true}, "it was signed with an empty body"},
    {{.body_unsigned = true}, "it was signed as UNSIGNED-PAYLOAD"},
};

static bool is_about_path(const struct canonical_way *way)
{
    return way->path_once || way->path_decoded || way->path_normal;
}

static enum sigv4_fault say_slip(const struct trial *trial, const struct slip *slip,
                                 const struct canonical_way *right, struct sigv4_verdict *verdict)
{
    struct redial_str path = request_path(trial->request);
    struct text was = TEXT_INIT, want = TEXT_INIT;
    enum sigv4_fault fault;

    if (!is_about_path(&slip->way))
        return say(verdict, SIGV4_MISMATCH, trial->arena, REDIAL_STR(NO_MATCH),
                   "the signature is right for another canonical request: %s", slip->what);
    canonical_write_path(path, &slip->way, &was);
    canonical_write_path(path, right, &want);
    fault = say(verdict, SIGV4_MISMATCH, trial->arena, REDIAL_STR(NO_MATCH),
                "the signature is right for another canonical request: %s; signed '%s', expected "
                "'%s'",
                slip->what, was.ptr ? was.ptr : "", want.ptr ? want.ptr : "");
    text_clean_up(&was);
    text_clean_up(&want);
    return fault;
}

/* What was signed is not known; each of the usual slips is tried in its place. */
static enum sigv4_fault explain(const struct trial *trial, const struct canonical_way *right,
                                struct sigv4_verdict *verdict)
{
    struct sigv4_verdict other = {0};
    struct text path = TEXT_INIT;
    char hash[SHA256_HEX_SIZE];
    enum sigv4_fault fault;

    for (size_t i = 0; i < REDIAL_COUNT_OF(slips); i++)
        if (fits(trial, &slips[i].way, &other)) return say_slip(trial, &slips[i], right, verdict);
    canonical_write_path(request_path(trial->request), right, &path);
    sha256_hex(verdict->canonical_request, hash);
    fault = say(verdict, SIGV4_MISMATCH, trial->arena, REDIAL_STR(NO_MATCH),
                "the signature fits none of the usual slips: another secret, or path, query, a "
                "signed header (%.*s) or the body changed on the way; expected a canonical request "
                "of path '%s' with hash %s",
                REDIAL_STR_ARG(trial->claim->signed_headers), path.ptr ? path.ptr : "", hash);
    text_clean_up(&path);
    return fault;
}

static enum sigv4_fault check_signature(const struct trial *trial, const struct sigv4_rules *rules,
                                        struct sigv4_verdict *verdict)
{
    struct canonical_way right = {.path_normal = rules->normalise_path};

    if (fits(trial, &right, verdict)) return SIGV4_GOOD;
    if (verdict->fault == SIGV4_NO_MEMORY) return SIGV4_NO_MEMORY;
    return explain(trial, &right, verdict);
}

enum sigv4_fault sigv4_verify(const struct authority_request *request,
                              const struct sigv4_claim *claim, const struct sigv4_rules *rules,
                              struct arena *arena, struct sigv4_verdict *verdict)
{
    struct trial trial = {request, claim, {0}, request_header(request, "x-amz-date"), arena};
    enum sigv4_fault fault;

    *verdict = (struct sigv4_verdict){0};
    fault = check_date(claim, trial.date, rules->now, arena, verdict);
    if (fault == SIGV4_GOOD) fault = check_scope(claim, rules, arena, verdict);
    if (fault == SIGV4_GOOD) fault = check_headers(request, claim, arena, verdict);
    if (fault == SIGV4_GOOD) fault = check_body(request, arena, verdict);
    if (fault != SIGV4_GOOD) return fault;
    if (!derive_key(claim, rules->secret, trial.key)) return verdict->fault = SIGV4_NO_MEMORY;
    return check_signature(&trial, rules, verdict);
}
