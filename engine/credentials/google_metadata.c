/* Google's metadata server, which answers on the machines that Google rents out and nowhere else.
 * Elsewhere nobody answers and nobody refuses either, so a question is asked once, with a bound
 * (GCE_METADATA_TIMEOUT, seconds or a duration, 3 s), and what it cost is told. Its answers carry
 * Metadata-Flavor: Google like our questions do; without it somebody else has answered. */
#include "base/names.h"
#include "credentials/google.h"
#include "credentials/token_reply.h"

#define METADATA_TIMEOUT (3 * NS_PER_SECOND)
#define METADATA_ADDRESS "169.254.169.254"
#define BIOS_VENDOR      "/sys/class/dmi/id/bios_vendor"
#define FLAVOR           "Google"
#define KEPT_PROJECT     "project of the metadata server"
#define NO_PROJECT       "?" /* asked in vain: not asked again at every renewal */
#define SLOW             NS_PER_SECOND

enum detection { ASSUME_PRESENT, NONE, BIOS_ONLY, PING_ONLY };
static const struct name detection_rows[] = {
    [ASSUME_PRESENT] = {"assume-present", "it is there, without a look"},
    [NONE] = {"none", "it is not there, without a look"},
    [BIOS_ONLY] = {"bios-only", "it is there if the BIOS is Google's"},
    [PING_ONLY] = {"ping-only", "it is there if it answers"},
};
static const struct names detection_names = {"METADATA_SERVER_DETECTION", detection_rows,
                                             REDIAL_COUNT_OF(detection_rows)};

/* A question, and when it was asked. */
struct asking {
    int64_t asked_at;
    struct google_token found; /* of the question for the project */
};

/* ---- Questions */

static struct redial_str host(struct flow *flow)
{
    struct redial_str name = flow_env(flow, "GCE_METADATA_IP");
    if (name.len == 0) name = flow_env(flow, "GCE_METADATA_HOST");
    return name.len > 0 ? name : REDIAL_STR(METADATA_ADDRESS);
}

static int64_t timeout_of(struct flow *flow)
{
    struct redial_str value = flow_env(flow, "GCE_METADATA_TIMEOUT");
    int64_t span = 0, seconds = 0;
    if (value.len == 0) return METADATA_TIMEOUT;
    if (str_to_int64(value, &seconds) && seconds > 0 && seconds <= 600)
        return seconds * NS_PER_SECOND;
    if (duration_parse(value, &span) == DURATION_OK && span > 0 && span <= 10 * NS_PER_MINUTE)
        return span;
    flow_warn(flow,
              "GCE_METADATA_TIMEOUT is '%.*s', which is no time between 1 ms and 10 minutes; "
              "3 s is used",
              REDIAL_STR_ARG(str_take(value, 40)));
    return METADATA_TIMEOUT;
}

static enum flow_move ask(struct flow *flow, const char *path, flow_next_fn *next,
                          struct asking *asking)
{
    struct redial_str name = host(flow);
    bool has_scheme = str_find(name, REDIAL_STR("://")) != SIZE_MAX;
    struct redial_str url = flow_printf(flow, "%s%.*s/computeMetadata/v1/%s",
                                        has_scheme ? "" : "http://", REDIAL_STR_ARG(name), path);
    struct http_request request = flow_request(flow, "GET", url, REDIAL_STR(""));
    flow_header(flow, &request, "metadata-flavor", REDIAL_STR(FLAVOR));
    asking->asked_at = flow->now;
    return flow_ask_http(flow, &request, timeout_of(flow), next, asking);
}

static bool is_metadata_server(const struct errand_answer *answer)
{
    for (size_t i = 0; i < answer->header_count; i++)
        if (str_eq_nocase(answer->headers[i].name, REDIAL_STR("metadata-flavor")))
            return str_is(answer->headers[i].value, FLAVOR);
    return false;
}

static struct redial_str waited(struct flow *flow, const struct asking *asking)
{
    struct text span = TEXT_INIT;
    duration_format(flow->now > asking->asked_at ? flow->now - asking->asked_at : 0, &span);
    return flow_settle(flow, &span);
}

/* ---- The token */

static enum flow_move take_token(struct flow *flow, void *state, const struct errand_answer *answer)
{
    static const struct token_server server = {REDIAL_STR_INIT("the metadata server"), NULL};
    struct token_reply reply;
    enum flow_move move;
    (void)state;
    if (answer->failed.len == 0 && answer->status == 404)
        return flow_fail(flow, "no service account is attached to this machine");
    if (answer->failed.len == 0 && answer->status == 200 && !is_metadata_server(answer))
        return flow_fail(flow,
                         "the answer has no Metadata-Flavor: Google, so it is not the metadata "
                         "server's");
    if (!token_taken(flow, answer, &server, &reply, &move)) return move;
    return google_finish(
        flow, &(struct google_token){.token = reply.token, .expires_at = reply.expires_at});
}

static enum flow_move ask_token(struct flow *flow, struct asking *asking)
{
    /* the scope, percent-encoded */
    return ask(flow,
               "instance/service-accounts/default/token?scopes="
               "https%3A%2F%2Fwww.googleapis.com%2Fauth%2Fcloud-platform",
               take_token, asking);
}

/* ---- Whether it is there */

