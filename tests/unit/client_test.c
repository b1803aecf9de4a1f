/* The live client against a bare socket: what it makes of bytes that no well-behaved server sends,
 * and that it never does on its own what a policy decides. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "client/client.h"
#include "client/outcome.h"

static struct client *client;
static int listener;
static char url[64];

/* What one transfer told. */
struct told {
    struct transfer *transfer;
    struct text body;
    uint16_t status;
    uint32_t headers;
    int heads, ends;
    bool abort_in_body, reused;
    struct transfer_end end;
};

static void tell_connected(void *context, int socket)
{
    ((struct told *)context)->reused = socket < 0;
}

static void tell_head(void *context, uint16_t status, const struct redial_header *headers,
                      size_t count)
{
    struct told *told = context;

    (void)headers;
    told->status = status;
    told->headers = (uint32_t)count;
    told->heads++;
}

static void tell_body(void *context, struct redial_str bytes)
{
    struct told *told = context;

    text_append(&told->body, bytes);
    if (told->abort_in_body) transfer_abort(told->transfer);
}

static void tell_end(void *context, const struct transfer_end *end)
{
    struct told *told = context;

    told->end = *end;
    told->ends++;
}

static void start(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof address;

    client = client_new();
    listener = socket(AF_INET, SOCK_STREAM, 0);
    cr_assert(client && listener >= 0);
    cr_assert_eq(bind(listener, (struct sockaddr *)&address, len), 0);
    cr_assert_eq(listen(listener, 128), 0);
    getsockname(listener, (struct sockaddr *)&address, &len);
    snprintf(url, sizeof url, "http://127.0.0.1:%u/v1/messages", ntohs(address.sin_port));
}

static void stop(void)
{
    client_destroy(client);
    close(listener);
}

TestSuite(client, .init = start, .fini = stop, .timeout = 30);

static const struct redial_header header = {REDIAL_STR_INIT("content-type"),
                                            REDIAL_STR_INIT("application/json")};

static struct transfer *send_to(const char *to, struct told *told, struct redial_str *why)
{
    static const struct redial_str body = REDIAL_STR_INIT("{\"last\":1}");
    struct http_request request = {.method = "POST",
                                   .url = str_of(to),
                                   .headers = &header,
                                   .header_count = 1,
                                   .pieces = &body,
                                   .piece_count = 1};
    struct transfer_options options = {
        .callbacks = {tell_connected, tell_head, tell_body, tell_end, told}};

    told->transfer = client_send(client, &request, &options, why);
    return told->transfer;
}

static void send_one(struct told *told)
{
    struct redial_str why;

    cr_assert(send_to(url, told, &why), "%.*s", REDIAL_STR_ARG(why));
}

static void move(void)
{
    cr_assert(client_move(client));
    client_wait(client, NULL, 0, 5);
}

/* A connection of the client's, or one more request on `connection`; read to its end. */
static int take_request(int connection)
{
    char bytes[4096];
    size_t len = 0;

    while (connection < 0) {
        struct pollfd waiting = {.fd = listener, .events = POLLIN};
        move();
        if (poll(&waiting, 1, 0) > 0) connection = accept(listener, NULL, NULL);
    }
    while (!memmem(bytes, len, "{\"last\":1}", 10)) {
        move();
        ssize_t got = recv(connection, bytes + len, sizeof bytes - len, MSG_DONTWAIT);
        if (got > 0) len += (size_t)got;
    }
    return connection;
}

static void reply(int connection, const char *bytes)
{
    cr_assert_eq(send(connection, bytes, strlen(bytes), MSG_NOSIGNAL), (ssize_t)strlen(bytes));
}

static void run_to_end(struct told *told)
{
    for (int i = 0; i < 2000 && told->ends == 0; i++) move();
    cr_assert_eq(told->ends, 1);
}

struct reply_case {
    char name[64];
    char bytes[200]; /* then the server closes */
    uint16_t status;
    char body[16];
    enum redial_cause cause;
    enum redial_phase phase;
};

