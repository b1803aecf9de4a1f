/* The compiled policy as plain structs, in one arena, immutable once linked. The config layer fills
 * it from nodes, the compile layer links names and builds the matchers, the core decides by it,
 * `explain` prints it. Every part keeps its span, so that whatever is said about it can point at
 * its line.
 *
 *   policy ── variants[plain, unattended] ── limits, rules[] ── when (condition tree), do/then
 * (steps) ├── backoffs[] ── hint bounds          rules are matched by `rules_matcher` ├── models[],
 * fallback edges ├── platforms[] ── models, regions, classify rows + matcher, features ├──
 * providers[] (a configured use of a platform) └── transport rows + matcher           what a broken
 * attempt means, on any platform
 */
#ifndef REDIAL_MODEL_POLICY_H
#define REDIAL_MODEL_POLICY_H

#include "base/diag.h"
#include "base/duration.h"
#include "base/names.h"
#include "model/guards.h"
#include "model/name_map.h"
#include "redial/call.h"

#define NO_INDEX UINT16_MAX

/* ---- Conditions */

/* What a condition can look at. The first FACT_KEYS are small numbers known before any text is
 * read: the matcher indexes them. */
enum fact {
    FACT_CLASS,
    FACT_STATUS,
    FACT_ERROR, /* symbols: see policy.symbols */
    FACT_ERROR_CODE,
    FACT_STREAM_ERROR,
    FACT_STOP_REASON,
    FACT_CAUSE,
    FACT_PHASE,
    FACT_PLATFORM, /* index in policy.platforms */
    FACT_PROVIDER, /* index in policy.providers */
    FACT_MODEL,    /* index in policy.models; a glob is a CONDITION_GLOB over the model's name */
    FACT_QUERY,
    FACT_SHOULD_RETRY, /* 0 absent, 1 true, 2 false */
    FACT_KEYS,
    FACT_MESSAGE = FACT_KEYS,
    FACT_HEADER,
    FACT_MODE,
    FACT_FEATURE,
    FACT_ATTEMPT, /* numbers: of the call */
    FACT_RETRIES, /* of the leg */
    FACT_ELAPSED, /* ns since the call began */
    FACT_WAITED,  /* ns */
    FACT_OUTPUT_DELIVERED,
    FACT_HINT, /* ns of the first readable hint, -1 none */
    FACT_LUA,  /* what a function of the policy's hooks answers */
    FACT_COUNT
};

enum condition_kind {
    CONDITION_ALWAYS,
    CONDITION_ALL,
    CONDITION_ANY,
    CONDITION_NOT,    /* one child */
    CONDITION_ONE_OF, /* a key fact equals one of `values` */
    CONDITION_RANGE,  /* a number lies in low..high, both included */
    CONDITION_GLOB,   /* a text matches one of `globs` */
    CONDITION_LUA,    /* the hook `function` answers true */
};

/* A pattern over text: a glob, taken apart so that the common forms need no general matching, or a
 * regular expression. */
enum glob_form { GLOB_EXACT, GLOB_PREFIX, GLOB_SUFFIX, GLOB_CONTAINS, GLOB_GENERAL, GLOB_REGEX };
struct pattern;
struct glob {
    struct redial_str pattern; /* as written */
    struct redial_str literal; /* the text without its stars, for the first four forms */
    enum glob_form form;
    const struct pattern *regex; /* REGEX */
};

#define MESSAGE_GLOBS_MAX 64
struct condition {
    enum condition_kind kind;
    enum fact fact;
    struct span span;
    size_t count; /* of the array that the kind uses */
    union {
        const struct condition *const *children; /* ALL, ANY, NOT */
        const uint32_t *values;                  /* ONE_OF */
        struct {
            int64_t low, high;
        } range;
        const struct glob *globs; /* GLOB; without case for headers */
        uint16_t function;        /* LUA: index in policy.hooks.functions */
    };
    uint64_t
        message_bits; /* FACT_MESSAGE: one per glob, in event.message_matches; 0: not numbered */
    struct redial_str header; /* FACT_HEADER: the header's name */
    const struct redial_str
        *words; /* the texts behind `values` and `globs`, as written, for explain */
};

/* ---- Matchers */

/* First match among rows of conditions, by tuple space search: rows are grouped by which key facts
 * they fix
 * ("shape"); one hash lookup per shape gives its first row with these values. Decision time depends
 * on the number of shapes, not of rows. What a key cannot say is left to the row's whole condition.
 */
