/* What differs between the platforms on the wire, one row of functions and words each. What an
 * error *means* is not here: that is data of the policy. */
#ifndef REDIAL_PLATFORMS_PLATFORM_H
#define REDIAL_PLATFORMS_PLATFORM_H

#include "document/json.h"
#include "model/policy.h"

/* What an error body says, borrowed from the parsed body; empty where it says nothing. */
struct error_facts {
    struct redial_str error, error_code, message, request_id;
};

/* What is asked of the model. */
enum request_operation {
    REQUEST_MESSAGES,
    REQUEST_COUNT_TOKENS, /* of the same body: how long its prompt is */
    REQUEST_OPERATION_COUNT
};

/* Where a request goes, resolved from the policy. */
struct target {
    enum request_operation operation;
    struct redial_str model_id, api_version, region, project;
    bool stream;
};

struct platform_wire {
    /* Replies. Every platform may answer a streamed request with server-sent events. */
    const char *frames_type;           /* media type of its event stream; NULL: it has none */
    const char *request_id_headers[2]; /* the first that is there wins; NULL: no more */
    const char *error_header;          /* names the error, NULL: the body does */
    bool (*read_error)(const struct json *body,
                       struct error_facts *facts); /* false: the body has another shape */

    /* Requests. */
    bool model_in_body;
    bool stream_in_body;  /* as `stream`; otherwise the path alone says it */
    bool version_in_body; /* as anthropic_version; otherwise a header of that name */
    bool beta_in_body;    /* as the list anthropic_beta; otherwise the header anthropic-beta */
    bool count_in_base64; /* a count wraps the request's body */
    void (*write_path)(struct text *url, const struct target *target);
};

const struct platform_wire *platform_wire(enum platform_kind kind);

extern const struct platform_wire anthropic_wire, bedrock_wire, mantle_wire, vertex_wire,
    foundry_wire;

/* Anthropic's own error shape, which models behind every platform speak too. */
bool anthropic_read_error(const struct json *body, struct error_facts *facts);
/* Its own paths, which Foundry and Bedrock's Mantle have as well. */
void anthropic_write_path(struct text *url, const struct target *target);

#endif
