/* What the files that build requests share. Private to platforms/request*.c. */
#ifndef REDIAL_PLATFORMS_REQUEST_PARTS_H
#define REDIAL_PLATFORMS_REQUEST_PARTS_H

#include "platforms/request.h"

/* What a request is built from, resolved once. */
struct build {
    struct arena *arena;
    const struct request_facts *facts;
    const struct provider *provider;
    const struct platform *platform;
    const struct platform_wire *wire;
    const struct body *body;
    struct target target;
    bool refuses_prefill;
    struct redial_str betas;         /* joined by commas, each once; may be empty */
    struct redial_str betas_changed; /* likewise the caller's that do not go as they are */
    struct redial_header *headers;
    size_t header_count;
    struct redial_str *why;
};

/* "what 'name': cure"; always false. */
bool request_refuse(const struct build *build, const char *what, struct redial_str name,
                    const char *cure);
bool request_out_of_memory(const struct build *build);
/* Moves a text into the arena. */
bool request_settle(const struct build *build, struct text *text, struct redial_str *settled);
bool request_is_fast(const struct build *build);

/* Where to (request_target.c). */
bool request_resolve(struct build *build);
bool request_write_url(const struct build *build, struct redial_str *url);
/* With which flags and headers (request_headers.c). */
bool request_join_betas(struct build *build);
bool request_add_headers(struct build *build);
/* What (request_body.c). */
bool request_splice_body(const struct build *build, struct http_request *request);

#endif
