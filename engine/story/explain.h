/* What a policy does, in words: the whole of it, to be held against a specification line by line;
 * or what becomes of one event, and why this rule and not those. */
#ifndef REDIAL_STORY_EXPLAIN_H
#define REDIAL_STORY_EXPLAIN_H

#include "model/policy.h"
#include "redial/redial.h"

struct explain_style {
    uint32_t width; /* columns, 0 unlimited */
    bool full;      /* every classify row too, not only their number */
    int64_t outer;  /* how often callers' own retries make each call at most; 0 not told */
};

/* Both append to `out`, whose `failed` tells when memory ran out. Every part names its line; a
 * place in the policy's own file is written ":21". */
void explain_policy(const struct redial_policy *policy, const struct explain_style *style,
                    struct text *out);
void explain_policy_json(const struct redial_policy *policy, const struct explain_style *style,
                         struct text *out); /* one object; the width says nothing here */

/* One event as a person tells it. Zero and empty: not told. */
#define EXPLAIN_HEADERS_MAX 16
struct explain_facts {
    struct redial_event event;
    struct redial_header headers[EXPLAIN_HEADERS_MAX]; /* event.headers points here */
    struct redial_call_options options;
    uint8_t class;   /* enum redial_class: taken as given, instead of by the classify tables */
    int32_t attempt; /* the attempt that ends so, from 1: those before ended alike */
    bool delivered;  /* output had reached the caller */
};

/* Reads "status=529", "header.retry-after=2" … . Texts are borrowed from `words`. False when a word
 * is wrong: what, and what would be right, in `why`. Call it on a zeroed `facts`. */
bool explain_facts_read(const struct redial_policy *policy, const char *const words[], size_t count,
                        struct explain_facts *facts, struct text *why);
/* One line per key that explain_facts_read knows. */
void explain_facts_help(struct text *out);

/* False, with a reason in `why`, when no call can be made of the facts. `facts->event.headers` must
 * point to facts->headers. */
bool explain_event(const struct redial_policy *policy, const struct explain_facts *facts,
                   const struct explain_style *style, struct text *out, struct redial_str *why);
bool explain_event_json(const struct redial_policy *policy, const struct explain_facts *facts,
                        struct text *out, struct redial_str *why);

/* Where two policies decide differently: both are asked about every event that either tells apart,
 * on every platform both know, for both queries, in both modes, with and without output delivered,
 * attempt after attempt until the call ends. What follows is compared, not how rules are called.
 * False when memory is out; `*equal` says whether they never differed. */
bool explain_compare(const struct redial_policy *a, const struct redial_policy *b,
                     const struct explain_style *style, struct text *out, bool *equal);
bool explain_compare_json(const struct redial_policy *a, const struct redial_policy *b,
                          struct text *out, bool *equal);

#endif
