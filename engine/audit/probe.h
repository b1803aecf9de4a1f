/* Probes: small requests that show whether a platform has a feature, by the effect in its reply and
 * not only by the status. A probe is data, a judgement a function of the replies: who sends them is
 * somebody else's business. */
#ifndef REDIAL_AUDIT_PROBE_H
#define REDIAL_AUDIT_PROBE_H

#include "audit/findings.h"
#include "document/json.h"
#include "model/probed.h"

/* What a reply shows when the feature works: a value at a path, where `*` stands for anything. */
enum probe_effect_kind {
    EFFECT_NONE,    /* nothing that a reply could show */
    EFFECT_SAYS,    /* a text that matches the glob `value` */
    EFFECT_COUNTS,  /* a number above zero */
    EFFECT_IS_THERE /* anything but null, even an empty list */
};

/* What it means that the effect is not seen. */
enum probe_proof {
    PROOF_SURE,   /* the feature was ignored */
    PROOF_CHOSEN, /* the same, unless the model chose not to use it */
    PROOF_WEAK    /* nothing: it depends on what the account has bought */
};

struct probe {
    const char *members; /* of the request, without max_tokens and model; see probe_write */
    const char *path, *value;
    enum probe_effect_kind effect;
    enum probe_proof proof;
    int64_t max_tokens;
    int64_t found_tokens;  /* that the platform may add to the prompt: a page, a search's results */
    int requests;          /* the same, one after another; the last one's reply is looked at */
    bool stream;           /* it makes sense in streams alone */
    bool fast;             /* asked for besides the body */
    const char *charged;   /* besides tokens: "a web search"; NULL nothing */
    const char *models[4]; /* globs over models that have it, the cheapest first */
};
const struct probe *probe_of(enum probed feature);
/* Why no Messages request can show a row of the matrix; NULL: one can. */
const char *probe_impossible(struct redial_str feature);
/* Appends the request. `nonce` makes long prompts new to a cache. */
void probe_write(const struct probe *probe, uint64_t nonce, struct text *out);
/* The most that one of its requests may cost: an estimate from above, of its bytes and what the
 * platform adds. */
int64_t probe_input_tokens(const struct probe *probe);
/* The first of a policy's models that a probe can ask on this provider; empty: none. */
struct redial_str probe_model(const struct redial_policy *policy, uint16_t provider,
                              const struct probe *probe);

enum probe_verdict {
    PROBE_WORKS,
    PROBE_ACCEPTED,
    PROBE_IGNORED,
    PROBE_REFUSED,
    PROBE_UNCLEAR,
    PROBE_VERDICT_COUNT
};
extern const struct names probe_verdict_names;

/* How a call of a probe ended. */
struct probe_reply {
    bool succeeded;
    uint8_t class;          /* enum redial_class */
    struct redial_str body; /* of a success: the message in JSON */
};
/* The verdict on the last reply of a probe, which is the only one that failed or the only one that
 * can show the effect. `shown` gets what was seen or missed: "usage.speed is fast". */
enum probe_verdict probe_judge(const struct probe *probe, const struct probe_reply *reply,
                               struct text *shown);

/* Whether what was observed is what a cell says. */
enum probe_accord { ACCORD_AGREES, ACCORD_CONTRADICTS, ACCORD_NEW, ACCORD_OPEN, ACCORD_COUNT };
extern const struct names probe_accord_names;
enum probe_accord probe_compare(enum probe_verdict verdict, enum support documented);

/* ---- What came of them */

struct probe_result {
    struct redial_str provider, model;
    enum probed feature;
    enum probe_verdict verdict;
    enum probe_accord accord;
    struct redial_str shown;      /* what was seen, or what went wrong */
    struct redial_str documented; /* "yes"; of several surfaces "FA yes, FZ no" */
    struct redial_str sources;    /* "overview, as of 2026-09-01" */
    struct span span;             /* of that cell */
};
/* Fills in what the matrix says of a result's feature on the provider, and whether the verdict
 * agrees. Texts go to the arena. False when memory is out. */
bool probe_document(struct arena *arena, const struct matrix *matrix,
                    const struct redial_policy *policy, uint16_t provider,
                    struct probe_result *result) REDIAL_MUST_USE;
/* Contradictions with both sides; what is new; what stayed unclear. */
void probe_report(const struct probe_result *results, size_t count, struct findings *findings);

/* `all`: everything was asked for, so what no probe can show is named too. */
typedef void probe_print_fn(const struct probe_result *results, size_t count,
                            const struct matrix *matrix, bool all, uint32_t width,
                            struct text *out);
probe_print_fn probe_print_text;
probe_print_fn probe_print_markdown;
probe_print_fn probe_print_json; /* JSON lines */

#endif
