/* What Anthropic's sources share: the token endpoint, {base}/v1/oauth/token, which takes and gives
 * JSON, and the tokens that it gives. */
#ifndef REDIAL_CREDENTIALS_ANTHROPIC_H
#define REDIAL_CREDENTIALS_ANTHROPIC_H

#include "credentials/links.h"
#include "credentials/token_reply.h"

#define ANTHROPIC_BETA_OAUTH "oauth-2025-04-20" /* every request with a token of the endpoint */
#define ANTHROPIC_STALE      (120 * NS_PER_SECOND)
#define ANTHROPIC_SPENT      (30 * NS_PER_SECOND)

/* The endpoint in sentences; the second when a person's login is what it refuses. */
extern const struct token_server anthropic_endpoint, anthropic_login_endpoint;

/* The server whose endpoint is asked: `own` (a profile's), else the chain's base URL, else
 * ANTHROPIC_BASE_URL, else the public API. Without a slash at its end. */
struct redial_str anthropic_base(struct flow *flow, struct redial_str own);

/* Buys a token with a refresh token; `client_id` is left out when empty. */
enum flow_move anthropic_refresh(struct flow *flow, struct redial_str base,
                                 struct redial_str refresh_token, struct redial_str client_id,
                                 flow_next_fn *next, void *state) REDIAL_MUST_USE;

/* Buys a token with the token of another identity provider (RFC 7523). */
struct anthropic_federation {
    struct redial_str base, rule, organization;
    struct redial_str service_account, workspace; /* may be empty */
    flow_next_fn *next;                           /* has the endpoint's answer */
    void *state;
};
enum flow_move anthropic_federate_from_file(struct flow *flow, struct redial_str path,
                                            const struct anthropic_federation *how) REDIAL_MUST_USE;
enum flow_move anthropic_federate(struct flow *flow, struct redial_str assertion,
                                  const struct anthropic_federation *how) REDIAL_MUST_USE;

/* A token that is good until then. */
enum flow_move anthropic_found(struct flow *flow, struct redial_str token, int64_t expires_at,
                               bool refreshable) REDIAL_MUST_USE;

/* ---- Profiles (anthropic_profile.c) */

enum flow_move anthropic_begin_named_profile(struct flow *flow);
enum flow_move anthropic_begin_active_profile(struct flow *flow);

#endif