ParameterizedTestParameters(client, tells_what_came_of_a_reply)
{
    static struct reply_case cases[] = {
        {"a whole reply", "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok", 200, "ok",
         REDIAL_CAUSE_NONE, REDIAL_PHASE_BODY},
        {"an interim reply is nobody's",
         "HTTP/1.1 103 Early\r\na: b\r\n\r\nHTTP/1.1 200 OK\r\n"
         "content-length: 2\r\n\r\nok",
         200, "ok", REDIAL_CAUSE_NONE, REDIAL_PHASE_BODY},
        {"a redirect is given as it is",
         "HTTP/1.1 302 Found\r\nlocation: /elsewhere\r\ncontent-length: 0\r\n\r\n", 302, "",
         REDIAL_CAUSE_NONE, REDIAL_PHASE_BODY},
        {"trailers are no headers",
         "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nx: y\r\n\r\n", 200,
         "ok", REDIAL_CAUSE_NONE, REDIAL_PHASE_BODY},
        {"a cut body", "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nok", 200, "ok",
         REDIAL_CAUSE_CUT, REDIAL_PHASE_BODY},
        {"a cut chunk", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n9\r\nok", 200, "ok",
         REDIAL_CAUSE_CUT, REDIAL_PHASE_BODY},
        {"no size of a chunk", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n", 200,
         "", REDIAL_CAUSE_MALFORMED, REDIAL_PHASE_BODY},
        {"a cut head", "HTTP/1.1 200 OK\r\ncontent-le", 0, "", REDIAL_CAUSE_CUT,
         REDIAL_PHASE_HEADERS},
        {"nothing", "", 0, "", REDIAL_CAUSE_EMPTY_REPLY, REDIAL_PHASE_WAIT},
        {"another protocol", "SSH-2.0-OpenSSH_9.2\r\n", 0, "", REDIAL_CAUSE_MALFORMED,
         REDIAL_PHASE_HEADERS},
        {"HTTP of no known version", "HTTP/7.3 200 OK\r\n\r\n", 0, "", REDIAL_CAUSE_MALFORMED,
         REDIAL_PHASE_HEADERS},
    };
    return cr_make_param_array(struct reply_case, cases, REDIAL_COUNT_OF(cases));
}

ParameterizedTest(struct reply_case *c, client, tells_what_came_of_a_reply)
{
    struct told told = {0};

    send_one(&told);
    int connection = take_request(-1);
    reply(connection, c->bytes);
    close(connection);
    run_to_end(&told);
    cr_expect_eq(told.status, c->status, "%s: %u", c->name, told.status);
    cr_expect_eq(told.heads, c->status != 0, "%s", c->name);
    text_append_char(&told.body, '.');
    cr_expect_eq(strncmp(told.body.ptr, c->body, told.body.len - 1), 0, "%s", c->name);
    cr_expect_str_eq(redial_cause_name(told.end.cause), redial_cause_name(c->cause), "%s", c->name);
    cr_expect_str_eq(redial_phase_name(told.end.phase), redial_phase_name(c->phase), "%s", c->name);
    text_clean_up(&told.body);
}

Test(client, refuses_a_head_of_too_many_headers)
{
    struct told told = {0};

    send_one(&told);
    int connection = take_request(-1);
    reply(connection, "HTTP/1.1 200 OK\r\n");
    for (int i = 0; i < 300; i++) reply(connection, "a: b\r\n");
    reply(connection, "\r\n");
    run_to_end(&told);
    cr_expect_eq(told.heads, 0);
    cr_expect_eq(told.end.cause, REDIAL_CAUSE_MALFORMED);
    close(connection);
}

#define OK "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"

