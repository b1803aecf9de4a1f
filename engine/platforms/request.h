/* Requests as a platform wants them: method, URL, headers, body. */
#ifndef REDIAL_PLATFORMS_REQUEST_H
#define REDIAL_PLATFORMS_REQUEST_H

#include "base/arena.h"
#include "base/http.h"
#include "model/policy.h"

/* What an attempt asks for, whatever the platform. */
struct request_facts {
    const struct redial_policy *policy;
    uint16_t provider;
    struct redial_str model; /* the policy's name; mapped to the platform's id here */
    int64_t max_tokens;
    bool stream;                /* ignored where the platform's streams are not read */
    bool fast;                  /* the policy's fast mode; ignored off Anthropic's own platform */
    struct redial_str messages; /* JSON array; a prefill is left out where the model takes none */
    struct redial_str
        credential; /* the bearer token or key itself; goes into one header and nowhere else */
    bool credential_is_key; /* x-api-key rather than a bearer token, where the platform tells them
                               apart */
    struct redial_str
        base_url; /* replaces the provider's (fake platforms); empty: the provider's own */
    struct redial_str project; /* Vertex: whose project is asked and billed */
    struct redial_str
        client_request_id; /* sent only where the platform's feature cell allows it; may be empty */
    const struct redial_header *custom_headers; /* likewise */
    size_t custom_header_count;
};

/* Builds into `arena`. False when memory is out, no base URL is known, or a header cannot be sent
 * as it is (`why` says which; it never holds a header's value). */
bool request_build(struct arena *arena, const struct request_facts *facts,
                   struct http_request *request, struct redial_str *why) REDIAL_MUST_USE;

#endif
