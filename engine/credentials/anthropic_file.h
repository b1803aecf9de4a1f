/* The files of Anthropic's profiles, as the vendor's own SDKs lay them out below the configuration
 * folder (ANTHROPIC_CONFIG_DIR, else $XDG_CONFIG_HOME/anthropic, else ~/.config/anthropic):
 *
 *     active_config                the name of the profile to use; missing: "default"
 *     configs/NAME.json            how the profile authenticates, where, for whom
 *     credentials/NAME.json        its tokens; mode 0600, or it is refused
 *
 * Readers of JSON from outside, and the writer of the second file; nothing here asks for a file. */
#ifndef REDIAL_CREDENTIALS_ANTHROPIC_FILE_H
#define REDIAL_CREDENTIALS_ANTHROPIC_FILE_H

#include "base/arena.h"

struct json;

/* configs/NAME.json. What it leaves out, the environment may fill in; all texts may be empty. */
struct anthropic_profile {
    bool federated;                     /* "oidc_federation"; else "user_oauth" */
    struct redial_str base_url;         /* whose /v1/oauth/token is asked */
    struct redial_str credentials_path; /* instead of credentials/NAME.json */
    struct redial_str client_id;        /* user_oauth: without it the token cannot be renewed */
    struct redial_str rule, organization, workspace, service_account; /* federation */
    struct redial_str identity_path; /* federation: where the identity token lies */
};

/* Texts are copied into the arena. False: `why` is a clause ("is no JSON"); empty when memory is
 * out. */
bool anthropic_profile_read(struct redial_str text, struct arena *arena,
                            struct anthropic_profile *profile,
                            struct redial_str *why) REDIAL_MUST_USE;
/* Letters, digits, '_', '.' and '-': a name becomes part of a path. */
bool anthropic_profile_name_fits(struct redial_str name);

/* credentials/NAME.json */
struct anthropic_tokens {
    struct redial_str access_token, refresh_token; /* secrets; may be empty */
    int64_t expires_at;                            /* ns since the Unix epoch; INT64_MAX: unsaid */
};
bool anthropic_tokens_read(struct redial_str text, struct arena *arena,
                           struct anthropic_tokens *tokens, struct redial_str *why) REDIAL_MUST_USE;
/* Appends the file anew, with these tokens; what else stands in `text` (empty, or what
 * anthropic_tokens_read took) is kept. */
void anthropic_tokens_write(struct text *out, struct redial_str text,
                            const struct anthropic_tokens *tokens);

#endif
