/* The incremental SSE reader. It frames and nothing else: what an event's data says is the reply
 * reader's business. */
#include "platforms/sse.h"

#include <string.h>

void sse_init(struct sse *sse)
{
    *sse = (struct sse){.line = TEXT_INIT, .data = TEXT_INIT};
}

void sse_clean_up(struct sse *sse)
{
    text_clean_up(&sse->line);
    text_clean_up(&sse->data);
}

void sse_restart(struct sse *sse)
{
    struct text line = sse->line, data = sse->data;

    sse_init(sse);
    sse->line = line;
    sse->data = data;
    text_clear(&sse->line);
    text_clear(&sse->data);
    sse->line.failed = sse->data.failed = false;
}

/* The first CR or LF. Looking window by window keeps a stream that ends its lines in CR alone from
 * being searched to its end for a LF at every line. */
static const char *find_line_end(struct redial_str input)
{
    const size_t window = 512;

    for (size_t at = 0; at < input.len; at += window) {
        const char *piece = input.ptr + at;
        size_t len = input.len - at < window ? input.len - at : window;
        const char *lf = memchr(piece, '\n', len);
        const char *cr = memchr(piece, '\r', lf ? (size_t)(lf - piece) : len);

        if (cr) return cr;
        if (lf) return lf;
    }
    return NULL;
}

static struct redial_str without_byte_order_mark(struct sse *sse, struct redial_str line)
{
    if (sse->begun) return line;
    sse->begun = true;
    return str_starts_with(line, REDIAL_STR("\xef\xbb\xbf")) ? str_skip(line, 3) : line;
}

/* Cuts the next whole line off the input, without its end. `*in_input`: the line lies in the input
 * rather than in the buffer of beginnings. */
static bool take_line(struct sse *sse, struct redial_str *input, struct redial_str *line,
                      bool *in_input)
{
    if (sse->line_handed_on) text_clear(&sse->line);
    sse->line_handed_on = false;
    if (sse->after_cr && input->len > 0) {
        if (input->ptr[0] == '\n') *input = str_skip(*input, 1);
        sse->after_cr = false;
    }
    if (input->len == 0) return false;

    const char *end = find_line_end(*input);
    size_t len = end ? (size_t)(end - input->ptr) : input->len;
    *line = str_take(*input, len);
    *in_input = end != NULL && sse->line.len == 0;
    if (!*in_input) {
        text_append(&sse->line, *line);
        *line = text_str(&sse->line);
        sse->line_handed_on = end != NULL;
    }
    sse->after_cr = end != NULL && *end == '\r';
    *input = str_skip(*input, end ? len + 1 : len);
    *line = end ? without_byte_order_mark(sse, *line) : *line;
    return end != NULL;
}

/* Moves a view of the input into the buffer, where it outlives the input and can grow. */
static void keep_data(struct sse *sse)
{
    text_append(&sse->data, sse->data_view);
    sse->data_view = (struct redial_str){0};
}

static void take_data(struct sse *sse, struct redial_str value, bool in_input)
{
    if (!sse->has_data && in_input) {
        sse->data_view = value;
    } else {
        keep_data(sse);
        if (sse->has_data) text_append_char(&sse->data, '\n');
        text_append(&sse->data, value);
    }
    sse->has_data = true;
}

static void take_name(struct sse *sse, struct redial_str value)
{
    sse->name_len = value.len < SSE_NAME_MAX ? value.len : SSE_NAME_MAX;
    if (sse->name_len > 0) memcpy(sse->name, value.ptr, sse->name_len);
}

static void take_field(struct sse *sse, struct redial_str line, bool in_input)
{
    const char *colon = memchr(line.ptr, ':', line.len);
    size_t name_len = colon ? (size_t)(colon - line.ptr) : line.len;
    struct redial_str name = str_take(line, name_len);
    struct redial_str value = str_skip(line, colon ? name_len + 1 : name_len);

    if (value.len > 0 && value.ptr[0] == ' ') value = str_skip(value, 1);
    if (str_is(name, "data")) take_data(sse, value, in_input);
    if (str_is(name, "event")) take_name(sse, value);
}

static void forget_event(struct sse *sse)
{
    text_clear(&sse->data);
    sse->data_view = (struct redial_str){0};
    sse->name_len = 0;
    sse->has_data = false;
    sse->event_handed_on = false;
}

static bool give_event(struct sse *sse, struct sse_event *event)
{
    event->name = (struct redial_str){sse->name, sse->name_len};
    event->data = sse->data.len > 0 ? text_str(&sse->data) : sse->data_view;
    sse->event_handed_on = true;
    return sse->has_data;
}

static bool has_failed(const struct sse *sse)
{
    return sse->too_long || sse->line.failed || sse->data.failed || sse->line.len > SSE_EVENT_MAX ||
           sse->data.len > SSE_EVENT_MAX;
}

enum sse_result sse_next(struct sse *sse, struct redial_str *input, struct sse_event *event)
{
    struct redial_str line;
    bool in_input;

    if (has_failed(sse)) return SSE_FAILED;
    if (sse->event_handed_on) forget_event(sse);
    while (take_line(sse, input, &line, &in_input)) {
        if (line.len > SSE_EVENT_MAX) sse->too_long = true;
        if (line.len > 0) take_field(sse, line, in_input);
        if (has_failed(sse)) return SSE_FAILED;
        if (line.len > 0) continue;
        if (give_event(sse, event)) return SSE_EVENT;
        forget_event(sse);
    }
    keep_data(sse);
    return has_failed(sse) ? SSE_FAILED : SSE_MORE;
}
