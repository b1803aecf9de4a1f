/* From a credential file of Google's to a token: by a signed assertion (RFC 7523), a refresh token
 * (RFC 6749 §6), or the token of another identity provider (RFC 8693); then, where the file says
 * so, by that token to one of the service account that it may act as. */
#include <openssl/evp.h>

#include "credentials/google.h"
#include "credentials/jwt.h"
#include "credentials/secret_file.h"
#include "credentials/token_reply.h"

#define ASSERTION_LIFE (NS_PER_HOUR / NS_PER_SECOND) /* s; Google takes no longer one */
#define KEPT_OLD       "Google's refresh token that was exchanged"
#define KEPT_NEW       "Google's refresh token that came for it"

struct way {
    const struct google_file *file;
    struct redial_str path;
};

static const struct token_server
    key_server = {REDIAL_STR_INIT("Google's token server"),
                  "is the clock of this machine right, and the key still there?"},
    user_server = {REDIAL_STR_INIT("Google's token server"),
                   "run `gcloud auth application-default login`"},
    sts_server = {REDIAL_STR_INIT("Google's security token service"), NULL},
    iam_server = {REDIAL_STR_INIT("Google's IAM, asked to impersonate,"), NULL};

/* ---- The end: impersonation, if the file wants it */

static enum flow_move finish(struct flow *flow, const struct way *way,
                             const struct token_reply *reply)
{
    return google_finish(flow, &(struct google_token){.token = reply->token,
                                                      .project = way->file->project,
                                                      .quota_project = way->file->quota_project,
                                                      .expires_at = reply->expires_at});
}

static enum flow_move take_impersonated(struct flow *flow, void *state,
                                        const struct errand_answer *answer)
{
    struct token_reply reply;
    enum flow_move move;
    if (!token_taken(flow, answer, &iam_server, &reply, &move)) return move;
    return finish(flow, state, &reply);
}

static struct redial_str impersonation_body(struct flow *flow, const struct google_file *file)
{
    struct text body = TEXT_INIT;
    text_append(&body, REDIAL_STR("{\"delegates\":["));
    for (size_t i = 0; i < file->delegate_count; i++) {
        if (i > 0) text_append_char(&body, ',');
        text_append_json(&body, file->delegates[i]);
    }
    text_printf(&body, "],\"scope\":[\"" GOOGLE_SCOPE "\"],\"lifetime\":\"%llds\"}",
                (long long)file->lifetime);
    return flow_settle(flow, &body);
}

static enum flow_move impersonate(struct flow *flow, struct way *way, struct redial_str token)
{
    struct http_request request = flow_request(flow, "POST", way->file->impersonation_url,
                                               impersonation_body(flow, way->file));
    flow_header(flow, &request, "content-type", REDIAL_STR("application/json"));
    flow_header(flow, &request, "authorization",
                flow_printf(flow, "Bearer %.*s", REDIAL_STR_ARG(token)));
    return flow_ask_http(flow, &request, FLOW_HTTP_TIMEOUT, take_impersonated, way);
}

static enum flow_move go_on(struct flow *flow, struct way *way, const struct token_reply *reply)
{
    if (way->file->impersonation_url.len > 0) return impersonate(flow, way, reply->token);
    return finish(flow, way, reply);
}

/* ---- Forms to a token server */

static void basic_authorization(struct flow *flow, struct http_request *request,
                                const struct google_file *file)
{
    struct redial_str pair = flow_printf(flow, "%.*s:%.*s", REDIAL_STR_ARG(file->client_id),
                                         REDIAL_STR_ARG(file->client_secret));
    unsigned char *encoded = ARENA_ARRAY(flow->arena, unsigned char, 4 * (pair.len / 3 + 1) + 1);
    if (!encoded) {
        flow->out_of_memory = true;
        return;
    }
    EVP_EncodeBlock(encoded, (const unsigned char *)pair.ptr, (int)pair.len);
    flow_secret(flow, str_of((const char *)encoded));
    flow_header(flow, request, "authorization", flow_printf(flow, "Basic %s", encoded));
}

static enum flow_move post(struct flow *flow, struct way *way, struct text *form, bool basic,
                           flow_next_fn *next)
{
    struct http_request request =
        flow_request(flow, "POST", way->file->token_url, flow_settle(flow, form));
    flow_header(flow, &request, "content-type", REDIAL_STR("application/x-www-form-urlencoded"));
    flow_header(flow, &request, "accept", REDIAL_STR("application/json"));
    if (basic) basic_authorization(flow, &request, way->file);
    return flow_ask_http(flow, &request, FLOW_HTTP_TIMEOUT, next, way);
}

/* ---- service_account */

