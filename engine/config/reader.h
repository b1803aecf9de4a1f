/* What the readers of a policy share. Private to config.
 *
 * The names of platforms, models, providers, backoffs and rules are declared before anything is
 * read, so a reader turns every name it meets into its index at once, whatever the order of the
 * file, and says so when there is none. */
#ifndef REDIAL_CONFIG_READER_H
#define REDIAL_CONFIG_READER_H

#include "base/environment.h"
#include "config/keys.h"
#include "config/shape.h"
#include "model/name_map.h"
#include "model/policy.h"

#define RULES_MAX     65000u /* indices are 16 bits wide */
#define BACKOFFS_MAX  1000u
#define MODELS_MAX    65000u
#define PROVIDERS_MAX 64u /* a call remembers the ones it tried in 64 bits */
#define USES_MAX      16u
#define EXTENDS_MAX   8u     /* a longer chain nobody can follow */
#define ROWS_MAX      65000u /* of one classify table */

/* Which facts a condition may look at: a classify row is judged before there is a class. */
enum condition_place { CONDITION_IN_RULE, CONDITION_IN_CLASSIFY };

struct config {
    struct reading reading; /* its arena is the policy's; its context is this */
    struct redial_policy *policy;
    const struct redial_env *environment;
    struct arena *nodes; /* the trees: gone once the model is read */
    struct name_map symbols, models, platforms, providers, backoffs, rules, cooldowns;
    struct span *rule_spans;     /* by number in `rules`: where the name was given */
    uint16_t *rule_indices;      /* by number in `rules`: index in the policy */
    size_t backoffs_read;        /* `like` may name these */
    const struct node *modes;    /* read last: modes change what the rest says */
    const struct node *fallback; /* read once all models and providers have their numbers */
    enum condition_place place;
};

static inline struct config *config_of(struct reading *reading)
{
    return reading->context;
}

/* ---- Names */

/* The index of a declared name, or NO_INDEX after saying that there is no such `what`. */
uint16_t config_find(struct config *config, const struct name_map *map, const char *what,
                     const struct node *value);
/* The same for a platform: one of the four, and described by some file. */
uint16_t config_platform(struct config *config, const struct node *value);
/* The index of a model, declared by being named; NO_INDEX when it was wrong and explained. */
uint16_t config_model(struct config *config, const struct node *value);
/* A name that people will read in stories: not empty, not long, no control characters. */
read_fn read_name; /* struct redial_str */

/* ---- Declaring: before anything is read */

bool config_declare_platforms(struct config *config, const struct node *platforms);
bool config_declare_names(struct config *config, const struct node *document);

/* ---- Sections of a file; each target is the policy */

read_fn read_transport;
read_fn read_platforms;
read_fn read_providers;
read_fn read_call;
read_fn read_backoffs;
read_fn read_rules;
read_fn read_fallback;
read_fn read_modes;
read_fn read_feature_rules;
read_fn read_lint;
read_fn read_hooks;
read_fn read_limits; /* struct limits */
read_fn read_budgets;
read_fn read_breakers;
read_fn read_cooldowns;
read_fn read_limiters;
read_fn read_fast; /* modes.fast */

#define LIMITS_INIT ((struct limits){.retries = 10, .attempts = 33, .deadline = DURATION_MAX})

read_fn read_region_name; /* struct redial_str: part of a host name */
read_fn read_region_from; /* struct redial_str: the first of a list that is not empty */
read_fn read_base_url;    /* struct redial_str, may be empty */

/* ---- What a platform's requests look like; each target is the platform */

read_fn read_platform_base_url;
read_fn read_region_endpoints;
read_fn read_prefix;
read_fn read_project;
read_fn read_key_header;
read_fn read_resource; /* struct looked_up */
read_fn read_betas;    /* struct beta_table */
read_fn read_mantle;   /* struct mantle */
read_fn read_surface;  /* struct provider */
/* The ids of a platform's models with each of its prefixes. */
bool config_fill_in_prefixes(struct reading *reading, struct platform *platform);
/* The environment variables that a value refers to: "A or B", for messages. */
bool read_variables(struct reading *reading, const struct node *value, struct redial_str *out);
/* Whether a value came of an environment reference, and a well-formed one. */
bool node_is_from_environment(const struct node *value);

/* Providers when a file names none: one of each platform. */
bool config_default_providers(struct config *config);

/* ---- Hooks */

void config_hooks_init(struct hooks_policy *hooks);
/* The index of a Lua function, declared by being named. */
bool config_hook_function(struct reading *reading, const struct node *value, uint16_t *function);
/* Whether there is a Lua file for what is named. */
bool config_check_hooks(struct config *config);

/* ---- Parts of a rule */

read_fn read_condition; /* const struct condition * */
read_fn read_steps;     /* struct steps */

/* ---- Files */

/* `path` as seen from the folder of the file `folder_of`; NULL when memory is out. */
const char *config_path_beside(struct config *config, struct redial_str folder_of,
                               struct redial_str path);
/* ---- Parts of a backoff */

read_fn read_hint;   /* struct hint_policy */
read_fn read_jitter; /* struct jitter */

/* ---- Building on another policy */

/* `over` with what it inherits from `base`, both mappings; NULL when memory is out. */
struct node *config_join(struct config *config, struct node *base, struct node *over);

/* The cooldown that {cooldown: 60s} means is made when a step first asks for it. */
void config_need_cooldown(struct config *config);
/* `per`, `when_open` and the like: what all guards have. */
read_fn read_guard_per;    /* struct guard */
read_fn read_guard_answer; /* enum guard_answer */
read_fn read_guard_hint;   /* bool: extend or ignore */
read_fn read_class_set;    /* uint32_t: bit per class */
read_fn read_cooldown_for; /* int64_t ns, above 0 */
/* Named entries of one section: reads the name and hands each on. `size`: of one entry, which
 * begins with a struct guard. */
struct guard_section {
    const char *what; /* "budget" */
    void *entries;
    size_t size;
    uint8_t *count;
    bool (*read)(struct reading *reading, const struct node *value, void *entry);
};
bool config_read_guards(struct reading *reading, const struct node *value,
                        const struct guard_section *section);

/* ---- Environment references */

/* Replaces every ${NAME} and ${NAME:-default} in the values of a tree by what the environment says
 * (read once, here). False when a reference is malformed. */
bool config_expand(struct config *config, struct node *node);

/* ---- Shapes, for schema and reference: one table per file of readers */

extern const struct shape_row name_shapes[], rule_shapes[], step_shapes[], condition_shapes[],
    bound_shapes[], backoff_shapes[], jitter_shapes[], hint_shapes[], budget_shapes[],
    guard_shapes[], fast_shapes[], hook_shapes[], provider_shapes[], platform_shapes[],
    endpoint_shapes[];
extern const struct shape fallback_shape, modes_shape;

#endif
