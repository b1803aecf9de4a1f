/* Keys that a command prints (credential_process of a profile). Nothing of its standard output is
 * ever shown: it is a secret, well-formed or not. */
#include "credentials/aws.h"

static const struct aws_members members = {.id = "AccessKeyId",
                                           .secret = "SecretAccessKey",
                                           .token = "SessionToken",
                                           .expiration = "Expiration"};

static enum flow_move read_output(struct flow *flow, void *state,
                                  const struct errand_answer *answer)
{
    const struct redial_str *region = state;
    struct redial_str trouble = flow_trouble(flow, answer);
    if (trouble.len > 0) {
        struct redial_str errors = flow_excerpt(flow, answer->errors);
        return flow_fail(flow, "credential_process: %.*s%.*s", REDIAL_STR_ARG(trouble),
                         REDIAL_STR_ARG(errors));
    }
    const struct json *json = flow_json(flow, answer->body);
    if (!json) {
        struct redial_str kind = aws_kind_of(flow, answer->body);
        return flow_fail(flow, "credential_process printed %.*s", REDIAL_STR_ARG(kind));
    }
    int64_t version = json_int(json_at(json, "Version"), -1);
    if (version == -1)
        return flow_fail(flow, "credential_process printed JSON without a number as Version");
    if (version != 1)
        return flow_fail(flow, "credential_process printed Version %lld; 1 is known",
                         (long long)version);
    return aws_found_json(flow, json, &members, *region, "what credential_process printed");
}

enum flow_move aws_process_begin(struct flow *flow, struct redial_str command,
                                 struct redial_str profile_region)
{
    struct redial_str *region = ARENA_NEW(flow->arena, struct redial_str);
    if (!region) return flow_fail_memory(flow);
    *region = profile_region;
    return flow_ask_command(flow, command, NULL, FLOW_COMMAND_TIMEOUT, read_output, region);
}
