/* The headers of a request, and the flags of anthropic-beta wherever they go. */
#include <string.h>

#include "platforms/request_parts.h"

#define HEADERS_OWN_MAX 10 /* what `request_add_headers` adds by itself */

/* These belong to the connection or to the credential; a caller who sets them could smuggle a
 * second request or another identity. */
static const char *const reserved[] = {
    "authorization",
    "x-api-key",
    "api-key",
    "proxy-authorization",
    "x-amz-security-token",
    "x-amz-date",
    "content-type",
    "host",
    "content-length",
    "transfer-encoding",
    "connection",
    "keep-alive",
    "te",
    "upgrade",
    "expect",
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
        return request_refuse(build, "a header's name is no HTTP token", (struct redial_str){"", 0},
                              "letters, digits and '-' are safe");
    if (!is_one_line(value))
        return request_refuse(build, "the header", name, "its value holds CR, LF or NUL");
    if (!arena_copy(build->arena, name, &header->name) ||
        !arena_copy(build->arena, value, &header->value))
        return request_out_of_memory(build);
    build->header_count++;
    return true;
}

static bool add_if_given(struct build *build, const char *name, struct redial_str value)
{
    return value.len == 0 || add_header(build, str_of(name), value);
}

static bool takes(const struct build *build, enum redial_feature feature)
{
    return policy_feature_goes(build->facts->policy, build->provider->platform, feature);
}

/* ---- The credential */

/* Where a static key goes: the row of this API version, or of any. */
static struct redial_str key_header(const struct build *build)
{
    const struct platform *platform = build->platform;

    for (size_t i = 0; i < platform->key_header_count; i++) {
        const struct key_header *row = &platform->key_headers[i];
        if (row->api_version.len == 0 || str_eq(row->api_version, build->target.api_version))
            return row->header;
    }
    return REDIAL_STR("authorization");
}

static bool add_credential(struct build *build)
{
    const struct request_facts *facts = build->facts;
    struct redial_str bearer, header = REDIAL_STR("authorization");

    if (facts->credential.len == 0) return true;
    if (facts->credential_is_key) header = key_header(build);
    if (!str_eq_nocase(header, REDIAL_STR("authorization")))
        return add_header(build, header, facts->credential);
    if (!arena_printf(build->arena, &bearer, "Bearer %.*s", REDIAL_STR_ARG(facts->credential)))
        return request_out_of_memory(build);
    return add_header(build, header, bearer);
}

/* ---- Beta flags */

static bool is_beta_header(struct redial_str name)
{
    return str_eq_nocase(name, REDIAL_STR("anthropic-beta"));
}

static bool has_flag(struct redial_str joined, struct redial_str flag)
{
    struct redial_str known;

    while (str_split(&joined, ',', &known))
        if (str_eq(known, flag)) return true;
    return false;
}

static void add_flag(struct text *joined, struct redial_str flag)
{
    if (flag.len == 0 || has_flag(text_str(joined), flag)) return;
    if (joined->len > 0) text_append_char(joined, ',');
    text_append(joined, flag);
}

struct flags {
    struct text sent;    /* joined by commas, each once */
    struct text changed; /* likewise the caller's that do not go as they are */
};

/* What the policy or the credential needs goes as it is: their platform is their own. */
static void join_own(struct flags *flags, struct redial_str list)
{
    struct redial_str flag;

    while (str_split(&list, ',', &flag)) add_flag(&flags->sent, str_trim(flag));
}

static void join_callers(const struct build *build, struct redial_str list, struct flags *flags)
{
    struct redial_str flag, sent;

    while (str_split(&list, ',', &flag)) {
        flag = str_trim(flag);
        sent = policy_beta(build->facts->policy, build->facts->provider, flag);
        if (!str_eq(sent, flag)) add_flag(&flags->changed, flag);
        add_flag(&flags->sent, sent);
    }
}

static bool join_body(const struct build *build, struct flags *flags)
{
    const struct body_member *member = body_find(build->body, BODY_ANTHROPIC_BETA);
    struct json *list = member ? json_parse(member->value) : NULL;
    bool read = !member || list;

    for (const struct json *flag = list ? json_first(list) : NULL; flag; flag = json_next(flag))
        join_callers(build, json_text(flag), flags);
    json_free(list);
    return read || request_out_of_memory(build);
}

/* A caller's own header of that name says the same as `betas`, where his headers go at all. */
static void join_headers(const struct build *build, struct flags *flags)
{
    const struct request_facts *facts = build->facts;

    if (!takes(build, REDIAL_FEATURE_CUSTOM_HEADERS)) return;
    for (size_t i = 0; i < facts->custom_header_count; i++)
        if (is_beta_header(facts->custom_headers[i].name))
            join_callers(build, facts->custom_headers[i].value, flags);
}

bool request_join_betas(struct build *build)
{
    const struct request_facts *facts = build->facts;
    struct flags flags = {TEXT_INIT, TEXT_INIT};

    if (request_is_fast(build)) join_own(&flags, facts->policy->fast.beta);
    join_own(&flags, facts->credential_beta);
    bool joined = join_body(build, &flags);
    for (size_t i = 0; i < facts->beta_count; i++) join_callers(build, facts->betas[i], &flags);
    join_headers(build, &flags);
    bool settled = request_settle(build, &flags.sent, &build->betas);
    return request_settle(build, &flags.changed, &build->betas_changed) && settled && joined;
}

/* ---- All of them */

static bool add_custom_headers(struct build *build)
{
    const struct request_facts *facts = build->facts;

    if (!takes(build, REDIAL_FEATURE_CUSTOM_HEADERS)) return true;
    for (size_t i = 0; i < facts->custom_header_count; i++) {
        const struct redial_header *header = &facts->custom_headers[i];
        if (is_beta_header(header->name)) continue;
        if (is_reserved(header->name))
            return request_refuse(build, "the header", header->name,
                                  "it is not the caller's to set");
        if (!add_header(build, header->name, header->value)) return false;
    }
    return true;
}

bool request_add_headers(struct build *build)
{
    const struct request_facts *facts = build->facts;
    const struct platform_wire *wire = build->wire;
    struct redial_str none = {"", 0};
    bool tracked = takes(build, REDIAL_FEATURE_CLIENT_REQUEST_ID);
    bool google = build->platform->kind == PLATFORM_VERTEX;

    build->headers = ARENA_ARRAY(build->arena, struct redial_header,
                                 HEADERS_OWN_MAX + facts->custom_header_count);
    if (!build->headers) return request_out_of_memory(build);
    return add_header(build, REDIAL_STR("content-type"), REDIAL_STR("application/json")) &&
           add_header(build, REDIAL_STR("accept"), REDIAL_STR("application/json")) &&
           add_header(build, REDIAL_STR("user-agent"), REDIAL_STR("redial/" REDIAL_VERSION)) &&
           add_credential(build) &&
           add_if_given(build, "anthropic-version",
                        wire->version_in_body ? none : build->target.api_version) &&
           add_if_given(build, "x-client-request-id", tracked ? facts->client_request_id : none) &&
           add_if_given(build, "anthropic-beta", wire->beta_in_body ? none : build->betas) &&
           add_if_given(build, "x-goog-user-project", google ? facts->quota_project : none) &&
           add_custom_headers(build);
}
