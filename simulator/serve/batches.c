/* Message batches: made, told, listed, cancelled, deleted, and their results. A batch is processed
 * for a second of the fakes' time; each of its requests gets the fakes' own answer, or the error
 * that it earns. */
#include <stdlib.h>

#include "simulator/endpoints/unconst.h"
#include "simulator/serve/serve_parts.h"
#include "simulator/world/render.h"

#define BATCHES_MAX     100u /* per session; the oldest goes */
#define REQUESTS_MAX    100000u
#define PROCESSING_TIME NS_PER_SECOND
#define EXPIRES_AFTER   NS_PER_DAY

struct batch {
    struct batch *next; /* older */
    struct redial_str id, results;
    struct text text;                 /* both */
    int64_t created_at, cancelled_at; /* the latter -1: not */
    size_t succeeded, errored;
};

static void batch_destroy(struct batch *batch)
{
    if (!batch) return;
    text_clean_up(&batch->text);
    free(batch);
}

void batches_destroy(struct session *session)
{
    for (struct batch *batch; (batch = session->batches);) {
        session->batches = batch->next;
        batch_destroy(batch);
    }
}

static int64_t ended_at(const struct batch *batch)
{
    return batch->cancelled_at >= 0 ? batch->cancelled_at : batch->created_at + PROCESSING_TIME;
}

/* ---- As JSON */

static void put_time(struct text *out, const char *name, int64_t at)
{
    text_printf(out, ",\"%s\":\"", name);
    rfc3339_format(at, out);
    text_append_char(out, '"');
}

static void write_counts(const struct batch *batch, bool ended, struct text *out)
{
    size_t all = batch->succeeded + batch->errored;
    bool cancelled = batch->cancelled_at >= 0;

    text_printf(out,
                ",\"request_counts\":{\"processing\":%zu,\"succeeded\":%zu,\"errored\":%zu,"
                "\"canceled\":%zu,\"expired\":0}",
                ended ? 0 : all, ended && !cancelled ? batch->succeeded : 0,
                ended && !cancelled ? batch->errored : 0, ended && cancelled ? all : 0);
}

static void write_batch(const struct batch *batch, struct redial_str url, int64_t now,
                        struct text *out)
{
    bool ended = now >= ended_at(batch);

    text_append(out, REDIAL_STR("{\"id\":"));
    text_append_json(out, batch->id);
    text_printf(out, ",\"type\":\"message_batch\",\"processing_status\":\"%s\"",
                ended ? "ended" : "in_progress");
    write_counts(batch, ended, out);
    put_time(out, "created_at", batch->created_at);
    put_time(out, "expires_at", batch->created_at + EXPIRES_AFTER);
    if (ended)
        put_time(out, "ended_at", ended_at(batch));
    else
        text_append(out, REDIAL_STR(",\"ended_at\":null"));
    if (batch->cancelled_at >= 0)
        put_time(out, "cancel_initiated_at", batch->cancelled_at);
    else
        text_append(out, REDIAL_STR(",\"cancel_initiated_at\":null"));
    text_append(out, REDIAL_STR(",\"archived_at\":null,\"results_url\":"));
    if (ended)
        text_printf(out, "\"%.*s/v1/messages/batches/%.*s/results\"}", REDIAL_STR_ARG(url),
                    REDIAL_STR_ARG(batch->id));
    else
        text_append(out, REDIAL_STR("null}"));
}

/* ---- Making one */

struct making {
    struct fakes *fakes;
    const struct route *route;
    struct arena *arena;
    struct redial_str version;
    struct batch *batch;
};

static bool is_custom_id(struct redial_str id)
{
    for (size_t i = 0; i < id.len; i++) {
        char c = id.ptr[i];
        bool fine = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                    c == '_' || c == '-';
        if (!fine) return false;
    }
    return id.len >= 1 && id.len <= 64;
}

