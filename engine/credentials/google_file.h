/* Google's credential files: what `type` they are and what that type needs. A reader of JSON from
 * outside and nothing more; what is done with it stands in google.c.
 *
 * `token_uri` of a key file is honoured, unlike by Google's own JavaScript library, which always
 * asks oauth2.googleapis.com: the file is the owner's own word, and https is required of it. */
#ifndef REDIAL_CREDENTIALS_GOOGLE_FILE_H
#define REDIAL_CREDENTIALS_GOOGLE_FILE_H

#include "base/arena.h"
#include "base/names.h"

enum google_type {
    GOOGLE_SERVICE_ACCOUNT,
    GOOGLE_AUTHORIZED_USER,
    GOOGLE_IMPERSONATED,
    GOOGLE_EXTERNAL,
    GOOGLE_EXTERNAL_USER,
    GOOGLE_GDCH,
    GOOGLE_TYPE_COUNT
};
extern const struct names google_type_names;

#define GOOGLE_DELEGATES_MAX 8 /* a chain of delegation is two or three */
#define GOOGLE_HEADERS_MAX   8 /* that a source of subject tokens wants */

struct google_pair {
    struct redial_str name, value;
};

/* Which of these are set depends on the type; a required one is never empty. */
struct google_file {
    enum google_type type;
    struct redial_str project, quota_project;                  /* any; may be empty */
    struct redial_str token_url;                               /* where tokens are bought */
    struct redial_str email, private_key;                      /* SERVICE_ACCOUNT */
    struct redial_str client_id, client_secret, refresh_token; /* both kinds of users */
    struct redial_str impersonation_url;                       /* empty: none */
    struct redial_str delegates[GOOGLE_DELEGATES_MAX];         /* IMPERSONATED */
    size_t delegate_count;
    int64_t lifetime;                                             /* s, of impersonation */
    struct redial_str audience, subject_token_type, user_project; /* EXTERNAL */
    struct redial_str source_path, source_url, source_field;      /* of the subject token; field:
                                                                     JSON, empty: plain text */
    /* AWS: "aws1", else empty; then source_url is the role's. Only the last is required. */
    struct redial_str source_environment, source_region_url, source_session_url, source_verify_url;
    struct google_pair source_headers[GOOGLE_HEADERS_MAX];
    size_t source_header_count;
};

/* Texts are copied into the arena. An IMPERSONATED file is read together with the credential that
 * it holds inside: the inner type is in `type`, with the impersonation of the outer. False: `why`
 * is a clause ("has no \"client_email\""), without a secret; empty when memory is out. */
bool google_file_read(struct redial_str text, struct arena *arena, struct google_file *file,
                      struct redial_str *why) REDIAL_MUST_USE;

#endif
