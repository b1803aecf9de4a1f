#include "client/head.h"

void head_clean_up(struct head *head)
{
    text_clean_up(&head->bytes);
}

bool head_has_begun(const struct head *head)
{
    return head->complete || head->bytes.len > 0;
}

/* "HTTP/1.1 429 Too Many Requests" */
static uint16_t read_status(struct redial_str line)
{
    size_t blank = str_find(line, REDIAL_STR(" "));
    int64_t status = 0;

    if (blank == SIZE_MAX) return 0;
    if (!str_to_int64(str_take(str_skip(line, blank + 1), 3), &status) || status < 0) return 0;
    return (uint16_t)status;
}

static bool read_headers(struct head *head, struct redial_str lines)
{
    struct redial_str line;

    while (str_split(&lines, '\n', &line)) {
        size_t colon = str_find(line, REDIAL_STR(":"));
        if (colon == SIZE_MAX) continue;
        if (head->count == HEAD_HEADERS_MAX) return false;
        head->headers[head->count++] = (struct redial_header){
            .name = str_trim(str_take(line, colon)), .value = str_trim(str_skip(line, colon + 1))};
    }
    return true;
}

static bool finish(struct head *head)
{
    struct redial_str lines = text_str(&head->bytes), status_line;

    if (!str_split(&lines, '\n', &status_line)) return false;
    head->status = read_status(status_line);
    if (head->status >= 100 && head->status < 200) {
        text_clear(&head->bytes);
        return true;
    }
    head->complete = true;
    return read_headers(head, lines);
}

bool head_take_line(struct head *head, struct redial_str line)
{
    if (head->complete) return true; /* a trailer: nothing reads those */
    if (str_trim(line).len == 0) return finish(head);
    if (line.len > HEAD_BYTES_MAX - head->bytes.len) return false;
    text_append(&head->bytes, line);
    return !head->bytes.failed;
}
