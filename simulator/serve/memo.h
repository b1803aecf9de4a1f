/* Requests that were read not long ago, with what was answered. Private to serve. */
#ifndef REDIAL_SIMULATOR_MEMO_H
#define REDIAL_SIMULATOR_MEMO_H

#include "simulator/serve/answer.h"
#include "simulator/serve/compress.h"

struct arrival;
struct fakes;
struct place;
struct request;
struct session;

/* A request seen not long ago, with what came of reading it: who sends the same bytes again gets
 * the same answer, but for its ids. */
struct memo {
    struct text bytes; /* head and body */
    size_t head_len;
    const struct place *place;
    struct session *session; /* NULL: not in use */
    struct route route;
    uint16_t provider, model_index;
    struct redial_str model;
    struct demand demand; /* without its body */
    struct text answer;   /* the fakes' own, whole */
    size_t id_at;         /* of the message's id in it */
    bool gzip;            /* its client takes it compressed */
    struct packed packed; /* then this is sent; empty: it is too short */
};
#define MEMOS_MAX      8u
#define MEMO_BYTES_MAX 16384u

/* What is known of a request with these bytes; NULL: nothing. */
struct memo *memo_find(struct fakes *fakes, const struct place *place,
                       const struct arrival *arrival);
/* Keeps what was read of a request for a message, which has the memo from then on; one that may be
 * answered otherwise the next time is not kept. */
void memo_keep(struct request *request, const struct demand *demand);
/* Keeps the answer to the request whose memo it has, if only ids make it differ the next time. */
void memo_keep_answer(struct request *request, const struct answer_options *options,
                      const struct exchange *exchange);
/* The kept answer once more, with ids of its own. NULL when memory is out. */
struct exchange *memo_answer(struct request *request, const struct memo *memo,
                             const struct answer_options *options);
void memos_forget(struct fakes *fakes);

#endif
