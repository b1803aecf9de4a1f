/* The identity of an external account that runs at AWS: a request for sts:GetCallerIdentity, signed
 * and not sent. Google's token server sends it, and believes AWS's answer. Region and keys are the
 * environment's, else the instance metadata service's, at the addresses that the file names. */
#include "credentials/google.h"
#include "credentials/sigv4.h"

#define SESSION_SECONDS "300"
#define REGION_PLACE    "{region}"

struct caller {
    const struct google_file *file;
    google_subject_fn *with;
    void *state;
    struct redial_str session; /* of the metadata service; may be empty: version 1 */
    struct redial_str region, role, id, secret, token;
};

/* ---- The signed request, as JSON */

static struct redial_str verification_url(struct flow *flow, const struct caller *caller)
{
    struct redial_str rest = caller->file->source_verify_url, place = REDIAL_STR(REGION_PLACE);
    struct text url = TEXT_INIT;
    for (size_t at; (at = str_find(rest, place)) != SIZE_MAX;) {
        text_append(&url, str_take(rest, at));
        text_append(&url, caller->region);
        rest = str_skip(rest, at + place.len);
    }
    text_append(&url, rest);
    return flow_settle(flow, &url);
}

static void write_header(struct text *out, struct redial_str name, struct redial_str value)
{
    text_append(out, REDIAL_STR("{\"key\":"));
    text_append_json(out, name);
    text_append(out, REDIAL_STR(",\"value\":"));
    text_append_json(out, value);
    text_append_char(out, '}');
}

static struct redial_str written(struct flow *flow, const struct http_request *request,
                                 const struct url *url)
{
    struct text json = TEXT_INIT, token = TEXT_INIT;
    text_append(&json, REDIAL_STR("{\"url\":"));
    text_append_json(&json, request->url);
    text_printf(&json, ",\"method\":\"%s\",\"headers\":[", request->method);
    write_header(&json, REDIAL_STR("host"), url->authority);
    for (size_t i = 0; i < request->header_count; i++) {
        text_append_char(&json, ',');
        write_header(&json, request->headers[i].name, request->headers[i].value);
    }
    text_append(&json, REDIAL_STR("]}"));
    url_encode(&token, text_str(&json));
    if (json.failed) token.failed = true;
    text_clean_up(&json);
    return flow_settle(flow, &token);
}

static enum flow_move sign(struct flow *flow, const struct caller *caller)
{
    const struct sigv4 keys = {.access_key_id = caller->id,
                               .secret_access_key = caller->secret,
                               .session_token = caller->token,
                               .region = caller->region,
                               .service = REDIAL_STR("sts"),
                               .now = flow->now};
    struct http_request request =
        flow_request(flow, "POST", verification_url(flow, caller), REDIAL_STR(""));
    struct redial_str why;
    struct url url;
    flow_header(flow, &request, "x-goog-cloud-target-resource", caller->file->audience);
    if (!url_split(request.url, &url) || url_is_plain(&url))
        return flow_fail(flow, "\"credential_source.regional_cred_verification_url\" is no https "
                               "URL");
    if (!sigv4_sign(flow->arena, &keys, &request, NULL, &why))
        return flow_fail(flow, "the request that says who this is at AWS cannot be signed: %.*s",
                         REDIAL_STR_ARG(why));
    return caller->with(flow, caller->state, written(flow, &request, &url));
}

/* ---- What the metadata service knows */

static enum flow_move go_on(struct flow *flow, struct caller *caller);

static enum flow_move ask(struct flow *flow, struct caller *caller, struct redial_str url,
                          flow_next_fn *next)
{
    struct http_request request = flow_request(flow, "GET", url, REDIAL_STR(""));
    if (caller->session.len > 0)
        flow_header(flow, &request, "x-aws-ec2-metadata-token", caller->session);
    return flow_ask_http(flow, &request, FLOW_HTTP_TIMEOUT, next, caller);
}

/* True: `*text` is the answer, on one line. */
static bool taken(struct flow *flow, const struct errand_answer *answer, const char *what,
                  struct redial_str *text, enum flow_move *move)
{
    struct redial_str trouble = flow_trouble(flow, answer);
    *text = flow_copy(flow, str_trim(answer->body));
    if (trouble.len == 0 && text->len == 0) trouble = REDIAL_STR("it is empty");
    if (trouble.len == 0) return true;
    *move = flow_fail(flow, "AWS's metadata service, asked for %s: %.*s", what,
                      REDIAL_STR_ARG(trouble));
    return false;
}

