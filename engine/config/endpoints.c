/* What a platform's requests look like, as far as a policy says it: where they go by region, how
 * models are called there, which header carries a key, and Bedrock's other surface. */
#include "config/reader.h"

/* ---- Environment variables, for messages */

/* Appends the names of the variables that a value refers to: "A or B". */
static void append_variables(const struct node *value, struct text *out)
{
    struct redial_str rest = node_written(value);
    size_t at;
    while ((at = str_find(rest, REDIAL_STR("${"))) != SIZE_MAX) {
        rest = str_skip(rest, at + 2);
        size_t end = str_find(rest, REDIAL_STR("}")), mark = str_find(rest, REDIAL_STR(":-"));
        if (out->len > 0) text_append(out, REDIAL_STR(" or "));
        text_append(out, str_take(rest, mark < end ? mark : end));
    }
}

bool read_variables(struct reading *reading, const struct node *value, struct redial_str *out)
{
    struct text names = TEXT_INIT;
    for (size_t i = 0; i < items_count(value); i++) append_variables(items_at(value, i), &names);
    bool kept = !names.failed && arena_copy(reading->arena, text_str(&names), out);
    text_clean_up(&names);
    return kept || reading_out_of_memory(reading);
}

bool node_is_from_environment(const struct node *value)
{
    return str_find(node_written(value), REDIAL_STR("${")) != SIZE_MAX &&
           str_find(value->text, REDIAL_STR("${")) == SIZE_MAX;
}

/* ---- What differs by region */

struct by_region_list {
    struct by_region *rows;
    size_t count;
};

static bool read_by_region(struct reading *reading, const struct node *value, const char *example,
                           read_fn *read, struct by_region_list *list)
{
    if (value->kind != NODE_MAPPING) return reading_unexpected(reading, value, example);
    list->rows = ARENA_ARRAY(reading->arena, struct by_region, value->count);
    if (!list->rows) return reading_out_of_memory(reading);
    list->count = value->count;
    bool right = true;
    for (size_t i = 0; i < value->count; i++) {
        list->rows[i].span = value->keys[i]->span;
        right = read_text(reading, value->keys[i], &list->rows[i].region_glob) &&
                read(reading, value->values[i], &list->rows[i].value) && right;
    }
    return right;
}

bool read_region_endpoints(struct reading *reading, const struct node *value, void *target)
{
    struct platform *platform = target;
    struct by_region_list list = {0};
    bool right =
        read_by_region(reading, value, "URLs by region: {global: https://…}", read_base_url, &list);
    platform->region_endpoints = list.rows;
    platform->region_endpoint_count = list.count;
    return right;
}

/* ---- The prefix of model ids */

struct prefix {
    struct redial_str from; /* holds in every region, where it is given */
    struct by_region_list per_region;
};

static bool read_prefix_regions(struct reading *reading, const struct node *value, void *target)
{
    return read_by_region(reading, value, "prefixes by region: {\"eu-*\": eu}", read_region_name,
                          target);
}

static const struct key prefix_keys[] = {
    {"from", read_region_from, offsetof(struct prefix, from),
     "the first that is not empty holds in every region", "text or list", false},
    {"per_region", read_prefix_regions, offsetof(struct prefix, per_region),
     "else the first pattern that matches the region of the call",
     "mapping of region patterns to prefixes", false},
};
static const struct keys prefix_table = {"a prefix", prefix_keys, REDIAL_COUNT_OF(prefix_keys)};

bool read_prefix(struct reading *reading, const struct node *value, void *target)
{
    struct platform *platform = target;
    struct prefix prefix = {0};
    if (!keys_read(reading, &prefix_table, value, &prefix)) return false;
    platform->prefixes = prefix.per_region.rows;
    platform->prefix_count = prefix.per_region.count;
    if (prefix.from.len == 0) return true;
    platform->prefixes = ARENA_NEW(reading->arena, struct by_region);
    if (!platform->prefixes) return reading_out_of_memory(reading);
    platform->prefix_count = 1;
    *platform->prefixes = (struct by_region){REDIAL_STR("*"), prefix.from, value->span};
    return true;
}

/* Ids live as long as the policy, so each is made once for every prefix. */
static bool fill_in_prefix(struct reading *reading, const struct platform *platform,
                           struct platform_model *model)
{
    struct redial_str place = REDIAL_STR("{prefix}"), id = model->id;
    size_t open = str_find(id, place);
    if (open == SIZE_MAX) return true;
    model->ids = ARENA_ARRAY(reading->arena, struct redial_str, platform->prefix_count);
    if (!model->ids) return reading_out_of_memory(reading);
    model->id_count = platform->prefix_count;
    for (size_t i = 0; i < model->id_count; i++) {
        struct redial_str prefix = platform->prefixes[i].value;
        struct redial_str behind = str_skip(id, open + place.len);
        if (!arena_printf(reading->arena, &model->ids[i], "%.*s%.*s%.*s", (int)open, id.ptr,
                          REDIAL_STR_ARG(prefix), REDIAL_STR_ARG(behind)))
            return reading_out_of_memory(reading);
    }
    return true;
}

