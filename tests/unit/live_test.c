/* Whole calls of the live client against a server that answers with bytes as they are: what reaches
 * the caller, what goes over the wire, and that each call ends once. */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/duration.h"
#include "redial/client.h"
#include "tests/support/failing_memory.h"
#include "tests/support/policy_from.h"
#include "tests/support/tiny_server.h"

#define HEAD(status, type) "HTTP/1.1 " status "\r\ncontent-type: " type "\r\n"
#define WHOLE(text)                                                                                \
    {                                                                                              \
        .bytes = REDIAL_STR_INIT(text)                                                             \
    }
#define CUT_OFF(text)                                                                              \
    {                                                                                              \
        .bytes = REDIAL_STR_INIT(text), .close = true                                              \
    }
#define JSON(status, text)                                                                         \
    {                                                                                              \
        .bytes = REDIAL_STR_INIT(HEAD(status, "application/json")), .body = REDIAL_STR_INIT(text)  \
    }

/* Streams are sent without a length and end with their connection, unless one is announced. */
#define STREAM HEAD("200 OK", "text/event-stream") "request-id: req_1\r\n"
#define BEGIN                                                                                      \
    "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"usage\":"              \
    "{\"input_tokens\":3,\"output_tokens\":1}}}\n\n"
#define DELTA(text)                                                                                \
    "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":"   \
    "{\"type\":\"text_delta\",\"text\":\"" text "\"}}\n\n"
#define END                                                                                        \
    "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":"          \
    "\"end_turn\"},\"usage\":{\"output_tokens\":7}}\n\n"                                           \
    "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"
#define FLUSH_ERROR                                                                                \
    "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\","            \
    "\"message\":\"Overloaded\"}}\n\n"

#define MESSAGE                                                                                    \
    JSON("200 OK", "{\"type\":\"message\",\"content\":[{\"type\":\"text\",\"text\":\"Hi \"},"      \
                   "{\"type\":\"text\",\"text\":\"you\"}],\"stop_reason\":\"end_turn\"}")
#define ERROR(status, type, message)                                                               \
    JSON(status,                                                                                   \
         "{\"type\":\"error\",\"error\":{\"type\":\"" type "\",\"message\":\"" message "\"}}")
#define OVERLOADED   ERROR("529 Overloaded", "overloaded_error", "Overloaded")
#define UNAUTHORISED ERROR("401 Unauthorized", "authentication_error", "bad key")

static char container[64]; /* where AWS's keys are asked for */
static const struct redial_env environment[] = {{"ANTHROPIC_API_KEY", "canary-key-0123456789"},
                                                {"AWS_CONTAINER_CREDENTIALS_FULL_URI", container},
                                                {"AWS_EC2_METADATA_DISABLED", "true"},
                                                {NULL, NULL}};
static struct tiny_server *server;
static struct redial_policy *policy;
static struct redial_engine *engine;
static struct redial_client *client;

/* What one call told. */
struct told {
    struct redial_live *call;
    struct text text, events, story, message, detail, body;
    int restarts, ends;
    struct redial_outcome outcome;
    bool cancel_at_text, pause_at_text;
};

static void tell_text(void *context, struct redial_str delta)
{
    struct told *told = context;

    text_append(&told->text, delta);
    if (told->cancel_at_text) redial_client_cancel(told->call);
    if (told->pause_at_text) redial_client_pause(told->call);
    told->pause_at_text = false;
}

static void tell_event(void *context, struct redial_str name, struct redial_str data)
{
    struct told *told = context;

    (void)data;
    text_append(&told->events, name);
    text_append_char(&told->events, ' ');
}

static void tell_restart(void *context)
{
    struct told *told = context;

    text_clear(&told->text);
    told->restarts++;
}

static void tell_line(void *context, struct redial_str line)
{
    text_append(&((struct told *)context)->story, line);
}

static void tell_end(void *context, const struct redial_outcome *outcome)
{
    struct told *told = context;

    told->ends++;
    told->outcome = *outcome;
    text_append(&told->message, outcome->message);
    text_append(&told->detail, outcome->detail);
    text_append(&told->body, outcome->body);
}

static void told_clean_up(struct told *told)
{
    text_clean_up(&told->text);
    text_clean_up(&told->events);
    text_clean_up(&told->story);
    text_clean_up(&told->message);
    text_clean_up(&told->detail);
    text_clean_up(&told->body);
}

/* ---- The world ---- */

#define RULES                                                                                      \
    "call: {attempt_timeout: 5s, idle_timeout: %s}\n"                                              \
    "limits: {retries: 5, attempts: 10, deadline: 20s}\n"                                          \
    "backoff:\n  short: {base: 1ms}\n"                                                             \
    "rules:\n"                                                                                     \
    "  - {name: busy, when: {class: overloaded}, do: [backoff, retry], max: 2, "                   \
    "after_output: restart}\n"                                                                     \
    "  - {name: dropped, when: {class: connection_dropped}, do: [fresh_connection, retry]}\n"      \
    "  - {name: who, when: {class: [auth, auth_expired]}, do: [refresh, retry], max: 1}\n"         \
    "  - {name: too long, when: {class: prompt_too_long}, do: [compact, retry], max: 1}\n"         \
    "  - {name: other, when: always, do: [fail]}\n"                                                \
    "providers:\n"                                                                                 \
    "  near: {platform: anthropic, base_url: \"http://127.0.0.1:%u\"}\n"                           \
    "  far: {platform: anthropic, base_url: \"http://example.com\"}\n"                             \
    "  aws: {platform: bedrock, region: us-east-1, base_url: \"http://127.0.0.1:%u\"}\n"

static void start_with(const char *idle, const struct redial_client_options *options)
{
    char rules[2048];
    struct redial_str why;

    server = tiny_server_new();
    cr_assert(server);
    uint16_t port = tiny_server_port(server);
    snprintf(rules, sizeof rules, RULES, idle, port, port);
    snprintf(container, sizeof container, "http://127.0.0.1:%u/credentials", port);
    policy = policy_from(rules);
    engine = redial_engine_new(policy);
    client = redial_client_new(engine, options, &why);
    cr_assert(engine && client, "%.*s", REDIAL_STR_ARG(why));
}

static void start(void)
{
    const struct redial_client_options options = {.environment = environment, .seed = 1};

    start_with("10s", &options);
}

static void stop(void)
{
    redial_client_destroy(client);
    redial_engine_destroy(engine);
    redial_policy_release(policy);
    tiny_server_destroy(server);
}

TestSuite(live, .init = start, .fini = stop, .timeout = 60);

#define BODY(more)                                                                                 \
    "{\"model\":\"claude-opus-4-6\",\"max_tokens\":64" more                                        \
    ",\"messages\":[{\"role\":\"user\",\"content\":\"Hello\"}]}"

static struct redial_request request_of(struct told *told, const char *body)
{
    return (struct redial_request){
        .options = {.provider = REDIAL_STR("near")},
        .body = str_of(body),
        .handlers = {.event = tell_event,
                     .text = tell_text,
                     .restart = tell_restart,
                     .line = tell_line,
                     .end = tell_end,
                     .context = told},
    };
}

static void send_one(struct told *told, const char *body)
{
    struct redial_request request = request_of(told, body);
    struct redial_str why;

    told->call = redial_client_send(client, &request, &why);
    cr_assert(told->call, "%.*s", REDIAL_STR_ARG(why));
}

static size_t move_both(void)
{
    int wait_ms = redial_client_timeout_ms(client);
    struct pollfd both[] = {{.fd = redial_client_fd(client), .events = POLLIN},
                            {.fd = tiny_server_fd(server), .events = POLLIN}};

    (void)poll(both, 2, wait_ms < 0 || wait_ms > 5 ? 5 : wait_ms);
    tiny_server_move(server);
    return redial_client_move(client, 0);
}

static void run_to_end(struct told *told)
{
    while (told->ends == 0) (void)move_both();
    cr_expect_eq(told->ends, 1);
}

static void run(struct told *told, const struct tiny_reply *replies, size_t count, const char *body)
{
    tiny_server_script(server, replies, count);
    send_one(told, body);
    run_to_end(told);
}

#define expect_text(text, want)                                                                    \
    cr_expect(str_is(text_str(&(text)), want), "%.*s", REDIAL_STR_ARG(text_str(&(text))))

/* ---- Replies ---- */

Test(live, a_stream_reaches_the_caller_event_by_event)
{
    static const struct tiny_reply replies[] = {
        CUT_OFF(STREAM "\r\n" BEGIN DELTA("Hel") DELTA("lo") END)};
    struct told told = {0};

    run(&told, replies, 1, BODY(",\"stream\":true"));
    expect_text(told.text, "Hello");
    expect_text(told.events, "message_start content_block_delta content_block_delta message_delta "
                             "message_stop ");
    cr_expect_eq(told.outcome.reason, REDIAL_REASON_SUCCESS);
    cr_expect_eq(told.outcome.output_tokens, 7);
    cr_expect_eq(told.outcome.input_tokens, 3);
    cr_expect_eq(told.outcome.attempts, 1);
    cr_expect_eq(told.body.len, 0);
    told_clean_up(&told);
}

Test(live, a_reply_that_is_no_stream_comes_as_a_body_and_as_text)
{
    static const struct tiny_reply replies[] = {MESSAGE};
    struct told told = {0};

    run(&told, replies, 1, BODY(""));
    expect_text(told.text, "Hi you");
    cr_expect(str_starts_with(text_str(&told.body), REDIAL_STR("{\"type\":\"message\"")));
    cr_expect_eq(told.events.len, 0);
    told_clean_up(&told);
}

Test(live, the_request_is_the_callers_body_with_its_credential)
{
    static const struct tiny_reply replies[] = {MESSAGE};
    struct told told = {0};

    run(&told, replies, 1, BODY(",\"top_k\":5"));
    struct redial_str seen = tiny_server_request(server);
    cr_expect(str_starts_with(seen, REDIAL_STR("POST /v1/messages HTTP/1.1\r\n")));
    cr_expect_neq(str_find(seen, REDIAL_STR("x-api-key: canary-key-0123456789\r\n")), SIZE_MAX);
    cr_expect_neq(str_find(seen, REDIAL_STR("\r\nx-client-request-id: ")), SIZE_MAX);
    cr_expect_neq(str_find(seen, REDIAL_STR("user-agent: redial/")), SIZE_MAX);
    cr_expect_neq(str_find(seen, REDIAL_STR("\"top_k\":5")), SIZE_MAX, "%.*s",
                  REDIAL_STR_ARG(seen));
    told_clean_up(&told);
}

/* What gzip makes of a message whose text is "Packed". */
#define PACKED                                                                                     \
    "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\x35\xc9\x41\x0a\x80\x20\x10\x05\xd0"                 \
    "\xbb\xfc\xb5\x27\xf0\x14\xed\x23\x44\xf4\xd3\x22\x1a\xc5\x99\xa0\x10\xef\x9e"                 \
    "\x04\xad\xde\xe2\x75\xd8\x53\x09\x8f\x93\xaa\x71\x27\x1c\x52\x11\xa3\x18\xfc"                 \
    "\xda\xff\x34\xde\x36\xe7\xc3\x63\x89\xe9\x60\xc6\xd8\x1c\xd4\x4a\x0d\x8d\x51"                 \
    "\x8b\xcc\xa0\xe4\x60\x57\x13\x8c\x17\x56\x48\xa6\x95\x57\x00\x00\x00"

Test(live, a_compressed_reply_is_read_as_any_other)
{
    static const struct tiny_reply replies[] = {
        {.bytes = REDIAL_STR_INIT(HEAD("200 OK", "application/json") "content-encoding: gzip\r\n"),
         .body = REDIAL_STR_INIT(PACKED)}};
    struct told told = {0};

    run(&told, replies, 1, BODY(""));
    expect_text(told.text, "Packed");
    cr_expect_neq(str_find(tiny_server_request(server), REDIAL_STR("gzip")), SIZE_MAX);
    told_clean_up(&told);
}

#define PROMPT ((size_t)4 << 20)

/* Too large to be joined: its pieces, edits and all, go out one after the other. */
Test(live, a_large_body_arrives_whole)
{
    static const struct tiny_reply replies[] = {MESSAGE};
    static char body[PROMPT + 256];
    struct told told = {0};
    int len = snprintf(body, sizeof body,
                       "{\"model\":\"claude-opus-4-6\",\"max_tokens\":64,"
                       "\"messages\":[{\"role\":\"user\",\"content\":\"");

    for (size_t i = 0; i < PROMPT; i++) body[(size_t)len + i] = (char)('a' + i % 23);
    memcpy(body + (size_t)len + PROMPT, "\"}],\"top_k\":7}", 15);
    run(&told, replies, 1, body);
    cr_expect_eq(told.outcome.reason, REDIAL_REASON_SUCCESS);
    struct redial_str seen = tiny_server_request(server);
    cr_expect(str_ends_with(seen, REDIAL_STR("\"}],\"top_k\":7}")));
    size_t at = str_find(seen, REDIAL_STR("\"content\":\"")) + strlen("\"content\":\"");
    cr_assert_gt(seen.len, at + PROMPT);
    cr_expect_eq(memcmp(seen.ptr + at, body + (size_t)len, PROMPT), 0);
    told_clean_up(&told);
}

/* ---- Retries ---- */

Test(live, an_overload_is_waited_out_on_the_kept_connection)
{
    static const struct tiny_reply replies[] = {OVERLOADED, OVERLOADED, MESSAGE};
    struct told told = {0};

    run(&told, replies, 3, BODY(""));
    cr_expect_eq(told.outcome.reason, REDIAL_REASON_SUCCESS);
    cr_expect_eq(told.outcome.attempts, 3);
    cr_expect_eq(tiny_server_requests(server), 3);
    cr_expect_eq(tiny_server_connections(server), 1);
    cr_expect_geq(told.outcome.waited, 2 * NS_PER_MS);
    told_clean_up(&told);
}

Test(live, the_story_is_told_as_a_replay_tells_it)
{
    static const struct tiny_reply replies[] = {OVERLOADED, MESSAGE};
    struct told told = {0};
    struct redial_str story, line;
    static const char *const words[] = {
        "send     near claude-opus-4-6 attempt=1 connection=new",
        "note     credential: ANTHROPIC_API_KEY",
        "reply    529 overloaded_error -> overloaded  \"Overloaded\"",
        "wait     1ms  rule=\"busy\" 1/2  backoff",
        "send     near claude-opus-4-6 attempt=2 connection=reused",
        "reply    200 end_turn",
        "finish   success  model=claude-opus-4-6 attempts=2 waited="};

    run(&told, replies, 2, BODY(""));
    story = text_str(&told.story);
    for (size_t i = 0; i < REDIAL_COUNT_OF(words); i++) {
        cr_assert(str_split(&story, '\n', &line), "%s", words[i]);
        cr_expect(str_starts_with(str_skip(line, 9), str_of(words[i])), "%.*s",
                  REDIAL_STR_ARG(line));
    }
    cr_expect_not(str_split(&story, '\n', &line), "%.*s", REDIAL_STR_ARG(line));
    told_clean_up(&told);
}

Test(live, a_policy_that_gives_up_says_why_once)
{
    static const struct tiny_reply replies[] = {OVERLOADED};
    struct told told = {0};

    run(&told, replies, 1, BODY(""));
    cr_expect_eq(told.outcome.reason, REDIAL_REASON_RULE_LIMIT);
    cr_expect_eq(told.outcome.class, REDIAL_CLASS_OVERLOADED);
    cr_expect_eq(told.outcome.status, 529);
    cr_expect_eq(told.outcome.attempts, 3);
    expect_text(told.message, "Overloaded");
    told_clean_up(&told);
}

Test(live, output_that_was_delivered_is_void_after_a_restart)
{
    static const struct tiny_reply replies[] = {
        CUT_OFF(STREAM "\r\n" BEGIN DELTA("Wrong") FLUSH_ERROR),
        CUT_OFF(STREAM "\r\n" BEGIN DELTA("Right") END)};
    struct told told = {0};

    run(&told, replies, 2, BODY(",\"stream\":true"));
    expect_text(told.text, "Right");
    cr_expect_eq(told.restarts, 1);
    cr_expect_eq(told.outcome.reason, REDIAL_REASON_SUCCESS);
    told_clean_up(&told);
}

Test(live, each_request_on_the_wire_is_an_attempt)
{
    static const struct tiny_reply replies[] = {MESSAGE, {.reset = true}, MESSAGE};
    struct told first = {0}, second = {0};

    run(&first, replies, 3, BODY(""));
    run(&second, replies, 3, BODY(""));
    cr_expect_eq(second.outcome.reason, REDIAL_REASON_SUCCESS);
    cr_expect_eq(second.outcome.attempts, 2);
    cr_expect_eq(tiny_server_requests(server), 3);
    cr_expect_eq(tiny_server_connections(server), 2);
    told_clean_up(&first);
    told_clean_up(&second);
}

/* ---- Credentials ---- */

Test(live, a_static_key_has_nothing_to_refresh)
{
    static const struct tiny_reply replies[] = {UNAUTHORISED};
    struct told told = {0};

    run(&told, replies, 1, BODY(""));
    cr_expect_eq(told.outcome.reason, REDIAL_REASON_REPAIR_FAILED);
    cr_expect_eq(told.outcome.class, REDIAL_CLASS_AUTH);
    expect_text(told.message, "bad key");
    expect_text(told.detail, "nothing to refresh: the API key is static");
    cr_expect_eq(tiny_server_requests(server), 1);
    told_clean_up(&told);
}

Test(live, no_credential_is_said_with_where_it_was_looked_for)
{
    static const struct redial_env nothing[] = {{NULL, NULL}};
    const struct redial_client_options options = {.environment = nothing};
    struct told told = {0};

    stop();
    start_with("10s", &options);
    send_one(&told, BODY(""));
    run_to_end(&told);
    cr_expect_eq(told.outcome.reason, REDIAL_REASON_FAILED);
    cr_expect_eq(told.outcome.class, REDIAL_CLASS_NO_CREDENTIAL);
    expect_text(told.message, "the request was not sent");
    cr_expect_neq(str_find(text_str(&told.detail), REDIAL_STR("ANTHROPIC_API_KEY")), SIZE_MAX);
    cr_expect_eq(tiny_server_connections(server), 0);
    told_clean_up(&told);
}

Test(live, a_server_that_echoes_the_key_tells_nobody)
{
    static const struct tiny_reply replies[] = {
        ERROR("400 Bad Request", "invalid_request_error", "no canary-key-0123456789 here")};
    struct told told = {0};

    run(&told, replies, 1, BODY(""));
    expect_text(told.message, "no [redacted] here");
    cr_expect_eq(str_find(text_str(&told.story), REDIAL_STR("canary")), SIZE_MAX);
    told_clean_up(&told);
}

Test(live, no_credential_goes_to_another_machine_in_plain_text)
{
    struct told told = {0};
    struct redial_request request = request_of(&told, BODY(""));
    struct redial_str why;

    request.options.provider = REDIAL_STR("far");
    cr_assert(redial_client_send(client, &request, &why));
    run_to_end(&told);
    cr_expect_neq(str_find(text_str(&told.detail), REDIAL_STR("plain text")), SIZE_MAX);
    cr_expect_eq(told.outcome.class, REDIAL_CLASS_INVALID_REQUEST);
    told_clean_up(&told);
}

#define KEYS(number)                                                                               \
    JSON("200 OK",                                                                                 \
         "{\"AccessKeyId\":\"AKID" number "\",\"SecretAccessKey\":\"canary-secret-" number         \
         "\",\"Token\":\"canary-token\",\"Expiration\":\"2099-01-01T00:00:00Z\"}")
#define EXPIRED                                                                                    \
    {                                                                                              \
        .bytes = REDIAL_STR_INIT(HEAD(                                                             \
            "403 Forbidden", "application/json") "x-amzn-errortype: ExpiredTokenException\r\n"),   \
        .body = REDIAL_STR_INIT("{\"message\":\"The security token included in the request is "    \
                                "expired\"}")                                                      \
    }
#define TOGETHER 8

static struct redial_request aws_request(struct told *told)
{
    struct redial_request request = request_of(told, BODY(""));

    request.options.provider = REDIAL_STR("aws");
    return request;
}

Test(live, calls_that_need_the_same_credential_ask_for_it_once)
{
    static const struct tiny_reply replies[] = {KEYS("1"), MESSAGE};
    static struct told many[TOGETHER];
    struct redial_str why;
    size_t left = TOGETHER;

    tiny_server_script(server, replies, 2);
    for (int i = 0; i < TOGETHER; i++) {
        struct redial_request request = aws_request(&many[i]);
        cr_assert(redial_client_send(client, &request, &why), "%.*s", REDIAL_STR_ARG(why));
    }
    while (left > 0) left = move_both();
    for (int i = 0; i < TOGETHER; i++) {
        cr_expect_eq(many[i].outcome.reason, REDIAL_REASON_SUCCESS, "%.*s",
                     REDIAL_STR_ARG(text_str(&many[i].story)));
        told_clean_up(&many[i]);
    }
    cr_expect_eq(tiny_server_requests(server), TOGETHER + 1);
    struct redial_str seen = tiny_server_request(server);
    cr_expect_neq(str_find(seen, REDIAL_STR("AWS4-HMAC-SHA256 Credential=AKID1/")), SIZE_MAX,
                  "%.*s", REDIAL_STR_ARG(seen));
    cr_expect_neq(str_find(seen, REDIAL_STR("x-amz-security-token: canary-token")), SIZE_MAX);
}

Test(live, a_credential_that_is_refused_is_renewed_once_and_used)
{
    static const struct tiny_reply replies[] = {KEYS("1"), EXPIRED, KEYS("2"), MESSAGE};
    struct told told = {0};
    struct redial_request request = aws_request(&told);
    struct redial_str why;

    tiny_server_script(server, replies, 4);
    cr_assert(redial_client_send(client, &request, &why));
    run_to_end(&told);
    cr_expect_eq(told.outcome.reason, REDIAL_REASON_SUCCESS, "%.*s",
                 REDIAL_STR_ARG(text_str(&told.story)));
    cr_expect_eq(told.outcome.attempts, 2);
    cr_expect_neq(str_find(tiny_server_request(server), REDIAL_STR("Credential=AKID2/")), SIZE_MAX);
    cr_expect_eq(str_find(text_str(&told.story), REDIAL_STR("canary")), SIZE_MAX);
    told_clean_up(&told);
}

Test(live, a_refresh_that_fails_ends_in_the_first_error_and_its_own_reason)
{
    static const struct tiny_reply replies[] = {
        KEYS("1"), EXPIRED,
        JSON("400 Bad Request", "{\"code\":\"no\",\"message\":\"no keys today\"}")};
    struct told told = {0};
    struct redial_request request = aws_request(&told);
    struct redial_str why;

    tiny_server_script(server, replies, 3);
    cr_assert(redial_client_send(client, &request, &why));
    run_to_end(&told);
    cr_expect_eq(told.outcome.reason, REDIAL_REASON_REPAIR_FAILED);
    expect_text(told.message, "The security token included in the request is expired");
    cr_expect_neq(str_find(text_str(&told.detail), REDIAL_STR("no keys today")), SIZE_MAX, "%.*s",
                  REDIAL_STR_ARG(text_str(&told.detail)));
    told_clean_up(&told);
}

/* ---- Repairs ---- */

static bool shorten(void *context, const struct redial_too_long *prompt, struct redial_str *shorter,
                    int64_t *tokens)
{
    (void)context;
    cr_expect(str_starts_with(prompt->messages, REDIAL_STR("[{\"role\"")));
    *shorter = REDIAL_STR("[{\"role\":\"user\",\"content\":\"Hi\"}]");
    *tokens = 1;
    return true;
}

Test(live, a_prompt_too_long_is_made_shorter_by_the_caller)
{
    static const struct tiny_reply replies[] = {ERROR("400 Bad Request", "invalid_request_error",
                                                      "prompt is too long: 9 tokens > 5 maximum"),
                                                MESSAGE};
    struct told told = {0};
    struct redial_request request = request_of(&told, BODY(""));
    struct redial_str why;

    request.handlers.compact = shorten;
    tiny_server_script(server, replies, 2);
    cr_assert(redial_client_send(client, &request, &why));
    run_to_end(&told);
    cr_expect_eq(told.outcome.reason, REDIAL_REASON_SUCCESS, "%.*s",
                 REDIAL_STR_ARG(text_str(&told.story)));
    struct redial_str seen = tiny_server_request(server);
    cr_expect_neq(str_find(seen, REDIAL_STR("\"content\":\"Hi\"")), SIZE_MAX);
    cr_expect_eq(str_find(seen, REDIAL_STR("Hello")), SIZE_MAX);
    told_clean_up(&told);
}

/* ---- The caller's will ---- */

Test(live, a_call_is_cancelled_while_its_answer_comes)
{
    static const struct tiny_reply replies[] = {
        WHOLE(STREAM "content-length: 10000\r\n\r\n" BEGIN DELTA("one") DELTA("two"))};
    struct told told = {.cancel_at_text = true};

    run(&told, replies, 1, BODY(",\"stream\":true"));
    expect_text(told.text, "one");
    cr_expect_eq(told.outcome.reason, REDIAL_REASON_CANCELLED);
    for (int i = 0; i < 20 && tiny_server_open(server) > 0; i++) (void)move_both();
    cr_expect_eq(tiny_server_open(server), 0, "its connection is closed");
    told_clean_up(&told);
}

/* What the first attempt was told is no part of how the second one ended. */
Test(live, a_call_is_cancelled_in_its_second_attempt)
{
    static const struct tiny_reply replies[] = {
        OVERLOADED, WHOLE(STREAM "content-length: 10000\r\n\r\n" BEGIN DELTA("one"))};
    struct told told = {.cancel_at_text = true};

    run(&told, replies, 2, BODY(",\"stream\":true"));
    cr_expect_eq(told.outcome.reason, REDIAL_REASON_CANCELLED);
    cr_expect_eq(told.outcome.attempts, 2);
    cr_expect_eq(told.message.len, 0);
    cr_expect_eq(told.outcome.error.len, 0);
    told_clean_up(&told);
}

Test(live, a_call_is_cancelled_before_it_began)
{
    struct told told = {0};

    send_one(&told, BODY(""));
    redial_client_cancel(told.call);
    run_to_end(&told);
    cr_expect_eq(told.outcome.reason, REDIAL_REASON_CANCELLED);
    cr_expect_eq(told.outcome.attempts, 0);
    cr_expect_eq(tiny_server_connections(server), 0);
    told_clean_up(&told);
}

Test(live, destroying_a_client_leaves_no_call_behind)
{
    static struct told told;

    send_one(&told, BODY(""));
    for (int i = 0; i < 20 && tiny_server_requests(server) == 0; i++) (void)move_both();
    redial_client_destroy(client);
    client = NULL;
    cr_expect_eq(told.ends, 0);
    told_clean_up(&told);
}

#define LARGE ((size_t)8 << 20)

/* A stream of one huge comment, which nobody is told of, behind a first delta. */
static struct redial_str large_stream(const char *tail)
{
    static const char head[] = STREAM "\r\n" BEGIN DELTA("x");
    static char bytes[sizeof head + LARGE + 1024];
    size_t len = sizeof head - 1;

    memcpy(bytes, head, len);
    for (size_t i = 0; i < LARGE; i++) bytes[len + i] = i % 64 == 63 ? '\n' : ':';
    len += LARGE;
    memcpy(bytes + len, tail, strlen(tail));
    return (struct redial_str){bytes, len + strlen(tail)};
}

Test(live, a_paused_call_slows_the_server_down)
{
    struct tiny_reply reply = {.bytes = large_stream("\n\n" END), .close = true};
    struct told told = {.pause_at_text = true};

    tiny_server_script(server, &reply, 1);
    send_one(&told, BODY(",\"stream\":true"));
    size_t before = SIZE_MAX;
    while (told.text.len == 0 || tiny_server_sent(server) != before) {
        before = tiny_server_sent(server);
        for (int i = 0; i < 50; i++) (void)move_both();
    }
    cr_expect_lt(tiny_server_sent(server), reply.bytes.len);
    cr_expect_eq(told.ends, 0);
    redial_client_resume(told.call);
    run_to_end(&told);
    cr_expect_eq(told.outcome.reason, REDIAL_REASON_SUCCESS);
    told_clean_up(&told);
}

/* What has waited may end the attempt at once. */
Test(live, a_call_may_fail_in_the_moment_when_it_is_resumed)
{
    struct tiny_reply replies[] = {{.bytes = large_stream("\n\n" FLUSH_ERROR), .close = true},
                                   CUT_OFF(STREAM "\r\n" BEGIN DELTA("Right") END)};
    struct told told = {.pause_at_text = true};

    tiny_server_script(server, replies, 2);
    send_one(&told, BODY(",\"stream\":true"));
    while (told.text.len == 0) (void)move_both();
    redial_client_resume(told.call);
    run_to_end(&told);
    cr_expect_eq(told.outcome.reason, REDIAL_REASON_SUCCESS);
    expect_text(told.text, "Right");
    told_clean_up(&told);
}

/* ---- Time limits ---- */

Test(live, silence_within_a_stream_ends_the_attempt)
{
    static const struct tiny_reply replies[] = {
        WHOLE(STREAM "content-length: 10000\r\n\r\n" BEGIN DELTA("one"))};
    const struct redial_client_options options = {.environment = environment};
    struct told told = {0};

    stop();
    start_with("50ms", &options);
    run(&told, replies, 1, BODY(",\"stream\":true"));
    cr_expect_eq(told.outcome.class, REDIAL_CLASS_TIMEOUT);
    cr_expect_geq(told.outcome.took, 50 * NS_PER_MS);
    told_clean_up(&told);
}

Test(live, no_first_byte_ends_the_attempt)
{
    const struct redial_client_options options = {.environment = environment,
                                                  .first_byte_timeout = 50 * NS_PER_MS};
    struct told told = {0};

    stop();
    start_with("10s", &options);
    send_one(&told, BODY(""));
    run_to_end(&told);
    cr_expect_eq(told.outcome.class, REDIAL_CLASS_TIMEOUT);
    told_clean_up(&told);
}

Test(live, the_deadline_ends_a_call_whatever_it_does)
{
    struct told told = {0};
    struct redial_request request = request_of(&told, BODY(""));
    struct redial_str why;

    request.options.deadline = 50 * NS_PER_MS;
    cr_assert(redial_client_send(client, &request, &why));
    run_to_end(&told);
    cr_expect_eq(told.outcome.class, REDIAL_CLASS_TIMEOUT);
    cr_expect_lt(told.outcome.took, 5 * NS_PER_SECOND);
    told_clean_up(&told);
}

/* ---- What makes no sense ---- */

struct refused_case {
    char name[40], body[96], provider[16], header[24], why[96];
};

ParameterizedTestParameters(live, a_request_that_makes_no_sense_is_refused_at_once)
{
    static struct refused_case cases[] = {
        {"no JSON", "Hello", "near", "", "the body is no Messages request in JSON: "},
        {"an array", "[]", "near", "", "the body is no Messages request in JSON: "},
        {"no model", "{\"max_tokens\":1,\"messages\":[]}", "near", "", "no model is named"},
        {"no bound", "{\"model\":\"m\",\"messages\":[]}", "near", "",
         "max_tokens is named neither"},
        {"another provider", BODY(""), "nowhere", "", "the policy has no provider of this name"},
        {"two headers in one", BODY(""), "near", "a\r\nb: c", "the header 'x' holds a line break"},
    };
    return cr_make_param_array(struct refused_case, cases, REDIAL_COUNT_OF(cases));
}

ParameterizedTest(struct refused_case *c, live, a_request_that_makes_no_sense_is_refused_at_once)
{
    struct told told = {0};
    struct redial_request request = request_of(&told, c->body);
    const struct redial_header header = {REDIAL_STR("x"), str_of(c->header)};
    struct redial_str why = {0};

    request.options.provider = str_of(c->provider);
    request.headers = &header;
    request.header_count = c->header[0] != '\0';
    cr_expect_null(redial_client_send(client, &request, &why), "%s", c->name);
    cr_expect(str_starts_with(why, str_of(c->why)), "%s: %.*s", c->name, REDIAL_STR_ARG(why));
    cr_expect_eq(redial_client_move(client, 0), 0);
}

/* ---- Many ---- */

#define MANY 200

Test(live, many_calls_at_once_each_end_once)
{
    static const struct tiny_reply replies[] = {
        CUT_OFF(STREAM "\r\n" BEGIN DELTA("Hel") DELTA("lo") END)};
    static struct told many[MANY];
    size_t left = MANY;

    tiny_server_script(server, replies, 1);
    for (int i = 0; i < MANY; i++) send_one(&many[i], BODY(",\"stream\":true"));
    while (left > 0) left = move_both();
    for (int i = 0; i < MANY; i++) {
        cr_expect_eq(many[i].ends, 1);
        expect_text(many[i].text, "Hello");
        told_clean_up(&many[i]);
    }
    cr_expect_eq(tiny_server_requests(server), MANY);
}

/* ---- Memory ---- */

static bool call_once(struct told *told)
{
    struct redial_request request = request_of(told, BODY(",\"stream\":true"));
    struct redial_str why;

    if (!redial_client_send(client, &request, &why)) return false;
    for (int i = 0; i < 400 && told->ends == 0; i++) (void)move_both();
    return told->ends == 1;
}

/* Of a whole call, with a retry in it, each allocation of ours may fail: the call ends all the
 * same, and nothing is left. What libcurl allocates is its own. */
Test(live, survives_every_allocation_that_fails)
{
    static const struct tiny_reply replies[] = {OVERLOADED,
                                                CUT_OFF(STREAM "\r\n" BEGIN DELTA("Hello") END)};
    const struct redial_client_options options = {.environment = environment, .seed = 1};
    bool failed = true;

    tiny_server_script(server, replies, 2);
    redial_client_destroy(client);
    for (size_t nth = 1; failed; nth++) {
        struct told told = {0};
        struct redial_str why;
        failing_memory_begin(nth);
        client = redial_client_new(engine, &options, &why);
        if (client) (void)call_once(&told);
        redial_client_destroy(client);
        told_clean_up(&told);
        failed = failing_memory_end();
        cr_assert(told.ends <= 1);
        cr_assert_lt(nth, 2000);
    }
    client = NULL;
}
