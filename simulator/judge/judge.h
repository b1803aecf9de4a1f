/* A verdict on a client that is not ours: what it did while the fakes failed, read from the journal
 * and from how its process ended, and nothing else. The scenario says what happens to it and what
 * should come of it; the checks say what no client should do meanwhile.
 *
 *   pass     it reached what the scenario expects and broke no check
 *   partial  it reached it, at a price: a soft check is broken (a hint not waited for …)
 *   safe     it did not reach it, and gave up cleanly: no check is broken, its status says so
 *   fail     a hard check is broken (success told without a whole reply, a retry after output …),
 *            or it did not reach it and broke a soft one */
#ifndef REDIAL_SIMULATOR_JUDGE_H
#define REDIAL_SIMULATOR_JUDGE_H

#include "simulator/observe/compare.h"
#include "simulator/run/scenario.h"
#include "simulator/serve/journal.h"

enum grade { GRADE_PASS, GRADE_PARTIAL, GRADE_SAFE, GRADE_FAIL, GRADE_COUNT };
extern const struct names grade_names;

/* How the client's process ended. Times as in the journal. */
struct client_end {
    int exit_status;  /* -1: it was ended by `signal` */
    int signal;       /* 0 none */
    bool interrupted; /* by a person: its end says nothing of it */
    bool timed_out;   /* it ran beyond the limit and was ended by us */
    int64_t ended_at;
};

struct judge_input {
    const struct scenario *scenario;
    const struct journal *journal;
    const struct client_end *end;
    double speed; /* the world's delays were divided by it; 0: 1 */
    bool exact; /* the client should do as the scenario's policy does: attempts, waits, requests */
};

/* How much it weighs to break a check. */
enum weight { WEIGHT_SOFT, WEIGHT_HARD };
extern const struct names check_names;

struct broken_check {
    int check; /* row of check_names */
    enum weight weight;
    uint32_t entry; /* of the journal, 0: none in particular */
};

struct verdict {
    enum grade grade;
    struct redial_str reason;       /* one sentence */
    bool expected_success;          /* the scenario's calls end well */
    bool reached;                   /* it came to what the scenario expects */
    struct differences differences; /* one per broken check; `what` is the check's word */
    struct broken_check broken[DIFFERENCES_KEPT]; /* beside differences.list */
    /* What it did, whatever it is worth. */
    size_t calls, attempts;  /* conversations, and requests for messages */
    int64_t amplification;   /* thousandths */
    uint32_t refreshes;      /* new credentials presented */
    uint32_t other_requests; /* token counts, models, credential servers */
    int64_t *waits;          /* ns, from the end of an attempt to the next of its call, in order */
    size_t wait_count;
    int64_t total_wait, elapsed; /* elapsed: from the first request to the end of the process */
};

/* Fills `verdict`; its texts and lists live in `arena`. False when memory is out. */
bool judge(const struct judge_input *input, struct arena *arena, struct verdict *verdict);

#endif
