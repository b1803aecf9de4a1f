#include "client/outcome.h"

#include <errno.h>

#include "base/str.h"

struct outcome {
    CURLcode result;
    enum redial_cause cause;
    enum redial_phase phase; /* NONE: as far as the transfer was seen to come */
    bool by_errno;           /* the system's error, where there is one, says more */
};

static const struct outcome outcomes[] = {
    {CURLE_OK, REDIAL_CAUSE_NONE, REDIAL_PHASE_NONE, false},
    {CURLE_COULDNT_RESOLVE_HOST, REDIAL_CAUSE_ENOTFOUND, REDIAL_PHASE_RESOLVE, false},
    {CURLE_COULDNT_RESOLVE_PROXY, REDIAL_CAUSE_ENOTFOUND, REDIAL_PHASE_RESOLVE, false},
    {CURLE_PROXY, REDIAL_CAUSE_PROXY, REDIAL_PHASE_CONNECT, false}, /* SOCKS */
    {CURLE_COULDNT_CONNECT, REDIAL_CAUSE_OTHER, REDIAL_PHASE_CONNECT, true},
    {CURLE_OPERATION_TIMEDOUT, REDIAL_CAUSE_ETIMEDOUT, REDIAL_PHASE_NONE, false},
    {CURLE_SSL_CONNECT_ERROR, REDIAL_CAUSE_TLS, REDIAL_PHASE_TLS, true},
    {CURLE_PEER_FAILED_VERIFICATION, REDIAL_CAUSE_TLS, REDIAL_PHASE_TLS, false},
    {CURLE_SSL_CERTPROBLEM, REDIAL_CAUSE_TLS, REDIAL_PHASE_TLS, false},
    {CURLE_SSL_CIPHER, REDIAL_CAUSE_TLS, REDIAL_PHASE_TLS, false},
    {CURLE_SSL_CACERT_BADFILE, REDIAL_CAUSE_TLS, REDIAL_PHASE_TLS, false},
    {CURLE_SSL_ISSUER_ERROR, REDIAL_CAUSE_TLS, REDIAL_PHASE_TLS, false},
    {CURLE_SSL_INVALIDCERTSTATUS, REDIAL_CAUSE_TLS, REDIAL_PHASE_TLS, false},
    {CURLE_SEND_ERROR, REDIAL_CAUSE_OTHER, REDIAL_PHASE_NONE, true},
    {CURLE_SEND_FAIL_REWIND, REDIAL_CAUSE_OTHER, REDIAL_PHASE_NONE, true},
    {CURLE_ABORTED_BY_CALLBACK, REDIAL_CAUSE_OTHER, REDIAL_PHASE_NONE, true},
    {CURLE_GOT_NOTHING, REDIAL_CAUSE_EMPTY_REPLY, REDIAL_PHASE_NONE, true},
    {CURLE_PARTIAL_FILE, REDIAL_CAUSE_CUT, REDIAL_PHASE_NONE, true},
    /* No error of the system behind it: the bytes themselves are at fault (a malformed chunk). */
    {CURLE_RECV_ERROR, REDIAL_CAUSE_MALFORMED, REDIAL_PHASE_NONE, true},
    {CURLE_WEIRD_SERVER_REPLY, REDIAL_CAUSE_MALFORMED, REDIAL_PHASE_HEADERS, false},
    {CURLE_UNSUPPORTED_PROTOCOL, REDIAL_CAUSE_MALFORMED, REDIAL_PHASE_HEADERS, false},
    {CURLE_WRITE_ERROR, REDIAL_CAUSE_MALFORMED, REDIAL_PHASE_NONE, false},
    {CURLE_BAD_CONTENT_ENCODING, REDIAL_CAUSE_MALFORMED, REDIAL_PHASE_NONE, false},
};

static const struct {
    int32_t os_errno;
    enum redial_cause cause;
} causes[] = {
    {ECONNREFUSED, REDIAL_CAUSE_ECONNREFUSED}, {ECONNRESET, REDIAL_CAUSE_ECONNRESET},
    {ECONNABORTED, REDIAL_CAUSE_ECONNRESET},   {EPIPE, REDIAL_CAUSE_EPIPE},
    {ETIMEDOUT, REDIAL_CAUSE_ETIMEDOUT},       {EHOSTUNREACH, REDIAL_CAUSE_EHOSTUNREACH},
    {ENETUNREACH, REDIAL_CAUSE_EHOSTUNREACH},
};

static enum redial_cause cause_of_errno(int32_t os_errno, enum redial_cause otherwise)
{
    for (size_t i = 0; i < REDIAL_COUNT_OF(causes); i++)
        if (causes[i].os_errno == os_errno) return causes[i].cause;
    return otherwise;
}

enum redial_cause outcome_cause(CURLcode result, int32_t os_errno, enum redial_phase seen,
                                enum redial_phase *phase)
{
    *phase = seen;
    for (size_t i = 0; i < REDIAL_COUNT_OF(outcomes); i++) {
        const struct outcome *outcome = &outcomes[i];
        if (outcome->result != result) continue;
        if (outcome->phase != REDIAL_PHASE_NONE) *phase = outcome->phase;
        return outcome->by_errno ? cause_of_errno(os_errno, outcome->cause) : outcome->cause;
    }
    return REDIAL_CAUSE_OTHER;
}
