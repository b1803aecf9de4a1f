/* What a token server answered, read: a token and how long it is good, or what was wrong, as a
 * clause for people. One reader for OAuth 2.0 (RFC 6749 §5), Google's, Azure's and Anthropic's
 * servers and the metadata servers, which differ in where they say when a token expires. */
#ifndef REDIAL_CREDENTIALS_TOKEN_REPLY_H
#define REDIAL_CREDENTIALS_TOKEN_REPLY_H

#include "base/arena.h"
#include "credentials/flow.h"

enum token_verdict {
    TOKEN_GIVEN,
    TOKEN_LATER,   /* 408, 429, 5xx: the same question may be answered a moment later */
    TOKEN_REFUSED, /* asking again at once would not help; also when nothing came at all, since that
                      has taken its time already */
};

struct token_reply {
    struct redial_str token;         /* secret */
    struct redial_str refresh_token; /* secret; empty: none, or the old one stays good */
    int64_t expires_at;              /* ns since the Unix epoch */
    /* Not GIVEN: "answered 400 invalid_grant: Token has been revoked", no secret. */
    struct redial_str why;
    struct redial_str error; /* the server's own word, "invalid_grant"; empty: it said none */
};

/* Texts of the reply are copied into the arena. What the server wrote is redacted before it becomes
 * a part of `why`. REFUSED with an empty `why` when memory is out. */
enum token_verdict token_reply_read(const struct errand_answer *answer, int64_t now,
                                    struct arena *arena, struct token_reply *reply);

/* The verdict on any answer that should be 2xx, whatever its body: GIVEN for 2xx, and for what is
 * no HTTP answer (status 0: what a command printed). `why` as above. */
enum token_verdict token_reply_judge(const struct errand_answer *answer, struct arena *arena,
                                     struct token_reply *reply);
/* A clause about a body that is not what was expected ("answered 200 with HTML: …"). */
void token_reply_not_json(const struct errand_answer *answer, struct arena *arena,
                          struct token_reply *reply);

/* A token goes into a header: what could end the header, or is no printable ASCII, is no token. */
bool token_fits_a_header(struct redial_str token);

#define TOKEN_TRIES_MAX 3u
#define TOKEN_PAUSE     (500 * NS_PER_MS) /* before the second try; doubled before the third */

struct token_server {
    struct redial_str name; /* as sentences call it: "the token endpoint" */
    const char *cure; /* what a person does when the grant is refused for good; NULL: nothing */
};

/* For a step that waits for a token. True: `reply` has one, and its texts are the flow's secrets.
 * Otherwise `*move` is what the step returns: the same errand after a pause, or a failure that says
 * what the server answered. */
bool token_taken(struct flow *flow, const struct errand_answer *answer,
                 const struct token_server *server, struct token_reply *reply,
                 enum flow_move *move) REDIAL_MUST_USE;

#endif