bool config_fill_in_prefixes(struct reading *reading, struct platform *platform)
{
    bool right = true;
    for (size_t i = 0; i < platform->model_count; i++)
        right = fill_in_prefix(reading, platform, &platform->models[i]) && right;
    return right;
}

/* ---- Places of an endpoint, and who is asked */

bool read_resource(struct reading *reading, const struct node *value, void *target)
{
    struct looked_up *resource = target;
    return read_region_name(reading, value, &resource->value) &&
           read_variables(reading, value, &resource->variables);
}

bool read_project(struct reading *reading, const struct node *value, void *target)
{
    struct platform *platform = target;
    return read_region_from(reading, value, &platform->project) &&
           read_variables(reading, value, &platform->project_variables);
}

bool read_platform_base_url(struct reading *reading, const struct node *value, void *target)
{
    struct platform *platform = target;
    return read_base_url(reading, value, &platform->base_url) &&
           read_variables(reading, value, &platform->base_url_variables);
}

/* ---- The header of a key */

static bool read_header_name(struct reading *reading, const struct node *value, void *target)
{
    struct redial_str *header = target;
    if (!read_name(reading, value, header)) return false;
    for (size_t i = 0; i < header->len; i++) {
        char c = header->ptr[i];
        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-') continue;
        return reading_unexpected(reading, value, "a header's name in lower case, as x-api-key");
    }
    return true;
}

bool read_key_header(struct reading *reading, const struct node *value, void *target)
{
    struct platform *platform = target;
    size_t count = value->kind == NODE_MAPPING ? value->count : 1;
    platform->key_headers = ARENA_ARRAY(reading->arena, struct key_header, count);
    if (!platform->key_headers) return reading_out_of_memory(reading);
    platform->key_header_count = count;
    if (value->kind != NODE_MAPPING)
        return read_header_name(reading, value, &platform->key_headers[0].header);
    bool right = true;
    for (size_t i = 0; i < count; i++)
        right = read_name(reading, value->keys[i], &platform->key_headers[i].api_version) &&
                read_header_name(reading, value->values[i], &platform->key_headers[i].header) &&
                right;
    return right;
}

/* ---- Mantle */

static const struct key mantle_keys[] = {
    {"endpoint", read_base_url, offsetof(struct mantle, endpoint),
     "where it is; {region} stands for the region", "URL", true},
    {"base_url", read_base_url, offsetof(struct mantle, base_url),
     "replaces the endpoint unless empty", "URL", false},
    {"api_version", read_text, offsetof(struct mantle, api_version),
     "the version that a request names", "text", true},
    {"signing", read_name, offsetof(struct mantle, signing),
     "the AWS service that requests are signed for", "word", true},
    {"model_id", read_text, offsetof(struct mantle, model_id),
     "what it calls a model; {model} stands for the name that policies use", "text", true},
    {"betas", read_betas, offsetof(struct mantle, betas),
     "what becomes of a caller's flags of anthropic-beta there; the platform's own rows do not "
     "hold",
     "{drop, rename}", false},
};
static const struct keys mantle_table = {"the surface mantle", mantle_keys,
                                         REDIAL_COUNT_OF(mantle_keys)};

bool read_mantle(struct reading *reading, const struct node *value, void *target)
{
    struct mantle *mantle = target;
    mantle->present = true;
    mantle->span = value->span;
    return keys_read(reading, &mantle_table, value, mantle);
}

bool read_surface(struct reading *reading, const struct node *value, void *target)
{
    struct provider *provider = target;
    int row;
    if (!read_word(reading, value, &surface_names, &row)) return false;
    provider->surface = (enum bedrock_surface)row;
    provider->surface_span = value->span;
    return true;
}

/* ---- Shapes */

const struct shape_row endpoint_shapes[] = {
    {read_region_endpoints, AS_NAMED(AS_TEXT)},
    {read_prefix_regions, AS_NAMED(AS_TEXT)},
    {read_prefix, AS_KEYS(prefix_table)},
    {read_resource, AS_TEXT},
    {read_project, AS_ITEMS(AS_TEXT)},
    {read_platform_base_url, AS_TEXT},
    {read_header_name, AS_TEXT},
    {read_key_header, {.kind = SHAPE_NAMED, .of = SHAPE(AS_TEXT), .or = SHAPE(AS_TEXT)}},
    {read_mantle, AS_KEYS(mantle_table)},
    {read_surface, AS_WORD(surface_names)},
    {0},
};