/* libcurl would connect and send again; the server would count two requests for one attempt. */
Test(client, sends_no_second_time_when_a_kept_connection_closes)
{
    struct told first = {0}, second = {0};
    struct pollfd waiting = {.fd = listener, .events = POLLIN};

    send_one(&first);
    int connection = take_request(-1);
    reply(connection, OK);
    run_to_end(&first);
    cr_expect_not(first.reused);
    send_one(&second);
    take_request(connection);
    close(connection);
    run_to_end(&second);
    cr_expect(second.reused);
    cr_expect_eq(second.end.cause, REDIAL_CAUSE_EMPTY_REPLY);
    cr_expect_eq(second.end.phase, REDIAL_PHASE_WAIT);
    cr_expect_eq(poll(&waiting, 1, 50), 0, "a second connection was made");
    text_clean_up(&first.body);
}

Test(client, keeps_the_systems_error_of_a_kept_connection_that_was_reset)
{
    struct told first = {0}, second = {0};
    struct sockaddr nowhere = {.sa_family = AF_UNSPEC};

    send_one(&first);
    int connection = take_request(-1);
    reply(connection, OK);
    run_to_end(&first);
    send_one(&second);
    take_request(connection);
    (void)connect(connection, &nowhere, sizeof nowhere);
    run_to_end(&second);
    cr_expect_eq(second.end.cause, REDIAL_CAUSE_ECONNRESET);
    cr_expect_eq(second.end.os_errno, ECONNRESET);
    cr_expect_eq(second.end.phase, REDIAL_PHASE_WAIT);
    close(connection);
    text_clean_up(&first.body);
}

Test(client, calls_nothing_back_after_an_abort)
{
    struct told told = {.abort_in_body = true};

    send_one(&told);
    int connection = take_request(-1);
    reply(connection, "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nok");
    for (int i = 0; i < 200 && told.body.len == 0; i++) move();
    for (int i = 0; i < 5; i++) move();
    cr_expect_eq(told.heads, 1);
    cr_expect_eq(told.ends, 0);
    close(connection);
    text_clean_up(&told.body);
}

Test(client, tells_the_phase_of_a_transfer_that_waits)
{
    struct told told = {0};

    send_one(&told);
    cr_expect_eq(transfer_phase(told.transfer), REDIAL_PHASE_CONNECT);
    int connection = take_request(-1);
    move();
    cr_expect_eq(transfer_phase(told.transfer), REDIAL_PHASE_WAIT);
    reply(connection, "HTTP/1.1 200 OK\r\n");
    for (int i = 0; i < 10; i++) move();
    cr_expect_eq(transfer_phase(told.transfer), REDIAL_PHASE_HEADERS);
    reply(connection, "content-length: 2\r\n\r\n");
    for (int i = 0; i < 10; i++) move();
    cr_expect_eq(transfer_phase(told.transfer), REDIAL_PHASE_BODY);
    transfer_abort(told.transfer);
    cr_expect_eq(told.ends, 0);
    close(connection);
}

#define MANY 64

Test(client, carries_many_transfers_at_once)
{
    static struct told many[MANY];
    int connections[MANY];

    for (int i = 0; i < MANY; i++) send_one(&many[i]);
    for (int i = 0; i < MANY; i++) connections[i] = take_request(-1);
    for (int i = MANY - 1; i >= 0; i--) reply(connections[i], OK);
    for (int i = 0; i < MANY; i++) {
        run_to_end(&many[i]);
        cr_expect_eq(many[i].end.cause, REDIAL_CAUSE_NONE);
        cr_expect_eq(many[i].status, 200);
        text_clean_up(&many[i].body);
        close(connections[i]);
    }
}

struct url_case {
    char url[64];
};

ParameterizedTestParameters(client, sends_no_credential_in_plain_text_off_this_machine)
{
    static struct url_case cases[] = {
        {"http://api.anthropic.com/v1/messages"},
        {"http://127.0.0.1@evil.example/"},
        {"http://localhost:80@evil.example/"},
        {"http://127.0.0.1.evil.example/"},
        {"ftp://127.0.0.1/"},
        {"file:///etc/passwd"},
        {"nonsense"},
        {""},
    };
    return cr_make_param_array(struct url_case, cases, REDIAL_COUNT_OF(cases));
}

