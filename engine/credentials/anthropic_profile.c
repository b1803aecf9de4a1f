/* Anthropic's profiles: a file that says how to authenticate, and beside it one with tokens, which
 * is renewed in place. The refresh token changes with every use: what was exchanged is written back
 * before anything is served, and another process that was faster is noticed by its token. */
#include "credentials/anthropic.h"
#include "credentials/anthropic_file.h"
#include "credentials/secret_file.h"

#define GROUP_OR_WORLD 0066u /* reads or writes: others could take the tokens, or plant some */
#define KEPT_OLD       "profile's refresh token that was exchanged"
#define KEPT_NEW       "profile's refresh token that came for it"

struct profile {
    struct redial_str name, config_path, credentials_path;
    bool named; /* by ANTHROPIC_PROFILE: then it must exist */
    struct anthropic_profile settings;
    struct redial_str stored; /* the file of tokens as it was read; empty: there is none */
    struct anthropic_tokens tokens;
};

static struct redial_str config_folder(struct flow *flow)
{
    struct redial_str folder = flow_env(flow, "ANTHROPIC_CONFIG_DIR");
    struct redial_str xdg = flow_env(flow, "XDG_CONFIG_HOME"), home = flow_home(flow);
    if (folder.len > 0) return folder;
    if (xdg.len > 0) return flow_printf(flow, "%.*s/anthropic", REDIAL_STR_ARG(xdg));
    if (home.len > 0) return flow_printf(flow, "%.*s/.config/anthropic", REDIAL_STR_ARG(home));
    return (struct redial_str){0};
}

/* ---- Tokens that were bought */

static enum flow_move found(struct flow *flow, const struct profile *profile, bool refreshable)
{
    return anthropic_found(flow, profile->tokens.access_token, profile->tokens.expires_at,
                           refreshable);
}

static enum flow_move after_writing(struct flow *flow, void *state,
                                    const struct errand_answer *answer)
{
    struct profile *profile = state;
    if (answer->failed.len > 0)
        flow_warn(flow, "%.*s could not be written (%.*s)%s",
                  REDIAL_STR_ARG(profile->credentials_path), REDIAL_STR_ARG(answer->failed),
                  profile->tokens.refresh_token.len > 0
                      ? ": its refresh token is used up, so log in again before the next start"
                      : ": the token will be bought again at the next start");
    return found(flow, profile, true);
}

static const struct token_server *endpoint_of(const struct profile *profile)
{
    return profile->settings.federated ? &anthropic_endpoint : &anthropic_login_endpoint;
}

static enum flow_move take_bought(struct flow *flow, void *state,
                                  const struct errand_answer *answer)
{
    struct profile *profile = state;
    struct token_reply reply;
    struct text contents = TEXT_INIT;
    enum flow_move move;
    if (!token_taken(flow, answer, endpoint_of(profile), &reply, &move)) return move;
    if (reply.refresh_token.len > 0) {
        flow_keep(flow, KEPT_OLD, profile->tokens.refresh_token);
        flow_keep(flow, KEPT_NEW, reply.refresh_token);
        profile->tokens.refresh_token = reply.refresh_token;
    }
    profile->tokens.access_token = reply.token;
    profile->tokens.expires_at = reply.expires_at;
    anthropic_tokens_write(&contents, profile->stored, &profile->tokens);
    return flow_ask_write(flow, profile->credentials_path, flow_settle(flow, &contents),
                          after_writing, profile);
}

/* The file still holds what this process has exchanged when writing it back failed. */
static struct redial_str refresh_token_of(struct flow *flow, const struct profile *profile)
{
    struct redial_str stored = profile->tokens.refresh_token;
    bool exchanged = stored.len > 0 && str_eq(stored, flow_kept(flow, KEPT_OLD));
    return exchanged ? flow_kept(flow, KEPT_NEW) : stored;
}

static enum flow_move refresh(struct flow *flow, struct profile *profile)
{
    profile->tokens.refresh_token = refresh_token_of(flow, profile);
    flow_secret(flow, profile->tokens.refresh_token);
    return anthropic_refresh(flow, anthropic_base(flow, profile->settings.base_url),
                             profile->tokens.refresh_token, profile->settings.client_id,
                             take_bought, profile);
}

