/* The client over libcurl's multi interface, by its socket actions: the system is asked once which
 * of a thousand connections can move, and only those are looked at. */
#include "client/client.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/duration.h"
#include "client/transfer.h"

#define IDLE_CONNECTIONS_MAX 1024 /* kept for reuse, over all hosts */
#define OTHERS_MAX           64   /* descriptors of others that one wait looks at */

/* ---- What is waited for: sockets of libcurl's, and watches. A watch is told apart by its address,
 * which is even. */

static uint64_t socket_mark(curl_socket_t socket)
{
    return (uint64_t)(unsigned)socket << 1 | 1;
}

static bool is_socket(const struct epoll_event *wake)
{
    return wake->data.u64 & 1;
}

/* libcurl wants to hear of a socket: `known` is what was kept with it here. */
static int want_socket(CURL *easy, curl_socket_t socket, int what, void *context, void *known)
{
    struct client *client = context;
    uint32_t in = what & CURL_POLL_IN ? (uint32_t)EPOLLIN : 0;
    uint32_t out = what & CURL_POLL_OUT ? (uint32_t)EPOLLOUT : 0;
    struct epoll_event wanted = {.events = in | out, .data.u64 = socket_mark(socket)};

    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        (void)epoll_ctl(client->epoll, EPOLL_CTL_DEL, socket, NULL); /* it may be closed already */
        return 0;
    }
    if (epoll_ctl(client->epoll, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, socket, &wanted) != 0)
        return -1;
    if (!known) curl_multi_assign(client->multi, socket, client);
    return 0;
}

static int want_time(CURLM *multi, long timeout_ms, void *context)
{
    struct client *client = context;

    (void)multi;
    client->due = timeout_ms < 0 ? INT64_MAX : duration_add(clock_steady(), timeout_ms * NS_PER_MS);
    return 0;
}

bool client_watch(struct client *client, struct watch *watch)
{
    struct epoll_event wanted = {.events = EPOLLIN, .data.ptr = watch};

    return epoll_ctl(client->epoll, EPOLL_CTL_ADD, watch->fd, &wanted) == 0;
}

void client_unwatch(struct client *client, struct watch *watch)
{
    (void)epoll_ctl(client->epoll, EPOLL_CTL_DEL, watch->fd, NULL);
    for (int i = 0; i < client->wake_count; i++)
        if (client->wakes[i].data.ptr == watch) client->wakes[i].data.ptr = NULL;
}

/* ---- Making and unmaking */

static bool make_multi(struct client *client)
{
    client->multi = curl_multi_init();
    return client->multi &&
           curl_multi_setopt(client->multi, CURLMOPT_MAXCONNECTS, (long)IDLE_CONNECTIONS_MAX) ==
               CURLM_OK &&
           curl_multi_setopt(client->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_MULTIPLEX) ==
               CURLM_OK &&
           curl_multi_setopt(client->multi, CURLMOPT_SOCKETFUNCTION, want_socket) == CURLM_OK &&
           curl_multi_setopt(client->multi, CURLMOPT_SOCKETDATA, client) == CURLM_OK &&
           curl_multi_setopt(client->multi, CURLMOPT_TIMERFUNCTION, want_time) == CURLM_OK &&
           curl_multi_setopt(client->multi, CURLMOPT_TIMERDATA, client) == CURLM_OK;
}

struct client *client_new(void)
{
    struct client *client = calloc(1, sizeof *client);

    if (!client) return NULL;
    client->due = INT64_MAX;
    client->epoll = -1;
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        free(client);
        return NULL;
    }
    client->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (client->epoll < 0 || !make_multi(client)) {
        client_destroy(client);
        return NULL;
    }
    return client;
}

bool client_use_environment(struct client *client, const struct redial_env *environment)
{
    network_clean_up(&client->network);
    return network_read(&client->network, environment);
}

void client_destroy(struct client *client)
{
    if (!client) return;
    while (client->transfers) transfer_destroy(client->transfers);
    while (client->spare_count > 0) curl_easy_cleanup(client->spares[--client->spare_count]);
    curl_multi_cleanup(client->multi);
    curl_global_cleanup();
    if (client->epoll >= 0) close(client->epoll);
    network_clean_up(&client->network);
    text_clean_up(&client->judged);
    free(client);
}

/* ---- Sending */

static struct network_place judge(struct client *client, struct redial_str url,
                                  enum network_reach reach)
{
    bool known = str_eq(text_str(&client->judged), url) && client->judged_for == reach;

