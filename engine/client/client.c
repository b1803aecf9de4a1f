/* The client over libcurl's multi interface. libcurl decides nothing here that a policy decides:
 * resending on a dead connection, redirects, time limits and proxies are switched off. */
#include "client/client.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

#include "client/head.h"
#include "client/outcome.h"

#define IDLE_CONNECTIONS_MAX 1024 /* kept for reuse, over all hosts */
#define OTHERS_MAX           64   /* descriptors of others that one wait looks at */

struct client {
    CURLM *multi;
    struct transfer *transfers; /* under way */
    bool moving;                /* libcurl may not be called back into */
    bool has_aborted;           /* some transfer was aborted while moving */
};

struct transfer {
    struct client *client;
    struct transfer *next, **link; /* in the client's list */
    CURL *easy;
    struct curl_slist *headers;
    struct transfer_callbacks callbacks;
    struct head head;
    size_t body_len;
    int opened;      /* the socket opened last for it, -1 none */
    curl_off_t sent; /* bytes of the body that the system took */
    bool connected, resend_stopped, aborted;
    int32_t resend_errno; /* what broke the connection that libcurl wanted to replace */
};

struct client *client_new(void)
{
    struct client *client = calloc(1, sizeof *client);

    if (!client) return NULL;
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        free(client);
        return NULL;
    }
    client->multi = curl_multi_init();
    if (!client->multi) {
        client_destroy(client);
        return NULL;
    }
    curl_multi_setopt(client->multi, CURLMOPT_MAXCONNECTS, (long)IDLE_CONNECTIONS_MAX);
    curl_multi_setopt(client->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING);
    return client;
}

static void transfer_destroy(struct transfer *transfer)
{
    if (transfer->link) {
        *transfer->link = transfer->next;
        if (transfer->next) transfer->next->link = transfer->link;
        curl_multi_remove_handle(transfer->client->multi, transfer->easy);
    }
    curl_easy_cleanup(transfer->easy);
    curl_slist_free_all(transfer->headers);
    head_clean_up(&transfer->head);
    free(transfer);
}

void client_destroy(struct client *client)
{
    if (!client) return;
    while (client->transfers) transfer_destroy(client->transfers);
    curl_multi_cleanup(client->multi);
    curl_global_cleanup();
    free(client);
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
    transfer->opened = socket(address->family, address->socktype, address->protocol);
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

/* ---- Sending */

/* Plain http carries a credential for all to read, so it may go no further than this machine. */
static bool may_go_to(const char *url, bool *plain)
{
    static const char *const loopback[] = {"127.0.0.1", "[::1]", "localhost"};
    CURLU *parsed = curl_url();
    char *scheme = NULL, *host = NULL;
    bool allowed = false;

    if (parsed && curl_url_set(parsed, CURLUPART_URL, url, 0) == CURLUE_OK &&
        curl_url_get(parsed, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
        curl_url_get(parsed, CURLUPART_HOST, &host, 0) == CURLUE_OK) {
        *plain = strcmp(scheme, "http") == 0;
        allowed = strcmp(scheme, "https") == 0;
        for (size_t i = 0; *plain && i < REDIAL_COUNT_OF(loopback); i++)
            allowed |= strcmp(host, loopback[i]) == 0;
    }
    curl_free(scheme);
    curl_free(host);
    curl_url_cleanup(parsed);
    return allowed;
}

static bool add_line(struct transfer *transfer, const char *line)
{
    struct curl_slist *longer = curl_slist_append(transfer->headers, line);

    if (longer) transfer->headers = longer;
    return longer != NULL;
}

static bool add_headers(struct transfer *transfer, const struct http_request *request)
{
    struct text line = TEXT_INIT;
    bool done = add_line(transfer, "Expect:"); /* no waiting for "100 Continue" */

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

static bool set_callbacks(struct transfer *transfer)
{
    CURL *easy = transfer->easy;

    return curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header_line) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, transfer) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, before_send) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_PREREQDATA, transfer) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, note_progress) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_XFERINFODATA, transfer) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L) == CURLE_OK;
}

static bool set_request(struct transfer *transfer, const char *url, bool plain,
                        const struct http_request *request, bool fresh_connection)
{
    CURL *easy = transfer->easy;
    curl_off_t body_len = (curl_off_t)http_body_len(request);
    const char *body = body_len > 0 ? request->pieces[0].ptr : ""; /* NULL would mean stdin */

    return curl_easy_setopt(easy, CURLOPT_URL, url) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, plain ? "http" : "https") == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_PROXY, "") == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, fresh_connection ? 1L : 0L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, body_len) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body) == CURLE_OK &&
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

static bool set_up(struct transfer *transfer, const char *url, bool plain,
                   const struct http_request *request, const struct transfer_options *options)
{
    transfer->easy = curl_easy_init();
    if (!transfer->easy) return false;
    if (!add_headers(transfer, request) || !set_callbacks(transfer)) return false;
    if (!set_request(transfer, url, plain, request, options->fresh_connection)) return false;
    if (curl_multi_add_handle(transfer->client->multi, transfer->easy) != CURLM_OK) return false;
    enlist(transfer);
    return true;
}

struct transfer *client_send(struct client *client, const struct http_request *request,
                             const struct transfer_options *options, struct redial_str *why)
{
    struct transfer *transfer = calloc(1, sizeof *transfer);
    struct text url = TEXT_INIT;
    bool plain = false, done = false;

    text_append(&url, request->url);
    *why = REDIAL_STR("memory is out");
    if (transfer && !url.failed) {
        transfer->client = client;
        transfer->opened = -1;
        transfer->callbacks = options->callbacks;
        transfer->body_len = http_body_len(request);
        if (may_go_to(url.ptr, &plain)) {
            done = set_up(transfer, url.ptr, plain, request, options);
        } else {
            *why = REDIAL_STR("the URL is neither https nor on this machine: a credential would "
                              "travel in plain text");
        }
    }
    text_clean_up(&url);
    if (done) return transfer;
    if (transfer) transfer_destroy(transfer);
    return NULL;
}

/* ---- Moving */

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
    return end;
}

static void finish(struct transfer *transfer, CURLcode result)
{
    struct transfer_end end = judge(transfer, result);

    if (!transfer->aborted) transfer->callbacks.end(transfer->callbacks.context, &end);
    transfer_destroy(transfer);
}

static void finish_ended(struct client *client)
{
    CURLMsg *message;
    int left;

    while ((message = curl_multi_info_read(client->multi, &left))) {
        struct transfer *transfer = NULL;
        if (message->msg != CURLMSG_DONE) continue;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&transfer);
        finish(transfer, message->data.result);
    }
}

static void drop_aborted(struct client *client)
{
    client->has_aborted = false;
    for (struct transfer *transfer = client->transfers, *next; transfer; transfer = next) {
        next = transfer->next;
        if (transfer->aborted) transfer_destroy(transfer);
    }
}

bool client_move(struct client *client)
{
    int running;

    client->moving = true;
    CURLMcode code = curl_multi_perform(client->multi, &running);
    finish_ended(client);
    client->moving = false;
    if (client->has_aborted) drop_aborted(client);
    return code == CURLM_OK;
}

void client_wait(struct client *client, const int *others, size_t count, int timeout_ms)
{
    struct curl_waitfd waited[OTHERS_MAX];
    unsigned used = (unsigned)(count < OTHERS_MAX ? count : OTHERS_MAX);

    for (unsigned i = 0; i < used; i++)
        waited[i] = (struct curl_waitfd){.fd = others[i], .events = CURL_WAIT_POLLIN};
    curl_multi_poll(client->multi, waited, used, timeout_ms, NULL);
}