ParameterizedTest(struct url_case *c, client, sends_no_credential_in_plain_text_off_this_machine)
{
    struct told told = {0};
    struct redial_str why = {0};

    cr_expect_null(send_to(c->url, &told, &why), "%s", c->url);
    cr_expect_str_eq(why.ptr, "the URL is neither https nor on this machine: a credential would "
                              "travel in plain text");
}

Test(client, tells_a_server_that_speaks_no_tls)
{
    struct told told = {0};
    struct redial_str why;
    char secure[72];

    snprintf(secure, sizeof secure, "https%s", url + strlen("http"));
    cr_assert(send_to(secure, &told, &why), "%.*s", REDIAL_STR_ARG(why));
    move();
    int connection = accept(listener, NULL, NULL);
    reply(connection, "HTTP/1.1 400 Bad Request\r\n\r\n");
    run_to_end(&told);
    cr_expect_eq(told.end.cause, REDIAL_CAUSE_TLS);
    cr_expect_eq(told.end.phase, REDIAL_PHASE_TLS);
    close(connection);
}

struct outcome_case {
    CURLcode result;
    int32_t os_errno;
    enum redial_phase seen;
    enum redial_cause cause;
    enum redial_phase phase;
};

ParameterizedTestParameters(client, names_results)
{
    static struct outcome_case cases[] = {
        {CURLE_COULDNT_CONNECT, ECONNREFUSED, REDIAL_PHASE_CONNECT, REDIAL_CAUSE_ECONNREFUSED,
         REDIAL_PHASE_CONNECT},
        {CURLE_COULDNT_CONNECT, ENETUNREACH, REDIAL_PHASE_CONNECT, REDIAL_CAUSE_EHOSTUNREACH,
         REDIAL_PHASE_CONNECT},
        {CURLE_COULDNT_RESOLVE_HOST, 0, REDIAL_PHASE_CONNECT, REDIAL_CAUSE_ENOTFOUND,
         REDIAL_PHASE_RESOLVE},
        {CURLE_COULDNT_RESOLVE_PROXY, 0, REDIAL_PHASE_CONNECT, REDIAL_CAUSE_ENOTFOUND,
         REDIAL_PHASE_RESOLVE},
        {CURLE_PROXY, 0, REDIAL_PHASE_CONNECT, REDIAL_CAUSE_PROXY, REDIAL_PHASE_CONNECT},
        {CURLE_OPERATION_TIMEDOUT, 0, REDIAL_PHASE_CONNECT, REDIAL_CAUSE_ETIMEDOUT,
         REDIAL_PHASE_CONNECT},
        {CURLE_PEER_FAILED_VERIFICATION, 0, REDIAL_PHASE_CONNECT, REDIAL_CAUSE_TLS,
         REDIAL_PHASE_TLS},
        {CURLE_SSL_CONNECT_ERROR, ECONNRESET, REDIAL_PHASE_CONNECT, REDIAL_CAUSE_ECONNRESET,
         REDIAL_PHASE_TLS},
        {CURLE_SEND_ERROR, EPIPE, REDIAL_PHASE_SEND, REDIAL_CAUSE_EPIPE, REDIAL_PHASE_SEND},
        {CURLE_RECV_ERROR, ECONNRESET, REDIAL_PHASE_BODY, REDIAL_CAUSE_ECONNRESET,
         REDIAL_PHASE_BODY},
        {CURLE_FAILED_INIT, 0, REDIAL_PHASE_CONNECT, REDIAL_CAUSE_OTHER, REDIAL_PHASE_CONNECT},
    };
    return cr_make_param_array(struct outcome_case, cases, REDIAL_COUNT_OF(cases));
}

ParameterizedTest(struct outcome_case *c, client, names_results)
{
    enum redial_phase phase;

    cr_expect_eq(outcome_cause(c->result, c->os_errno, c->seen, &phase), c->cause);
    cr_expect_eq(phase, c->phase);
}
