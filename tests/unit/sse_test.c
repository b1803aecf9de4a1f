#include <criterion/criterion.h>
#include <criterion/parameterized.h>

#include "platforms/sse.h"

/* Events are written down as "name=data;" one after the other. */
static void read_all(struct sse *sse, struct redial_str input, struct text *events)
{
    struct sse_event event;

    while (sse_next(sse, &input, &event) == SSE_EVENT) {
        text_append(events, event.name);
        text_append_char(events, '=');
        text_append(events, event.data);
        text_append_char(events, ';');
    }
}

struct sse_case {
    char name[64];
    char input[160];
    char want[96];
};

ParameterizedTestParameters(sse, frames)
{
    static struct sse_case cases[] = {
        {"LF ends lines", "event: a\ndata: 1\n\n", "a=1;"},
        {"CRLF ends lines", "event: a\r\ndata: 1\r\n\r\n", "a=1;"},
        {"CR ends lines", "event: a\rdata: 1\r\r", "a=1;"},
        {"the three may be mixed", "event: a\rdata: 1\r\n\ndata: 2\n\r", "a=1;=2;"},
        {"a byte order mark is passed over",
         "\xef\xbb\xbf"
         "data: 1\n\n",
         "=1;"},
        {"a byte order mark later is a part of the name",
         "data: 1\n\n\xef\xbb\xbf"
         "data: 2\n\n",
         "=1;"},
        {"comments are passed over", ": hello\ndata: 1\n:\n\n", "=1;"},
        {"lines of data are joined by LF", "data: 1\ndata: 2\ndata\ndata:\n\n", "=1\n2\n\n;"},
        {"one blank behind the colon is no data", "data:1\n\ndata:  1\n\n", "=1;= 1;"},
        {"data may be empty", "data\n\ndata:\n\n", "=;=;"},
        {"without data there is no event", "event: a\n\nevent: b\ndata: 1\n\n", "b=1;"},
        {"a name holds for one event", "event: a\ndata: 1\n\ndata: 2\n\n", "a=1;=2;"},
        {"the last name holds", "event: a\nevent: b\ndata: 1\n\n", "b=1;"},
        {"unknown fields are passed over", "id: 7\nretry: 5\nDATA: x\ndata : x\ndata: 1\n\n",
         "=1;"},
        {"colons in data stay", "data: {\"a\": 1}\n\n", "={\"a\": 1};"},
        {"what the end cuts off is no event", "data: 1\n\ndata: 2\n", "=1;"},
        {"a stream of nothing has no events", "", ""},
        {"empty lines are no events", "\n\r\n\r\r\n", ""},
    };
    return cr_make_param_array(struct sse_case, cases, REDIAL_COUNT_OF(cases));
}

ParameterizedTest(struct sse_case *c, sse, frames)
{
    struct sse sse;
    struct text events = TEXT_INIT;

    sse_init(&sse);
    read_all(&sse, str_of(c->input), &events);
    text_append_char(&events, '.');
    cr_expect(str_eq(str_take(text_str(&events), events.len - 1), str_of(c->want)), "%s: got %s",
              c->name, events.ptr);
    text_clean_up(&events);
    sse_clean_up(&sse);
}

#define EVERYTHING                                                                                 \
    "\xef\xbb\xbf: ping\r\nevent: message_start\r\ndata: {\"type\":\"message_start\"}\r\n\r\n"     \
    "event: ping\rdata: {}\r\revent: content_block_delta\ndata: {\"a\":\ndata: 1}\n\n"             \
    "data\n\nevent\ndata:last\nid: 4\n\n\n"
#define EVERYTHING_READ                                                                            \
    "message_start={\"type\":\"message_start\"};ping={};content_block_delta={\"a\":\n1};=;=last;"

Test(sse, gives_the_same_events_wherever_the_bytes_are_cut)
{
    struct redial_str whole = str_of(EVERYTHING);
    struct text events = TEXT_INIT;
    struct sse sse;

    sse_init(&sse);
    for (size_t a = 0; a <= whole.len; a++) {
        for (size_t b = a; b <= whole.len; b++) {
            sse_restart(&sse);
            text_clear(&events);
            read_all(&sse, str_take(whole, a), &events);
            read_all(&sse, str_take(str_skip(whole, a), b - a), &events);
            read_all(&sse, str_skip(whole, b), &events);
            cr_assert_str_eq(events.ptr, EVERYTHING_READ, "cut at %zu and %zu", a, b);
        }
    }
    text_clean_up(&events);
    sse_clean_up(&sse);
}

Test(sse, gives_the_same_events_byte_by_byte)
{
    struct redial_str whole = str_of(EVERYTHING);
    struct text events = TEXT_INIT;
    struct sse sse;

    sse_init(&sse);
    for (size_t i = 0; i < whole.len; i++) read_all(&sse, str_take(str_skip(whole, i), 1), &events);
    cr_expect_str_eq(events.ptr, EVERYTHING_READ);
    text_clean_up(&events);
    sse_clean_up(&sse);
}

Test(sse, does_not_copy_what_lies_whole_in_the_input)
{
    struct redial_str input = REDIAL_STR("event: a\ndata: 12345\n\n"), rest = input;
    struct sse_event event;
    struct sse sse;

    sse_init(&sse);
    cr_assert_eq(sse_next(&sse, &rest, &event), SSE_EVENT);
    cr_expect(event.data.ptr > input.ptr && event.data.ptr < input.ptr + input.len);
    sse_clean_up(&sse);
}

Test(sse, fails_on_a_line_without_end_and_keeps_no_more_than_its_bound)
{
    static char much[1 << 20];
    struct sse_event event;
    enum sse_result result = SSE_MORE;
    struct sse sse;

    memset(much, 'x', sizeof much);
    sse_init(&sse);
    for (int i = 0; i < 64 && result == SSE_MORE; i++) {
        struct redial_str piece = {much, sizeof much};
        result = sse_next(&sse, &piece, &event);
    }
    cr_expect_eq(result, SSE_FAILED);
    cr_expect_leq(sse.line.len, SSE_EVENT_MAX + sizeof much);
    sse_clean_up(&sse);
}

Test(sse, fails_on_an_event_of_too_many_lines)
{
    static char line[(1 << 20) + 8];
    struct sse_event event;
    enum sse_result result = SSE_MORE;
    struct sse sse;

    memset(line, 'x', sizeof line);
    memcpy(line, "data: ", 6);
    line[sizeof line - 1] = '\n';
    sse_init(&sse);
    for (int i = 0; i < 64 && result == SSE_MORE; i++) {
        struct redial_str piece = {line, sizeof line};
        result = sse_next(&sse, &piece, &event);
    }
    cr_expect_eq(result, SSE_FAILED);
    sse_clean_up(&sse);
}
