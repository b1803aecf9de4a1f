#include "client/errands.h"

#include <string.h>

/* ---- Answers */

void errand_fail(struct errand_run *run, const char *format, ...)
{
    va_list arguments;
    bool made = false;

    va_start(arguments, format);
    if (run->arena) made = arena_vprintf(run->arena, &run->answer.failed, format, arguments);
    va_end(arguments);
    if (!made) run->answer.failed = REDIAL_STR("memory is out");
}

const char *errand_error(int os_errno)
{
    const char *text = strerrordesc_np(os_errno);

    return text ? text : "unknown error";
}

/* What is under way is over, one way or the other. */
static void end(struct errand_run *run)
{
    timer_stop(run->errands->timers, &run->timer);
    if (run->transfer) transfer_abort(run->transfer);
    run->transfer = NULL;
    errand_kill_command(run);
    if (run->failed && run->answer.failed.len == 0)
        run->answer.failed = REDIAL_STR("memory is out");
}

static void answer_later(struct errand_run *run)
{
    timer_set(run->errands->timers, &run->timer, clock_steady());
}

static void ring(void *context)
{
    struct errand_run *run = context;
    struct text after = TEXT_INIT;

    if (run->errand->kind != ERRAND_PAUSE && run->answer.failed.len == 0) {
        duration_format(run->errand->timeout, &after);
        errand_fail(run, "timed out after %.*s", REDIAL_STR_ARG(text_str(&after)));
    }
    text_clean_up(&after);
    end(run);
    run->done(run->context);
}

/* ---- Requests */

static bool copy_header(struct errand_run *run, const struct redial_header *header,
                        struct redial_header *copy)
{
    return arena_copy(run->arena, header->name, &copy->name) &&
           arena_copy(run->arena, header->value, &copy->value);
}

static void take_head(void *context, uint16_t status, const struct redial_header *headers,
                      size_t count)
{
    struct errand_run *run = context;
    struct redial_header *copies = ARENA_ARRAY(run->arena, struct redial_header, count);

    run->answer.status = status;
    run->failed |= copies == NULL;
    for (size_t i = 0; i < count && copies; i++)
        run->failed |= !copy_header(run, &headers[i], &copies[i]);
    run->answer.headers = copies;
    run->answer.header_count = copies ? count : 0;
}

static void take_body(void *context, struct redial_str bytes)
{
    struct errand_run *run = context;

    if (run->answer.failed.len > 0) return;
    if (bytes.len > ERRAND_BYTES_MAX - run->body.len) {
        errand_fail(run, "the reply is longer than 1 MiB");
        transfer_abort(run->transfer);
        run->transfer = NULL;
        answer_later(run); /* not from within the transfer */
        return;
    }
    text_append(&run->body, bytes);
    run->failed |= run->body.failed;
}

static void take_end(void *context, const struct transfer_end *how)
{
    struct errand_run *run = context;

    run->transfer = NULL;
    if (how->cause != REDIAL_CAUSE_NONE)
        errand_fail(run, "%s: %s", redial_cause_name(how->cause),
                    how->detail.len > 0 ? how->detail.ptr : cause_names.rows[how->cause].doc);
    run->answer.body = text_str(&run->body);
    end(run);
    run->done(run->context);
}

/* True: it failed at once. */
static bool start_request(struct errand_run *run)
{
    const struct transfer_options options = {
        .reach = NETWORK_METADATA,
        .callbacks = {.head = take_head, .body = take_body, .end = take_end, .context = run}};
    struct redial_str why;

    run->transfer = client_send(run->errands->client, &run->errand->request, &options, &why);
    if (!run->transfer) errand_fail(run, "%.*s", REDIAL_STR_ARG(why));
    return run->transfer == NULL;
}

/* ---- Beginning */

static void start_over(struct errand_run *run, const struct errand *errand)
{
    run->errand = errand;
    run->answer = (struct errand_answer){0};
    run->timer.ring = ring;
    run->timer.context = run;
    run->failed = false;
    text_clear(&run->body);
    text_clear(&run->errors);
    arena_destroy(run->arena);
    run->arena = arena_new();
}

static bool start(struct errand_run *run)
{
    switch (run->errand->kind) {
    case ERRAND_HTTP: return start_request(run);
    case ERRAND_COMMAND: return errand_start_command(run);
    case ERRAND_FILE: errand_read_file(run); return true;
    case ERRAND_WRITE: errand_write_file(run); return true;
    case ERRAND_PAUSE: return false;
    }
    return true;
}

bool errand_begin(struct errand_run *run, const struct errand *errand)
{
    start_over(run, errand);
    if (!run->arena) {
        run->answer.failed = REDIAL_STR("memory is out");
        return true;
    }
    if (start(run)) {
        end(run);
        return true;
    }
    timer_set(run->errands->timers, &run->timer, duration_add(clock_steady(), errand->timeout));
    return false;
}

void errand_clean_up(struct errand_run *run)
{
    if (!run->errands) return;
    end(run);
    text_clean_up(&run->body);
    text_clean_up(&run->errors);
    arena_destroy(run->arena);
    run->arena = NULL;
}