struct match_entry {
    uint32_t key[FACT_KEYS]; /* values at the shape's facts, 0 elsewhere */
    uint32_t mask;           /* the shape's */
    uint32_t row;
    const struct condition *rest; /* NULL: the key says all */
    uint64_t
        message_bits; /* of event.message_matches, one of which `rest` needs; 0: it needs none */
    uint32_t next;    /* entry with the same key and a later row; UINT32_MAX none */
};
struct match_shape {
    uint32_t mask;         /* bit per key fact */
    uint32_t first_row;    /* the smallest row in it: shapes are sorted by this */
    uint32_t slots;        /* a power of two */
    const uint32_t *table; /* slots entry numbers, UINT32_MAX empty; open addressing, linear */
};
struct matcher {
    size_t rows, shape_count, entry_count;
    const struct match_shape *shapes;
    const struct match_entry *entries;
};
#define MATCH_NONE UINT32_MAX

static inline uint64_t match_mix(enum fact fact, uint32_t value)
{
    return (value + UINT64_C(1)) *
           (UINT64_C(0x9e3779b97f4a7c15) + UINT64_C(0xd1342543de82ef96) * (uint64_t)fact);
}
/* A key's hash is the sum of match_mix over the shape's facts, then this. */
static inline uint32_t match_fold(uint64_t sum)
{
    return (uint32_t)((sum * UINT64_C(0xbf58476d1ce4e5b9)) >> 32);
}

/* ---- Waiting */

enum backoff_kind {
    BACKOFF_CONSTANT,
    BACKOFF_LINEAR,
    BACKOFF_EXPONENTIAL,
    BACKOFF_DECORRELATED,
    BACKOFF_DECORRELATED_V2,
    BACKOFF_KIND_COUNT
};
enum jitter_kind {
    JITTER_NONE,
    JITTER_FULL,
    JITTER_EQUAL,
    JITTER_ADD,
    JITTER_SUBTRACT,
    JITTER_SPREAD,
    JITTER_SCALE,
    JITTER_KIND_COUNT
};
/* How chance changes a wait: between what a draw of 0 and what a draw of 1 gives. */
struct jitter {
    enum jitter_kind kind;
    uint32_t ppm;     /* ADD, SUBTRACT, SPREAD: millionths of the wait; SCALE: the upper factor */
    uint32_t low_ppm; /* SCALE: the lower factor */
    int64_t span;     /* ADD, SUBTRACT, SPREAD: ns instead of a share; 0: the share */
};
enum hint_unit {
    HINT_SECONDS_OR_DATE,
    HINT_SECONDS,
    HINT_MILLISECONDS,
    HINT_UNIX_SECONDS,
    HINT_RFC3339,
    HINT_UNIT_COUNT
};
enum hint_above {
    HINT_CLAMP,
    HINT_IGNORE,
    HINT_GIVE_UP,
    HINT_FALLBACK,
    HINT_AT_ONCE,
    HINT_ABOVE_COUNT
};
/* What a hint without a usable span leads to: one of 0 or in the past, or one that nobody can read.
 */
enum hint_odd { HINT_ODD_IGNORE, HINT_ODD_NOW, HINT_ODD_VETO, HINT_ODD_COUNT };

struct hint_header {
    struct redial_str name; /* lower case */
    enum hint_unit unit;
};
struct hint_policy {
    uint8_t
        from[REDIAL_HINTS_MAX]; /* indices into policy.hint_headers, in the order of preference */
    size_t count;               /* 0: hints are not read */
    int64_t max;                /* ns; DURATION_MAX: no bound */
    enum hint_above above;
    int64_t min;    /* ns: a shorter hint is raised to it */
    int64_t within; /* when held: ns, the hint stays in own wait .. own wait + within */
    enum hint_odd zero, unreadable;
    bool held;
    bool restarts; /* the wait after a hinted one is the first again */
    struct jitter jitter;
    struct span span;
};

#define BACKOFF_STEPS_MAX 64
struct backoff {
    struct redial_str name;
    struct span span;
    enum backoff_kind kind;
    int64_t base, cap; /* ns; cap DURATION_MAX: none */
    double factor;     /* EXPONENTIAL */
    int64_t step;      /* LINEAR, when step_given: ns by which each wait is longer; else the base */
    int64_t offset;    /* EXPONENTIAL: ns added to every wait before the cap, may be negative */
    int64_t first;     /* when first_given: ns, the first wait in place of the formula's */
    int64_t floor;     /* ns: no wait is shorter */
    int64_t plus;      /* ns: added to every wait, last of all */
    struct jitter jitter;
    bool cap_after_jitter, step_given, first_given;
    bool rising; /* DECORRELATED: random between the last wait and three times it */
    struct hint_policy hint;
    bool built_on; /* another backoff is `like` this one */
    /* Linked: the capped base of the n-th wait, n from 1; the last one holds for every later wait.
     */
    size_t step_count;
    int64_t steps[BACKOFF_STEPS_MAX];
};