static struct redial_str or_env(struct flow *flow, struct redial_str own, const char *name)
{
    return own.len > 0 ? own : flow_env(flow, name);
}

static enum flow_move federate(struct flow *flow, struct profile *profile)
{
    const struct anthropic_profile *settings = &profile->settings;
    struct redial_str path = or_env(flow, settings->identity_path, "ANTHROPIC_IDENTITY_TOKEN_FILE");
    struct redial_str token = flow_env_secret(flow, "ANTHROPIC_IDENTITY_TOKEN");
    struct anthropic_federation how = {
        .base = anthropic_base(flow, settings->base_url),
        .rule = or_env(flow, settings->rule, "ANTHROPIC_FEDERATION_RULE_ID"),
        .organization = or_env(flow, settings->organization, "ANTHROPIC_ORGANIZATION_ID"),
        .service_account = or_env(flow, settings->service_account, "ANTHROPIC_SERVICE_ACCOUNT_ID"),
        .workspace = or_env(flow, settings->workspace, "ANTHROPIC_WORKSPACE_ID"),
        .next = take_bought,
        .state = profile,
    };
    const char *missing = how.rule.len == 0           ? "federation_rule_id"
                          : how.organization.len == 0 ? "organization_id"
                          : path.len + token.len == 0 ? "identity_token"
                                                      : NULL;
    if (missing)
        return flow_fail(flow, "%.*s has no \"%s\", and the environment does not say it either",
                         REDIAL_STR_ARG(profile->config_path), missing);
    if (path.len > 0) return anthropic_federate_from_file(flow, path, &how);
    return anthropic_federate(flow, str_trim(token), &how);
}

/* ---- Tokens that lie in a file */

static bool can_refresh(const struct profile *profile)
{
    return profile->settings.federated ||
           (profile->settings.client_id.len > 0 && profile->tokens.refresh_token.len > 0);
}

/* Good enough to serve. One that was refused is not, unless the file holds another one by now. */
static bool is_fresh(struct flow *flow, const struct profile *profile)
{
    const struct credential *before = flow_previous(flow, flow->source);
    const struct anthropic_tokens *tokens = &profile->tokens;
    bool refused = flow->anew && (!before || str_eq(before->secret, tokens->access_token));
    int64_t least = can_refresh(profile) ? ANTHROPIC_STALE : 1;
    return tokens->access_token.len > 0 && !refused &&
           tokens->expires_at >= duration_add(flow->now, least);
}

static enum flow_move use_tokens(struct flow *flow, struct profile *profile)
{
    if (is_fresh(flow, profile)) return found(flow, profile, can_refresh(profile));
    if (profile->settings.federated) return federate(flow, profile);
    if (can_refresh(profile)) return refresh(flow, profile);
    const char *lacks = profile->settings.client_id.len == 0 ? "client_id" : "refresh_token";
    return flow_fail(flow,
                     "the token in %.*s %s, and without a %s it cannot be renewed: log in again",
                     REDIAL_STR_ARG(profile->credentials_path),
                     profile->tokens.access_token.len == 0 ? "is missing"
                     : flow->anew                          ? "was refused"
                                                           : "has expired",
                     lacks);
}

static enum flow_move read_tokens(struct flow *flow, void *state,
                                  const struct errand_answer *answer)
{
    struct profile *profile = state;
    struct redial_str contents, why;
    enum flow_move move;
    profile->tokens = (struct anthropic_tokens){0};
    if (answer->missing && profile->settings.federated) return federate(flow, profile);
    if (answer->failed.len == 0 && answer->mode & GROUP_OR_WORLD)
        return flow_fail(
            flow, "others than its owner can %s %.*s (mode %04o): run `chmod 600 %.*s`",
            answer->mode & 0022u ? "change" : "read", REDIAL_STR_ARG(profile->credentials_path),
            (unsigned)answer->mode, REDIAL_STR_ARG(profile->credentials_path));
    if (!secret_file_taken(flow, answer, profile->credentials_path, "credential file", &contents,
                           &move))
        return move;
    if (!anthropic_tokens_read(contents, flow->arena, &profile->tokens, &why))
        return flow_fail(flow, "the credential file %.*s %.*s",
                         REDIAL_STR_ARG(profile->credentials_path), REDIAL_STR_ARG(why));
    flow_secret(flow, profile->tokens.access_token);
    flow_secret(flow, profile->tokens.refresh_token);
    profile->stored = flow_copy(flow, contents);
    return use_tokens(flow, profile);
}

