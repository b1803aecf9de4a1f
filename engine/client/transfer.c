/* One transfer: what libcurl is told about it, and what libcurl tells of it. libcurl decides
 * nothing here that a policy decides: resending on a dead connection, redirects and time limits are
 * switched off. */
#include "client/transfer.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "client/outcome.h"

#define JOINED_MAX     (64u << 10) /* a body up to this is cheaper to copy than to send in pieces */
#define SEND_BUFFER    (64L << 10) /* libcurl's own, of a body in pieces */
#define RECEIVE_BUFFER (16L << 10)

/* One that failed is not kept: what it holds on to (a resolver at work) is nobody else's. Nor is
 * one with another method: a kept handle has all that requests have in common. */
static void give_easy(struct client *client, CURL *easy, bool usual)
{
    if (usual && client->spare_count < SPARES_MAX)
        client->spares[client->spare_count++] = easy;
    else
        curl_easy_cleanup(easy);
}

void transfer_destroy(struct transfer *transfer)
{
    if (transfer->link) {
        *transfer->link = transfer->next;
        if (transfer->next) transfer->next->link = transfer->link;
        curl_multi_remove_handle(transfer->client->multi, transfer->easy);
    }
    if (transfer->easy)
        give_easy(transfer->client, transfer->easy, transfer->fine && transfer->usual);
    curl_slist_free_all(transfer->headers);
    head_clean_up(&transfer->head);
    text_clean_up(&transfer->joined);
    free(transfer);
}

void transfer_abort(struct transfer *transfer)
{
    if (!transfer->client->moving) {
        transfer_destroy(transfer);
        return;
    }
    transfer->aborted = true;
    transfer->client->has_aborted = true;
}

void transfer_pause(struct transfer *transfer, bool paused)
{
    struct client *client = transfer->client;
    bool moving = client->moving;

    if (transfer->aborted) return;
    client->moving = true; /* what has waited comes now, by the same callbacks */
    curl_easy_pause(transfer->easy, paused ? CURLPAUSE_RECV : CURLPAUSE_CONT);
    client->moving = moving;
}

/* ---- What libcurl calls */

static size_t take_header_line(char *bytes, size_t size, size_t count, void *context)
{
    struct transfer *transfer = context;
    bool was_complete = transfer->head.complete;

    if (transfer->aborted) return 0;
    if (!head_take_line(&transfer->head, (struct redial_str){bytes, size * count})) return 0;
    if (transfer->head.complete && !was_complete)
        transfer->callbacks.head(transfer->callbacks.context, transfer->head.status,
                                 transfer->head.headers, transfer->head.count);
    return transfer->aborted ? 0 : size * count;
}

static size_t take_body(char *bytes, size_t size, size_t count, void *context)
{
    struct transfer *transfer = context;

    if (transfer->aborted) return 0;
    transfer->callbacks.body(transfer->callbacks.context, (struct redial_str){bytes, size * count});
    return transfer->aborted ? 0 : size * count;
}

static size_t give_body(char *bytes, size_t size, size_t count, void *context)
{
    struct transfer *transfer = context;
    size_t room = size * count, given = 0;

    if (transfer->aborted) return CURL_READFUNC_ABORT;
    while (given < room && transfer->piece < transfer->piece_count) {
        struct redial_str rest = str_skip(transfer->pieces[transfer->piece], transfer->piece_at);
        size_t len = rest.len < room - given ? rest.len : room - given;
        if (len > 0) memcpy(bytes + given, rest.ptr, len);
        given += len;
        transfer->piece_at += len;
        if (len < rest.len) break;
        transfer->piece++;
        transfer->piece_at = 0;
    }
    return given;
}

/* Asked of it before a resend alone, which is stopped soon after. */
static int rewind_body(void *context, curl_off_t offset, int origin)
{
    struct transfer *transfer = context;

    if (offset != 0 || origin != SEEK_SET) return CURL_SEEKFUNC_CANTSEEK;
    transfer->piece = transfer->piece_at = 0;
    return CURL_SEEKFUNC_OK;
}

/* libcurl sends a request again by itself when a kept connection turns out to be dead before the
 * first byte of the reply. It comes here, or to open_socket, a second time then: the point to stop
 * it, and the only one where the error that it hides can still be read. */
static void stop_resend(struct transfer *transfer)
{
    long os_errno = 0;

    if (transfer->resend_stopped) return;
    transfer->resend_stopped = true;
    curl_easy_getinfo(transfer->easy, CURLINFO_OS_ERRNO, &os_errno);
    transfer->resend_errno = (int32_t)os_errno;
}

static curl_socket_t open_socket(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct transfer *transfer = context;

    (void)purpose;
    if (transfer->connected) {
        stop_resend(transfer);
        return CURL_SOCKET_BAD;
    }
    transfer->opened = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    return transfer->opened;
}

