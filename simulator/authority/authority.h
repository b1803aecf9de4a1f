/* Who issues credentials and who checks them, in the world of the fakes: Anthropic OAuth, AWS STS,
 * SSO, IMDSv2 and container endpoint, Google's token and metadata servers, Azure's authority, IMDS
 * and App Service; and the check of every request to a platform: keys, bearer tokens with expiry
 * and revocation, SigV4 by its SignedHeaders list, JWT signatures. Pure: request bytes and a moment
 * in, a reply or a verdict out; no sockets, no clock. It shares no canonicalisation code with the
 * signing side (engine/credentials). One thread at a time may use an authority: it remembers what
 * it has issued. */
#ifndef REDIAL_SIMULATOR_AUTHORITY_H
#define REDIAL_SIMULATOR_AUTHORITY_H

#include "base/arena.h"
#include "model/policy.h"

struct authority;

/* A request as it arrived. `target` is the path and query exactly as sent, before any decoding. */
struct authority_request {
    const char *method;
    struct redial_str target;
    const struct redial_header *headers;
    size_t header_count;
    struct redial_str body;
};

struct authority_reply {
    uint16_t status;
    const struct redial_header *headers; /* in the arena given */
    size_t header_count;
    struct redial_str body;
};

/* The servers that give credentials, each reached by its own paths (and port, or all on one). */
enum issuer {
    ISSUER_ANTHROPIC,         /* /v1/oauth/token */
    ISSUER_AWS_STS,           /* POST / with Action=AssumeRole, AssumeRoleWithWebIdentity */
    ISSUER_AWS_SSO,           /* /federation/credentials */
    ISSUER_AWS_IMDS,          /* /latest/api/token, /latest/meta-data/iam/security-credentials/ */
    ISSUER_AWS_CONTAINER,     /* a path of its own, with an Authorization header */
    ISSUER_GOOGLE_TOKEN,      /* /token; /v1/token and :generateAccessToken for what is derived */
    ISSUER_GOOGLE_METADATA,   /* /computeMetadata/v1/ */
    ISSUER_AZURE_AUTHORITY,   /* /{tenant}/v2.0/.well-known/openid-configuration,
                                 /{tenant}/oauth2/v2.0/token */
    ISSUER_AZURE_IMDS,        /* /metadata/identity/oauth2/token */
    ISSUER_AZURE_APP_SERVICE, /* a path of its own, with X-IDENTITY-HEADER */
    ISSUER_COUNT
};
extern const struct names issuer_names;

struct authority_options {
    uint64_t seed;          /* of every id, key and token: the same seed, the same world */
    int64_t token_life;     /* ns that an issued token is good; 0: an hour */
    int64_t token_requests; /* requests that an issued token is good for; 0: any number */
};

struct authority *authority_new(const struct authority_options *options); /* NULL: memory is out */
void authority_destroy(struct authority *authority);                      /* NULL is fine */

/* Credential files that name the server they are for, and so are made when that is known. The first
 * two take an RSA key, which is made when one of them is first asked for, in a tenth of a second.
 */
enum authority_file {
    AUTHORITY_NO_FILE,
    AUTHORITY_SERVICE_ACCOUNT,    /* Google: JSON for GOOGLE_APPLICATION_CREDENTIALS */
    AUTHORITY_CLIENT_CERTIFICATE, /* Azure: PEM, key and certificate, for
                                     AZURE_CLIENT_CERTIFICATE_PATH */
    AUTHORITY_AUTHORISED_USER,    /* Google, as SERVICE_ACCOUNT; so are those below */
    AUTHORITY_IMPERSONATED,       /* a service account, by an authorised user */
    AUTHORITY_EXTERNAL_ACCOUNT,   /* an identity from elsewhere, impersonating a service account */
    AUTHORITY_EXTERNAL_AWS,       /* an identity of AWS's, by whatever keys the client has */
    AUTHORITY_FILE_COUNT
};

/* What a client is given to begin with: name and value of the environment variables that the usual
 * clients read, and the files that they name. Texts belong to the authority.
 *
 * Rows of one `way` belong together; a client uses one way, the first is the usual one. Rows
 * without a way go with every one. */
struct authority_secret {
    struct redial_str name, value;
    /* Not empty: `value` is what stands in a file of this name (mode 0600), and the variable holds
     * its path; with a '/' in it, the variable holds the path of the first folder. */
    struct redial_str file;
    enum authority_file made; /* else: authority_file gives what stands in it */
    struct redial_str way;    /* "key", "oauth", "imds", "web identity" …, the same word where
                                 platforms do it alike */
};
size_t authority_environment(const struct authority *authority, enum platform_kind platform,
                             const struct authority_secret **list);

bool authority_knows_way(struct redial_str way);
/* "key, bearer, oauth, federation; keys, bearer, …": a platform after the other. */
void authority_list_ways(struct text *out);

/* `base_url`: of the server of ISSUER_GOOGLE_TOKEN. Text in `arena`. False when memory is out or
 * OpenSSL failed. */
bool authority_file(struct authority *authority, enum authority_file file,
                    struct redial_str base_url, int64_t now, struct arena *arena,
                    struct redial_str *contents);

/* Whether this issuer serves such a path. */
bool authority_serves(enum issuer issuer, struct redial_str target);
/* The path that an environment variable of this issuer ends in (AWS_CONTAINER_CREDENTIALS_FULL_URI,
 * IDENTITY_ENDPOINT): "" where clients append their own. */
struct redial_str authority_path(enum issuer issuer);
/* A credential server's reply, its refusals included. `base_url`: of this server, for documents
 * that name it. False when memory is out. */
bool authority_answer(struct authority *authority, enum issuer issuer,
                      const struct authority_request *request, struct redial_str base_url,
                      int64_t now, struct arena *arena, struct authority_reply *reply);

/* Who a request to a platform comes from. */
struct authority_identity {
    uint32_t generation;   /* of the token it carries: 0 for what a client is given to begin with */
    bool is_static;        /* a key that cannot be refreshed */
    struct redial_str how; /* "sigv4", "bearer", "key"; static */
};
/* Checks the credential of a request to a platform. True: it is good. False: `refusal` is the
 * platform's own true error, and `why` a sentence for people that names the difference (canonical
 * request against canonical request for SigV4) and holds no secret. */
bool authority_check(struct authority *authority, enum platform_kind platform,
                     const struct authority_request *request, int64_t now, struct arena *arena,
                     struct authority_identity *identity, struct authority_reply *refusal,
                     struct redial_str *why);
/* From now on what was issued up to this generation is refused (revoked, or expired early). */
void authority_expire(struct authority *authority, enum platform_kind platform, uint32_t generation,
                      bool revoked);

/* Whether a bearer token, key or the like is one of those that were given out. */
bool authority_gave(const struct authority *authority, struct redial_str credential);
/* The secrets that stand in `text`, up to `room` of them. */
size_t authority_secrets_in(const struct authority *authority, struct redial_str text,
                            struct redial_str *found, size_t room);
/* Every secret that is known, for redaction and canary checks: 0 to count - 1. In a long life the
 * oldest are forgotten; a pointer is good until something else is given out. */
size_t authority_secret_count(const struct authority *authority);
struct redial_str authority_secret_at(const struct authority *authority, size_t index);

#endif
