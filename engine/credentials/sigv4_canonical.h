/* The canonical request of SigV4: one way to write a request down, so that both sides hash the same
 * bytes. Parts are appended to growable texts, whose failure is checked once at the end. */
#ifndef REDIAL_CREDENTIALS_SIGV4_CANONICAL_H
#define REDIAL_CREDENTIALS_SIGV4_CANONICAL_H

#include "base/url.h"
#include "credentials/sigv4.h"

/* The path, normalised and encoded once more as the keys say. False: memory is out. */
bool canonical_path(struct arena *arena, const struct sigv4 *keys, struct redial_str path,
                    struct text *out) REDIAL_MUST_USE;
/* name=value pairs, encoded anew and sorted. False: memory is out. */
bool canonical_query(struct arena *arena, struct redial_str query,
                     struct text *out) REDIAL_MUST_USE;
/* `lines`: "name:value" each with a line end; `names`: "a;b;c". Host is taken from the URL when no
 * header says it. `skip` (may be empty) is sent, but not signed. False: memory is out. */
bool canonical_headers(struct arena *arena, const struct http_request *request,
                       const struct url *url, struct redial_str skip, struct text *lines,
                       struct text *names) REDIAL_MUST_USE;
/* A signature covers this header, and an earlier one is replaced by a later signature's own. */
bool canonical_replaces(struct redial_str name);

#endif
