/* Between the files that answer: what is said, whatever way it goes out. */
#ifndef REDIAL_SIMULATOR_ANSWER_PARTS_H
#define REDIAL_SIMULATOR_ANSWER_PARTS_H

#include "simulator/serve/answer.h"

struct said {
    const char *const *words; /* of a text */
    size_t word_count;
    const struct json *tool; /* that is called; NULL: a text */
    const char *stop_reason;
    int64_t output_tokens;
};
struct said answer_choose(const struct answer_options *options);

const char *answer_message_prefix(enum platform_kind platform);
void answer_write_id(const char *prefix, uint64_t id, struct text *out);
/* What a tool is called with, as a JSON object. */
void answer_write_input(const struct json *tool, struct text *out);
/* A value that fits the schema. */
void answer_write_by_schema(const struct json *schema, struct text *out);
void answer_write_usage(const struct answer_options *options, int64_t output, struct text *out);

/* Headers of a reply, platform's own included. NULL when memory is out. */
struct exchange *answer_exchange(struct arena *arena, enum platform_kind platform, uint16_t status,
                                 const char *content_type, uint64_t id);
bool answer_stream(struct arena *arena, const struct answer_options *options,
                   const struct said *said, struct exchange *exchange);

#endif
