/* Requests as a platform wants them: method, URL, headers, body. The body is the caller's own text,
 * sent as it lies there but for small edits: what is large is never copied.
 *
 *   member             becomes
 *   model              the platform's id, in the body or in the path
 *   messages           without a prefill where the model takes none; or other messages (a
 *                      compaction's)
 *   max_tokens         what the attempt may write
 *   stream             as the attempt asks; left out where the path says it
 *   speed              the policy's fast mode, and only on Anthropic's own platform
 *   anthropic_version  the platform's, in the body or as a header
 *   anthropic_beta     with the caller's, the credential's and fast mode's flags, each once; the
 *                      caller's as the platform's `betas` say; in Bedrock's body, elsewhere the
 *                      header anthropic-beta
 *   all others         as they are */
#ifndef REDIAL_PLATFORMS_REQUEST_H
#define REDIAL_PLATFORMS_REQUEST_H

#include "base/arena.h"
#include "base/http.h"
#include "platforms/body.h"
#include "platforms/platform.h"

/* What an attempt asks for, whatever the platform. */
struct request_facts {
    const struct redial_policy *policy;
    uint16_t provider;
    enum request_operation operation;
    const struct body *body; /* the caller's request; NULL: an empty one. Its text must outlive what
                                is built, of which it is the larger part */
    struct redial_str model; /* the policy's name; mapped to the platform's id here. A name that no
                                row has (an ARN, an id) is sent as it is */
    int64_t max_tokens;      /* 0: as the body says */
    bool stream;
    bool fast;                  /* the policy's fast mode; ignored off Anthropic's own platform */
    struct redial_str messages; /* JSON array, in place of the body's; empty: the body's. Must
                                   outlive what is built, like the body */
    const struct redial_str *betas; /* flags of anthropic-beta besides the body's own */
    size_t beta_count;
    struct redial_str credential_beta; /* the same for the credential, joined by commas */
    struct redial_str credential;      /* the bearer token or key itself; goes into one header and
                                          nowhere else. Empty: none (a signature is added later) */
    bool credential_is_key;          /* a static key: it has a header of its own where the platform
                                        says so */
    struct redial_str quota_project; /* Google: x-goog-user-project; may be empty */
    struct redial_str
        base_url; /* replaces the provider's (fake platforms); empty: the provider's own */
    struct redial_str project; /* Vertex: whose project is asked and billed; empty: the provider's,
                                  then the platform's */
    struct redial_str
        client_request_id; /* sent only where the platform's feature cell allows it; may be empty */
    const struct redial_header *custom_headers; /* likewise */
    size_t custom_header_count;
};

/* Builds into `arena`. False when memory is out, no base URL, region or project is known, or a
 * header cannot be sent as it is (`why` says which, and what was looked at; it never holds a
 * header's value). */
bool request_build(struct arena *arena, const struct request_facts *facts,
                   struct http_request *request, struct redial_str *why) REDIAL_MUST_USE;

/* The flags of anthropic-beta of such a request. */
struct request_betas {
    struct redial_str sent; /* joined by commas; may be empty */
    struct redial_str note; /* what becomes of the caller's that do not go as they are, in words;
                               empty: all do */
};
/* Into `arena`. False when memory is out. */
bool request_betas(struct arena *arena, const struct request_facts *facts,
                   struct request_betas *betas) REDIAL_MUST_USE;

/* The AWS service that the provider's requests are signed for (SigV4) unless a bearer token goes
 * with them; empty: they are never signed. The region is policy_region's. */
struct redial_str platform_signing_service(const struct redial_policy *policy, uint16_t provider);

#endif
