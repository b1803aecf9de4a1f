/* What clients sign with the RSA key that they were given: a service account's assertion at Google,
 * a client assertion at Azure. Signed here by OpenSSL alone, and changed in one place at a time. */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "base/duration.h"
#include "document/json.h"
#include "simulator/authority/authority.h"
#include "simulator/authority/jwt.h"

#define NOW      INT64_C(1767225600) /* 2026-01-01 */
#define BASE_URL "http://127.0.0.1:9000"
#define TENANT   "11111111-2222-4333-8444-555555555555"
#define CLIENT   "66666666-7777-4888-9999-aaaaaaaaaaaa"
#define ACCOUNT  "redial@redial-canary.iam.gserviceaccount.com"

struct signer {
    struct arena *arena;
    struct authority *authority;
    EVP_PKEY *key;
};

static struct redial_str private_key(struct signer *signer, enum authority_file file)
{
    struct redial_str contents, pem;
    struct json *root;

    cr_assert(authority_file(signer->authority, file, REDIAL_STR(BASE_URL), NOW * NS_PER_SECOND,
                             signer->arena, &contents));
    if (file == AUTHORITY_CLIENT_CERTIFICATE) return contents;
    root = json_parse(contents);
    cr_assert(str_is(json_text(json_at(root, "token_uri")), BASE_URL "/token"));
    cr_assert(arena_copy(signer->arena, json_text(json_at(root, "private_key")), &pem));
    json_free(root);
    return pem;
}

static void signer_init(struct signer *signer, enum authority_file file)
{
    struct authority_options options = {.seed = 7};
    struct redial_str pem;
    BIO *bio;

    signer->arena = arena_new();
    signer->authority = authority_new(&options);
    pem = private_key(signer, file);
    bio = BIO_new_mem_buf(pem.ptr, (int)pem.len);
    signer->key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
    cr_assert_not_null(signer->key);
    BIO_free(bio);
}

static void signer_clean_up(struct signer *signer)
{
    EVP_PKEY_free(signer->key);
    authority_destroy(signer->authority);
    arena_destroy(signer->arena);
}

static void sign(const struct signer *signer, bool pss, struct text *token)
{
    unsigned char signature[256];
    size_t len = sizeof signature;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    EVP_PKEY_CTX *padding = NULL;

    cr_assert_eq(EVP_DigestSignInit(context, &padding, EVP_sha256(), NULL, signer->key), 1);
    if (pss) {
        EVP_PKEY_CTX_set_rsa_padding(padding, RSA_PKCS1_PSS_PADDING);
        EVP_PKEY_CTX_set_rsa_pss_saltlen(padding, RSA_PSS_SALTLEN_DIGEST);
    }
    cr_assert_eq(
        EVP_DigestSign(context, signature, &len, (const unsigned char *)token->ptr, token->len), 1);
    EVP_MD_CTX_free(context);
    text_append_char(token, '.');
    authority_base64url(token, (struct redial_str){(const char *)signature, len});
}

/* ---- Google */

struct assertion_case {
    char name[64];
    char header[48];
    char issuer[64], audience[64], scope[32];
    int64_t begins, ends; /* seconds from now */
    bool tampered;
    char error[24]; /* "" for a token */
    char says[64];
};

