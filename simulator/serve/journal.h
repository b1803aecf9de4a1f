/* What arrived at the fakes and what was done to it, in order: the one record that the summary, the
 * HTTP interface, the verdict on a client and a recording are all made from. Secrets are cut out
 * when an entry is made: a credential is known by its generation, never by its text. */
#ifndef REDIAL_SIMULATOR_JOURNAL_H
#define REDIAL_SIMULATOR_JOURNAL_H

#include "base/arena.h"
#include "model/policy.h"
#include "simulator/world/script.h"

/* How an attempt at a fake ended, as the fake saw it. */
enum journal_end {
    JOURNAL_UNDER_WAY,
    JOURNAL_ANSWERED,   /* the reply went out whole */
    JOURNAL_FAULT,      /* the script broke it: reset, close, hang, garbage … */
    JOURNAL_LEFT,       /* the client closed before the reply was out */
    JOURNAL_REFUSED,    /* the request was wrong: `why` says how, `status` what it got */
    JOURNAL_UNREADABLE, /* no HTTP, or half a request */
    JOURNAL_END_COUNT
};

struct journal_entry {
    uint32_t number;   /* from 1 */
    uint16_t provider; /* index in the policy; REDIAL_NO_INDEX: a credential server */
    bool reused;       /* its connection had carried a request before */
    bool stream, static_key;
    uint32_t credential;   /* generation, 0 the first */
    int32_t retry_count;   /* X-Stainless-Retry-Count, amz-sdk-request attempt - 1; -1 not told */
    uint32_t conversation; /* requests with the same prompt are one call of the client: from 1 */
    int64_t arrived_at;    /* ns since the fakes were started: the request's first byte */
    int64_t read_at;       /* the request was read whole */
    int64_t replied_at;    /* the first byte of the reply went out; -1 none */
    int64_t ended_at;      /* -1: under way */
    struct redial_str session;   /* which test it belongs to: by header or API key; empty none */
    struct redial_str client;    /* User-Agent */
    const char *server;          /* "anthropic", "bedrock", "aws-sts" …; static or the arena's */
    struct redial_str operation; /* "messages", "count_tokens", "models", "token" … */
    struct redial_str method, path; /* path redacted */
    struct redial_str model;        /* as the platform calls it; empty none */
    uint64_t connection;            /* a number per TCP connection */
    int64_t max_tokens, input_tokens;
    uint64_t body_hash; /* of the body without ids that change: same request, same hash */
    const struct redial_header *headers; /* redacted */
    size_t header_count;
    /* What was done. */
    const struct reply_script *script; /* the reply of the scenario; NULL: the fake's own */
    enum journal_end end;
    enum reply_fault fault;
    int64_t hint;          /* ns that the reply asked to wait; -1 none */
    struct redial_str why; /* REFUSED and UNREADABLE: for people */
    int32_t deltas;        /* content deltas that went out */
    uint16_t status;       /* 0: no reply */
    uint8_t class;         /* enum redial_class of the reply, NONE success */
    int8_t should_retry;   /* x-should-retry that the reply carried: 1, -1, 0 absent */
    bool terminated;       /* message_stop, or the whole body, went out */
};

/* The newest JOURNAL_KEPT_MAX entries are kept; older ones fall out, JOURNAL_PAGE at a time, and
 * are counted. */
#define JOURNAL_PAGE     1024u
#define JOURNAL_PAGES    32u
#define JOURNAL_KEPT_MAX (JOURNAL_PAGE * JOURNAL_PAGES)

struct journal;
struct journal *journal_new(void); /* NULL: memory is out */
void journal_destroy(struct journal *journal);
void journal_clear(struct journal *journal); /* numbers begin at 1 again */
/* Begins an entry; the pointer is good until the next clear, or until the entry falls out. NULL
 * when memory is out. */
struct journal_entry *journal_add(struct journal *journal);
/* For the texts of the entry that was begun last; it goes when the entry falls out. Before the
 * first entry NULL. */
struct arena *journal_arena(const struct journal *journal);
size_t journal_count(const struct journal *journal); /* that are kept */
uint32_t journal_fallen_out(const struct journal *journal);
const struct journal_entry *journal_at(const struct journal *journal, size_t index);
/* The entry of that number, to be gone on with; NULL when it is not kept. */
struct journal_entry *journal_find(struct journal *journal, uint32_t number);

extern const struct names journal_end_names; /* "answered", "fault" … */
extern const struct names reply_fault_names; /* "reset", "hang" … */

/* Appends entries as JSON, one array; `filter` NULL gives all. */
struct journal_filter {
    struct redial_str session, server, operation; /* empty: any */
    uint32_t after;                               /* numbers above this */
    uint32_t limit;                               /* so many of them, the first; 0 all */
    uint32_t status;                              /* 0: any */
};
void journal_write_json(const struct journal *journal, const struct journal_filter *filter,
                        struct text *out);

#endif
