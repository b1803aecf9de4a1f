/* Finds a credential: a chain of links in the order that the vendor documents, each a few sources.
 * A chain does no I/O and reads no clock. It is a state machine that asks its driver for one errand
 * at a time; the live client runs errands for real, a virtual world answers them too.
 *
 *     state = chain_begin(chain, now, CHAIN_FROM_CACHE);
 *     while (state == CHAIN_ASKS)
 *         state = chain_answer(chain, run(chain_errand(chain)), now);
 *     READY: chain_credential(chain)      FAILED: chain_why(chain)
 *
 * A source that is not configured is passed over; one that is configured and broken ends the search
 * where the vendor's own chain ends there, and its error names what was looked for, where and in
 * which order. No text of a chain but the credential's own secrets holds a secret. */
#ifndef REDIAL_CREDENTIALS_CHAIN_H
#define REDIAL_CREDENTIALS_CHAIN_H

#include "base/http.h"
#include "credentials/credential.h"

struct redial_env;

/* ---- What a chain asks for */

enum errand_kind {
    ERRAND_HTTP,    /* send `request`, answer with status, headers and body */
    ERRAND_FILE,    /* read `path` whole */
    ERRAND_WRITE,   /* put `contents` into `path`, mode 0600, in one piece (rename) */
    ERRAND_COMMAND, /* run `command`, answer with its standard output */
    ERRAND_PAUSE,   /* nothing but time: between two tries against a credential server */
};
#define ERRAND_BYTES_MAX (1u << 20) /* of a file, an output or a body: more is an error */

struct errand {
    enum errand_kind kind;
    int64_t timeout; /* ns; of a PAUSE: how long it takes */
    /* HTTP. Plain http is allowed to loopback and to the link-local addresses of metadata servers
     * alone; redirects are not followed, no proxy is used for link-local addresses. */
    struct http_request request;
    struct redial_str path;     /* FILE, WRITE */
    struct redial_str contents; /* WRITE */
    /* COMMAND: as a shell would read it (credential_process is documented so), or argv. */
    struct redial_str command;
    const char *const *argv; /* NULL-terminated, instead of `command` */
};

/* Zeroed but for what is said. Texts are borrowed until chain_answer returns. */
struct errand_answer {
    /* Why there is no answer ("it is a directory", "connection refused"); one that did not come in
     * time holds the words "timed out", which some sources look for. Empty: there is one. */
    struct redial_str failed;
    bool missing;    /* FILE, COMMAND: it does not exist, which is no error of it */
    uint16_t status; /* HTTP */
    const struct redial_header *headers;
    size_t header_count;
    struct redial_str body;   /* HTTP, FILE, COMMAND */
    uint32_t mode;            /* FILE: permission bits (st_mode & 07777) */
    int exit_status;          /* COMMAND */
    struct redial_str errors; /* COMMAND: the end of its standard error, for people */
};

/* ---- The chain */

/* The links, as `credentials:` of a platform names them. Their order is the policy's. */
extern const struct names link_names;

struct chain_options {
    const struct redial_str *links; /* names, in order */
    size_t link_count;
    const struct redial_env *environment; /* NULL: the process's. Must outlive the chain */
    struct redial_str home;               /* where ~ is; empty: HOME of the environment */
    struct redial_str region;             /* AWS: of the request, for STS */
    struct redial_str base_url; /* Anthropic: whose /v1/oauth/token is asked; empty: the default */
    bool
        wants_project; /* Google: nobody has said the project: ask the metadata server for it too */
    uint64_t seed;     /* of the ids and nonces that requests to credential servers carry */
};

struct chain;

/* NULL when memory is out, or a link's name is unknown: `why` says which, with a suggestion; it is
 * the thread's until its next chain_new. Options are copied, but for the environment. */
struct chain *chain_new(const struct chain_options *options, struct redial_str *why);
void chain_destroy(struct chain *chain); /* NULL is fine */

enum chain_use {
    CHAIN_FROM_CACHE, /* what was found before while it is GOOD; else look again, and if that fails
                         serve the old one as long as it lives (a warning says so) */
    CHAIN_ANEW,       /* the platform refused what was found before: get another. FAILED also when
                         the source has nothing but the same static key */
};
enum chain_state { CHAIN_ASKS, CHAIN_READY, CHAIN_FAILED };

enum chain_state chain_begin(struct chain *chain, int64_t now, enum chain_use use);
enum chain_state chain_answer(struct chain *chain, const struct errand_answer *answer, int64_t now);
const struct errand *chain_errand(const struct chain *chain); /* ASKS; until the answer */
/* What was found last, until the next READY: so a STALE one serves beside its own renewal. NULL
 * when there is none, or the platform refused it (CHAIN_ANEW). */
const struct credential *chain_credential(const struct chain *chain);
/* FAILED: a sentence for people: what was looked for, where, in which order; what was wrong. */
struct redial_str chain_why(const struct chain *chain);
/* The source being tried, or found, or failed: "metadata server at 169.254.169.254". */
struct redial_str chain_source(const struct chain *chain);
/* What a person should know though it worked or was passed over: one sentence per line, "" none. */
struct redial_str chain_warnings(const struct chain *chain);

/* When a credential should be renewed ahead of time: GOOD serve it; STALE serve it and renew beside
 * it; SPENT renew first. By the source's own documented margins. */
enum chain_age { CHAIN_GOOD, CHAIN_STALE, CHAIN_SPENT };
enum chain_age chain_age(const struct chain *chain, int64_t now);

#endif