#define GOOD_ACCOUNT ACCOUNT, "https://oauth2.googleapis.com/token", "cloud-platform"
ParameterizedTestParameters(authority_rsa, assertion)
{
    /* clang-format off */
    static struct assertion_case cases[] = {
        {"as the Google library signs it", "{\"alg\":\"RS256\"}", GOOD_ACCOUNT, 0, 3600, false, "", ""},
        {"with its own token server as audience", "{\"alg\":\"RS256\"}", ACCOUNT, BASE_URL "/token", "x", 0, 3600, false, "", ""},
        {"changed after it was signed", "{\"alg\":\"RS256\"}", GOOD_ACCOUNT, 0, 3600, true, "invalid_grant", "Invalid JWT Signature."},
        {"without a signature", "{\"alg\":\"none\"}", GOOD_ACCOUNT, 0, 3600, false, "invalid_grant", "Invalid JWT Signature."},
        {"with another algorithm named", "{\"alg\":\"HS256\"}", GOOD_ACCOUNT, 0, 3600, false, "invalid_grant", "Invalid JWT Signature."},
        {"of another account", "{\"alg\":\"RS256\"}", "me", "https://oauth2.googleapis.com/token", "x", 0, 3600, false, "invalid_grant", "account not found"},
        {"for somebody else", "{\"alg\":\"RS256\"}", ACCOUNT, "https://example.com/token", "x", 0, 3600, false, "invalid_grant", "Failed audience check"},
        {"without a scope", "{\"alg\":\"RS256\"}", ACCOUNT, "https://oauth2.googleapis.com/token", "", 0, 3600, false, "invalid_scope", "Invalid OAuth scope"},
        {"out of date", "{\"alg\":\"RS256\"}", GOOD_ACCOUNT, -3600, 0, false, "invalid_grant", "reasonable timeframe"},
        {"for too long", "{\"alg\":\"RS256\"}", GOOD_ACCOUNT, 0, 3601, false, "invalid_grant", "reasonable timeframe"},
        {"from the future", "{\"alg\":\"RS256\"}", GOOD_ACCOUNT, 301, 3600, false, "invalid_grant", "reasonable timeframe"},
    };
    /* clang-format on */
    return cr_make_param_array(struct assertion_case, cases, REDIAL_COUNT_OF(cases));
}

static void write_assertion(const struct signer *signer, const struct assertion_case *c,
                            struct text *token)
{
    struct text claims = TEXT_INIT;

    text_printf(
        &claims, "{\"iss\":\"%s\",\"aud\":\"%s\",\"scope\":\"%s\",\"iat\":%lld,\"exp\":%lld}",
        c->issuer, c->audience, c->scope, (long long)(NOW + c->begins), (long long)(NOW + c->ends));
    authority_base64url(token, str_of(c->header));
    text_append_char(token, '.');
    authority_base64url(token, text_str(&claims));
    sign(signer, false, token);
    if (c->tampered) token->ptr[token->len - 30] = token->ptr[token->len - 30] == 'A' ? 'B' : 'A';
    text_clean_up(&claims);
}

static void ask(struct signer *signer, enum issuer issuer, const char *target, struct text *body,
                struct authority_reply *reply)
{
    struct authority_request request = {"POST", str_of(target), NULL, 0, text_str(body)};

    cr_assert(authority_answer(signer->authority, issuer, &request, REDIAL_STR(BASE_URL),
                               NOW * NS_PER_SECOND, signer->arena, reply));
}

ParameterizedTest(struct assertion_case *c, authority_rsa, assertion)
{
    struct signer signer;
    struct text token = TEXT_INIT, body = TEXT_INIT;
    struct authority_reply reply;

    signer_init(&signer, AUTHORITY_SERVICE_ACCOUNT);
    write_assertion(&signer, c, &token);
    text_printf(&body,
                "grant_type=urn%%3Aietf%%3Aparams%%3Aoauth%%3Agrant-type%%3Ajwt-bearer&"
                "assertion=%s",
                token.ptr);
    ask(&signer, ISSUER_GOOGLE_TOKEN, "/token", &body, &reply);
    cr_expect_eq(reply.status, c->error[0] ? 400 : 200, "%s: %.*s", c->name,
                 REDIAL_STR_ARG(reply.body));
    cr_expect_neq(str_find(reply.body, str_of(c->error)), SIZE_MAX, "%s", c->name);
    cr_expect_neq(str_find(reply.body, str_of(c->says)), SIZE_MAX, "%s: %.*s", c->name,
                  REDIAL_STR_ARG(reply.body));
    text_clean_up(&token);
    text_clean_up(&body);
    signer_clean_up(&signer);
}

/* ---- Azure */

struct certificate_case {
    char name[64];
    char algorithm[8], subject[48];
    int64_t begins, ends;
    bool pss, tampered;
    uint32_t code; /* AADSTS, 0 for a token */
};

