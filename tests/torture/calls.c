/* Live calls, thousands of them, on one client: answered, streamed, overloaded and retried, cut
 * off, cancelled, paused. Memory and descriptors must stand at the end where they stood after the
 * first few hundred.   calls [COUNT] */
#include <dirent.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "api/load.h"
#include "redial/client.h"
#include "tests/support/tiny_server.h"

#define AT_ONCE    16
#define WARM_CALLS 400
#define GROWTH_MAX (256l << 10) /* bytes: pools of libcurl's and the allocator's own breathing */

#define STREAM "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n"
#define DELTA                                                                                      \
    "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":"   \
    "{\"type\":\"text_delta\",\"text\":\"Hello\"}}\n\n"
#define END "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"
#define JSON(status, text)                                                                         \
    {                                                                                              \
        .bytes = REDIAL_STR_INIT("HTTP/1.1 " status "\r\ncontent-type: application/json\r\n"),     \
        .body = REDIAL_STR_INIT(text)                                                              \
    }
#define MESSAGE JSON("200 OK", "{\"type\":\"message\",\"content\":[],\"stop_reason\":\"end_turn\"}")

/* Any order of calls meets any order of these. */
static const struct tiny_reply replies[] = {
    MESSAGE,
    {.bytes = REDIAL_STR_INIT(STREAM DELTA DELTA END), .close = true},
    JSON("529 Overloaded", "{\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\"}}"),
    MESSAGE,
    {.bytes = REDIAL_STR_INIT(STREAM DELTA), .close = true},
    {.reset = true},
    {.bytes = REDIAL_STR_INIT("nonsense\r\n\r\n"), .close = true},
    JSON("400 Bad Request", "{\"type\":\"error\",\"error\":{\"type\":\"invalid_request_error\"}}"),
};
static const struct redial_env environment[] = {{"ANTHROPIC_API_KEY", "a-key"}, {NULL, NULL}};
#define BODY                                                                                       \
    "{\"model\":\"claude-opus-4-6\",\"max_tokens\":64,\"messages\":[{\"role\":\"user\","           \
    "\"content\":\"Hello\"}]}"

static struct redial_live *under_way[AT_ONCE];
static size_t begun, ended;

static void tell_text(void *context, struct redial_str delta)
{
    size_t slot = (size_t)((struct redial_live **)context - under_way);
    (void)delta;
    if (begun % 7 == slot % 7) redial_client_cancel(under_way[slot]);
    if (begun % 5 == slot % 5) redial_client_pause(under_way[slot]);
    redial_client_resume(under_way[slot]);
}

static void tell_line(void *context, struct redial_str line)
{
    (void)context, (void)line;
}

static void tell_end(void *context, const struct redial_outcome *outcome)
{
    (void)outcome;
    *(struct redial_live **)context = NULL;
    ended++;
}

static void send_into(struct redial_client *client, struct redial_live **slot)
{
    const struct redial_request request = {
        .options = {.provider = REDIAL_STR_INIT("near"), .deadline = 5000000000},
        .body = REDIAL_STR_INIT(BODY),
        .streaming = begun % 2 ? REDIAL_STREAM_YES : REDIAL_STREAM_NO,
        .handlers = {.text = tell_text, .line = tell_line, .end = tell_end, .context = slot},
    };
    struct redial_str why;
    *slot = redial_client_send(client, &request, &why);
    if (!*slot) {
        fprintf(stderr, "calls: refused: %.*s\n", REDIAL_STR_ARG(why));
        exit(1);
    }
    begun++;
}

static void run_calls(struct redial_client *client, size_t count)
{
    size_t until = begun + count;
    while (begun < until || ended < begun) {
        for (int i = 0; i < AT_ONCE && begun < until; i++)
            if (!under_way[i]) send_into(client, &under_way[i]);
        redial_client_move(client, 1000);
    }
}

static struct redial_policy *load(uint16_t port)
{
    struct diag_list *diags = diag_list_new();
    struct text text = TEXT_INIT;
    text_printf(&text,
                "redial: 1\nname: calls\nuses: [../../policies/platforms.yaml]\n"
                "limits: {retries: 3, attempts: 4}\nbackoff:\n  short: {base: 1ms}\nrules:\n"
                "  - {name: any, when: {class: [overloaded, connection_dropped, stream_cut]}, "
                "do: [backoff, retry], after_output: restart}\n"
                "  - {name: rest, when: always, do: [fail]}\nproviders:\n"
                "  near: {platform: anthropic, base_url: \"http://127.0.0.1:%u\"}\n",
                port);
    struct redial_policy *policy = policy_load_text(REDIAL_STR("tests/torture/generated.yaml"),
                                                    text_str(&text), environment, diags);
    if (!policy) {
        text_clear(&text);
        diag_render(diags, false, &text);
        fprintf(stderr, "%s", text.ptr);
        exit(1);
    }
    text_clean_up(&text);
    diag_list_destroy(diags);
    return policy;
}

struct standing {
    long bytes;
    int descriptors;
};

static struct standing take_stock(void)
{
    struct standing standing = {.bytes = (long)mallinfo2().uordblks};
    DIR *folder = opendir("/proc/self/fd");
    while (folder && readdir(folder)) standing.descriptors++;
    if (folder) closedir(folder);
    return standing;
}

static int compare(const struct standing *before, const struct standing *after)
{
    long growth = after->bytes - before->bytes;
    int descriptors = after->descriptors - before->descriptors;
    bool fine = growth <= GROWTH_MAX && descriptors <= AT_ONCE;
    printf("calls: %zu calls, each ended once; memory grew by %ld bytes, descriptors by %d: %s\n",
           ended, growth, descriptors, fine ? "fine" : "A LEAK");
    return fine ? 0 : 1;
}

int main(int argc, char *argv[])
{
    size_t count = argc > 1 ? (size_t)strtoul(argv[1], NULL, 10) : 5000;
    const struct redial_client_options options = {.environment = environment, .seed = 1};
    struct tiny_server *server = tiny_server_new();
    struct redial_str why = {"no socket", 9};
    if (!server) return 1;
    tiny_server_repeat(server, replies, REDIAL_COUNT_OF(replies));
    pid_t child = fork();
    if (child == 0) tiny_server_run(server);
    struct redial_policy *policy = load(tiny_server_port(server));
    struct redial_engine *engine = redial_engine_new(policy);
    struct redial_client *client = redial_client_new(engine, &options, &why);
    if (!client) return 1;
    run_calls(client, WARM_CALLS);
    struct standing before = take_stock();
    run_calls(client, count);
    struct standing after = take_stock();
    int status = compare(&before, &after);
    redial_client_destroy(client);
    redial_engine_destroy(engine);
    redial_policy_release(policy);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    tiny_server_destroy(server);
    return status;
}
