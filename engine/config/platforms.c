/* `platforms` and `transport`: what the platforms are, how their replies are classified, what they
 * support. */
#include "config/reader.h"

/* ---- Classify tables */

static bool read_class(struct reading *reading, const struct node *value, void *target)
{
    enum redial_class *out = target;
    int row;
    if (!read_word(reading, value, &class_names, &row)) return false;
    *out = (enum redial_class)row;
    return true;
}

/* That nothing is wrong can be said of a stop reason alone: all else that is wrong stays so. */
static bool check_row(struct reading *reading, const struct classify_row *row,
                      const struct node *written)
{
    const struct node *when = node_get(written, "when");
    if (row->class != REDIAL_CLASS_NONE || !when || node_get(when, "stop_reason")) return true;
    const struct node *class = node_get(written, "class");
    struct diag *diag =
        diag_error(reading->diags, "unknown-word", class ? class->span : written->span,
                   "a row cannot say that nothing is wrong, but of a stop reason");
    diag_cure(reading->diags, diag, "a complete 2xx reply that no row matches is a success");
    return false;
}

static bool read_row_source(struct reading *reading, const struct node *value, void *target)
{
    struct classify_row *row = target;
    row->assumed = value->kind == NODE_SCALAR && str_is(value->text, "assumed");
    return row->assumed || reading_unexpected(reading, value, "`assumed`, or no source at all");
}

static const struct key row_keys[] = {
    {"class", read_class, offsetof(struct classify_row, class), "what it means", "class", true},
    {"when", read_condition, offsetof(struct classify_row, when), "what the reply looks like",
     "condition", true},
    {"source", read_row_source, 0, "`assumed`: no public payload is known for it", "assumed",
     false},
};
static const struct keys row_table = {"a classify row", row_keys, REDIAL_COUNT_OF(row_keys)};

/* Adds the rows of a list to a table; the transport table grows by several files. */
static bool read_rows(struct reading *reading, const struct node *value,
                      struct classify_table *table)
{
    if (value->kind != NODE_SEQUENCE)
        return reading_unexpected(reading, value, "a list of rows: [{class: …, when: …}]");
    size_t count = table->count + value->count;
    if (count > ROWS_MAX) {
        diag_error(reading->diags, "too-many", value->span, "more than %u rows", ROWS_MAX);
        return false;
    }
    struct classify_row *rows = ARENA_ARRAY(reading->arena, struct classify_row, count);
    if (!rows) return reading_out_of_memory(reading);
    for (size_t i = 0; i < table->count; i++) rows[i] = table->rows[i];
    config_of(reading)->place = CONDITION_IN_CLASSIFY;
    bool right = true;
    for (size_t i = table->count; i < count; i++) {
        const struct node *row = value->items[i - table->count];
        rows[i].span = row->span;
        right = keys_read(reading, &row_table, row, &rows[i]) &&
                check_row(reading, &rows[i], row) && right;
    }
    table->rows = rows;
    table->count = count;
    return right;
}

bool read_transport(struct reading *reading, const struct node *value, void *target)
{
    struct redial_policy *policy = target;
    return read_rows(reading, value, &policy->transport);
}

static bool read_classify(struct reading *reading, const struct node *value, void *target)
{
    return read_rows(reading, value, target);
}

/* ---- Features */

static bool read_support(struct reading *reading, const struct node *value, void *target)
{
    enum support *out = target;
    int row;
    if (!read_word(reading, value, &support_names, &row)) return false;
    *out = (enum support)row;
    return true;
}

static bool read_required(struct reading *reading, const struct node *value, void *target)
{
    return read_word(reading, value, &credential_names, target);
}

static const struct key cell_keys[] = {
    {"support", read_support, offsetof(struct feature_cell, support), "how far it goes",
     "full, beta, limited, none, ignored, disabled, unknown or disputed", true},
    {"value", read_text, offsetof(struct feature_cell, value), "what the matrix prints", "text",
     false},
    {"requires", read_required, offsetof(struct feature_cell, requires), "the credential it needs",
     "kind of credential", false},
    {"source", read_text, offsetof(struct feature_cell, source), "who says so", "text", true},
    {"note", read_text, offsetof(struct feature_cell, note), "what else to know", "text", false},
};
static const struct keys cell_table = {"a feature", cell_keys, REDIAL_COUNT_OF(cell_keys)};

