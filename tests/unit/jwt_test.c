#include "credentials/jwt.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>

#include "base/base64.h"
#include "base/duration.h"
#include "tests/support/failing_memory.h"
#include "tests/support/keys.h"

#define PASSWORD "not-a-secret-12"

/* ---- Keys */

struct key_case {
    char file[32], password[24];
    bool certified;
    char why[120]; /* empty: the file is good */
};

ParameterizedTestParameters(jwt, keys)
{
    static struct key_case cases[] = {
        {"rsa.pem", "", false, ""},
        {"rsa-pkcs1.pem", "", false, ""},
        {"certified.pem", "", true, ""},
        {"certified.p12", "", true, ""},
        {"certified-locked.pem", PASSWORD, true, ""},
        {"certified-locked.p12", PASSWORD, true, ""},
        {"rsa-cut-off.pem", "", false, "is cut off: *END"},
        {"rsa-locked.pem", "", false, "is protected by a password; store it without one"},
        {"rsa-1024.pem", "", false, "holds an RSA key of less than 2048 bits*"},
        {"ec.pem", "", false, "holds a key that is no RSA key*"},
        {"ec.pem", "", true, "holds a key that is no RSA key*"},
        {"rsa-public.pem", "", false, "holds no private key*"},
        {"README.md", "", false, "is no PEM*"},
        {"README.md", "", true, "is no PEM*"},
        {"certified-locked.pem", "", true, "is protected by a password; set AZURE_*"},
        {"certified-locked.p12", "", true, "is protected by a password; set AZURE_*"},
        {"certified-locked.pem", "wrong", true, "does not open with the password*"},
        {"certified-locked.p12", "wrong", true, "does not open with the password*"},
        {"rsa.pem", "", true, "holds no certificate*"},
        {"certified-other.pem", "", true, "*none that belongs to the key"},
    };
    return cr_make_param_array(struct key_case, cases, REDIAL_COUNT_OF(cases));
}

ParameterizedTest(struct key_case *c, jwt, keys)
{
    char bytes[KEY_FILE_MAX];
    struct redial_str file = key_file(c->file, bytes), why = {0};
    struct signing_key *key = c->certified
                                  ? signing_key_read_certified(file, str_of(c->password), &why)
                                  : signing_key_read(file, &why);
    if (c->why[0]) {
        cr_expect_null(key, "%s", c->file);
        cr_expect(glob_match(str_of(c->why), why), "%s: %.*s", c->file, REDIAL_STR_ARG(why));
    } else {
        cr_assert_not_null(key, "%s: %.*s", c->file, REDIAL_STR_ARG(why));
        struct text signature = TEXT_INIT;
        cr_expect(signing_key_sign(key, REDIAL_STR("message"), &signature));
        cr_expect(key_verifies(REDIAL_STR("message"), text_str(&signature)), "%s", c->file);
        cr_expect_not(key_verifies(REDIAL_STR("massage"), text_str(&signature)), "%s", c->file);
        cr_expect_eq(signing_key_sha256(key).len, c->certified ? 32 : 0);
        cr_expect_eq(signing_key_sha1(key).len, c->certified ? 20 : 0);
        cr_expect_eq(signing_key_ends_at(key) == INT64_MAX, !c->certified);
        text_clean_up(&signature);
    }
    signing_key_destroy(key);
}

Test(jwt, a_damaged_key_is_called_damaged)
{
    char bytes[KEY_FILE_MAX];
    struct redial_str why = {0}, file = key_file("rsa.pem", bytes);
    for (size_t i = 28; i < 100; i++)
        if (bytes[i] != '\n') bytes[i] = 'A';
    cr_expect_null(signing_key_read(file, &why));
    cr_expect(glob_match(REDIAL_STR("is damaged*"), why), "%.*s", REDIAL_STR_ARG(why));
}

/* ---- Tokens */

Test(jwt, a_token_is_three_parts_and_its_signature_covers_two)
{
    char bytes[KEY_FILE_MAX];
    struct redial_str why = {0}, header, claims, signature;
    struct text token = TEXT_INIT, decoded = TEXT_INIT;
    struct signing_key *key = signing_key_read(key_file("rsa.pem", bytes), &why);
    cr_assert_not_null(key);
    cr_assert(jwt_sign(key, REDIAL_STR("{\"alg\":\"RS256\"}"), REDIAL_STR("{\"exp\":7}"), &token));

    struct redial_str rest = text_str(&token);
    cr_assert(str_split(&rest, '.', &header) && str_split(&rest, '.', &claims));
    signature = rest;
    cr_expect(str_is(header, "eyJhbGciOiJSUzI1NiJ9"));
    cr_expect(str_is(claims, "eyJleHAiOjd9"));
    cr_assert(base64url_decode(signature, &decoded));
    cr_expect(
        key_verifies(str_take(text_str(&token), header.len + 1 + claims.len), text_str(&decoded)));
    text_clean_up(&decoded);
    text_clean_up(&token);
    signing_key_destroy(key);
}

struct exp_case {
    char name[48], token[96];
    int64_t seconds; /* -1: it does not say */
};

ParameterizedTestParameters(jwt, expiry)
{
    static struct exp_case cases[] = {
        {"a token says when it expires", "e30.eyJleHAiOjE4MDAwMDAwMDB9.c2ln", 1800000000},
        {"a signature is not looked at", "e30.eyJleHAiOjE4MDAwMDAwMDB9.", 1800000000},
        {"a token need not say it", "e30.e30.c2ln", -1},
        {"exp must be a number", "e30.eyJleHAiOiJzb29uIn0.c2ln", -1},
        {"exp must fit into time", "e30.eyJleHAiOjFlMzAwfQ.c2ln", -1},
        {"claims must be JSON", "e30.bm90IGpzb24.c2ln", -1},
        {"claims must be base64url", "e30.***.c2ln", -1},
        {"an opaque token says nothing", "ya29.opaque", -1},
        {"an empty token says nothing", "", -1},
    };
    return cr_make_param_array(struct exp_case, cases, REDIAL_COUNT_OF(cases));
}

ParameterizedTest(struct exp_case *c, jwt, expiry)
{
    int64_t expires_at = -NS_PER_SECOND;
    cr_expect_eq(jwt_expires_at(str_of(c->token), &expires_at), c->seconds >= 0, "%s", c->name);
    cr_expect_eq(expires_at / NS_PER_SECOND, c->seconds, "%s", c->name);
}

/* ---- Memory */

static bool sign_once(struct redial_str file)
{
    struct redial_str why = {0};
    struct text token = TEXT_INIT;
    struct signing_key *key = signing_key_read_certified(file, REDIAL_STR(""), &why);
    bool right = key && jwt_sign(key, REDIAL_STR("{}"), REDIAL_STR("{}"), &token);
    text_clean_up(&token);
    signing_key_destroy(key);
    return right;
}

Test(jwt, every_failed_allocation_is_survived)
{
    char bytes[KEY_FILE_MAX];
    struct redial_str file = key_file("certified.p12", bytes);
    bool failed = true;
    for (size_t nth = 1; failed; nth++) {
        failing_memory_begin(nth);
        bool right = sign_once(file);
        failed = failing_memory_end();
        cr_assert_eq(failing_memory_live(), 0, "a leak when allocation %zu fails", nth);
        cr_assert_eq(right, !failed, "allocation %zu", nth);
    }
}
