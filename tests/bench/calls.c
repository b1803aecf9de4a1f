/* Live calls on loopback: what the client costs over bare libcurl, and the memory of a thousand
 * streaming calls at once. The server is a process of its own, so that nothing of it is counted. */
#include <curl/curl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "api/load.h"
#include "redial/client.h"
#include "tests/bench/bench.h"
#include "tests/support/tiny_server.h"

enum { CALLS_EACH = 500, PASSES = 15, STREAMS = 1000 };

#define STREAM_HEAD                                                                                \
    "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: 259\r\n\r\n"
#define STREAM_BEGIN                                                                               \
    "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":"   \
    "{\"type\":\"text_delta\",\"text\":\"Hello\"}}\n\n"
#define STREAM_END                                                                                 \
    "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":"          \
    "\"end_turn\"}}\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"

_Static_assert(sizeof(STREAM_BEGIN STREAM_END) - 1 == 259, "the head says how long it is");

static const struct tiny_reply whole[] = {
    {.bytes = REDIAL_STR_INIT("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"),
     .body = REDIAL_STR_INIT("{\"type\":\"message\",\"content\":[{\"type\":\"text\",\"text\":"
                             "\"Hello\"}],\"stop_reason\":\"end_turn\"}")}};
static const struct redial_env environment[] = {{"ANTHROPIC_API_KEY", "a-key-for-the-bench"},
                                                {NULL, NULL}};
#define BODY                                                                                       \
    "{\"model\":\"claude-opus-4-6\",\"max_tokens\":64,\"messages\":[{\"role\":\"user\","           \
    "\"content\":\"Hello\"}]}"

static struct tiny_server *listen_or_exit(void)
{
    struct tiny_server *server = tiny_server_new();
    if (!server) exit(2);
    return server;
}

static struct redial_policy *load(uint16_t port)
{
    struct diag_list *diags = diag_list_new();
    struct text text = TEXT_INIT;
    text_printf(&text,
                "redial: 1\nname: bench\nextends: ../../policies/claude-code.yaml\nproviders:\n"
                "  near: {platform: anthropic, base_url: \"http://127.0.0.1:%u\"}\n",
                port);
    struct redial_policy *policy = policy_load_text(REDIAL_STR("tests/bench/generated.yaml"),
                                                    text_str(&text), environment, diags);
    if (!policy) exit(2);
    text_clean_up(&text);
    diag_list_destroy(diags);
    return policy;
}

/* ---- The cost of a call ---- */

struct side {
    char url[64];
    CURL *easy;
    struct curl_slist *headers;
    struct redial_client *client;
    size_t succeeded;
};

static size_t count_bytes(char *bytes, size_t size, size_t count, void *context)
{
    (void)bytes, (void)context;
    return size * count;
}

/* One handle for all, as a program does that wants to be fast. */
static void call_bare(void *context)
{
    struct side *side = context;
    for (int i = 0; i < CALLS_EACH; i++)
        if (curl_easy_perform(side->easy) != CURLE_OK) exit(2);
}

static void note_end(void *context, const struct redial_outcome *outcome)
{
    struct side *side = context;
    side->succeeded += outcome->reason == REDIAL_REASON_SUCCESS;
}

static void call_by_policy(void *context)
{
    struct side *side = context;
    const struct redial_request request = {
        .options = {.provider = REDIAL_STR_INIT("near")},
        .body = REDIAL_STR_INIT(BODY),
        .handlers = {.end = note_end, .context = side},
    };
    struct redial_str why;
    side->succeeded = 0;
    for (int i = 0; i < CALLS_EACH; i++) {
        if (!redial_client_send(side->client, &request, &why)) exit(2);
        while (redial_client_move(side->client, 1000) > 0) {}
    }
    if (side->succeeded != CALLS_EACH) exit(2);
}

static void make_bare(struct side *side)
{
    static const char *const lines[] = {"content-type: application/json",
                                        "x-api-key: a-key-for-the-bench",
                                        "anthropic-version: 2023-06-01", "Expect:"};
    side->easy = curl_easy_init();
    for (size_t i = 0; i < REDIAL_COUNT_OF(lines); i++)
        side->headers = curl_slist_append(side->headers, lines[i]);
    curl_easy_setopt(side->easy, CURLOPT_URL, side->url);
    curl_easy_setopt(side->easy, CURLOPT_HTTPHEADER, side->headers);
    curl_easy_setopt(side->easy, CURLOPT_POSTFIELDS, BODY);
    curl_easy_setopt(side->easy, CURLOPT_WRITEFUNCTION, count_bytes);
    curl_easy_setopt(side->easy, CURLOPT_PROXY, "");
}

/* us of CPU per call. The best: what other programs do to the caches of the machine is no cost of
 * a call. */
static double best_of_passes(void (*pass)(void *context), struct side *side)
{
    double best = 0;
    pass(side);
    for (int i = 0; i < PASSES; i++) {
        int64_t began = bench_now(false);
        pass(side);
        double each = (double)(bench_now(false) - began) / CALLS_EACH / 1000;
        if (i == 0 || each < best) best = each;
    }
    return best;
}

static void measure_cost(void)
{
    struct tiny_server *server = listen_or_exit();
    const struct redial_client_options options = {.environment = environment, .seed = 1};
    struct side side = {0};
    struct redial_str why;
    tiny_server_script(server, whole, 1);
    pid_t child = fork();
    if (child == 0) tiny_server_run(server);
    snprintf(side.url, sizeof side.url, "http://127.0.0.1:%u/v1/messages",
             tiny_server_port(server));
    struct redial_policy *policy = load(tiny_server_port(server));
    struct redial_engine *engine = redial_engine_new(policy);
    side.client = redial_client_new(engine, &options, &why);
    if (!side.client) exit(2);
    make_bare(&side);
    double bare = best_of_passes(call_bare, &side), ours = best_of_passes(call_by_policy, &side);
    char method[192];
    snprintf(method, sizeof method,
             "%.1f us of CPU per call, less %.1f us of bare libcurl with one handle; one after the "
             "other on a kept connection, best of %d x %d each",
             ours, bare, PASSES, CALLS_EACH);
    bench_report("a live call over bare libcurl", ours - bare, "us", 30, false, method);
    curl_easy_cleanup(side.easy);
    curl_slist_free_all(side.headers);
    redial_client_destroy(side.client);
    redial_engine_destroy(engine);
    redial_policy_release(policy);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    tiny_server_destroy(server);
}

/* ---- A thousand streams ---- */

/* Each stream is begun, and held until all of them have begun. */
static void serve_streams(struct tiny_server *server)
{
    static const struct tiny_reply begun[] = {{.bytes = REDIAL_STR_INIT(STREAM_HEAD STREAM_BEGIN)}};
    tiny_server_script(server, begun, 1);
    while (tiny_server_requests(server) < STREAMS) tiny_server_move(server);
    usleep(200 * 1000);
    tiny_server_say(server, REDIAL_STR(STREAM_END));
    tiny_server_run(server);
}

/* MiB, the most that this process ever had. */
static double peak_memory(void)
{
    char line[128];
    long kib = 0;
    FILE *file = fopen("/proc/self/status", "r");
    while (file && fgets(line, sizeof line, file))
        if (strncmp(line, "VmHWM:", 6) == 0) kib = strtol(line + 6, NULL, 10);
    if (file) fclose(file);
    return (double)kib / 1024;
}

static double run_streams(uint16_t port)
{
    const struct redial_client_options options = {.environment = environment, .seed = 1};
    struct redial_policy *policy = load(port);
    struct redial_engine *engine = redial_engine_new(policy);
    struct redial_str why;
    struct side side = {.client = redial_client_new(engine, &options, &why)};
    const struct redial_request request = {
        .options = {.provider = REDIAL_STR_INIT("near")},
        .body = REDIAL_STR_INIT(BODY),
        .streaming = REDIAL_STREAM_YES,
        .handlers = {.end = note_end, .context = &side},
    };
    for (int i = 0; i < STREAMS; i++)
        if (!redial_client_send(side.client, &request, &why)) exit(2);
    while (redial_client_move(side.client, 1000) > 0) {}
    if (side.succeeded != STREAMS) exit(2);
    redial_client_destroy(side.client);
    redial_engine_destroy(engine);
    redial_policy_release(policy);
    return peak_memory();
}

/* In a new process image, which has nothing of the other figures. */
static void measure_streams(void)
{
    struct tiny_server *server = listen_or_exit();
    char port[16], result[64] = "";
    int ends[2];
    pid_t serving = fork();
    if (serving == 0) serve_streams(server);
    snprintf(port, sizeof port, "%u", tiny_server_port(server));
    if (pipe(ends) != 0) exit(2);
    pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], STDOUT_FILENO);
        execl("/proc/self/exe", "bench", "--streams", port, (char *)NULL);
        _exit(2);
    }
    close(ends[1]);
    ssize_t got = read(ends[0], result, sizeof result - 1);
    close(ends[0]);
    waitpid(child, NULL, 0);
    kill(serving, SIGKILL);
    waitpid(serving, NULL, 0);
    tiny_server_destroy(server);
    if (got <= 0) exit(2);
    bench_report("1,000 streaming calls at once", strtod(result, NULL), "MiB", 64, false,
                 "peak resident memory of a process that carries them, each held open until all "
                 "have begun, policy and libraries included");
}

void bench_calls(void)
{
    measure_cost();
    measure_streams();
}

bool bench_calls_child(int argc, char *const argv[])
{
    if (argc != 3 || strcmp(argv[1], "--streams") != 0) return false;
    printf("%.3f\n", run_streams((uint16_t)strtol(argv[2], NULL, 10)));
    return true;
}
