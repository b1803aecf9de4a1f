/* What AWS's sources share: places that give keys, which a profile may name as the source of a
 * role, and the reading of what they give. */
#ifndef REDIAL_CREDENTIALS_AWS_H
#define REDIAL_CREDENTIALS_AWS_H

#include "credentials/flow.h"

/* ---- Sources of the default chain, in their files. Each can be a nested search. */

enum flow_move aws_environment_begin(struct flow *flow);  /* aws.c */
enum flow_move aws_profile_begin(struct flow *flow);      /* aws_profile.c */
enum flow_move aws_web_identity_begin(struct flow *flow); /* aws_sts.c: from the environment */
enum flow_move aws_container_begin(struct flow *flow);    /* aws_container.c */
enum flow_move aws_imds_begin(struct flow *flow);         /* aws_imds.c */

/* ---- STS: texts live as long as the flow */

struct aws_role {
    struct redial_str arn, session_name, external_id; /* the latter two may be empty */
    struct redial_str token_file;                     /* web identity */
    int64_t duration;                                 /* seconds; 0: STS's own default */
    struct redial_str region;                         /* empty: that of the request */
    struct redial_str profile_region;                 /* what is found carries it */
};
/* By the keys that were found for it (flow_hand_to). */
enum flow_move aws_assume_role(struct flow *flow, const struct aws_role *role,
                               const struct credential *by) REDIAL_MUST_USE;
/* By the token in role->token_file. */
enum flow_move aws_assume_role_with_web_identity(struct flow *flow,
                                                 const struct aws_role *role) REDIAL_MUST_USE;

/* ---- Ways of a profile */

struct aws_sso {
    struct redial_str profile;    /* for the cure: aws sso login --profile … */
    struct redial_str cache_name; /* the session's name, or the start URL */
    struct redial_str account_id, role_name, region;
    struct redial_str profile_region;
};
enum flow_move aws_sso_begin(struct flow *flow, const struct aws_sso *sso) REDIAL_MUST_USE;
enum flow_move aws_process_begin(struct flow *flow, struct redial_str command,
                                 struct redial_str profile_region) REDIAL_MUST_USE;

/* ---- What they give */

/* How a source calls the members of its JSON. */
struct aws_members {
    const char *id, *secret, *token, *expiration;
    bool needs_all;       /* token and expiration too */
    bool in_milliseconds; /* expiration: since the epoch; else RFC 3339 */
};
/* Finds with what `json` holds, or fails: `whose` ("the container's answer") lacks something, or is
 * expired already. */
enum flow_move aws_found_json(struct flow *flow, const struct json *json,
                              const struct aws_members *members, struct redial_str region,
                              const char *whose) REDIAL_MUST_USE;
/* The same checks over keys that were read already. */
enum flow_move aws_found_keys(struct flow *flow, struct credential *keys,
                              const char *whose) REDIAL_MUST_USE;

/* "HTML", "nothing", "12 bytes that are not JSON": never the bytes, which may be half a secret. */
struct redial_str aws_kind_of(struct flow *flow, struct redial_str body);

/* The endpoint of a service: AWS_ENDPOINT_URL_<service>, AWS_ENDPOINT_URL, else the usual one of
 * the region ("https://sts.eu-west-1.amazonaws.com"), without a last slash. `variable` is the
 * service's own. */
struct redial_str aws_endpoint(struct flow *flow, const char *variable, const char *host_prefix,
                               struct redial_str region);
/* Letters, digits and '-': anything else could turn a host into another one. */
bool aws_is_region(struct redial_str text);
/* The first that is one: `region`, the request's, AWS_REGION, AWS_DEFAULT_REGION, us-east-1. */
struct redial_str aws_region(struct flow *flow, struct redial_str region);

#endif
