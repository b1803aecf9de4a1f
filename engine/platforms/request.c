/* Builds requests. The policy says where a model lives and what its platform supports; the
 * platform's row says how it wants to be asked. */
#include "platforms/request.h"

#include <string.h>

#include "platforms/platform.h"
#include "platforms/prefill.h"

#define HEADERS_OWN_MAX 8 /* what `add_headers` adds by itself */

/* What a request is built from, resolved once. */
struct build {
    struct arena *arena;
    const struct request_facts *facts;
    const struct provider *provider;
    const struct platform *platform;
    const struct platform_wire *wire;
    struct target target;
    bool refuses_prefill;
    struct redial_header *headers;
    size_t header_count;
    struct redial_str *why;
};

static bool refuse(const struct build *build, const char *what, struct redial_str name,
                   const char *cure)
{
    if (!arena_printf(build->arena, build->why, "%s '%.*s': %s", what, REDIAL_STR_ARG(name), cure))
        *build->why = REDIAL_STR("memory is out");
    return false;
}

static bool out_of_memory(const struct build *build)
{
    *build->why = REDIAL_STR("memory is out");
    return false;
}

/* ---- Where to */

static struct redial_str first_given(struct redial_str a, struct redial_str b)
{
    return a.len > 0 ? a : b;
}

static void resolve_target(struct build *build)
{
    const struct request_facts *facts = build->facts;
    const struct platform_model *model = policy_platform_model(
        facts->policy, build->provider->platform, policy_find_model(facts->policy, facts->model));
    build->refuses_prefill = model && model->refuses_prefill;
    struct redial_str version = model ? model->api_version : (struct redial_str){0};

    build->target = (struct target){
        .model_id = first_given(model ? model->id : facts->model, facts->model),
        .api_version = first_given(version, build->platform->api_version),
        .region = policy_region(facts->policy, facts->provider, facts->model),
        .project = facts->project,
        .stream = facts->stream && build->wire->streams,
    };
}

/* Writes the base URL with its {region} filled in, without a last slash. */
static bool write_base(const struct build *build, struct text *url)
{
    struct redial_str given = first_given(build->facts->base_url, build->provider->base_url);
    struct redial_str base =
        first_given(first_given(given, build->platform->base_url), build->platform->endpoint);
    size_t open = str_find(base, REDIAL_STR("{region}"));

    if (base.len == 0)
        return refuse(build, "no URL is known for provider", build->provider->name,
                      "give it a base_url, or its platform an endpoint");
    if (open != SIZE_MAX) {
        if (build->target.region.len == 0)
            return refuse(build, "no region is known for provider", build->provider->name,
                          "its endpoint needs one: give it a region");
        text_append(url, str_take(base, open));
        text_append(url, build->target.region);
        base = str_skip(base, open + strlen("{region}"));
    }
    if (str_find(base, REDIAL_STR("{")) != SIZE_MAX)
        return refuse(build, "the endpoint has a place to fill in", base,
                      "only {region} is known: give a base_url");
    while (str_ends_with(base, REDIAL_STR("/"))) base.len--;
    text_append(url, base);
    return true;
}

/* ---- Headers */

/* These belong to the connection or to the credential; a caller who sets them could smuggle a
 * second request or another identity. */
static const char *const reserved[] = {
    "authorization", "x-api-key",  "content-type", "host",    "content-length", "transfer-encoding",
    "connection",    "keep-alive", "te",           "upgrade", "expect",
};

static bool is_reserved(struct redial_str name)
{
    for (size_t i = 0; i < REDIAL_COUNT_OF(reserved); i++)
        if (str_eq_nocase(name, str_of(reserved[i]))) return true;
    return false;
}

/* RFC 9110 §5.6.2, token. */
static bool is_token(struct redial_str name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        bool alphanumeric =
            (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!alphanumeric && (c == '\0' || !strchr("!#$%&'*+-.^_`|~", c))) return false;
    }
    return name.len > 0;
}

static bool is_one_line(struct redial_str value)
{
    for (size_t i = 0; i < value.len; i++)
        if (value.ptr[i] == '\r' || value.ptr[i] == '\n' || value.ptr[i] == '\0') return false;
    return true;
}

static bool add_header(struct build *build, struct redial_str name, struct redial_str value)
{
    struct redial_header *header = &build->headers[build->header_count];

    if (!is_token(name))
        return refuse(build, "a header's name is no HTTP token", (struct redial_str){"", 0},
                      "letters, digits and '-' are safe");
    if (!is_one_line(value))
        return refuse(build, "the header", name, "its value holds CR, LF or NUL");
    if (!arena_copy(build->arena, name, &header->name) ||
        !arena_copy(build->arena, value, &header->value))
        return out_of_memory(build);
    build->header_count++;
    return true;
}

static bool add_credential(struct build *build)
{
    const struct request_facts *facts = build->facts;
    struct redial_str bearer;

    if (facts->credential.len == 0) return true;
    if (facts->credential_is_key && build->wire->key_header)
        return add_header(build, str_of(build->wire->key_header), facts->credential);
    if (!arena_printf(build->arena, &bearer, "Bearer %.*s", REDIAL_STR_ARG(facts->credential)))
        return out_of_memory(build);
    return add_header(build, REDIAL_STR("authorization"), bearer);
}

