/* Framing of streamed replies: server-sent events, and AWS event streams with both CRCs. What the
 * events say (JSON) is not read. And the one scan of a caller's large request. */
#include <stdio.h>
#include <stdlib.h>

#include "platforms/body.h"
#include "platforms/event_stream.h"
#include "platforms/sse.h"
#include "tests/bench/bench.h"

#define STREAM_LEN (8u << 20)
#define PIECE_LEN  (16u << 10) /* as curl hands them on */
#define GB         1e9

static struct text bytes;
static size_t frames;

/* The events of a long answer: a few words each. */
static void append_event(struct text *out, size_t number)
{
    static const char *const words[] = {"retry", " the request", " with a longer wait",
                                        " because the server said so,"};

    text_printf(out,
                "{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\","
                "\"text\":\"%s\"}}",
                words[number % REDIAL_COUNT_OF(words)]);
}

static void make_sse(void)
{
    text_clear(&bytes);
    for (frames = 0; bytes.len < STREAM_LEN; frames++) {
        text_append(&bytes, REDIAL_STR("event: content_block_delta\ndata: "));
        append_event(&bytes, frames);
        text_append(&bytes, REDIAL_STR("\n\n"));
    }
}

/* {"bytes": "…"}: base64 makes four bytes of three; which ones does not matter to framing. */
static void append_chunk(struct text *payload, size_t number)
{
    struct text event = TEXT_INIT;

    append_event(&event, number);
    text_append(payload, REDIAL_STR("{\"bytes\":\""));
    for (size_t i = 0; i < (event.len + 2) / 3 * 4; i++)
        text_append_char(payload, (char)('A' + i % 26));
    text_append(payload, REDIAL_STR("\",\"p\":\"abcdefghijklmnop\"}"));
    text_clean_up(&event);
}

static void make_event_stream(void)
{
    static const char *const headers[][2] = {{":event-type", "chunk"},
                                             {":content-type", "application/json"},
                                             {":message-type", "event"}};
    struct text head = TEXT_INIT, payload = TEXT_INIT;

    text_clear(&bytes);
    for (size_t i = 0; i < REDIAL_COUNT_OF(headers); i++)
        event_stream_header_append(&head,
                                   &(struct event_stream_header){.name = str_of(headers[i][0]),
                                                                 .type = EVENT_STREAM_STRING,
                                                                 .bytes = str_of(headers[i][1])});
    for (frames = 0; bytes.len < STREAM_LEN; frames++) {
        text_clear(&payload);
        append_chunk(&payload, frames);
        event_stream_append(&bytes, text_str(&head), text_str(&payload));
    }
    text_clean_up(&head);
    text_clean_up(&payload);
}

static void read_sse(void *context)
{
    struct redial_str rest = text_str(&bytes);
    struct sse_event event;
    struct sse sse;
    size_t count = 0;

    (void)context;
    sse_init(&sse);
    for (; rest.len > 0; rest = str_skip(rest, PIECE_LEN)) {
        struct redial_str piece = str_take(rest, PIECE_LEN);
        while (sse_next(&sse, &piece, &event) == SSE_EVENT) count++;
    }
    sse_clean_up(&sse);
    if (count != frames) exit(2);
}

static void read_event_stream(void *context)
{
    struct redial_str rest = text_str(&bytes);
    struct event_stream_message message;
    struct event_stream stream;
    size_t count = 0;

    (void)context;
    event_stream_init(&stream);
    for (; rest.len > 0; rest = str_skip(rest, PIECE_LEN)) {
        struct redial_str piece = str_take(rest, PIECE_LEN);
        while (event_stream_next(&stream, &piece, &message) == EVENT_STREAM_MESSAGE) count++;
    }
    event_stream_clean_up(&stream);
    if (count != frames) exit(2);
}

/* ---- A large request: half prose with its escapes, half an image in base64 */

#define BODY_LEN (32u << 20)

static void make_body(void)
{
    text_clear(&bytes);
    text_append(&bytes,
                REDIAL_STR("{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\""));
    while (bytes.len < BODY_LEN / 2)
        text_append(&bytes,
                    REDIAL_STR("He said \\\"retry\\\" and waited, as the server asked.\\n"));
    text_append(&bytes, REDIAL_STR("\"},{\"role\":\"user\",\"content\":\""));
    while (bytes.len < BODY_LEN)
        text_append(&bytes, REDIAL_STR("iVBORw0KGgoAAAANSUhEUgAAAAE+/0=="));
    text_append(&bytes, REDIAL_STR("\"}]}"));
}

static void scan_body(void *context)
{
    static struct body body;
    struct body_error error;

    (void)context;
    if (!body_scan(text_str(&bytes), &body, &error)) exit(2);
}

static void report(const char *name, void (*read)(void *context), double goal)
{
    char method[128];

    snprintf(method, sizeof method,
             "%zu events of %zu bytes on average, in pieces of 16 KB, one core; median of 31",
             frames, bytes.len / frames);
    bench_report(name, 1e9 / bench_median(false, read, NULL, bytes.len, 31) / GB, "GB/s", goal,
                 true, method);
}

void bench_streams(void)
{
    make_sse();
    report("server-sent events, framing", read_sse, 1);
    make_event_stream();
    report("AWS event stream, framing with both CRCs", read_event_stream, 0.5);
    make_body();
    bench_report(
        "scan of a request of 32 MB", bench_median(false, scan_body, NULL, 1, 15) / 1e6, "ms", 64,
        false, "checked as JSON, half escaped prose and half base64; once per call; median of 15");
    text_clean_up(&bytes);
}
