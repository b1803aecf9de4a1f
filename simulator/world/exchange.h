/* What a fake platform does to one attempt, as bytes and moments. It is rendered once from a
 * scripted reply and then played by either transport: the virtual one feeds the bytes to the reply
 * reader, the wire one writes them to a socket. */
#ifndef REDIAL_SIMULATOR_EXCHANGE_H
#define REDIAL_SIMULATOR_EXCHANGE_H

#include "redial/event.h"

/* Before the request was read whole. */
enum request_fault {
    REQUEST_READ,            /* none: the server reads the whole request, then acts */
    REQUEST_REFUSED,         /* nobody listens:                    ECONNREFUSED, phase connect */
    REQUEST_UNRESOLVED,      /* the name does not resolve:         ENOTFOUND, phase resolve */
    REQUEST_RESET_CONNECT,   /* accepted and reset at once:        ECONNRESET, phase send */
    REQUEST_BROKEN_PIPE,     /* stops reading and closes:          EPIPE, phase send */
    REQUEST_RESET_TLS,       /* reset in the TLS handshake:        ECONNRESET, phase tls */
    REQUEST_BAD_CERTIFICATE, /* signed by nobody the client knows:  TLS, phase tls */
    REQUEST_FAULT_COUNT
};

enum act_kind {
    ACT_HEAD, /* status line and headers */
    ACT_BODY, /* `bytes` of the body, before transfer coding */
    ACT_END,  /* the body is complete; the connection stays open */
    ACT_RAW,  /* `bytes` as they are, outside HTTP's framing, then close: garbage, a malformed chunk
               */
    ACT_CLOSE, /* an orderly close here (FIN), whatever was announced */
    ACT_RESET, /* a TCP reset here (RST) */
};
struct act {
    enum act_kind kind;
    int64_t at; /* ns after the request had arrived; never decreasing. Acts at one moment are done
                   in order */
    struct redial_str bytes;
};

/* Without a last END, RAW, CLOSE or RESET the server hangs: it says nothing more and keeps the
 * connection. */
struct exchange {
    uint32_t number; /* its own within a run, from 0 without holes: what a transport caches by */
    enum request_fault
        fault; /* other than REQUEST_READ: no acts; it happens `fault_at` ns after the send */
    int64_t fault_at;
    uint16_t status;
    const struct redial_header
        *headers; /* without Date, Connection and framing headers, which the server adds */
    size_t header_count;
    bool chunked;       /* Transfer-Encoding: chunked; else Content-Length: body_length */
    size_t body_length; /* announced; a CLOSE or RESET may come before it is sent */
    const struct act *acts;
    size_t act_count;
};

#endif