/* `wait` as jitter changes it at a draw of `fraction` / 2^32, 0..2^32. Never negative. */
int64_t jitter_apply(const struct jitter *jitter, int64_t wait, uint64_t fraction);
/* How far chance takes a wait of `base`, late cap, floor and `plus` included. */
void backoff_range(const struct backoff *backoff, int64_t base, int64_t *low, int64_t *high);
/* The longest wait that the formula, and that a hint, can lead to; DURATION_MAX: there is none. */
int64_t backoff_longest(const struct backoff *backoff);
int64_t hint_longest(const struct backoff *backoff);

/* ---- Rules */

enum below_floor { BELOW_FLOOR_FAIL, BELOW_FLOOR_COMPACT, BELOW_FLOOR_COUNT };
#define BACKOFF_DEFAULT UINT16_MAX /* the variant's default backoff */

struct step {
    enum redial_step_kind kind;
    uint16_t backoff;      /* BACKOFF: index, or BACKOFF_DEFAULT */
    uint16_t function;     /* LUA: index in policy.hooks.functions */
    int64_t wait;          /* WAIT: ns; COOLDOWN: its length, 0 as the cooldown says */
    uint8_t cooldown;      /* COOLDOWN: index, or COOLDOWN_ANY */
    int64_t floor, buffer; /* output limit steps: tokens */
    enum below_floor below_floor;
    struct span span;
};
#define STEPS_MAX 8
struct steps {
    const struct step *list;
    uint32_t kinds; /* bit per step kind */
    uint32_t count; /* 0: none */
    struct span span;
};

enum after_output { AFTER_OUTPUT_STOP, AFTER_OUTPUT_RESTART, AFTER_OUTPUT_COUNT };

/* What a decision reads comes first: with ten thousand rules it is one cache line of each. */
struct rule {
    int32_t max;          /* retries; REDIAL_UNLIMITED when only the limits bound it */
    uint16_t counted_as;  /* index of the rule whose counter it uses; itself unless shared */
    uint8_t after_output; /* enum after_output */
    bool in_a_row; /* linked: has refresh, so a reply that is no auth error resets its count */
    struct steps steps, then;
    const struct condition *when;
    struct redial_str name, about;
    struct span span;
    bool max_given;
};

struct limits {
    int32_t retries;  /* per leg */
    int32_t attempts; /* per call */
    int64_t deadline; /* ns from the call's start; DURATION_MAX none */
    struct span span;
};

/* One variation of the policy: the plain one, and the same with `modes.unattended.change` applied.
 */
enum variant_id { VARIANT_PLAIN, VARIANT_UNATTENDED, VARIANT_COUNT };
struct variant {
    bool present;
    struct redial_str name;
    struct limits limits;
    uint16_t default_backoff; /* index */
    int64_t heartbeat;        /* ns: the longest silence of a wait; DURATION_MAX none */
    struct rule *rules; /* policy.rule_count of them, same names and conditions in every variant */
    struct span span;
};

/* ---- Platforms, providers, models */

enum platform_kind {
    PLATFORM_ANTHROPIC,
    PLATFORM_BEDROCK,
    PLATFORM_VERTEX,
    PLATFORM_FOUNDRY,
    PLATFORM_KIND_COUNT
};

struct classify_row {
    enum redial_class class;
    const struct condition *when;
    bool assumed; /* no public payload is known for it */
    struct span span;
};
struct classify_table {
    struct classify_row *rows;
    size_t count;
    struct matcher matcher; /* linked */
};

enum support {
    SUPPORT_FULL,
    SUPPORT_BETA,
    SUPPORT_LIMITED,
    SUPPORT_NONE,
    SUPPORT_IGNORED,
    SUPPORT_DISABLED,
    SUPPORT_UNKNOWN,
    SUPPORT_DISPUTED,
    SUPPORT_COUNT
};
struct feature_cell {
    bool present;
    enum support support;
    struct redial_str value; /* data residency: where the data is */
    int requires;            /* enum redial_credential; PLATFORM: whatever the platform takes */
    struct redial_str source, note;
    struct span span;
};

