/* What the files of this folder share: the authority itself, what it has given out, a request read,
 * a reply being made. */
#ifndef REDIAL_SIMULATOR_AUTHORITY_PARTS_H
#define REDIAL_SIMULATOR_AUTHORITY_PARTS_H

#include "base/duration.h"
#include "simulator/authority/authority.h"

struct rsa_key; /* keys.h */

/* ---- What was given out */

enum grant_kind {
    GRANT_KEY,     /* a platform's static key */
    GRANT_TOKEN,   /* a bearer token of a platform */
    GRANT_SIGNER,  /* AWS keys: `text` is the access key id */
    GRANT_REFRESH, /* good at the issuer alone: buys a token */
    GRANT_SESSION, /* IMDSv2: opens the metadata */
};

#define FROM_FIRST_USE 0 /* an authority has no clock: its life begins when it is first seen */

struct grant {
    struct redial_str text;    /* what a request presents */
    struct redial_str secret;  /* SIGNER: the secret access key */
    struct redial_str session; /* SIGNER: the session token; empty: keys for good */
    enum grant_kind kind;
    enum platform_kind platform;
    uint32_t generation;   /* 0: given to begin with */
    int64_t expires_at;    /* ns since the Unix epoch; INT64_MAX never; FROM_FIRST_USE */
    int64_t requests_left; /* -1: any number */
    bool spent;            /* REFRESH: another one took its place */
    struct grant *next;    /* those to begin with; or what was issued, the oldest first */
};

/* What is given out while the authority lives: beyond this, what is over is forgotten, and then the
 * oldest. */
#define AUTHORITY_ISSUED_MAX 10000

/* What a client is given to begin with, one text each. */
enum given {
    GIVEN_NOTHING, /* what the authority signs identity tokens with; given to nobody */
    GIVEN_ANTHROPIC_KEY,
    GIVEN_ANTHROPIC_TOKEN,
    GIVEN_ANTHROPIC_REFRESH,
    GIVEN_ANTHROPIC_IDENTITY, /* a JWT for federation */
    GIVEN_AWS_KEY_ID,
    GIVEN_AWS_SECRET,
    GIVEN_AWS_BEARER,
    GIVEN_AWS_CONTAINER, /* the container endpoint's Authorization */
    GIVEN_AWS_SSO,
    GIVEN_AWS_IDENTITY, /* a JWT for AssumeRoleWithWebIdentity */
    GIVEN_GOOGLE_REFRESH,
    GIVEN_GOOGLE_CLIENT_SECRET,
    GIVEN_GOOGLE_IDENTITY, /* a JWT for the exchange of tokens */
    GIVEN_FOUNDRY_KEY,
    GIVEN_FOUNDRY_TOKEN,
    GIVEN_AZURE_SECRET,
    GIVEN_AZURE_IDENTITY, /* a JWT for workload identity */
    GIVEN_AZURE_HEADER,   /* App Service's X-IDENTITY-HEADER */
    GIVEN_COUNT
};

/* The names of things that are no secrets; a client sends them, the authority knows them. */
#define ANTHROPIC_CLIENT_ID    "9d1c250a-e61b-44d9-88ed-5944d1962f5e"
#define ANTHROPIC_RULE         "fdrl_01canary"
#define ANTHROPIC_ORGANIZATION "5d3a8c52-0b5e-4c7b-9a54-7a1f5f0c9d11"
#define ANTHROPIC_ACCOUNT      "svac_01canary"
#define AWS_ROLE_ARN           "arn:aws:iam::123456789012:role/redial-canary"
#define AWS_ROLE_NAME          "redial-canary"
#define AWS_ACCOUNT            "123456789012"
#define AWS_REGION             "us-east-1"
#define GOOGLE_PROJECT         "redial-canary"
#define GOOGLE_CLIENT_ID       "123456789012-canary.apps.googleusercontent.com"
#define GOOGLE_ACCOUNT         "redial@redial-canary.iam.gserviceaccount.com"
#define GOOGLE_AUDIENCE                                                                            \
    "//iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools/redial/"    \
    "providers/redial"
#define GOOGLE_IDENTITY_PATH "/identity" /* where an external account finds its token */
#define AZURE_TENANT         "11111111-2222-4333-8444-555555555555"
#define AZURE_CLIENT         "66666666-7777-4888-9999-aaaaaaaaaaaa"
#define IDENTITY_ISSUER      "https://identity.redial.example"
#define IDENTITY_SUBJECT     "system:serviceaccount:default:redial"

struct issued { /* by platform */
    uint32_t generation_last;
    int64_t expired_to, revoked_to; /* generations up to these are refused; -1 none */
};

struct authority {
    struct authority_options options;
    struct arena *arena;
    uint64_t random;
    struct redial_str given[GIVEN_COUNT];
    struct authority_secret *environment[PLATFORM_KIND_COUNT];
    size_t environment_count[PLATFORM_KIND_COUNT];
    struct grant **slots; /* open addressing by text */
    size_t slot_count, grant_count;
    struct grant *begun_with, *oldest, *newest;
    size_t issued_count;
    struct redial_str *secrets;
    size_t secret_count, secret_capacity;
    size_t begun_secrets; /* the first of them, which stay */
    struct issued issued[PLATFORM_KIND_COUNT];
    struct rsa_key *rsa; /* NULL until something asks for it */
};

/* A text of `stem`, which holds the word canary, and `length` letters and digits; kept as a secret.
 * False when memory is out. */
bool secret_make(struct authority *authority, const char *stem, size_t length,
                 struct redial_str *secret) REDIAL_MUST_USE;
