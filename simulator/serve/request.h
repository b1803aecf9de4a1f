/* Between the files that lead a request through the server. */
#ifndef REDIAL_SIMULATOR_REQUEST_H
#define REDIAL_SIMULATOR_REQUEST_H

#include "simulator/serve/serve_parts.h"

/* What is known of a request on its way. */
struct request {
    struct fakes *fakes;
    struct place *place;
    struct arrival *arrival;
    struct play *play;
    struct arena *arena;      /* of the arrival */
    struct redial_str target; /* without the provider that one port begins its paths with */
    const struct redial_header *headers; /* without what names the session */
    struct redial_str session_name;
    struct session *session;
    uint16_t provider;
    struct route route;
    struct memo *memo; /* of a message that is answered whole; NULL: none */
};

struct journal_entry *request_entry(const struct request *request);
/* Its provider, which must be known; and the platform of any provider. */
const struct provider *request_provider(const struct request *request);
enum platform_kind request_platform(const struct request *request, uint16_t provider);
/* The first provider on that platform; REDIAL_NO_INDEX none. */
uint16_t request_first_with(const struct request *request, enum platform_kind platform);
/* Tells the journal, and begins to say it; NULL: memory is out, and the connection is closed. */
void request_reply(struct request *request, const struct exchange *exchange);
/* The same for a request that was wrong; the journal keeps why. */
void request_reject(struct request *request, const struct exchange *exchange,
                    struct redial_str why);
/* Rejects it in the words of its route's platform. */
void request_reject_with(struct request *request, const struct objection *objection);
/* An exchange of what a server of the fakes says by itself, the authority or one that gives
 * credentials, after so many ns. NULL when memory is out. */
const struct exchange *request_say(struct request *request, const struct authority_reply *said,
                                   int64_t after);
/* The policy's name for what the platform calls `id`, the prefix of a Bedrock profile aside, and
 * its index; for a name that no policy knows its own, and REDIAL_NO_INDEX. */
struct redial_str request_model(struct request *request, struct redial_str id, uint16_t *index);
/* The name as the fakes keep it, since worlds tell names by their place; "a-model" when it is too
 * long or one too many to be kept. */
struct redial_str request_own_name(struct request *request, struct redial_str id);
/* What its body asks for, to the journal. */
void request_note(struct request *request, const struct demand *demand);
/* Its session's name, its provider and its route, by its head. False when memory is out. */
bool request_read_head(struct request *request);
/* Whose message it is, by its head: session, provider and route. False when it is none, memory is
 * out, or there are too many sessions. */
bool request_find(struct request *request);
/* Answers a message as the session's world has it, in a conversation of the journal. */
void messages_answer(struct request *request, const struct demand *demand,
                     const struct authority_identity *identity);
/* Stops reading, closes: its head alone was read. */
void strike_pipe(struct request *request);
/* A time of the world as it passes here, and the moment that the world is at. */
int64_t request_at_speed(const struct request *request, int64_t time);
int64_t request_world_now(const struct request *request);
/* The exchange with the headers that it carries besides; `output` is how many tokens it says. NULL
 * when memory is out. */
const struct exchange *request_dress(struct request *request, const struct demand *demand,
                                     int64_t output, const struct exchange *exchange);
/* Whether a credential server serves its path, which then has answered. */
bool request_ask_issuer(struct request *request);

#endif
