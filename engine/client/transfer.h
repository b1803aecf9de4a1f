/* Between the files of the client: one transfer, and what it belongs to. */
#ifndef REDIAL_CLIENT_TRANSFER_H
#define REDIAL_CLIENT_TRANSFER_H

#include <curl/curl.h>
#include <sys/epoll.h>

#include "client/client.h"
#include "client/head.h"

#define WAKES_MAX 64 /* descriptors that one look at the system tells of */
#define SPARES_MAX                                                                                 \
    64 /* handles of libcurl's that are kept: making one costs as much as a request */

struct client {
    CURLM *multi;
    int epoll;
    int64_t due;                /* when libcurl wants to be called, on clock_steady */
    struct transfer *transfers; /* under way */
    struct network network;
    struct text judged; /* the URL that was judged last: many requests go to the same */
    struct network_place place;
    enum network_reach judged_for;
    CURL *spares[SPARES_MAX]; /* to be used again */
    int spare_count;
    bool moving;                         /* libcurl may not be called back into */
    bool has_aborted;                    /* some transfer was aborted while moving */
    struct epoll_event wakes[WAKES_MAX]; /* being worked off */
    int wake_count;
};

struct transfer {
    struct client *client;
    struct transfer *next, **link; /* in the client's list */
    CURL *easy;
    struct curl_slist *headers;
    struct transfer_callbacks callbacks;
    struct head head;
    /* The body: its pieces as they are, or, where there are several small ones, joined. */
    const struct redial_str *pieces;
    size_t piece_count, piece, piece_at; /* sent so far: whole pieces, and bytes of the next */
    size_t body_len;
    struct text joined;
    int opened;      /* the socket opened last for it, -1 none */
    curl_off_t sent; /* bytes of the body that the system took */
    bool connected, resend_stopped, aborted;
    bool fine, usual;     /* it ended in order; it is a POST of one piece */
    int32_t resend_errno; /* what broke the connection that libcurl wanted to replace */
    char detail[CURL_ERROR_SIZE];
};

/* Sets all up and gives it to libcurl. False when memory is out. */
bool transfer_begin(struct transfer *transfer, const char *url, const struct network_place *place,
                    const struct http_request *request,
                    const struct transfer_options *options) REDIAL_MUST_USE;
/* Tells how it ended, unless it was aborted, and takes it away. */
void transfer_finish(struct transfer *transfer, CURLcode result);
void transfer_destroy(struct transfer *transfer);

#endif