static enum flow_move take_for_key(struct flow *flow, void *state,
                                   const struct errand_answer *answer)
{
    struct token_reply reply;
    enum flow_move move;
    if (!token_taken(flow, answer, &key_server, &reply, &move)) return move;
    return go_on(flow, state, &reply);
}

static struct redial_str claims_of(struct flow *flow, const struct google_file *file)
{
    long long now = flow->now / NS_PER_SECOND;
    struct text claims = TEXT_INIT;
    text_append(&claims, REDIAL_STR("{\"iss\":"));
    text_append_json(&claims, file->email);
    text_append(&claims, REDIAL_STR(",\"scope\":\"" GOOGLE_SCOPE "\",\"aud\":"));
    text_append_json(&claims, file->token_url);
    text_printf(&claims, ",\"exp\":%lld,\"iat\":%lld}", now + (long long)ASSERTION_LIFE, now);
    return flow_settle(flow, &claims);
}

static enum flow_move sign_and_post(struct flow *flow, struct way *way,
                                    const struct signing_key *key)
{
    struct text assertion = TEXT_INIT, form = TEXT_INIT;
    bool signed_well =
        jwt_sign(key, REDIAL_STR("{\"alg\":\"RS256\"}"), claims_of(flow, way->file), &assertion);
    form_append(&form, "grant_type", REDIAL_STR("urn:ietf:params:oauth:grant-type:jwt-bearer"));
    form_append(&form, "assertion", text_str(&assertion));
    bool failed = assertion.failed;
    flow_secret(flow, text_str(&assertion));
    text_clean_up(&assertion);
    if (signed_well) return post(flow, way, &form, false, take_for_key);
    text_clean_up(&form);
    return failed ? flow_fail_memory(flow)
                  : flow_fail(flow, "the private_key of %.*s signs nothing",
                              REDIAL_STR_ARG(way->path));
}

static enum flow_move begin_service_account(struct flow *flow, struct way *way)
{
    struct redial_str why;
    struct signing_key *key = signing_key_read(way->file->private_key, &why);
    flow_secret(flow, way->file->private_key);
    flow_source(flow, "service account %.*s of %.*s", REDIAL_STR_ARG(way->file->email),
                REDIAL_STR_ARG(way->path));
    if (!key)
        return flow_fail(flow, "the private_key of %.*s %.*s", REDIAL_STR_ARG(way->path),
                         REDIAL_STR_ARG(why));
    enum flow_move move = sign_and_post(flow, way, key);
    signing_key_destroy(key);
    return move;
}

/* ---- authorized_user, and that of another identity provider */

static enum flow_move take_for_user(struct flow *flow, void *state,
                                    const struct errand_answer *answer)
{
    struct way *way = state;
    struct token_reply reply;
    enum flow_move move;
    if (!token_taken(flow, answer, &user_server, &reply, &move)) return move;
    if (reply.refresh_token.len > 0) {
        flow_keep(flow, KEPT_OLD, way->file->refresh_token);
        flow_keep(flow, KEPT_NEW, reply.refresh_token);
    }
    return go_on(flow, way, &reply);
}

/* Google's libraries keep a new refresh token in memory and leave the file alone; so do we. */
static struct redial_str refresh_token_of(struct flow *flow, const struct google_file *file)
{
    bool exchanged = str_eq(file->refresh_token, flow_kept(flow, KEPT_OLD));
    return exchanged ? flow_kept(flow, KEPT_NEW) : file->refresh_token;
}

static enum flow_move begin_user(struct flow *flow, struct way *way)
{
    const struct google_file *file = way->file;
    bool external = file->type == GOOGLE_EXTERNAL_USER;
    struct text form = TEXT_INIT;
    flow_source(flow, "login in %.*s", REDIAL_STR_ARG(way->path));
    flow_secret(flow, file->client_secret);
    flow_secret(flow, file->refresh_token);
    form_append(&form, "grant_type", REDIAL_STR("refresh_token"));
    form_append(&form, "refresh_token", refresh_token_of(flow, file));
    if (!external) {
        form_append(&form, "client_id", file->client_id);
        form_append(&form, "client_secret", file->client_secret);
    }
    return post(flow, way, &form, external, take_for_user);
}

/* ---- external_account */

static enum flow_move take_for_subject(struct flow *flow, void *state,
                                       const struct errand_answer *answer)
{
    struct token_reply reply;
    enum flow_move move;
    if (!token_taken(flow, answer, &sts_server, &reply, &move)) return move;
    return go_on(flow, state, &reply);
}