/* Appends one that is not kept yet. */
bool secret_write(struct authority *authority, const char *stem, size_t length,
                  struct text *out) REDIAL_MUST_USE;
bool secret_keep(struct authority *authority, struct redial_str secret) REDIAL_MUST_USE;
/* An id in hexadecimal, 8-4-4-4-12. */
#define UUID_SIZE 37
void uuid_make(struct authority *authority, char out[UUID_SIZE]);

/* Adds a grant that stays for good; its texts are the authority's. NULL when memory is out. */
struct grant *grant_begin_with(struct authority *authority, const struct grant *grant);
/* Adds a grant, a token or keys of their platform's next generation; its texts are copied and kept
 * as secrets. What was issued long ago may go for it, with every pointer to it. NULL: memory. */
struct grant *grant_issue(struct authority *authority, const struct grant *grant, int64_t now);
/* The same with a new secret as its text. */
struct grant *grant_secret(struct authority *authority, const struct grant *grant, const char *stem,
                           size_t length, int64_t now);
void grants_clean_up(struct authority *authority);
struct grant *grant_find(const struct authority *authority, struct redial_str text); /* or NULL */

enum grant_state { GRANT_GOOD, GRANT_EXPIRED, GRANT_REVOKED };
enum grant_state grant_state(const struct authority *authority, struct grant *grant, int64_t now);
/* A new bearer token; keys that sign. Good for the authority's token_life. NULL: memory is out. */
struct grant *grant_token(struct authority *authority, enum platform_kind platform,
                          const char *stem, int64_t now);
struct grant *grant_signer(struct authority *authority, int64_t now);
int64_t grant_seconds(const struct authority *authority); /* token_life, rounded up */

/* What a client is given to begin with (given.c). */
bool given_make(struct authority *authority) REDIAL_MUST_USE;

/* ---- A request, read */

struct redial_str request_header(const struct authority_request *request, const char *name);
struct redial_str request_path(const struct authority_request *request);
struct redial_str request_query(const struct authority_request *request);
bool request_is(const struct authority_request *request, const char *method);
struct redial_str request_bearer(const struct authority_request *request); /* empty none */

/* Fields of a query or of a form (application/x-www-form-urlencoded), decoded. */
#define FORM_FIELDS_MAX 32
struct form {
    struct {
        struct redial_str name, value;
    } fields[FORM_FIELDS_MAX];
    size_t count;
};
bool form_read(struct arena *arena, struct redial_str text, struct form *form) REDIAL_MUST_USE;
/* The first of that name; empty, its ptr NULL, when there is none. */
struct redial_str form_value(const struct form *form, const char *name);

/* ---- A reply being made */

struct answer {
    struct authority *authority;
    const struct authority_request *request;
    struct redial_str base_url;
    int64_t now;
    struct arena *arena;
    struct authority_reply *reply;
    struct redial_str *why; /* checks: for people; NULL for issuers */
};

/* All of these are false when memory is out, and give the reply its status and type as well. */
bool answer_json(struct answer *answer, uint16_t status, const char *format, ...) REDIAL_MUST_USE
    REDIAL_PRINTF(3, 4);
bool answer_body(struct answer *answer, uint16_t status, const char *type,
                 struct text *body) REDIAL_MUST_USE; /* takes the text over */
bool answer_words(struct answer *answer, uint16_t status, const char *type,
                  const char *words) REDIAL_MUST_USE; /* words: static */
bool answer_header(struct answer *answer, const char *name,
                   struct redial_str value) REDIAL_MUST_USE;
bool answer_uuid_header(struct answer *answer, const char *name) REDIAL_MUST_USE;
/* RFC 6749 §5.2: {"error","error_description"} */
bool answer_oauth_error(struct answer *answer, uint16_t status, const char *error,
                        const char *description) REDIAL_MUST_USE;
/* Says why a check refused. */
bool answer_why(struct answer *answer, const char *format, ...) REDIAL_MUST_USE REDIAL_PRINTF(2, 3);

/* ---- Moments */

#define ISO_SIZE 32
void iso_write(int64_t moment, char out[ISO_SIZE]); /* "2026-01-01T00:00:00Z" */

/* ---- The issuers, each in its file */

/* Google's access token, as its endpoints give it; `scope` may be empty. */
bool google_give(struct answer *answer, struct redial_str scope) REDIAL_MUST_USE;
/* Tokens from tokens: the exchange (RFC 8693), a service account impersonated, and the identity
 * that an external account begins with. `served` is false when the path is none of theirs. */
bool google_derive(struct answer *answer, bool *served) REDIAL_MUST_USE;
/* What is wrong with a signed request of AWS's as a subject token; NULL: nothing. */
const char *google_aws_fault(struct answer *answer, struct redial_str token);
#define GOOGLE_SCOPE "https://www.googleapis.com/auth/cloud-platform"

typedef bool issuer_fn(struct answer *answer);
issuer_fn issue_anthropic, issue_aws_sts, issue_aws_sso, issue_aws_imds, issue_aws_container,
    issue_google_token, issue_google_metadata, issue_azure_authority, issue_azure_imds,
    issue_azure_app_service;

/* ---- The checks, each in its file: true, and `identity` is who it is, or false and the answer is
 * the refusal */

enum checked { CHECKED_GOOD, CHECKED_REFUSED, CHECKED_NO_MEMORY };
typedef enum checked check_fn(struct answer *answer, struct authority_identity *identity);
check_fn check_anthropic, check_bedrock, check_vertex, check_foundry;
/* Counts one request of the grant, and says who it is. */
enum checked check_passed(struct grant *grant, const char *how,
                          struct authority_identity *identity);

#endif
