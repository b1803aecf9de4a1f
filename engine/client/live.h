/* Between the files of the live client. A call goes round by being put on its client's list of
 * what is to be done: callbacks of transfers, of the vault and of timers only note what happened,
 * and redial_client_move steps the call afterwards. So no step runs within a callback, and no
 * handler finds a call half changed. */
#ifndef REDIAL_CLIENT_LIVE_H
#define REDIAL_CLIENT_LIVE_H

#include "client/observe.h"
#include "client/vault.h"
#include "platforms/body.h"
#include "platforms/reader.h"
#include "story/story.h"

#define LIVE_CONNECT_TIMEOUT (30 * NS_PER_SECOND)
#define LIVE_REQUEST_ID_SIZE 37 /* a UUID and its NUL */

enum live_todo {
    LIVE_BEGIN = 1,
    LIVE_CANCEL = 2,
    LIVE_SEND = 4,      /* the credential that the attempt waits for has come, or will not */
    LIVE_ENDED = 8,     /* the attempt has ended: `end` says how */
    LIVE_UNSENT = 16,   /* the attempt could not be sent: `detail` says why */
    LIVE_REPAIRED = 32, /* the repair is over: `repaired` */
    LIVE_RESUME = 64,
};

struct redial_client {
    struct redial_engine *engine;
    struct client *transfers;
    struct timers timers;
    struct errands errands;
    struct vault *vault;
    struct redial_live *calls; /* under way */
    struct redial_live *todo, **todo_end;
    size_t count;
    struct redial_client_options options;
    struct live_observer observer;
    int64_t clock_offset; /* of the calls' clock to clock_steady */
    uint32_t sent;        /* calls so far */
    struct text why;
};

struct redial_live {
    struct redial_client *client;
    struct redial_live *next, **link; /* in client->calls */
    struct redial_live *todo_next;
    unsigned todo;  /* enum live_todo, bits */
    bool is_listed; /* in client->todo */
    uint32_t number;
    struct redial_request request;
    struct redial_call call;
    const struct redial_policy *policy; /* held as long as the story needs its names */
    uint64_t seed;
    struct timer timer;
    int64_t began_at, stepped_at; /* stepped_at: the last step's moment */
    bool begun, paused, stream;

    /* The prompt. */
    struct body body;
    struct text compacted; /* messages in place of the body's; empty: the body's own */
    struct text model;     /* that the body names */

    /* The credential that the last attempt presented. */
    struct vault_place *place;
    struct vault_wait wait;
    uint32_t presented;
    struct arena *credential_arena; /* its source, and its secrets for redaction */
    struct redial_str source;
    struct redial_str secrets[2];
    const struct vault_place *told_place; /* whose source the story has told */
    uint32_t told_generation;
    uint64_t betas_told; /* bit per provider whose changes of beta flags the story has told */

    /* The attempt under way. */
    bool under_way, connected, head_seen;
    bool fresh_connection;
    enum redial_cause unsent; /* what kept it back, when it could not be sent */
    struct arena *attempt_arena;
    struct http_request http;
    struct transfer *transfer; /* NULL: it ended, or was not sent yet */
    struct reply_reader *reader;
    struct transfer_end end;
    /* On the calls' clock. sent_at: as the engine decided it; asked_at: when the transfer began. */
    int64_t sent_at, asked_at, heard_at, ended_at, abort_at, idle_timeout;
    struct redial_event event;  /* the last that was judged */
    struct text detail, answer; /* answer: of a reply that is no stream */
    struct redial_event repaired;
    int64_t repaired_at;

    struct story *story; /* NULL: nobody listens */
    struct text line;    /* the story in words, up to `told` bytes of which were told */
    size_t told;
    bool last_may_change; /* the last line: its connection, or its count of deltas */
};

int64_t live_now(const struct redial_client *client);
/* Puts the call on the list. */
void live_do(struct redial_live *call, enum live_todo what);

/* One event to the engine, at the moment when it happened, however late it is worked on: so a
 * record of the call tells its story again. Does what the engine decides. */
void live_step(struct redial_live *call, const struct redial_event *event, int64_t at);

/* ---- Attempts */

void live_send(struct redial_live *call, const struct redial_decision *decision);
void live_send_on(struct redial_live *call); /* its credential is there, or will not be */
void live_judge(struct redial_live *call);   /* the reply is whole, or broke */
void live_time_out(struct redial_live *call, int64_t at); /* the attempt is over its time */
/* Forgets the attempt, closing what is open. None is fine. */
void live_give_up(struct redial_live *call);
/* When the next of its time limits is reached, on the calls' clock. */
int64_t live_attempt_due(const struct redial_live *call);

/* ---- Repairs */

void live_repair(struct redial_live *call, enum redial_step_kind repair);

/* ---- Telling */

void live_record(struct redial_live *call, int64_t now, const struct redial_event *event,
                 const struct redial_decision *decision);
void live_tell_connection(struct redial_live *call, bool reused);
void live_note(struct redial_live *call, struct redial_str text); /* a line that is no step */
void live_flush(struct redial_live *call);                        /* tells what was not told yet */
void live_tell_credential(struct redial_live *call, const struct credential *credential);
void live_tell_end(struct redial_live *call, const struct redial_decision *decision);
void live_on_event(struct redial_live *call, struct redial_str name, struct redial_str data);

#endif