static void write_result(struct making *making, const struct json *request)
{
    const struct json *params = json_at(request, "params");
    struct demand demand = {.body = unconst(params),
                            .model = json_text(json_at(params, "model")),
                            .max_tokens = json_int(json_at(params, "max_tokens"), 0)};
    const struct answer_options options = {.route = making->route,
                                           .demand = &demand,
                                           .model = demand.model,
                                           .id = serve_next_id(making->fakes)};
    struct text *out = &making->batch->text;
    struct objection objection;
    bool fine = demand_check_params(params, making->version, making->arena, &objection);

    text_append(out, REDIAL_STR("{\"custom_id\":"));
    text_append_json(out, json_text(json_at(request, "custom_id")));
    text_append(out, fine ? REDIAL_STR(",\"result\":{\"type\":\"succeeded\",\"message\":")
                          : REDIAL_STR(",\"result\":{\"type\":\"errored\",\"error\":{\"type\":"
                                       "\"error\",\"error\":{\"type\":\"invalid_request_error\","
                                       "\"message\":"));
    if (fine)
        answer_write_message(&options, out);
    else
        text_append_json(out, objection.message);
    text_append(out, fine ? REDIAL_STR("}}\n") : REDIAL_STR("}}}}\n"));
    making->batch->succeeded += fine;
    making->batch->errored += !fine;
}

static bool check_requests(const struct json *requests, struct arena *arena,
                           struct objection *objection)
{
    size_t number = 0;

    if (!json_is_array(requests))
        return objection_make(arena, objection, "requests: Field required");
    if (json_count(requests) == 0)
        return objection_make(arena, objection, "requests: List should have at least 1 item");
    if (json_count(requests) > REQUESTS_MAX)
        return objection_make(arena, objection, "requests: List should have at most %u items",
                              REQUESTS_MAX);
    for (const struct json *request = json_first(requests); request;
         request = json_next(request), number++) {
        if (!is_custom_id(json_text(json_at(request, "custom_id"))))
            return objection_make(arena, objection,
                                  "requests.%zu.custom_id: String should match pattern "
                                  "'^[a-zA-Z0-9_-]{1,64}$'",
                                  number);
        if (!json_is_object(json_at(request, "params")))
            return objection_make(arena, objection, "requests.%zu.params: Field required", number);
    }
    return true;
}

static void drop_oldest(struct session *session)
{
    struct batch **link = &session->batches;

    while ((*link)->next) link = &(*link)->next;
    batch_destroy(*link);
    *link = NULL;
    session->batch_count--;
}

static struct batch *batch_make(struct making *making, const struct json *requests)
{
    struct batch *batch = calloc(1, sizeof *batch);
    size_t id_len;

    if (!batch) return NULL;
    making->batch = batch;
    batch->created_at = making->fakes->now;
    batch->cancelled_at = -1;
    text_append(&batch->text, REDIAL_STR("msgbatch_01"));
    render_id(serve_next_id(making->fakes), &batch->text);
    id_len = batch->text.len;
    for (const struct json *request = json_first(requests); request; request = json_next(request))
        write_result(making, request);
    if (batch->text.failed) {
        batch_destroy(batch);
        return NULL;
    }
    batch->id = str_take(text_str(&batch->text), id_len);
    batch->results = str_skip(text_str(&batch->text), id_len);
    return batch;
}

/* ---- Answers */

static const struct exchange *say(struct fakes *fakes, struct arena *arena, struct text *text)
{
    struct redial_str body;
    bool fine = !text->failed && arena_copy(arena, text_str(text), &body);

    text_clean_up(text);
    return fine ? answer_with_json(arena, PLATFORM_ANTHROPIC, 200, body, serve_next_id(fakes))
                : NULL;
}

static const struct exchange *say_batch(struct fakes *fakes, const struct batch *batch,
                                        struct redial_str url, struct arena *arena)
{
    struct text text = TEXT_INIT;

    write_batch(batch, url, fakes->now, &text);
    return say(fakes, arena, &text);
}

static const struct exchange *refuse(struct fakes *fakes, struct arena *arena, uint16_t status,
                                     const char *message)
{
    const struct objection objection = {
        .status = status, .by_model = status == 400, .message = str_of(message)};

    return answer_objection(arena, PLATFORM_ANTHROPIC, &objection, serve_next_id(fakes));
}

static const struct exchange *create(struct fakes *fakes, struct session *session,
                                     const struct route *route, const struct demand *demand,
                                     struct redial_str url, struct arena *arena)
{
    const struct json *requests = json_at(demand->body, "requests");
    struct making making = {.fakes = fakes, .route = route, .arena = arena};
    const struct exchange *exchange;
    struct objection objection;
    struct batch *batch;

    if (!check_requests(requests, arena, &objection))
        return answer_objection(arena, PLATFORM_ANTHROPIC, &objection, serve_next_id(fakes));
    batch = batch_make(&making, requests);
    if (!batch) return NULL;
    batch->next = session->batches;
    session->batches = batch;
    exchange = say_batch(fakes, batch, url, arena);
    if (++session->batch_count > BATCHES_MAX) drop_oldest(session);
    return exchange;
}