/* What to do with a feature that a call wants and its platform lacks, or is not known to have. */
enum feature_answer {
    FEATURE_TRY, /* not of one that is missing */
    FEATURE_DROP,
    FEATURE_REFUSE,
    FEATURE_REROUTE,
    FEATURE_SILENCE, /* not of one that is unknown */
    FEATURE_ANSWER_COUNT
};
struct feature_rule {
    int missing, unknown; /* enum feature_answer */
    struct span span;     /* source NULL: the policy does not say, so the usual holds */
};

/* What holds unless a policy says otherwise. */
#define FEATURE_RULES_INIT                                                                         \
    {                                                                                              \
        [REDIAL_FEATURE_TEAM_MEMORY_SYNC] = {.missing = FEATURE_REFUSE, .unknown = FEATURE_TRY},   \
        [REDIAL_FEATURE_PROMPT_CACHE] = {.missing = FEATURE_DROP, .unknown = FEATURE_TRY},         \
        [REDIAL_FEATURE_CUSTOM_HEADERS] = {.missing = FEATURE_DROP, .unknown = FEATURE_DROP},      \
        [REDIAL_FEATURE_CLIENT_REQUEST_ID] = {.missing = FEATURE_DROP, .unknown = FEATURE_DROP},   \
        [REDIAL_FEATURE_TELEMETRY] = {.missing = FEATURE_SILENCE, .unknown = FEATURE_DROP},        \
        [REDIAL_FEATURE_DATA_RESIDENCY] = {.missing = FEATURE_REFUSE, .unknown = FEATURE_TRY},     \
    }

struct feature_set {
    uint16_t bits; /* per enum redial_feature */
    struct span span;
};
struct residency {
    struct redial_str *globs; /* over where a provider keeps data; none: anywhere */
    size_t count;
    struct span span;
};

struct platform_model {
    uint16_t model;         /* index in policy.models */
    struct redial_str id;   /* as the platform calls it; {prefix} stands for the region's */
    struct redial_str *ids; /* `id` with each of the platform's prefixes, where it has the place */
    size_t id_count;        /* 0: it has none */
    struct redial_str api_version; /* empty: the platform's */
    int64_t context, max_output;   /* tokens; 0 unknown */
    bool refuses_prefill;          /* a last message of the assistant is an error */
    struct span span;
};
struct region_override {
    struct redial_str model_glob, region; /* region empty: the environment does not set it */
    struct span span;
};
/* What holds in regions that a pattern matches; the first row that does decides. */
struct by_region {
    struct redial_str region_glob, value;
    struct span span;
};
/* The header of a static key, by the API version that a request names (empty: whichever);
 * "authorization" carries it as a bearer token. */
struct key_header {
    struct redial_str api_version, header;
};
/* What becomes of the caller's flags of anthropic-beta: the first row whose pattern matches a flag
 * decides, and one that no row names goes as it is. */
struct beta_row {
    struct redial_str flag_glob;
    struct redial_str sent; /* in its place; empty: the flag is not sent */
    struct span span;
};
struct beta_flags {
    struct redial_str *list;
    size_t count;
};
struct beta_table {
    struct beta_row *rows;
    size_t count;
};
/* What the values of a place in the URL come from: environment variables, for messages. */
struct looked_up {
    struct redial_str value;     /* may be empty */
    struct redial_str variables; /* "GCLOUD_PROJECT or GOOGLE_CLOUD_PROJECT"; empty: none */
};
/* Bedrock's newer surface: Anthropic's own words at another place. */
struct mantle {
    bool present;
    struct redial_str endpoint, base_url, api_version;
    struct redial_str signing;  /* AWS service of the signature */
    struct redial_str model_id; /* {model} stands for the policy's name of the model */
    struct beta_table betas;
    struct span span;
};
enum bedrock_surface { BEDROCK_INVOKE, BEDROCK_MANTLE, BEDROCK_SURFACE_COUNT };