static bool read_features(struct reading *reading, const struct node *value, void *target)
{
    struct feature_cell *cells = target;
    if (value->kind != NODE_MAPPING)
        return reading_unexpected(reading, value, "features: {prompt_cache: {support: full}}");
    bool right = true;
    for (size_t i = 0; i < value->count; i++) {
        int feature;
        if (!read_word(reading, value->keys[i], &feature_names, &feature)) {
            right = false;
            continue;
        }
        cells[feature].present = true;
        cells[feature].span = value->keys[i]->span;
        right = keys_read(reading, &cell_table, value->values[i], &cells[feature]) && right;
    }
    return right;
}

/* ---- Region */

/* A region becomes part of a host name, and the credential follows it there: nothing but letters,
 * digits and '-'. */
static bool is_region(struct redial_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        bool fine =
            (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
        if (!fine) return false;
    }
    return true;
}

/* What the environment says is not this file's mistake: the vendors' own programs pass it over. */
static void ignore_region(struct reading *reading, const struct node *value)
{
    struct diag *diag = diag_warning(
        reading->diags, "bad-region", value->span,
        "a region from the environment is ignored: it is no name of letters, digits and '-'");
    reading_blame_variable(reading, diag, value);
}

bool read_region_name(struct reading *reading, const struct node *value, void *target)
{
    struct redial_str region;
    if (!read_text(reading, value, &region)) return false;
    if (!is_region(region) && node_is_from_environment(value)) {
        ignore_region(reading, value);
        return true;
    }
    if (!is_region(region)) {
        struct redial_str written = node_written(value);
        struct diag *diag = diag_error(reading->diags, "bad-region", value->span,
                                       "'%.*s' is no name of a region", REDIAL_STR_ARG(written));
        diag_cure(reading->diags, diag, "a region is letters, digits and '-', such as us-east-1");
        return false;
    }
    struct redial_str *out = target;
    *out = region;
    return true;
}

struct region {
    struct redial_str from, otherwise; /* the first of `from` that is set */
    struct region_override *overrides;
    size_t override_count;
};

bool read_region_from(struct reading *reading, const struct node *value, void *target)
{
    struct redial_str *from = target;
    bool right = true;
    for (size_t i = 0; i < items_count(value); i++) {
        struct redial_str region = {0};
        right = read_region_name(reading, items_at(value, i), &region) && right;
        if (from->len == 0) *from = region;
    }
    return right;
}

static bool read_overrides(struct reading *reading, const struct node *value, void *target)
{
    struct region *region = target;
    if (value->kind != NODE_MAPPING)
        return reading_unexpected(reading, value, "regions by model: {\"*haiku*\": us-east-1}");
    region->overrides = ARENA_ARRAY(reading->arena, struct region_override, value->count);
    if (!region->overrides) return reading_out_of_memory(reading);
    region->override_count = value->count;
    bool right = true;
    for (size_t i = 0; i < value->count; i++) {
        struct region_override *override = &region->overrides[i];
        override->span = value->keys[i]->span;
        right = read_text(reading, value->keys[i], &override->model_glob) &&
                read_region_name(reading, value->values[i], &override->region) && right;
    }
    return right;
}

static const struct key region_keys[] = {
    {"from", read_region_from, offsetof(struct region, from), "the first that is not empty",
     "list of texts", false},
    {"default", read_region_name, offsetof(struct region, otherwise), "when none of them is set",
     "text", false},
    {"per_model", read_overrides, 0, "regions of single models; an empty one says nothing",
     "mapping of model patterns to regions", false},
};
static const struct keys region_table = {"region", region_keys, REDIAL_COUNT_OF(region_keys)};

static bool read_region(struct reading *reading, const struct node *value, void *target)
{
    struct platform *platform = target;
    if (value->kind == NODE_SCALAR) return read_region_name(reading, value, &platform->region);
    struct region region = {0};
    bool right = keys_read(reading, &region_table, value, &region);
    platform->region = region.from.len > 0 ? region.from : region.otherwise;
    platform->region_overrides = region.overrides;
    platform->region_override_count = region.override_count;
    return right;
}

/* ---- Models */

static bool read_prefill(struct reading *reading, const struct node *value, void *target)
{
    bool takes;
    if (!read_bool(reading, value, &takes)) return false;
    *(bool *)target = !takes;
    return true;
}

