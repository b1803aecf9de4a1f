/* A fake platform answers by itself what its model would answer: a request without a credential,
 * and a body that is no JSON. */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdio.h>

#include "client/client.h"
#include "platforms/reader.h"
#include "simulator/endpoints/endpoint.h"

struct asking_case {
    enum platform_kind platform;
    bool authorised;
    char body[24];
    uint16_t status;
    char error[40], refused[48];
};

ParameterizedTestParameters(endpoint, refuses_in_its_platforms_own_words)
{
    static struct asking_case cases[] = {
        {PLATFORM_ANTHROPIC, false, "{}", 401, "authentication_error",
         "the request holds no credential"},
        {PLATFORM_ANTHROPIC, true, "not json", 400, "invalid_request_error",
         "the request's body is no JSON object"},
        {PLATFORM_BEDROCK, false, "{}", 403, "MissingAuthenticationTokenException",
         "the request holds no credential"},
        {PLATFORM_BEDROCK, true, "[1]", 400, "ValidationException",
         "the request's body is no JSON object"},
        {PLATFORM_VERTEX, false, "{}", 401, "UNAUTHENTICATED", "the request holds no credential"},
        {PLATFORM_VERTEX, true, "{\"a\":", 400, "INVALID_ARGUMENT",
         "the request's body is no JSON object"},
        {PLATFORM_FOUNDRY, false, "{}", 401, "401", "the request holds no credential"},
        {PLATFORM_FOUNDRY, true, "", 400, "invalid_request_error",
         "the request's body is no JSON object"},
    };
    return cr_make_param_array(struct asking_case, cases, REDIAL_COUNT_OF(cases));
}

static struct reply_reader *reader;
static bool over;

static void read_head(void *context, uint16_t status, const struct redial_header *headers,
                      size_t count)
{
    (void)context;
    reply_reader_head(reader, status, headers, count);
}

static void read_body(void *context, struct redial_str bytes)
{
    (void)context;
    (void)reply_reader_body(reader, bytes);
}

static void read_end(void *context, const struct transfer_end *end)
{
    *(struct redial_event *)context = (struct redial_event){0};
    reply_reader_end(reader, end->cause, end->phase, context);
    over = true;
}

/* Both ends on one thread, until the transfer is over. */
static void carry(struct client *client, struct endpoint *endpoint,
                  const struct http_request *request, const struct transfer_options *options)
{
    struct redial_str why;
    int fd = endpoint_fd(endpoint);

    over = false;
    cr_assert(client_send(client, request, options, &why), "%.*s", REDIAL_STR_ARG(why));
    while (!over) {
        cr_assert(client_move(client));
        endpoint_move(endpoint);
        client_wait(client, &fd, 1, 10);
    }
}

static void ask(struct endpoint *endpoint, const struct asking_case *c, struct redial_event *event)
{
    static const struct redial_header key = {REDIAL_STR_INIT("x-api-key"), REDIAL_STR_INIT("key")};
    struct client *client = client_new();
    struct transfer_options options = {.callbacks = {NULL, read_head, read_body, read_end, event}};
    char url[64];

    snprintf(url, sizeof url, "http://127.0.0.1:%u/v1/messages", endpoint_port(endpoint));
    struct redial_str body = str_of(c->body);
    struct http_request request = {.method = "POST",
                                   .url = str_of(url),
                                   .headers = &key,
                                   .header_count = c->authorised,
                                   .pieces = &body,
                                   .piece_count = 1};
    carry(client, endpoint, &request, &options);
    client_destroy(client);
}

ParameterizedTest(struct asking_case *c, endpoint, refuses_in_its_platforms_own_words,
                  .timeout = 20)
{
    struct redial_str why;
    struct redial_event event;
    struct endpoint *endpoint = endpoint_new(c->platform, &why);

    cr_assert(endpoint, "%.*s", REDIAL_STR_ARG(why));
    reader = reply_reader_new();
    reply_reader_begin(reader, c->platform, false);
    ask(endpoint, c, &event);
    cr_expect_eq(event.kind, REDIAL_EVENT_REPLY);
    cr_expect_eq(event.status, c->status);
    cr_expect(str_is(event.text[REDIAL_TEXT_ERROR], c->error), "%.*s",
              REDIAL_STR_ARG(event.text[REDIAL_TEXT_ERROR]));
    cr_expect_gt(event.message.len, 0);
    cr_expect_eq(endpoint_requests(endpoint), 1);
    struct arrival *arrival = endpoint_take(endpoint);
    cr_assert(arrival);
    cr_expect_str_eq(arrival->refused, c->refused);
    arrival_release(arrival);
    reply_reader_destroy(reader);
    endpoint_destroy(endpoint);
}

/* Sends what no platform takes, so that it is answered at once, and gives the body that arrived. */
static struct arrival *arrived_of(struct client *client, struct endpoint *endpoint,
                                  const struct redial_str pieces[], size_t count)
{
    struct transfer_options options = {
        .callbacks = {NULL, read_head, read_body, read_end, &(struct redial_event){0}}};
    char url[64];

    snprintf(url, sizeof url, "http://127.0.0.1:%u/v1/messages", endpoint_port(endpoint));
    struct http_request request = {
        .method = "POST", .url = str_of(url), .pieces = pieces, .piece_count = count};
    reply_reader_begin(reader, PLATFORM_ANTHROPIC, false);
    carry(client, endpoint, &request, &options);
    return endpoint_take(endpoint);
}

Test(endpoint, gets_a_long_body_in_pieces_after_a_short_one_over_the_same_client, .timeout = 20)
{
    struct redial_str why;
    struct endpoint *endpoint = endpoint_new(PLATFORM_ANTHROPIC, &why);
    struct client *client = client_new();
    struct text long_text = TEXT_INIT, joined = TEXT_INIT;

    cr_assert(endpoint && client);
    reader = reply_reader_new();
    for (size_t i = 0; i < 20000; i++) text_printf(&long_text, "%zu,", i);
    const struct redial_str pieces[] = {REDIAL_STR("{\"a\":["), text_str(&long_text),
                                        REDIAL_STR("0]}")};
    const struct redial_str short_pieces[] = {REDIAL_STR("{\"a\":"), REDIAL_STR("1}")};
    for (size_t i = 0; i < 3; i++) text_append(&joined, pieces[i]);
    for (int round = 0; round < 2; round++) {
        struct arrival *brief = arrived_of(client, endpoint, short_pieces, 2);
        cr_expect(str_is(brief->body, "{\"a\":1}"), "%.*s", REDIAL_STR_ARG(brief->body));
        arrival_release(brief);
        struct arrival *whole = arrived_of(client, endpoint, pieces, 3);
        cr_expect(str_eq(whole->body, text_str(&joined)), "%zu bytes", whole->body.len);
        arrival_release(whole);
    }
    text_clean_up(&long_text);
    text_clean_up(&joined);
    reply_reader_destroy(reader);
    client_destroy(client);
    endpoint_destroy(endpoint);
}