static enum flow_move read_session(struct flow *flow, void *state,
                                   const struct errand_answer *answer)
{
    struct caller *caller = state;
    enum flow_move move;
    if (!taken(flow, answer, "a session", &caller->session, &move)) return move;
    flow_secret(flow, caller->session);
    return go_on(flow, caller);
}

/* A zone is its region and a letter. */
static enum flow_move read_zone(struct flow *flow, void *state, const struct errand_answer *answer)
{
    struct caller *caller = state;
    struct redial_str zone;
    enum flow_move move;
    if (!taken(flow, answer, "the zone", &zone, &move)) return move;
    caller->region = str_take(zone, zone.len - 1);
    return go_on(flow, caller);
}

static enum flow_move read_keys(struct flow *flow, void *state, const struct errand_answer *answer)
{
    struct caller *caller = state;
    struct redial_str text;
    enum flow_move move;
    if (!taken(flow, answer, "keys", &text, &move)) return move;
    const struct json *json = flow_json(flow, text);
    caller->id = json_text(json_at(json, "AccessKeyId"));
    caller->secret = json_text(json_at(json, "SecretAccessKey"));
    caller->token = json_text(json_at(json, "Token"));
    flow_secret(flow, caller->secret);
    flow_secret(flow, caller->token);
    if (caller->id.len == 0 || caller->secret.len == 0)
        return flow_fail(flow, "AWS's metadata service gave no keys for the role '%.*s'",
                         REDIAL_STR_ARG(caller->role));
    return go_on(flow, caller);
}

static enum flow_move read_role(struct flow *flow, void *state, const struct errand_answer *answer)
{
    struct caller *caller = state;
    enum flow_move move;
    if (!taken(flow, answer, "the role", &caller->role, &move)) return move;
    struct redial_str base = caller->file->source_url;
    if (str_ends_with(base, REDIAL_STR("/"))) base.len--;
    return ask(flow, caller,
               flow_printf(flow, "%.*s/%.*s", REDIAL_STR_ARG(base), REDIAL_STR_ARG(caller->role)),
               read_keys);
}

static enum flow_move ask_session(struct flow *flow, struct caller *caller)
{
    struct http_request request =
        flow_request(flow, "PUT", caller->file->source_session_url, REDIAL_STR(""));
    flow_header(flow, &request, "x-aws-ec2-metadata-token-ttl-seconds",
                REDIAL_STR(SESSION_SECONDS));
    return flow_ask_http(flow, &request, FLOW_HTTP_TIMEOUT, read_session, caller);
}

/* ---- What is missing yet */

static enum flow_move go_on(struct flow *flow, struct caller *caller)
{
    const struct google_file *file = caller->file;
    bool has_keys = caller->id.len > 0 && caller->secret.len > 0;
    if (caller->region.len > 0 && has_keys) return sign(flow, caller);
    if (file->source_session_url.len > 0 && caller->session.len == 0)
        return ask_session(flow, caller);
    if (caller->region.len == 0 && file->source_region_url.len > 0)
        return ask(flow, caller, file->source_region_url, read_zone);
    if (caller->region.len == 0)
        return flow_fail(flow, "no region of AWS is known: set AWS_REGION, or name a "
                               "\"credential_source.region_url\"");
    if (file->source_url.len > 0) return ask(flow, caller, file->source_url, read_role);
    return flow_fail(flow, "no keys of AWS are known: set AWS_ACCESS_KEY_ID and "
                           "AWS_SECRET_ACCESS_KEY, or name a \"credential_source.url\"");
}

enum flow_move google_begin_aws(struct flow *flow, const struct google_file *file,
                                google_subject_fn *with, void *state)
{
    struct caller *caller = ARENA_NEW(flow->arena, struct caller);
    if (!caller) return flow_fail_memory(flow);
    *caller = (struct caller){.file = file, .with = with, .state = state};
    caller->region = flow_env(flow, "AWS_REGION");
    if (caller->region.len == 0) caller->region = flow_env(flow, "AWS_DEFAULT_REGION");
    struct redial_str id = flow_env(flow, "AWS_ACCESS_KEY_ID");
    struct redial_str secret = flow_env_secret(flow, "AWS_SECRET_ACCESS_KEY");
    if (id.len > 0 && secret.len > 0) {
        caller->id = id;
        caller->secret = secret;
        caller->token = flow_env_secret(flow, "AWS_SESSION_TOKEN");
    }
    return go_on(flow, caller);
}