static enum flow_move exchange(struct flow *flow, void *state, struct redial_str subject_token)
{
    struct way *way = state;
    const struct google_file *file = way->file;
    struct text form = TEXT_INIT, options = TEXT_INIT;
    flow_secret(flow, subject_token);
    flow_secret(flow, file->client_secret);
    form_append(&form, "grant_type", REDIAL_STR("urn:ietf:params:oauth:grant-type:token-exchange"));
    form_append(&form, "audience", file->audience);
    form_append(&form, "scope", REDIAL_STR(GOOGLE_SCOPE));
    form_append(&form, "requested_token_type",
                REDIAL_STR("urn:ietf:params:oauth:token-type:access_token"));
    form_append(&form, "subject_token", subject_token);
    form_append(&form, "subject_token_type", file->subject_token_type);
    if (file->user_project.len > 0 && file->client_id.len == 0) {
        text_append(&options, REDIAL_STR("{\"userProject\":"));
        text_append_json(&options, file->user_project);
        text_append_char(&options, '}');
        form_append(&form, "options", flow_settle(flow, &options));
    }
    return post(flow, way, &form, file->client_id.len > 0, take_for_subject);
}

/* The token itself, or the member of a JSON object that holds it. `where` it came from. */
static enum flow_move exchange_contents(struct flow *flow, struct way *way,
                                        struct redial_str contents, struct redial_str where)
{
    struct redial_str field = way->file->source_field, token = str_trim(contents);
    if (field.len > 0) {
        const struct json *root = flow_json(flow, contents);
        const struct json *child = json_is_object(root) ? json_first(root) : NULL;
        while (child && !str_eq(json_name(child), field)) child = json_next(child);
        token = json_text(child);
    }
    if (token.len == 0)
        return flow_fail(flow, "%.*s has no subject token%s%.*s", REDIAL_STR_ARG(where),
                         field.len > 0 ? " in its member " : "", REDIAL_STR_ARG(field));
    return exchange(flow, way, flow_copy(flow, token));
}

static enum flow_move read_subject_file(struct flow *flow, void *state,
                                        const struct errand_answer *answer)
{
    struct way *way = state;
    struct redial_str contents, path = way->file->source_path;
    enum flow_move move;
    if (!secret_file_taken(flow, answer, path, "subject token file", &contents, &move)) return move;
    return exchange_contents(flow, way, contents, path);
}

static enum flow_move read_subject_url(struct flow *flow, void *state,
                                       const struct errand_answer *answer)
{
    struct way *way = state;
    struct token_reply reply = {0};
    enum token_verdict verdict = token_reply_judge(answer, flow->arena, &reply);
    if (verdict == TOKEN_GIVEN)
        return exchange_contents(flow, way, answer->body, way->file->source_url);
    if (verdict == TOKEN_LATER && flow->tries < TOKEN_TRIES_MAX)
        return flow_ask_again(flow, TOKEN_PAUSE << (flow->tries - 1));
    return flow_fail(flow, "%.*s %.*s", REDIAL_STR_ARG(way->file->source_url),
                     REDIAL_STR_ARG(reply.why));
}

static enum flow_move begin_external(struct flow *flow, struct way *way)
{
    const struct google_file *file = way->file;
    flow_source(flow, "external account of %.*s", REDIAL_STR_ARG(way->path));
    if (file->source_environment.len > 0) return google_begin_aws(flow, file, exchange, way);
    if (file->source_path.len > 0)
        return flow_ask_file(flow, file->source_path, read_subject_file, way);
    struct http_request request = flow_request(flow, "GET", file->source_url, REDIAL_STR(""));
    for (size_t i = 0; i < file->source_header_count; i++) {
        const struct google_pair *header = &file->source_headers[i];
        flow_secret(flow, header->value);
        flow_header(flow, &request, header->name.ptr, header->value);
    }
    return flow_ask_http(flow, &request, FLOW_HTTP_TIMEOUT, read_subject_url, way);
}

/* ---- By type */

typedef enum flow_move begin_fn(struct flow *flow, struct way *way);

static begin_fn *const begins[GOOGLE_TYPE_COUNT] = {
    [GOOGLE_SERVICE_ACCOUNT] = begin_service_account,
    [GOOGLE_AUTHORIZED_USER] = begin_user,
    [GOOGLE_EXTERNAL] = begin_external,
    [GOOGLE_EXTERNAL_USER] = begin_user,
};

enum flow_move google_begin_file(struct flow *flow, const struct google_file *file,
                                 struct redial_str path)
{
    struct way *way = ARENA_NEW(flow->arena, struct way);
    if (!way) return flow_fail_memory(flow);
    *way = (struct way){file, path};
    return begins[file->type](flow, way); /* IMPERSONATED names what it holds, GDCH was refused */
}
