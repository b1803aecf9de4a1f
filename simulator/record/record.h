/* What a world did, written down as a scenario that does it again: from a live call (`redial call
 * --record`) or from requests passed on to a real platform (`redial fake --record`). Bodies are
 * redacted: of an answer its shape, its sizes and its stop reason stay, its words become simulated
 * ones; of an error its type and its sentence stay. Secrets never get in. */
#ifndef REDIAL_SIMULATOR_RECORD_H
#define REDIAL_SIMULATOR_RECORD_H

#include "model/policy.h"

struct record;

/* What the client asked for; a call per conversation. Texts are copied. */
struct record_call {
    int64_t at; /* ns since the record began */
    struct redial_str provider, model;
    enum redial_query query;
    enum redial_credential credential;
    bool stream, fast, unattended;
    int64_t max_tokens, input_tokens, deadline; /* 0: not known, none */
    int64_t cancel_at;                          /* -1: never */
};

/* One piece of a reply's body, as it came. */
struct record_piece {
    int64_t at;              /* ns since the request was sent */
    struct redial_str bytes; /* after transfer coding and content coding */
};

struct record_attempt {
    uint32_t call; /* index of its call, in the order of record_add_call */
    struct redial_str provider;
    enum platform_kind platform;
    int64_t sent_at;           /* ns since the record began */
    int64_t head_at, ended_at; /* ns since it was sent; head_at -1: no head came */
    uint16_t status;           /* 0: no head came */
    const struct redial_header *headers;
    size_t header_count;
    const struct record_piece *pieces;
    size_t piece_count;
    bool stream_asked;
    /* How it ended, when not in order: NONE, or what broke it and in which phase. */
    enum redial_cause cause;
    enum redial_phase phase;
};

/* A refresh of the client's credentials that the record's world must do again. */
struct record_refresh {
    struct redial_str provider;
    int64_t took;             /* ns */
    struct redial_str failed; /* empty: it gave a new one */
};

struct record *record_new(void); /* NULL: memory is out */
void record_destroy(struct record *record);
/* A text that must not get in, whatever it looks like; what looks like a credential is cut anyway.
 * Copied; for what is added after it. */
void record_add_secret(struct record *record, struct redial_str secret);
/* NULL-safe no-ops after memory ran out: record_write tells. */
uint32_t record_add_call(struct record *record, const struct record_call *call);
void record_set_cancelled(struct record *record, uint32_t call, int64_t at);
void record_add_attempt(struct record *record, const struct record_attempt *attempt);
void record_add_refresh(struct record *record, const struct record_refresh *refresh);

struct record_scenario {
    struct redial_str name;               /* of the scenario */
    struct redial_str policy;             /* path as the file should name it */
    uint64_t seed;                        /* below 2^63: a scenario knows no other */
    const struct redial_env *environment; /* what the policy read of it, no secrets; NULL none */
    struct redial_str story;              /* the expected story, empty: left out */
    struct redial_str outcome;            /* reason of the (last) call; empty: left out */
};
/* Appends the scenario. False when memory ran out, now or before. */
bool record_write(const struct record *record, const struct record_scenario *scenario,
                  struct text *out);

#endif
