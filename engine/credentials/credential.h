/* A credential: what a request proves its sender with. It owns nothing; its texts belong to the
 * chain that found it. */
#ifndef REDIAL_CREDENTIALS_CREDENTIAL_H
#define REDIAL_CREDENTIALS_CREDENTIAL_H

#include <stdint.h>

#include "base/str.h"

#define CREDENTIAL_NEVER INT64_MAX

enum credential_form {
    CREDENTIAL_NONE,   /* a gateway authenticates: nothing is sent */
    CREDENTIAL_KEY,    /* a static key, in the platform's own header */
    CREDENTIAL_BEARER, /* a token: Authorization: Bearer */
    CREDENTIAL_AWS,    /* keys that sign (SigV4) */
};

struct credential {
    enum credential_form form;
    struct redial_str secret;        /* the key, the token, or the secret access key */
    struct redial_str access_key_id; /* AWS */
    struct redial_str session_token; /* AWS; may be empty */
    struct redial_str region;        /* AWS: what its profile says; may be empty */
    struct redial_str project;       /* Google: the project that it names; may be empty */
    struct redial_str quota_project; /* Google: x-goog-user-project; may be empty */
    struct redial_str beta;          /* what anthropic-beta must say besides; may be empty */
    struct redial_str source;        /* for people and the story: where it comes from; no secret */
    int64_t expires_at;              /* ns since the Unix epoch, CREDENTIAL_NEVER */
    bool refreshable;                /* asking its source again may give another one */
    bool is_oauth;                   /* Anthropic's: team memory sync needs one */
};

#endif
