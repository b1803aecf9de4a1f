/* The setup: what an environment and a policy together amount to. Which provider would be called
 * and why, where it is, whose project pays, which credential would be used; and what is missing,
 * shadowed or set twice. Nothing here holds a secret: a credential is told by its source, its
 * length and at most its last four characters. */
#ifndef REDIAL_AUDIT_SETUP_H
#define REDIAL_AUDIT_SETUP_H

#include "audit/findings.h"

struct redial_env;

#define SETUP_RESOURCE REDIAL_STR("{resource}") /* of an address, where nobody names one */

/* A value and whose word it is: "AWS_REGION", "policies/platforms.yaml:153". Empty: nobody's. */
struct setup_value {
    struct redial_str value, from;
};

enum credential_standing {
    CREDENTIAL_THERE,  /* the environment or a file has it */
    CREDENTIAL_TO_ASK, /* somebody has to be asked, which an audit does not */
    CREDENTIAL_ABSENT, /* nothing is left to look at */
    CREDENTIAL_STANDING_COUNT
};
struct setup_credential {
    enum credential_standing standing;
    struct redial_str source;   /* "AWS_BEARER_TOKEN_BEDROCK" */
    struct redial_str detail;   /* what was found, would be asked, or is wrong */
    struct redial_str warnings; /* a sentence per line */
    struct redial_str project;  /* Google: that the credential names; may be empty */
};
/* Looks for the credential of a provider, without network and commands. False: out of memory. */
typedef bool setup_credential_fn(struct arena *arena, const struct redial_policy *policy,
                                 uint16_t provider, const struct redial_env *environment,
                                 struct setup_credential *credential);

struct setup_region {
    struct redial_str models; /* a pattern */
    struct setup_value region;
};

struct setup_provider {
    struct redial_str name, title;
    bool meant; /* chosen, named by the policy, or a fallback of one that is: it has to work */
    bool works;
    struct setup_value address, region, project;
    struct setup_region *regions; /* of single models, before `region` */
    size_t region_count;
    struct setup_credential credential;
};

struct setup {
    const struct redial_policy *policy;
    const struct redial_env *environment; /* NULL: the process's */
    struct arena *arena;
    struct setup_provider *providers; /* one per provider of the policy */
};

/* Fills `setup`, whose first three members are given, and appends what is wrong. False: out of
 * memory. */
bool setup_read(struct setup *setup, setup_credential_fn *look, struct findings *findings);
/* "token of 108 characters, ends in wxyz"; the end only of what is long enough to keep the rest
 * unguessable. */
void setup_secret(const char *what, struct redial_str secret, struct text *out);

typedef void setup_print_fn(const struct setup *setup, uint32_t width, struct text *out);
setup_print_fn setup_print_text;
setup_print_fn setup_print_json; /* JSON lines, one per provider */

/* ---- For the files of the setup alone */

/* Whether a variable is in the environment at all, though empty. */
bool setup_is_set(const struct setup *setup, const char *name);
struct redial_str setup_get(const struct setup *setup, const char *name);
/* Everything that is missing or odd; what keeps a provider from working is noted there too. */
void setup_check(struct setup *setup, struct findings *findings);

#endif
