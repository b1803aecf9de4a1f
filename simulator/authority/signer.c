#include "simulator/authority/signer.h"

#include "simulator/authority/verify_sigv4.h"

#define INVALID "The security token included in the request is invalid."
#define EXPIRED "The security token included in the request is expired"

static enum signer_problem problem(struct answer *answer, enum signer_problem kind,
                                   const char *words, const char *why, struct redial_str *message)
{
    *message = str_of(words);
    return answer_why(answer, "%s", why) ? kind : SIGNER_NO_MEMORY;
}

/* The key, and the session token that belongs to it. AWS looks at these before the signature. */
static enum signer_problem check_grant(struct answer *answer, struct grant *grant,
                                       struct redial_str *message)
{
    struct redial_str token = request_header(answer->request, "x-amz-security-token");

    if (!grant || grant->kind != GRANT_SIGNER)
        return problem(answer, SIGNER_UNKNOWN, INVALID,
                       "the access key id is none that was given out", message);
    if (!str_eq(token, grant->session))
        return problem(answer, SIGNER_UNKNOWN, INVALID,
                       grant->session.len == 0
                           ? "x-amz-security-token is sent with keys that have none"
                           : "x-amz-security-token is not the one that belongs to the access key",
                       message);
    switch (grant_state(answer->authority, grant, answer->now)) {
    case GRANT_EXPIRED:
        return problem(answer, SIGNER_EXPIRED, EXPIRED, "the session token has expired", message);
    case GRANT_REVOKED:
        return problem(answer, SIGNER_UNKNOWN, INVALID, "the keys were withdrawn", message);
    case GRANT_GOOD: break;
    }
    return SIGNER_GOOD;
}

static enum signer_problem judge(struct answer *answer, const struct sigv4_verdict *verdict,
                                 enum sigv4_fault fault, struct redial_str *message)
{
    static const enum signer_problem problems[] = {
        [SIGV4_GOOD] = SIGNER_GOOD,
        [SIGV4_MISSING] = SIGNER_MISSING,
        [SIGV4_INCOMPLETE] = SIGNER_INCOMPLETE,
        [SIGV4_MISMATCH] = SIGNER_MISMATCH,
        [SIGV4_NO_MEMORY] = SIGNER_NO_MEMORY,
    };
    *message = verdict->message;
    if (fault != SIGV4_GOOD && answer->why) *answer->why = verdict->why;
    return problems[fault];
}

enum signer_problem signer_find(struct answer *answer, const char *service, struct grant **grant,
                                struct redial_str *message)
{
    struct sigv4_claim claim;
    struct sigv4_verdict verdict;
    struct sigv4_rules rules = {.service = str_of(service), .now = answer->now};
    enum sigv4_fault fault = sigv4_read(answer->request, answer->arena, &claim, &verdict);
    enum signer_problem found;

    if (fault != SIGV4_GOOD) return judge(answer, &verdict, fault, message);
    *grant = grant_find(answer->authority, claim.access_key_id);
    found = check_grant(answer, *grant, message);
    if (found != SIGNER_GOOD) return found;
    rules.secret = (*grant)->secret;
    fault = sigv4_verify(answer->request, &claim, &rules, answer->arena, &verdict);
    return judge(answer, &verdict, fault, message);
}