struct platform {
    struct redial_str name; /* "anthropic", "bedrock", "vertex", "foundry" */
    enum platform_kind kind;
    struct span span;
    struct redial_str use_when;
    struct redial_str endpoint; /* "https://bedrock-runtime.{region}.amazonaws.com" */
    struct redial_str base_url; /* from the environment; replaces the endpoint; may be empty */
    struct redial_str base_url_variables; /* where that was looked for */
    struct by_region *region_endpoints;   /* of regions that have one of their own */
    size_t region_endpoint_count;
    struct looked_up resource; /* Foundry: {resource} of the endpoint */
    struct redial_str api_version;
    struct key_header *key_headers;
    size_t key_header_count;
    struct beta_table betas;
    struct redial_str signing; /* AWS service that requests are signed for (SigV4); empty: none */
    struct mantle mantle;
    struct by_region *prefixes; /* {prefix} of model ids */
    size_t prefix_count;
    struct redial_str region;  /* resolved; may be empty */
    struct redial_str project; /* Vertex: whose project is billed; may be empty */
    struct redial_str project_variables;
    struct region_override *region_overrides;
    size_t region_override_count;
    struct redial_str *credentials; /* the chain, by name, in order */
    size_t credential_count;
    struct platform_model *models;
    size_t model_count;
    struct classify_table classify;
    struct feature_cell features[REDIAL_FEATURE_COUNT];
};
struct provider {
    struct redial_str name;
    uint16_t platform;
    struct redial_str region, base_url, residency, project; /* empty: as the platform says */
    enum bedrock_surface surface;
    struct span surface_span;
    uint64_t key; /* linked: of its name, for guards */
    struct span span;
};
struct model {
    struct redial_str name;
    uint16_t *fallbacks; /* candidates in order, indices in policy.models */
    size_t fallback_count;
    struct span fallback_span;
    uint8_t slot; /* linked: its bit in call.models_tried */
    uint64_t key; /* linked: of its name, for guards */
};
#define FALLBACK_SLOTS_MAX 64

/* ---- Hooks: functions of one Lua file */

enum hook_point {
    HOOK_CLASSIFY, /* what an event means, where the tables should not decide alone */
    HOOK_DELAY,    /* how long the step `backoff` waits */
    HOOK_CHOOSE,   /* which provider a call begins with or falls back to */
    HOOK_ADAPT,    /* what changes in the request when a leg begins */
    HOOK_COMPACT,  /* what the step `compact` does */
    HOOK_POINT_COUNT
};
enum hook_on_error { HOOK_ERROR_FAILS, HOOK_ERROR_IGNORED, HOOK_ON_ERROR_COUNT };

struct hook_function {
    struct redial_str name;
    struct span span; /* where the policy names it first */
};
#define HOOK_FUNCTIONS_MAX 64
struct hook_port;
struct hooks_policy {
    const struct source *source;     /* the Lua file; NULL: the policy has no hooks */
    struct redial_str file;          /* its path as the policy writes it */
    struct span span;                /* of `file` */
    struct hook_function *functions; /* all that the policy names */
    size_t function_count;
    uint16_t point[HOOK_POINT_COUNT]; /* index in functions, NO_INDEX none; only with a port */
    enum hook_on_error on_error;
    int64_t instructions, memory; /* what one call of a hook may use; memory in bytes */
    const struct hook_port *port; /* core/hooks.h; NULL: nothing to ask */
};

/* ---- The policy */

#define OUTER_RETRIES_MAX 8 /* layers of retries around a call */

struct lint_ignore {
    struct redial_str code, reason;
    struct span span;
};

struct redial_policy {
    struct arena *arena;
    uint32_t id; /* never 0; different for every policy of the process: prepared events name it */
    _Atomic uint32_t references;
    struct redial_str name, about, path;
    const struct source **sources; /* this file first, then what it uses */
    size_t source_count;

    struct {
        enum redial_query query;
        int64_t attempt_timeout, idle_timeout; /* ns */
        struct feature_set wants, requires;
        struct residency residency;
    } call;
    struct feature_rule features[REDIAL_FEATURE_COUNT];
    uint16_t default_provider; /* by the environment, or anthropic */
    struct redial_str default_provider_why;

    struct variant variants[VARIANT_COUNT];
    enum variant_id default_variant;       /* unattended when its environment says so */
    struct redial_str default_variant_why; /* "CLAUDE_CODE_UNATTENDED_RETRY=1" */
    struct redial_str *unattended_env;     /* names that switch it on */
    size_t unattended_env_count;

    size_t rule_count;
    struct matcher rules_matcher; /* linked: over the rules' conditions */

    struct backoff *backoffs;
    size_t backoff_count;
    struct hint_header hint_headers[REDIAL_HINTS_MAX];
    size_t hint_header_count;

    struct model *models;
    size_t model_count;
    struct platform *platforms;
    size_t platform_count;
    struct provider *providers;
    size_t provider_count;
    uint16_t (*provider_fallbacks)[8]; /* per provider, NO_INDEX ends; NULL: none */
    struct classify_table transport;