static const struct key model_keys[] = {
    {"id", read_text, offsetof(struct platform_model, id),
     "what the platform calls it; {prefix} stands for the platform's prefix of the region", "text",
     false},
    {"context", read_tokens, offsetof(struct platform_model, context), "its context window",
     "tokens", false},
    {"max_output", read_tokens, offsetof(struct platform_model, max_output),
     "the most it writes in one reply", "tokens", false},
    {"api_version", read_text, offsetof(struct platform_model, api_version),
     "where it is not the platform's", "text", false},
    {"prefill", read_prefill, offsetof(struct platform_model, refuses_prefill),
     "whether it takes a last message of the assistant, to go on with; true unless said",
     "true or false", false},
};
static const struct keys model_table = {"a model", model_keys, REDIAL_COUNT_OF(model_keys)};

static bool read_models(struct reading *reading, const struct node *value, void *target)
{
    struct platform *platform = target;
    if (value->kind != NODE_MAPPING)
        return reading_unexpected(reading, value, "models by name: {claude-opus-4-6: {id: …}}");
    platform->models = ARENA_ARRAY(reading->arena, struct platform_model, value->count);
    if (!platform->models) return reading_out_of_memory(reading);
    bool right = true;
    for (size_t i = 0; i < value->count; i++) {
        struct platform_model *model = &platform->models[i];
        model->span = value->keys[i]->span;
        model->model = config_model(config_of(reading), value->keys[i]);
        right = read_text(reading, value->keys[i], &model->id) && model->model != NO_INDEX && right;
        right = keys_read(reading, &model_table, value->values[i], model) && right;
    }
    platform->model_count = value->count;
    return right;
}

/* ---- A platform */

/* What each platform speaks: written in the file for its reader, and checked. */
static const char *const wires[PLATFORM_KIND_COUNT] = {
    [PLATFORM_ANTHROPIC] = "anthropic_messages",
    [PLATFORM_BEDROCK] = "bedrock_invoke",
    [PLATFORM_VERTEX] = "vertex_raw_predict",
    [PLATFORM_FOUNDRY] = "foundry_messages",
};

static bool read_wire(struct reading *reading, const struct node *value, void *target)
{
    const struct platform *platform = target;
    const char *wire = wires[platform->kind];
    if (value->kind == NODE_SCALAR && str_is(value->text, wire)) return true;
    struct redial_str written = node_written(value), name = platform->name;
    struct diag *diag = diag_error(reading->diags, "unknown-word", value->span,
                                   "platform '%.*s' does not speak '%.*s'", REDIAL_STR_ARG(name),
                                   REDIAL_STR_ARG(written));
    diag_cure(reading->diags, diag, "it speaks %s", wire);
    return false;
}

/* A credential goes where this points: HTTP or HTTPS, and nothing that hides another host. */
bool read_base_url(struct reading *reading, const struct node *value, void *target)
{
    struct redial_str url, *out = target;
    if (!read_text(reading, value, &url)) return false;
    bool fine = url.len == 0 || str_starts_with(url, REDIAL_STR("https://")) ||
                str_starts_with(url, REDIAL_STR("http://"));
    for (size_t i = 0; i < url.len; i++)
        fine = fine && (unsigned char)url.ptr[i] > 0x20 && url.ptr[i] != '@' && url.ptr[i] != 0x7f;
    if (!fine) {
        struct redial_str written = node_written(value);
        struct diag *diag = diag_error(reading->diags, "bad-url", value->span,
                                       "'%.*s' is no URL to send to", REDIAL_STR_ARG(written));
        diag_cure(reading->diags, diag,
                  "it begins with https:// (http:// on loopback) and names no user");
        return false;
    }
    *out = url;
    return true;
}

static bool read_credentials(struct reading *reading, const struct node *value, void *target)
{
    struct platform *platform = target;
    size_t count = items_count(value);
    platform->credentials = ARENA_ARRAY(reading->arena, struct redial_str, count);
    if (!platform->credentials) return reading_out_of_memory(reading);
    platform->credential_count = count;
    bool right = true;
    for (size_t i = 0; i < count; i++)
        right = read_name(reading, items_at(value, i), &platform->credentials[i]) && right;
    return right;
}