    if (known && url.len > 0) return client->place;
    text_clear(&client->judged);
    text_append(&client->judged, url);
    client->judged_for = reach;
    client->place = network_judge(client->judged.failed ? "" : url.ptr, reach);
    return client->place;
}

struct transfer *client_send(struct client *client, const struct http_request *request,
                             const struct transfer_options *options, struct redial_str *why)
{
    struct transfer *transfer = calloc(1, sizeof *transfer);
    struct text url = TEXT_INIT;
    bool done = false;

    text_append(&url, request->url);
    *why = REDIAL_STR("memory is out");
    if (transfer && !url.failed) {
        struct network_place place = judge(client, text_str(&url), options->reach);
        transfer->client = client;
        transfer->opened = -1;
        transfer->callbacks = options->callbacks;
        if (place.allowed) {
            done = transfer_begin(transfer, url.ptr, &place, request, options);
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

static void finish_ended(struct client *client)
{
    CURLMsg *message;
    int left;

    while ((message = curl_multi_info_read(client->multi, &left))) {
        struct transfer *transfer = NULL;
        CURLcode result = message->data.result;
        if (message->msg != CURLMSG_DONE) continue;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&transfer);
        transfer_finish(transfer, result);
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

/* An error of a socket is libcurl's to find, when it reads or writes there. */
static bool act_on(struct client *client, const struct epoll_event *wake)
{
    uint32_t error = (uint32_t)(EPOLLERR | EPOLLHUP);
    int what = (wake->events & ((uint32_t)EPOLLIN | error) ? CURL_CSELECT_IN : 0) |
               (wake->events & (uint32_t)EPOLLOUT ? CURL_CSELECT_OUT : 0) |
               (wake->events & (uint32_t)EPOLLERR ? CURL_CSELECT_ERR : 0);
    int running;
    curl_socket_t socket = (curl_socket_t)(wake->data.u64 >> 1);

    return curl_multi_socket_action(client->multi, socket, what, &running) == CURLM_OK;
}

static bool move_sockets(struct client *client, int timeout_ms)
{
    bool fine = true;
    int count;

    do {
        count = epoll_wait(client->epoll, client->wakes, WAKES_MAX, timeout_ms);
        timeout_ms = 0;
        client->wake_count = count > 0 ? count : 0;
        for (int i = 0; i < client->wake_count; i++) {
            struct watch *watch = client->wakes[i].data.ptr;
            if (is_socket(&client->wakes[i]))
                fine = act_on(client, &client->wakes[i]) && fine;
            else if (watch)
                watch->ready(watch->context);
        }
        client->wake_count = 0;
    } while (count == WAKES_MAX);
    return fine;
}

static bool move_time(struct client *client)
{
    int running;

    if (client->due > clock_steady()) return true;
    client->due = INT64_MAX;
    return curl_multi_socket_action(client->multi, CURL_SOCKET_TIMEOUT, 0, &running) == CURLM_OK;
}

static int until(int64_t instant, int timeout_ms);

bool client_move_within(struct client *client, int timeout_ms)
{
    if (client->due != INT64_MAX) timeout_ms = until(client->due, timeout_ms);
    client->moving = true;
    bool fine = move_sockets(client, timeout_ms);
    fine = move_time(client) && fine;
    finish_ended(client);
    client->moving = false;
    if (client->has_aborted) drop_aborted(client);
    return fine;
}

bool client_move(struct client *client)
{
    return client_move_within(client, 0);
}

int client_fd(const struct client *client)
{
    return client->epoll;
}

int64_t client_due(const struct client *client)
{
    return client->due;
}

/* Whole milliseconds, rounded up: a wait that ends before its time only goes round once more. */
static int until(int64_t instant, int timeout_ms)
{
    int64_t left = instant - clock_steady();
    int64_t ms = left <= 0 ? 0 : (left + NS_PER_MS - 1) / NS_PER_MS;

    return ms < timeout_ms ? (int)ms : timeout_ms;
}

void client_wait(struct client *client, const int *others, size_t count, int timeout_ms)
{
    struct pollfd waited[OTHERS_MAX + 1] = {{.fd = client->epoll, .events = POLLIN}};
    nfds_t used = (nfds_t)(count < OTHERS_MAX ? count : OTHERS_MAX);

    for (nfds_t i = 0; i < used; i++)
        waited[i + 1] = (struct pollfd){.fd = others[i], .events = POLLIN};
    if (client->due != INT64_MAX) timeout_ms = until(client->due, timeout_ms);
    (void)poll(waited, used + 1, timeout_ms);
}