    struct guards guards;
    struct fast_mode fast;

    /* What conditions ask of a reply's texts, so that each text is looked at once, when an event is
     * prepared: texts they name exactly get numbers from 1, the first 64 different patterns over
     * messages get bits. */
    struct name_map symbols, model_names;
    struct glob message_globs[MESSAGE_GLOBS_MAX];
    size_t message_glob_count;

    bool providers_given; /* the file names its providers: each is meant to be called */
    int32_t outer_retries[OUTER_RETRIES_MAX]; /* of what stands around the calls, for lint */
    size_t outer_retry_count;
    struct span outer_retry_span;
    struct hooks_policy hooks;

    struct lint_ignore *lint_ignores;
    size_t lint_ignore_count;
};

/* The number of a text, 0 when no condition names it. */
uint32_t policy_symbol(const struct redial_policy *policy, struct redial_str text);
/* What a platform says of a model, or NULL. `model` NO_INDEX gives NULL. */
const struct platform_model *policy_platform_model(const struct redial_policy *policy,
                                                   uint16_t platform, uint16_t model);
uint16_t policy_find_model(const struct redial_policy *policy,
                           struct redial_str name); /* NO_INDEX none */
/* Where a provider is asked in a region: its own base URL, else that of its surface, the region's
 * endpoint, the platform's. Places such as {region} are still open; empty when nothing is known. */
struct redial_str policy_base_url(const struct redial_policy *policy, uint16_t provider,
                                  struct redial_str region);
/* What a provider's platform calls a model of its own, in the region where its calls land. */
struct redial_str policy_model_id(const struct redial_policy *policy, uint16_t provider,
                                  const struct platform_model *model);
/* Whether that is how the platform calls it, in any region. */
bool policy_model_has_id(const struct platform_model *model, struct redial_str id);
/* The value of the first row whose pattern matches the region; empty when none does. */
struct redial_str by_region_find(const struct by_region rows[], size_t count,
                                 struct redial_str region);
/* What a provider is sent for a caller's flag of anthropic-beta: the flag, another in its place, or
 * nothing (empty). */
struct redial_str policy_beta(const struct redial_policy *policy, uint16_t provider,
                              struct redial_str flag);
/* Whether the provider's platform may know a model of that name: a row of the policy or an id in
 * one, or a name that no file can list (an ARN, an id with the vendor in it such as
 * us.anthropic.claude-…). If not, `closest` is the name that was perhaps meant, or empty. */
bool policy_knows_model(const struct redial_policy *policy, uint16_t provider,
                        struct redial_str name, struct redial_str *closest);
uint16_t policy_find_provider(const struct redial_policy *policy,
                              struct redial_str name); /* NO_INDEX none */

/* Whether a platform has a feature, for a call with this kind of credential. */
enum feature_standing { FEATURE_HAD, FEATURE_LACKED, FEATURE_UNCLEAR };
enum feature_standing policy_feature(const struct redial_policy *policy, uint16_t platform,
                                     enum redial_feature feature,
                                     enum redial_credential credential);
/* Whether requests and records carry it there: it is had, or it is unclear and the policy tries. */
bool policy_feature_goes(const struct redial_policy *policy, uint16_t platform,
                         enum redial_feature feature);
/* Where calls of a provider with this model land; may be empty. */
struct redial_str policy_region(const struct redial_policy *policy, uint16_t provider,
                                struct redial_str model);
/* Whether that lies within one of the globs: they are held against the provider's `residency`, or
 * where it says none, against "anthropic", "aws:REGION", "gcp:REGION", "azure:REGION" ("azure"
 * without a region). A region of the model's own comes before both. */
bool policy_resides(const struct redial_policy *policy, uint16_t provider, struct redial_str model,
                    const struct redial_str globs[], size_t count);

/* The word tables of the model's own lists, for readers, explain and schema. */
extern const struct names class_names, reason_names, cause_names, phase_names, query_names,
    step_names;
extern const struct names event_names, state_names, wait_names, guard_kind_names, speed_names;
extern const struct names mode_state_names;
extern const struct names backoff_kind_names, jitter_names, hint_unit_names, hint_above_names,
    hint_odd_names, variant_names;
extern const struct names below_floor_names, after_output_names, platform_names, surface_names,
    support_names, feature_names, credential_names, feature_answer_names;
extern const struct names missing_answer_names, unknown_answer_names; /* parts of the last */
extern const struct names fact_names;                                 /* the keys of `when` */
extern const struct names hook_point_names, hook_on_error_names;

#endif
