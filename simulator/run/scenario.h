/* A scenario: policy, world, stimulus and expected story in one YAML document. The reader checks
 * everything that can be checked before a run, against the scenario's own policy too, and reports
 * all of it together. */
#ifndef REDIAL_SIMULATOR_SCENARIO_H
#define REDIAL_SIMULATOR_SCENARIO_H

#include "base/diag.h"
#include "model/policy.h"
#include "redial/redial.h"
#include "simulator/observe/expect.h"
#include "simulator/run/machine.h"
#include "simulator/world/script.h"

#define SCENARIO_CALLS_MAX 100000 /* what one run keeps in memory at a time */

struct call_script {
    struct span span;
    int64_t at;    /* ns from the run's start */
    int32_t count; /* so many equal calls */
    struct redial_str provider, model;
    struct span provider_span, model_span;
    int query;                  /* enum redial_query, -1: as the policy says */
    int credential;             /* enum redial_credential */
    bool chain;                 /* found by the provider's chain, as a live client does */
    int64_t max_tokens;         /* 0: the simulated client's usual 4096 */
    int64_t input_tokens;       /* 0: unknown to the client; the prompt is short */
    struct redial_str messages; /* its conversation as JSON; empty: so many words as its size */
    int64_t compacts_to;        /* tokens; -1: nothing can compact it */
    int64_t deadline;           /* ns from the call's start, 0 none */
    int64_t cancel_at;          /* ns from the run's start; -1 never */
    bool stream, unattended, fast;
    struct feature_set wants, requires;
    struct residency residency;
    struct redial_str prefill;     /* the assistant's last message; empty: none */
    struct beta_flags betas;       /* of anthropic-beta */
    struct redial_header *headers; /* its own */
    size_t header_count;
};

/* Another policy while calls are under way. */
struct reload_script {
    struct span span;
    int64_t at; /* ns from the run's start */
    struct redial_str path;
    bool refused;                 /* the file cannot be used, and the run keeps its policy */
    struct redial_policy *policy; /* one reference; NULL when refused */
};
#define SCENARIO_RELOADS_MAX 16

struct functions;

struct scenario {
    struct arena *arena; /* not owned */
    const struct source *source;
    struct redial_str name, about;
    struct redial_str policy_path; /* as it can be opened: relative to the scenario's folder */
    struct span policy_span;
    struct redial_policy *policy; /* one reference */
    uint64_t seed;
    uint64_t fixed_random;  /* as in redial_call_options */
    struct redial_env *env; /* ends with a NULL name; never NULL: a scenario sees no other */
    struct call_script *calls;
    size_t call_count;
    struct provider_script *providers;
    size_t provider_count;
    struct span world_span;
    struct expect expect;
    struct machine_script machine; /* what chains find */
    struct reload_script *reloads;
    size_t reload_count;
    /* Functions that its replies and `expect` name. */
    struct redial_str lua_path; /* as it can be opened; empty: no file */
    struct span lua_span;
    struct hook_function *function_names; /* so many; NULL before the first */
    size_t function_count;
    struct functions *functions; /* NULL: none is named */
    bool looks_at_headers;       /* some expectation, match or call names a request header */
};

/* Reads, loads the policy it names, and links both. Everything lives in `arena`, but for the
 * policy: scenario_clean_up gives it back. False when anything is wrong, explained in `diags`; then
 * nothing is to be cleaned up. */
bool scenario_load(struct arena *arena, const char *path, struct diag_list *diags,
                   struct scenario *scenario);
/* The same from text, with paths relative to the folder of `path`. */
bool scenario_load_text(struct arena *arena, struct redial_str path, struct redial_str text,
                        struct diag_list *diags, struct scenario *scenario);
void scenario_clean_up(struct scenario *scenario);
/* The path of the policy that a scenario names, of which nothing else is read: for who looks for
 * the scenarios of one policy. Empty when the file cannot be read, or names none. */
struct redial_str scenario_policy(struct arena *arena, const char *path, struct diag_list *diags);

struct schema;
extern const struct schema scenario_schema; /* the scenario language, see config/schema.h */

#endif