static const struct key platform_keys[] = {
    {"use_when", read_text, offsetof(struct platform, use_when), "when one would choose it", "text",
     false},
    {"wire", read_wire, 0, "what it speaks", "the platform's wire", false},
    {"endpoint", read_base_url, offsetof(struct platform, endpoint),
     "where it is; {region} stands for the region", "URL", false},
    {"endpoints", read_region_endpoints, 0,
     "of regions that have one of their own: the first pattern that matches",
     "mapping of region patterns to URLs", false},
    {"resource", read_resource, offsetof(struct platform, resource),
     "Foundry: {resource} of the endpoint; excludes a base_url", "text", false},
    {"base_url", read_platform_base_url, 0, "replaces the endpoint unless empty", "URL", false},
    {"api_version", read_text, offsetof(struct platform, api_version),
     "the version that a request names", "text", false},
    {"key_header", read_key_header, 0,
     "which header a static key goes in, always or by api_version; authorization, which holds "
     "unless said, carries it as a bearer token",
     "name of a header, or mapping of versions to names", false},
    {"betas", read_betas, offsetof(struct platform, betas),
     "what becomes of a caller's flags of anthropic-beta; those that it does not name go as they "
     "are",
     "{drop, rename}", false},
    {"signing", read_name, offsetof(struct platform, signing),
     "the AWS service that requests are signed for (SigV4), without a bearer token", "word", false},
    {"mantle", read_mantle, offsetof(struct platform, mantle),
     "Bedrock: the surface of providers that say `surface: mantle`",
     "{endpoint, base_url, api_version, signing, model_id, betas}", false},
    {"project", read_project, 0, "Vertex: whose project is billed; the first that is not empty",
     "text or list", false},
    {"region", read_region, 0, "where the call lands", "text or {from, default, per_model}", false},
    {"prefix", read_prefix, 0, "what {prefix} in the ids of its models stands for",
     "{from, per_region}", false},
    {"models", read_models, 0, "its models, by the name that policies use",
     "mapping of names to {id, context, max_output, api_version, prefill}", false},
    {"credentials", read_credentials, 0, "where a credential is looked for, in order",
     "list of names", false},
    {"classify", read_classify, offsetof(struct platform, classify),
     "what its replies mean, the first row that matches decides", "list of {class, when}", false},
    {"features", read_features, offsetof(struct platform, features), "what it supports",
     "mapping of features to {support, source, …}", false},
};
static const struct keys platform_table = {"a platform", platform_keys,
                                           REDIAL_COUNT_OF(platform_keys)};

static bool read_platform(struct reading *reading, const struct node *name,
                          const struct node *value)
{
    struct config *config = config_of(reading);
    int kind;
    if (!read_word(reading, name, &platform_names, &kind)) return false;
    size_t number = name_map_find(&config->platforms, name->text);
    if (number == NAME_MAP_NONE) return false; /* memory was out when it was declared */
    struct platform *platform = &config->policy->platforms[number];
    platform->kind = (enum platform_kind)kind;
    return keys_read(reading, &platform_table, value, platform) &&
           config_fill_in_prefixes(reading, platform);
}

bool read_platforms(struct reading *reading, const struct node *value, void *target)
{
    (void)target;
    if (value->kind != NODE_MAPPING)
        return reading_unexpected(reading, value, "platforms by name: {anthropic: {…}}");
    bool right = true;
    for (size_t i = 0; i < value->count; i++)
        right = read_platform(reading, value->keys[i], value->values[i]) && right;
    return right;
}

/* ---- Shapes */

const struct shape_row platform_shapes[] = {
    {read_class, AS_WORD(class_names)}, /* none: nothing is wrong */
    {read_row_source, AS_EXACTLY("assumed")},
    {read_transport, AS_LIST(AS_KEYS(row_table))},
    {read_classify, AS_LIST(AS_KEYS(row_table))},
    {read_support, AS_WORD(support_names)},
    {read_features,
     {.kind = SHAPE_BY_WORD, .names = &feature_names, .of = SHAPE(AS_KEYS(cell_table))}},
    {read_region_name, AS_TEXT},
    {read_region_from, AS_ITEMS(AS_TEXT)},
    {read_overrides, AS_NAMED(AS_TEXT)},
    {read_region, AS_KEYS_OR(region_table, AS_TEXT)},
    {read_models, AS_NAMED(AS_KEYS(model_table))},
    {read_wire, AS_TEXT},
    {read_base_url, AS_TEXT},
    {read_credentials, AS_ITEMS(AS_TEXT)},
    {read_platforms,
     {.kind = SHAPE_BY_WORD, .names = &platform_names, .of = SHAPE(AS_KEYS(platform_table))}},
    {read_required, AS_WORD(credential_names)},
    {read_prefill, AS_BOOL},
    {0},
};