static bool takes(const struct build *build, enum redial_feature feature)
{
    return policy_feature_goes(build->facts->policy, build->provider->platform, feature);
}

static bool add_custom_headers(struct build *build)
{
    const struct request_facts *facts = build->facts;

    if (!takes(build, REDIAL_FEATURE_CUSTOM_HEADERS)) return true;
    for (size_t i = 0; i < facts->custom_header_count; i++) {
        const struct redial_header *header = &facts->custom_headers[i];
        if (is_reserved(header->name))
            return refuse(build, "the header", header->name, "it is not the caller's to set");
        if (!add_header(build, header->name, header->value)) return false;
    }
    return true;
}

static bool is_fast(const struct build *build)
{
    return build->facts->fast && build->facts->policy->fast.present &&
           build->platform->kind == PLATFORM_ANTHROPIC;
}

static bool add_beta(struct build *build)
{
    struct redial_str beta = build->facts->policy->fast.beta;

    if (!is_fast(build) || beta.len == 0) return true;
    return add_header(build, REDIAL_STR("anthropic-beta"), beta);
}

static bool add_headers(struct build *build)
{
    const struct request_facts *facts = build->facts;
    bool version = !build->wire->version_in_body && build->target.api_version.len > 0;
    bool tracked =
        facts->client_request_id.len > 0 && takes(build, REDIAL_FEATURE_CLIENT_REQUEST_ID);

    build->headers = ARENA_ARRAY(build->arena, struct redial_header,
                                 HEADERS_OWN_MAX + facts->custom_header_count);
    if (!build->headers) return out_of_memory(build);
    return add_header(build, REDIAL_STR("content-type"), REDIAL_STR("application/json")) &&
           add_header(build, REDIAL_STR("accept"), REDIAL_STR("application/json")) &&
           add_header(build, REDIAL_STR("user-agent"), REDIAL_STR("redial/" REDIAL_VERSION)) &&
           add_credential(build) &&
           (!version ||
            add_header(build, REDIAL_STR("anthropic-version"), build->target.api_version)) &&
           (!tracked ||
            add_header(build, REDIAL_STR("x-client-request-id"), facts->client_request_id)) &&
           add_beta(build) && add_custom_headers(build);
}

/* ---- Body */

/* Without the prefill, where the model takes none: it would refuse the whole request. */
static void write_messages(const struct build *build, struct text *body)
{
    struct redial_str messages = build->facts->messages;
    size_t prefill = build->refuses_prefill ? prefill_find(messages) : SIZE_MAX;

    text_append(body, prefill == SIZE_MAX ? messages : str_take(messages, prefill));
    if (prefill != SIZE_MAX) text_append_char(body, ']');
}

static void write_body(const struct build *build, struct text *body)
{
    const struct target *target = &build->target;

    text_append_char(body, '{');
    if (build->wire->model_in_body) {
        text_append(body, REDIAL_STR("\"model\":"));
        text_append_json(body, target->model_id);
        text_append_char(body, ',');
    }
    if (build->wire->version_in_body) {
        text_append(body, REDIAL_STR("\"anthropic_version\":"));
        text_append_json(body, target->api_version);
        text_append_char(body, ',');
    }
    text_printf(body, "\"max_tokens\":%lld,", (long long)build->facts->max_tokens);
    if (target->stream) text_append(body, REDIAL_STR("\"stream\":true,"));
    if (is_fast(build)) {
        text_append(body, REDIAL_STR("\"speed\":"));
        text_append_json(body, build->facts->policy->fast.speed);
        text_append_char(body, ',');
    }
    text_append(body, REDIAL_STR("\"messages\":"));
    write_messages(build, body);
    text_append_char(body, '}');
}

/* Moves a text into the arena. */
static bool settle(const struct build *build, struct text *text, struct redial_str *settled)
{
    bool done = !text->failed && arena_copy(build->arena, text_str(text), settled);

    text_clean_up(text);
    return done || out_of_memory(build);
}

bool request_build(struct arena *arena, const struct request_facts *facts,
                   struct http_request *request, struct redial_str *why)
{
    const struct provider *provider = &facts->policy->providers[facts->provider];
    const struct platform *platform = &facts->policy->platforms[provider->platform];
    struct build build = {.arena = arena,
                          .facts = facts,
                          .provider = provider,
                          .platform = platform,
                          .wire = platform_wire(platform->kind),
                          .why = why};
    struct text url = TEXT_INIT, body = TEXT_INIT;

    resolve_target(&build);
    if (!add_headers(&build) || !write_base(&build, &url)) {
        text_clean_up(&url);
        return false;
    }
    build.wire->write_path(&url, &build.target);
    write_body(&build, &body);
    struct redial_str *piece = ARENA_NEW(arena, struct redial_str);
    *request = (struct http_request){.method = "POST",
                                     .headers = build.headers,
                                     .header_count = build.header_count,
                                     .pieces = piece,
                                     .piece_count = 1};
    bool settled = settle(&build, &url, &request->url);
    bool given = piece || out_of_memory(&build);
    return given && settle(&build, &body, piece) && settled;
}