static const struct exchange *list(struct fakes *fakes, const struct session *session,
                                   struct redial_str target, struct redial_str url,
                                   struct arena *arena)
{
    struct redial_str limit_text = route_parameter(target, "limit", arena);
    struct redial_str after = route_parameter(target, "after_id", arena);
    const struct batch *batch = session->batches, *first, *last = NULL;
    struct text text = TEXT_INIT;
    int64_t limit = 20;

    if (limit_text.len > 0 && (!str_to_int64(limit_text, &limit) || limit < 1 || limit > 1000))
        return refuse(fakes, arena, 400, "limit: Input should be from 1 to 1000");
    while (after.len > 0 && batch && !str_eq(batch->id, after)) batch = batch->next;
    if (after.len > 0 && batch) batch = batch->next;
    text_append(&text, REDIAL_STR("{\"data\":["));
    for (first = batch; batch && limit > 0; batch = batch->next, limit--) {
        if (last) text_append_char(&text, ',');
        write_batch(batch, url, fakes->now, &text);
        last = batch;
    }
    text_printf(&text, "],\"has_more\":%s", batch ? "true" : "false");
    text_append(&text, REDIAL_STR(",\"first_id\":"));
    if (last)
        text_append_json(&text, first->id);
    else
        text_append(&text, REDIAL_STR("null"));
    text_append(&text, REDIAL_STR(",\"last_id\":"));
    if (last)
        text_append_json(&text, last->id);
    else
        text_append(&text, REDIAL_STR("null"));
    text_append_char(&text, '}');
    return say(fakes, arena, &text);
}

static void write_cancelled(const struct batch *batch, struct text *out)
{
    struct redial_str rest = batch->results, line;

    while (str_split(&rest, '\n', &line)) {
        size_t end = str_find(line, REDIAL_STR(",\"result\":"));
        text_append(out, str_take(line, end));
        text_append(out, REDIAL_STR(",\"result\":{\"type\":\"canceled\"}}\n"));
    }
}

static const struct exchange *results(struct fakes *fakes, const struct batch *batch,
                                      struct arena *arena)
{
    struct text text = TEXT_INIT;
    struct exchange *exchange;
    struct redial_header *header;

    if (fakes->now < ended_at(batch))
        return refuse(fakes, arena, 404, "the batch has no results yet");
    if (batch->cancelled_at >= 0)
        write_cancelled(batch, &text);
    else
        text_append(&text, batch->results);
    exchange = unconst(say(fakes, arena, &text));
    if (!exchange) return NULL;
    header = unconst(exchange->headers); /* the first is its content type */
    header->value = REDIAL_STR("application/x-jsonl");
    return exchange;
}

static const struct exchange *delete (struct fakes *fakes, struct session *session,
                                      struct batch **link, struct arena *arena)
{
    struct batch *batch = *link;
    struct text text = TEXT_INIT;

    if (fakes->now < ended_at(batch))
        return refuse(fakes, arena, 400, "a batch that is in progress cannot be deleted");
    text_append(&text, REDIAL_STR("{\"id\":"));
    text_append_json(&text, batch->id);
    text_append(&text, REDIAL_STR(",\"type\":\"message_batch_deleted\"}"));
    *link = batch->next;
    session->batch_count--;
    batch_destroy(batch);
    return say(fakes, arena, &text);
}

const struct exchange *batches_answer(struct fakes *fakes, struct session *session,
                                      const struct route *route, const struct demand *demand,
                                      struct redial_str target, struct redial_str url,
                                      struct arena *arena)
{
    struct batch **link = &session->batches;

    if (route->operation == OPERATION_BATCH_CREATE)
        return create(fakes, session, route, demand, url, arena);
    if (route->operation == OPERATION_BATCH_LIST) return list(fakes, session, target, url, arena);
    while (*link && !str_eq((*link)->id, route->captured)) link = &(*link)->next;
    if (!*link) return refuse(fakes, arena, 404, "no batch has this id");
    if (route->operation == OPERATION_BATCH_RESULTS) return results(fakes, *link, arena);
    if (route->operation == OPERATION_BATCH_DELETE) return delete (fakes, session, link, arena);
    if (route->operation == OPERATION_BATCH_CANCEL && fakes->now < ended_at(*link))
        (*link)->cancelled_at = fakes->now;
    return say_batch(fakes, *link, url, arena);
}