static int before_send(void *context, char *remote, char *local, int remote_port, int local_port)
{
    struct transfer *transfer = context;

    (void)remote, (void)local, (void)remote_port, (void)local_port;
    if (transfer->connected) stop_resend(transfer);
    if (transfer->connected || transfer->aborted) return CURL_PREREQFUNC_ABORT;
    transfer->connected = true;
    if (transfer->callbacks.connected)
        transfer->callbacks.connected(transfer->callbacks.context, transfer->opened);
    return transfer->aborted ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
}

static int note_progress(void *context, curl_off_t down_total, curl_off_t down, curl_off_t up_total,
                         curl_off_t up)
{
    struct transfer *transfer = context;

    (void)down_total, (void)down, (void)up_total;
    if (up > transfer->sent) transfer->sent = up;
    return transfer->aborted ? 1 : 0;
}

/* ---- Headers */

static bool add_line(struct transfer *transfer, const char *line)
{
    struct curl_slist *longer = curl_slist_append(transfer->headers, line);

    if (longer) transfer->headers = longer;
    return longer != NULL;
}

/* What libcurl would add of its own: no waiting for "100 Continue", no type of a form. */
static bool suppress_headers(struct transfer *transfer, const struct http_request *request)
{
    bool typed = false;

    for (size_t i = 0; i < request->header_count; i++)
        typed |= str_eq_nocase(request->headers[i].name, REDIAL_STR("content-type"));
    return add_line(transfer, "Expect:") && (typed || add_line(transfer, "Content-Type:"));
}

static bool add_headers(struct transfer *transfer, const struct http_request *request)
{
    struct text line = TEXT_INIT;
    bool done = suppress_headers(transfer, request);

    for (size_t i = 0; done && i < request->header_count; i++) {
        const struct redial_header *header = &request->headers[i];
        text_clear(&line);
        text_append(&line, header->name);
        /* libcurl's way to say an empty value */
        text_append(&line, header->value.len > 0 ? REDIAL_STR(": ") : REDIAL_STR(";"));
        text_append(&line, header->value);
        done = !line.failed && add_line(transfer, line.ptr);
    }
    text_clean_up(&line);
    return done;
}

/* ---- Options */

/* What all requests have in common. The scheme was judged already, and no redirect leads to
 * another. */
static bool set_always(CURL *easy)
{
    return curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header_line) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, before_send) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, note_progress) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, RECEIVE_BUFFER) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_USERAGENT, "redial/" REDIAL_VERSION) == CURLE_OK;
}

static bool take_easy(struct transfer *transfer)
{
    struct client *client = transfer->client;

    if (client->spare_count > 0) {
        transfer->easy = client->spares[--client->spare_count];
        return true;
    }
    transfer->easy = curl_easy_init();
    return transfer->easy && set_always(transfer->easy);
}

/* Whom the callbacks of a kept handle concern now. */
static bool set_owner(struct transfer *transfer)
{
    CURL *easy = transfer->easy;

    return curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, transfer) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_PREREQDATA, transfer) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_XFERINFODATA, transfer) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->detail) == CURLE_OK;
}

/* Several pieces go out as they are; few small ones in one. A kept handle still has the body of the
 * transfer before, which would go out instead. */
static bool set_pieces(struct transfer *transfer)
{
    CURL *easy = transfer->easy;

    return curl_easy_setopt(easy, CURLOPT_POSTFIELDS, NULL) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_POST, 1L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_READFUNCTION, give_body) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_READDATA, transfer) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, rewind_body) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_SEEKDATA, transfer) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, SEND_BUFFER) == CURLE_OK;
}

static bool set_body(struct transfer *transfer)
{
    const char *body = transfer->piece_count > 0 ? transfer->pieces[0].ptr : "";
    bool in_pieces = transfer->piece_count > 1 && transfer->body_len > JOINED_MAX;
    CURL *easy = transfer->easy;

    for (size_t i = 0; transfer->piece_count > 1 && !in_pieces && i < transfer->piece_count; i++)
        text_append(&transfer->joined, transfer->pieces[i]);
    if (transfer->joined.failed) return false;
    transfer->usual = !in_pieces;
    if (transfer->joined.len > 0) body = transfer->joined.ptr;
    if (transfer->body_len == 0) body = ""; /* NULL would mean stdin */
    return curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)transfer->body_len) ==
               CURLE_OK &&
           (in_pieces ? set_pieces(transfer)
                      : curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body) == CURLE_OK);
}

