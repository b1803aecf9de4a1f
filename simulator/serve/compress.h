/* gzip for whoever accepts it. Bodies are compressed whole; a stream event by event, each going out
 * as it happens. What a script counts in bytes or breaks goes out as it stands, and so do Bedrock's
 * own replies: AWS compresses none. */
#ifndef REDIAL_SIMULATOR_COMPRESS_H
#define REDIAL_SIMULATOR_COMPRESS_H

#include "base/arena.h"
#include "base/str.h"

struct exchange;
struct request;

/* The exchange as this client gets it: itself, or compressed. Of a stream only its headers are
 * changed, and the request's play has the packing. Memory that runs out leaves it plain. */
const struct exchange *request_compress(struct request *request, const struct exchange *exchange);
/* A copy whose headers say that its body is compressed. NULL when memory is out. */
struct exchange *compress_announce(struct arena *arena, const struct exchange *exchange);

/* One stream on its way. */
struct packing;
struct packing *packing_new(void);             /* NULL: memory is out */
void packing_destroy(struct packing *packing); /* NULL is fine */
/* The compressed bytes of `plain`, which can be read as they are; `last` ends the stream. They are
 * borrowed until the next call. False when memory is out. */
bool packing_add(struct packing *packing, struct redial_str plain, bool last,
                 struct redial_str *out) REDIAL_MUST_USE;

/* A body that is the same each time but for an id of a known length in it: compressed once, with
 * the id as it is at a place of its own. */
struct packed {
    struct text bytes;
    size_t id_at;
    unsigned long head_sum; /* CRC of what stands before the id */
};
/* False when it is too short to gain by it, or memory is out: then `packed` is empty. */
bool packed_make(struct packed *packed, struct redial_str body, size_t id_at, size_t id_len);
/* With another id; `body` is the plain one of before. */
bool packed_write(const struct packed *packed, struct redial_str body, struct redial_str id,
                  size_t id_at, struct arena *arena, struct redial_str *out) REDIAL_MUST_USE;
void packed_clean_up(struct packed *packed);

bool accepts_gzip(struct redial_str header); /* RFC 9110 §12.5.3 */

#endif