static enum flow_move not_there(struct flow *flow, const struct asking *asking,
                                const struct errand_answer *answer)
{
    struct redial_str span = waited(flow, asking);
    if (flow->now - asking->asked_at >= SLOW)
        flow_warn(flow,
                  "waited %.*s for a metadata server that is not there: "
                  "METADATA_SERVER_DETECTION=none skips it",
                  REDIAL_STR_ARG(span));
    if (answer->failed.len > 0)
        return flow_pass(flow, "it did not answer within %.*s: %.*s", REDIAL_STR_ARG(span),
                         REDIAL_STR_ARG(answer->failed));
    return flow_pass(flow,
                     "what answers there is no metadata server (HTTP %u, no Metadata-Flavor: "
                     "Google)",
                     (unsigned)answer->status);
}

static enum flow_move take_ping(struct flow *flow, void *state, const struct errand_answer *answer)
{
    if (answer->failed.len > 0 || !is_metadata_server(answer))
        return not_there(flow, state, answer);
    return ask_token(flow, state);
}

static enum flow_move take_bios(struct flow *flow, void *state, const struct errand_answer *answer)
{
    bool is_google = str_find(answer->body, REDIAL_STR("Google")) != SIZE_MAX;
    if (answer->missing || answer->failed.len > 0 || !is_google)
        return flow_pass(flow, "the BIOS is not Google's");
    return ask_token(flow, state);
}

static enum flow_move unknown_detection(struct flow *flow, struct redial_str word)
{
    struct text expected = TEXT_INIT;
    names_list(&detection_names, &expected);
    struct redial_str list = flow_settle(flow, &expected);
    return flow_fail(flow, "METADATA_SERVER_DETECTION is '%.*s'; expected %.*s",
                     REDIAL_STR_ARG(str_take(word, 40)), REDIAL_STR_ARG(list));
}

enum flow_move google_begin_metadata(struct flow *flow)
{
    struct redial_str word = flow_env(flow, "METADATA_SERVER_DETECTION");
    struct asking *asking = ARENA_NEW(flow->arena, struct asking);
    int detection = word.len > 0 ? names_find(&detection_names, word) : PING_ONLY;
    if (!asking) return flow_fail_memory(flow);
    flow_source(flow, "metadata server at %.*s", REDIAL_STR_ARG(host(flow)));
    switch (detection) {
    case NONE: return flow_pass(flow, "METADATA_SERVER_DETECTION is none");
    case ASSUME_PRESENT: return ask_token(flow, asking);
    case BIOS_ONLY: return flow_ask_file(flow, REDIAL_STR(BIOS_VENDOR), take_bios, asking);
    case PING_ONLY: return ask(flow, "instance", take_ping, asking);
    default: return unknown_detection(flow, word);
    }
}

/* ---- The project */

static enum flow_move found(struct flow *flow, const struct google_token *token)
{
    return flow_found(flow, &(struct credential){.form = CREDENTIAL_BEARER,
                                                 .secret = token->token,
                                                 .project = token->project,
                                                 .quota_project = token->quota_project,
                                                 .expires_at = token->expires_at,
                                                 .refreshable = true});
}

static bool is_project(struct redial_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == ':'))
            return false;
    }
    return text.len > 0 && text.len <= 128;
}

#define SET_A_PROJECT "set ANTHROPIC_VERTEX_PROJECT_ID (or GOOGLE_CLOUD_PROJECT)"

static enum flow_move take_project(struct flow *flow, void *state,
                                   const struct errand_answer *answer)
{
    struct asking *asking = state;
    struct redial_str project = str_trim(answer->body), span = waited(flow, asking);
    bool right = answer->failed.len == 0 && answer->status == 200 && is_metadata_server(answer) &&
                 is_project(project);
    if (right) asking->found.project = flow_copy(flow, project);
    flow_keep(flow, KEPT_PROJECT, right ? project : REDIAL_STR(NO_PROJECT));
    if (!right)
        flow_warn(flow,
                  "no project is named, and the metadata server did not tell one (waited "
                  "%.*s): " SET_A_PROJECT,
                  REDIAL_STR_ARG(span));
    else if (flow->now - asking->asked_at >= SLOW)
        flow_warn(flow, "waited %.*s for the metadata server to tell the project: " SET_A_PROJECT,
                  REDIAL_STR_ARG(span));
    return found(flow, &asking->found);
}

/* What Google's own Vertex client falls back to before it gives up. */
static struct redial_str project_at_hand(struct flow *flow, const struct google_token *token)
{
    struct redial_str kept = flow_kept(flow, KEPT_PROJECT);
    if (token->project.len > 0) return token->project;
    return token->quota_project.len > 0 ? token->quota_project : kept;
}

enum flow_move google_finish(struct flow *flow, const struct google_token *token)
{
    struct redial_str quota = flow_env(flow, "GOOGLE_CLOUD_QUOTA_PROJECT");
    struct asking *asking = ARENA_NEW(flow->arena, struct asking);
    if (!asking) return flow_fail_memory(flow);
    asking->found = *token;
    if (quota.len > 0) asking->found.quota_project = quota;
    if (!flow->options->wants_project) return found(flow, &asking->found);

    struct redial_str project = project_at_hand(flow, &asking->found);
    if (!str_is(project, NO_PROJECT)) asking->found.project = project;
    if (project.len > 0) return found(flow, &asking->found);
    if (str_is(flow_env(flow, "METADATA_SERVER_DETECTION"), "none")) {
        flow_warn(flow,
                  "no project is named, and METADATA_SERVER_DETECTION is none: " SET_A_PROJECT);
        return found(flow, &asking->found);
    }
    return ask(flow, "project/project-id", take_project, asking);
}