static bool set_method(struct transfer *transfer, const char *method)
{
    CURL *easy = transfer->easy;

    if (strcmp(method, "GET") == 0) return curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L) == CURLE_OK;
    if (strcmp(method, "HEAD") == 0) return curl_easy_setopt(easy, CURLOPT_NOBODY, 1L) == CURLE_OK;
    if (!set_body(transfer)) return false;
    if (strcmp(method, "POST") == 0) return true;
    transfer->usual = false;
    return curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method) == CURLE_OK;
}

static bool set_connection(struct transfer *transfer, const char *url, bool plain,
                           const struct transfer_options *options)
{
    CURL *easy = transfer->easy;
    long version = plain ? CURL_HTTP_VERSION_1_1 : CURL_HTTP_VERSION_2TLS;

    return curl_easy_setopt(easy, CURLOPT_URL, url) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, version) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, options->compressed ? "" : NULL) ==
               CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, options->fresh_connection ? 1L : 0L) ==
               CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HTTPHEADER, transfer->headers) == CURLE_OK;
}

static void enlist(struct transfer *transfer)
{
    struct client *client = transfer->client;

    transfer->next = client->transfers;
    transfer->link = &client->transfers;
    if (transfer->next) transfer->next->link = &transfer->next;
    client->transfers = transfer;
}

bool transfer_begin(struct transfer *transfer, const char *url, const struct network_place *place,
                    const struct http_request *request, const struct transfer_options *options)
{
    struct client *client = transfer->client;

    transfer->pieces = request->pieces;
    transfer->piece_count = request->piece_count;
    transfer->body_len = http_body_len(request);
    if (!take_easy(transfer) || !set_owner(transfer)) return false;
    if (!add_headers(transfer, request)) return false;
    if (!set_connection(transfer, url, place->plain, options)) return false;
    if (!set_method(transfer, request->method)) return false;
    if (!network_apply(&client->network, place, transfer->easy)) return false;
    if (curl_multi_add_handle(client->multi, transfer->easy) != CURLM_OK) return false;
    enlist(transfer);
    return true;
}

/* ---- The end */

/* Of the body, by the system. libcurl forgets the figure when it wants to send again. */
static curl_off_t sent_bytes(const struct transfer *transfer)
{
    curl_off_t sent = 0;

    curl_easy_getinfo(transfer->easy, CURLINFO_SIZE_UPLOAD_T, &sent);
    return sent > transfer->sent ? sent : transfer->sent;
}

enum redial_phase transfer_phase(const struct transfer *transfer)
{
    if (transfer->head.complete) return REDIAL_PHASE_BODY;
    if (head_has_begun(&transfer->head)) return REDIAL_PHASE_HEADERS;
    if (!transfer->connected) return REDIAL_PHASE_CONNECT;
    return (size_t)sent_bytes(transfer) < transfer->body_len ? REDIAL_PHASE_SEND
                                                             : REDIAL_PHASE_WAIT;
}

/* A proxy has the word until it has opened the way. It says no by a status, or by bytes that are no
 * HTTP, or by closing: then nothing of it came from the host. */
static void judge_proxy(struct transfer *transfer, struct transfer_end *end)
{
    long status = 0;

    if (transfer->connected || end->phase != REDIAL_PHASE_CONNECT) return;
    curl_easy_getinfo(transfer->easy, CURLINFO_HTTP_CONNECTCODE, &status);
    if (status >= 300) {
        end->cause = REDIAL_CAUSE_PROXY;
        (void)snprintf(transfer->detail, sizeof transfer->detail,
                       "the proxy answered %ld to CONNECT", status);
    } else if (end->cause == REDIAL_CAUSE_MALFORMED || end->cause == REDIAL_CAUSE_EMPTY_REPLY) {
        end->cause = REDIAL_CAUSE_PROXY;
    }
}

static struct transfer_end judge(struct transfer *transfer, CURLcode result)
{
    struct transfer_end end = {0};
    long os_errno = 0;

    curl_easy_getinfo(transfer->easy, CURLINFO_OS_ERRNO, &os_errno);
    end.os_errno = transfer->resend_stopped ? transfer->resend_errno : (int32_t)os_errno;
    if (transfer->resend_stopped) result = CURLE_GOT_NOTHING;
    end.cause = outcome_cause(result, end.os_errno, transfer_phase(transfer), &end.phase);
    /* libcurl may call a connection that closed within the head an orderly end. */
    if (end.cause == REDIAL_CAUSE_NONE && !transfer->head.complete) end.cause = REDIAL_CAUSE_CUT;
    judge_proxy(transfer, &end);
    end.detail = str_of(transfer->detail);
    return end;
}

void transfer_finish(struct transfer *transfer, CURLcode result)
{
    struct transfer_end end = judge(transfer, result);

    transfer->fine = result == CURLE_OK;
    if (!transfer->aborted) transfer->callbacks.end(transfer->callbacks.context, &end);
    transfer_destroy(transfer);
}