/* ---- The profile itself */

static enum flow_move no_profile(struct flow *flow, const struct profile *profile)
{
    if (profile->named)
        return flow_fail(flow,
                         "ANTHROPIC_PROFILE names the profile '%.*s', but %.*s does not exist",
                         REDIAL_STR_ARG(profile->name), REDIAL_STR_ARG(profile->config_path));
    return flow_pass(flow, "%.*s does not exist", REDIAL_STR_ARG(profile->config_path));
}

static enum flow_move read_profile(struct flow *flow, void *state,
                                   const struct errand_answer *answer)
{
    struct profile *profile = state;
    struct redial_str contents, why;
    enum flow_move move;
    if (answer->missing) return no_profile(flow, profile);
    if (!secret_file_taken(flow, answer, profile->config_path, "profile", &contents, &move))
        return move;
    if (!anthropic_profile_read(contents, flow->arena, &profile->settings, &why))
        return flow_fail(flow, "the profile %.*s %.*s", REDIAL_STR_ARG(profile->config_path),
                         REDIAL_STR_ARG(why));
    if (profile->settings.credentials_path.len > 0)
        profile->credentials_path = profile->settings.credentials_path;
    return flow_ask_file(flow, profile->credentials_path, read_tokens, profile);
}

static enum flow_move begin_profile(struct flow *flow, struct redial_str name, bool named)
{
    struct redial_str folder = config_folder(flow);
    struct profile *profile = ARENA_NEW(flow->arena, struct profile);
    if (!profile) return flow_fail_memory(flow);
    if (!anthropic_profile_name_fits(name))
        return flow_fail(flow,
                         "'%.*s' is no name of a profile: expected letters, digits, '_', '.' and "
                         "'-'",
                         REDIAL_STR_ARG(str_take(name, 80)));
    profile->name = flow_copy(flow, name);
    profile->named = named;
    profile->config_path =
        flow_printf(flow, "%.*s/configs/%.*s.json", REDIAL_STR_ARG(folder), REDIAL_STR_ARG(name));
    profile->credentials_path = flow_printf(flow, "%.*s/credentials/%.*s.json",
                                            REDIAL_STR_ARG(folder), REDIAL_STR_ARG(name));
    flow_source(flow, "profile '%.*s' in %.*s", REDIAL_STR_ARG(name), REDIAL_STR_ARG(folder));
    return flow_ask_file(flow, profile->config_path, read_profile, profile);
}

enum flow_move anthropic_begin_named_profile(struct flow *flow)
{
    struct redial_str name = flow_env(flow, "ANTHROPIC_PROFILE");
    if (name.len == 0) return flow_pass(flow, "it is not set");
    if (config_folder(flow).len == 0)
        return flow_fail(flow, "neither ANTHROPIC_CONFIG_DIR nor HOME says where profiles are");
    return begin_profile(flow, name, true);
}

static enum flow_move read_active(struct flow *flow, void *state,
                                  const struct errand_answer *answer)
{
    struct redial_str name = str_trim(answer->body);
    (void)state;
    if (!answer->missing && answer->failed.len > 0)
        return flow_fail(flow, "%.*s cannot be read: %.*s", REDIAL_STR_ARG(flow->errand.path),
                         REDIAL_STR_ARG(answer->failed));
    return begin_profile(flow, name.len > 0 ? name : REDIAL_STR("default"), false);
}

enum flow_move anthropic_begin_active_profile(struct flow *flow)
{
    struct redial_str folder = config_folder(flow);
    if (folder.len == 0)
        return flow_pass(flow, "neither ANTHROPIC_CONFIG_DIR nor HOME says where profiles are");
    return flow_ask_file(flow, flow_printf(flow, "%.*s/active_config", REDIAL_STR_ARG(folder)),
                         read_active, NULL);
}
