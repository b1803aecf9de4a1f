/* Managed identity: the token of the machine itself, from App Service's endpoint where the
 * environment names one, else from IMDS. Nobody answers at IMDS's address elsewhere, so it is
 * knocked at for a second first. */
#include "credentials/azure.h"

#define IMDS           "http://169.254.169.254"
#define IMDS_PATH      "/metadata/identity/oauth2/token"
#define PROBE_TIMEOUT  NS_PER_SECOND
#define IMDS_TRIES_MAX 6u                  /* Microsoft's: five more after the first */
#define IMDS_PAUSE     (800 * NS_PER_MS)   /* doubled after every try */
#define IMDS_GONE      (3 * NS_PER_SECOND) /* IMDS is being updated: 410 */

static struct redial_str question(struct flow *flow, struct redial_str endpoint,
                                  const char *version)
{
    struct redial_str client = flow_env(flow, "AZURE_CLIENT_ID");
    struct text url = TEXT_INIT;
    text_append(&url, endpoint);
    text_printf(&url, "?api-version=%s&resource=", version);
    url_encode(&url, REDIAL_STR(AZURE_RESOURCE));
    if (client.len > 0) form_append(&url, "client_id", client);
    return flow_settle(flow, &url);
}

/* ---- App Service */

static enum flow_move take_app_service(struct flow *flow, void *state,
                                       const struct errand_answer *answer)
{
    static const struct token_server server = {REDIAL_STR_INIT("App Service"), NULL};
    struct token_reply reply;
    enum flow_move move;
    (void)state;
    if (!token_taken(flow, answer, &server, &reply, &move)) return move;
    return azure_found(flow, &reply);
}

static enum flow_move ask_app_service(struct flow *flow, struct redial_str endpoint)
{
    struct http_request request =
        flow_request(flow, "GET", question(flow, endpoint, "2019-08-01"), REDIAL_STR(""));
    flow_source(flow, "managed identity of App Service");
    flow_header(flow, &request, "x-identity-header", flow_env_secret(flow, "IDENTITY_HEADER"));
    return flow_ask_http(flow, &request, FLOW_HTTP_TIMEOUT, take_app_service, NULL);
}

/* ---- IMDS */

static bool is_later(uint16_t status)
{
    return status == 404 || status == 408 || status == 410 || status == 429 || status >= 500;
}

static int64_t pause_after(uint16_t status, unsigned tries)
{
    int64_t pause = IMDS_PAUSE << (tries - 1);
    return status == 410 && pause < IMDS_GONE ? IMDS_GONE : pause;
}

/* A machine without an identity is no failure: another source may have one. */
static bool has_no_identity(const struct errand_answer *answer, const struct token_reply *reply)
{
    return (answer->status == 400 &&
            str_find(reply->why, REDIAL_STR("Identity not found")) != SIZE_MAX) ||
           (answer->status == 403 && str_find(answer->body, REDIAL_STR("unreachable")) != SIZE_MAX);
}

static enum flow_move take_imds(struct flow *flow, void *state, const struct errand_answer *answer)
{
    static const struct token_server server = {REDIAL_STR_INIT("IMDS"), NULL};
    struct token_reply reply = {0};
    enum flow_move move;
    (void)state;
    bool answered = answer->failed.len == 0;
    if (answered && is_later(answer->status) && flow->tries < IMDS_TRIES_MAX)
        return flow_ask_again(flow, pause_after(answer->status, flow->tries));
    if (answered && answer->status >= 400) {
        (void)token_reply_judge(answer, flow->arena, &reply);
        if (has_no_identity(answer, &reply))
            return flow_pass(flow, "this machine has no identity (IMDS %.*s)",
                             REDIAL_STR_ARG(reply.why));
    }
    if (!token_taken(flow, answer, &server, &reply, &move)) return move;
    return azure_found(flow, &reply);
}

static enum flow_move ask_imds(struct flow *flow, struct redial_str endpoint)
{
    struct http_request request =
        flow_request(flow, "GET", question(flow, endpoint, "2018-02-01"), REDIAL_STR(""));
    flow_header(flow, &request, "metadata", REDIAL_STR("true"));
    return flow_ask_http(flow, &request, FLOW_HTTP_TIMEOUT, take_imds, NULL);
}

/* Whatever it says: IMDS refuses a question without the header, so an answer means it is there. */
static enum flow_move take_probe(struct flow *flow, void *state, const struct errand_answer *answer)
{
    (void)state;
    if (answer->failed.len > 0)
        return flow_pass(flow, "IMDS did not answer: %.*s", REDIAL_STR_ARG(answer->failed));
    return ask_imds(flow, REDIAL_STR(IMDS IMDS_PATH));
}

static enum flow_move probe_imds(struct flow *flow)
{
    struct redial_str other = flow_env(flow, "AZURE_POD_IDENTITY_AUTHORITY_HOST");
    while (other.len > 0 && other.ptr[other.len - 1] == '/') other.len--;
    flow_source(flow, "managed identity from IMDS at %.*s",
                REDIAL_STR_ARG(other.len > 0 ? other : REDIAL_STR("169.254.169.254")));
    if (other.len > 0)
        return ask_imds(flow, flow_printf(flow, "%.*s" IMDS_PATH, REDIAL_STR_ARG(other)));
    struct http_request request =
        flow_request(flow, "GET", REDIAL_STR(IMDS IMDS_PATH), REDIAL_STR(""));
    return flow_ask_http(flow, &request, PROBE_TIMEOUT, take_probe, NULL);
}

/* ---- Which of them */

/* Endpoints of machines whose protocol is not spoken here, by the variables that tell them. */
static const char *stranger(struct flow *flow)
{
    bool endpoint = flow_env(flow, "IDENTITY_ENDPOINT").len > 0;
    if (endpoint && flow_env(flow, "IDENTITY_SERVER_THUMBPRINT").len > 0) return "Service Fabric";
    if (endpoint && flow_env(flow, "IMDS_ENDPOINT").len > 0) return "Azure Arc";
    /* App Service sets the older names beside its own */
    if (!endpoint && flow_env(flow, "MSI_ENDPOINT").len > 0)
        return flow_env(flow, "MSI_SECRET").len > 0 ? "Azure Machine Learning" : "Cloud Shell";
    return NULL;
}

enum flow_move azure_begin_managed(struct flow *flow)
{
    struct redial_str endpoint = flow_env(flow, "IDENTITY_ENDPOINT");
    const char *other = stranger(flow);
    enum flow_move move;
    if (!azure_wants(flow, AZURE_MANAGED, &move)) return move;
    if (endpoint.len > 0 && !other && flow_env(flow, "IDENTITY_HEADER").len > 0)
        return ask_app_service(flow, endpoint);
    if (other) return flow_pass(flow, "the identity of %s cannot be used here", other);
    return probe_imds(flow);
}