ParameterizedTestParameters(authority_rsa, certificate)
{
    static struct certificate_case cases[] = {
        {"as newer libraries sign it", "PS256", CLIENT, 0, 600, true, false, 0},
        {"as older libraries sign it", "RS256", CLIENT, 0, 600, false, false, 0},
        {"the other padding than it says", "PS256", CLIENT, 0, 600, false, false, 700027},
        {"changed after it was signed", "RS256", CLIENT, 0, 600, false, true, 700027},
        {"about another client", "RS256", "somebody", 0, 600, false, false, 700021},
        {"out of date", "RS256", CLIENT, -600, 0, false, false, 700024},
        {"from the future", "RS256", CLIENT, 301, 600, false, false, 700024},
    };
    return cr_make_param_array(struct certificate_case, cases, REDIAL_COUNT_OF(cases));
}

static void write_client_assertion(const struct signer *signer, const struct certificate_case *c,
                                   struct text *token)
{
    struct text part = TEXT_INIT;

    text_printf(&part, "{\"typ\":\"JWT\",\"alg\":\"%s\",\"x5t#S256\":\"x\"}", c->algorithm);
    authority_base64url(token, text_str(&part));
    text_append_char(token, '.');
    text_clear(&part);
    text_printf(&part,
                "{\"aud\":\"x\",\"iss\":\"" CLIENT "\",\"sub\":\"%s\",\"jti\":\"1\",\"nbf\":%lld,"
                "\"exp\":%lld}",
                c->subject, (long long)(NOW + c->begins), (long long)(NOW + c->ends));
    authority_base64url(token, text_str(&part));
    sign(signer, c->pss, token);
    if (c->tampered) token->ptr[token->len - 30] = token->ptr[token->len - 30] == 'A' ? 'B' : 'A';
    text_clean_up(&part);
}

ParameterizedTest(struct certificate_case *c, authority_rsa, certificate)
{
    struct signer signer;
    struct text token = TEXT_INIT, body = TEXT_INIT, code = TEXT_INIT;
    struct authority_reply reply;

    signer_init(&signer, AUTHORITY_CLIENT_CERTIFICATE);
    write_client_assertion(&signer, c, &token);
    text_printf(&body,
                "grant_type=client_credentials&client_id=" CLIENT "&scope=https%%3A%%2F%%2F"
                "ai.azure.com%%2F.default&client_assertion_type=urn%%3Aietf%%3Aparams%%3Aoauth"
                "%%3Aclient-assertion-type%%3Ajwt-bearer&client_assertion=%s",
                token.ptr);
    ask(&signer, ISSUER_AZURE_AUTHORITY, "/" TENANT "/oauth2/v2.0/token", &body, &reply);
    if (c->code)
        text_printf(&code, "AADSTS%u:", c->code);
    else
        text_printf(&code, "access_token");
    cr_expect_eq(reply.status, c->code ? 401 : 200, "%s: %.*s", c->name,
                 REDIAL_STR_ARG(reply.body));
    cr_expect_neq(str_find(reply.body, text_str(&code)), SIZE_MAX, "%s: %.*s", c->name,
                  REDIAL_STR_ARG(reply.body));
    text_clean_up(&token);
    text_clean_up(&body);
    text_clean_up(&code);
    signer_clean_up(&signer);
}

Test(authority_rsa, before_a_key_was_given_out_no_signature_is_good)
{
    struct authority_options options = {.seed = 7};
    struct signer other, signer;
    struct text token = TEXT_INIT, body = TEXT_INIT;
    struct authority_reply reply;
    const struct assertion_case c = {"", "{\"alg\":\"RS256\"}", GOOD_ACCOUNT, 0, 3600, false, "",
                                     ""};

    signer_init(&other, AUTHORITY_SERVICE_ACCOUNT);
    write_assertion(&other, &c, &token);
    signer = (struct signer){arena_new(), authority_new(&options), NULL};
    text_printf(&body, "grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer&assertion=%s",
                token.ptr);
    ask(&signer, ISSUER_GOOGLE_TOKEN, "/token", &body, &reply);
    cr_expect_eq(reply.status, 400);
    text_clean_up(&token);
    text_clean_up(&body);
    signer_clean_up(&signer);
    signer_clean_up(&other);
}
