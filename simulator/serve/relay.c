#include "simulator/serve/relay.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/client.h"
#include "simulator/record/record.h"

struct recorder {
    struct client *client;
    struct record *record;
    struct redial_str upstream; /* without a last '/' */
    const char *path;
    char policy[PATH_MAX]; /* of a scenario that is served; else the default one, if it is there */
    char temporary[PATH_MAX];
    int64_t began_at;
    uint64_t seed;
    bool failed;
};

struct relay {
    struct fakes *fakes;
    struct recorder *recorder;
    struct play *play;
    struct arena *arena; /* of the arrival */
    struct transfer *transfer;
    struct exchange exchange;
    struct act *acts;
    struct record_piece *pieces;
    size_t room, piece_count;
    int64_t sent_at, head_at, ended_at; /* the latter two since sent_at */
    enum platform_kind platform;
    struct redial_str provider;
    uint32_t call;
    bool is_recorded, stream, failed;
    enum redial_cause cause;
    enum redial_phase phase;
};

/* ---- The recorder */

static void choose_policy(struct recorder *recorder)
{
    static const char usual[] = "policies/claude-code.yaml";

    if (!realpath(usual, recorder->policy))
        snprintf(recorder->policy, sizeof recorder->policy, "%s", usual);
}

static bool check_upstream(struct redial_str url)
{
    static const struct redial_str allowed[] = {
        REDIAL_STR_INIT("https://"), REDIAL_STR_INIT("http://127.0.0.1"),
        REDIAL_STR_INIT("http://localhost"), REDIAL_STR_INIT("http://[::1]")};

    for (size_t i = 0; i < REDIAL_COUNT_OF(allowed); i++)
        if (str_starts_with(url, allowed[i]) && url.len > allowed[0].len) return true;
    return false;
}

static bool check_path(struct recorder *recorder, const char *path)
{
    FILE *file;

    if (snprintf(recorder->temporary, sizeof recorder->temporary, "%s.part", path) >=
        (int)sizeof recorder->temporary)
        return false;
    file = fopen(recorder->temporary, "w");
    if (!file) return false;
    fclose(file);
    (void)remove(recorder->temporary);
    return true;
}

struct recorder *recorder_new(const char *upstream, const char *path, int64_t now,
                              struct redial_str *why)
{
    struct recorder *recorder = calloc(1, sizeof *recorder);

    *why = REDIAL_STR("memory is out");
    if (!recorder) return NULL;
    recorder->upstream = str_of(upstream);
    while (str_ends_with(recorder->upstream, REDIAL_STR("/"))) recorder->upstream.len--;
    recorder->path = path;
    recorder->began_at = now;
    recorder->client = client_new();
    recorder->record = record_new();
    choose_policy(recorder);
    if (!check_upstream(recorder->upstream))
        *why = REDIAL_STR("the upstream is an https URL, or a plain one of this machine: requests "
                          "carry credentials");
    else if (!check_path(recorder, path))
        *why = REDIAL_STR("the file to record to cannot be written");
    else if (recorder->client && recorder->record)
        return recorder;
    recorder_destroy(recorder);
    return NULL;
}

void recorder_destroy(struct recorder *recorder)
{
    if (!recorder) return;
    client_destroy(recorder->client);
    record_destroy(recorder->record);
    free(recorder);
}

void recorder_wait(struct recorder *recorder, int fd, int timeout_ms)
{
    client_wait(recorder->client, &fd, 1, timeout_ms);
}

bool recorder_move(struct recorder *recorder)
{
    return client_move(recorder->client) && !recorder->failed;
}

static bool write_whole(FILE *file, struct redial_str text)
{
    bool written = fwrite(text.ptr, 1, text.len, file) == text.len;

    return fclose(file) == 0 && written;
}

/* A reader of the file sees all of it, or what was there before. */
static void write_file(struct recorder *recorder, struct redial_str policy)
{
    const struct record_scenario scenario = {.name = REDIAL_STR("Recorded from a real platform"),
                                             .policy = policy,
                                             .seed = recorder->seed};
    struct text text = TEXT_INIT;
    FILE *file = NULL;

    if (record_write(recorder->record, &scenario, &text)) file = fopen(recorder->temporary, "w");
    if (!file || !write_whole(file, text_str(&text)) ||
        rename(recorder->temporary, recorder->path) != 0)
        recorder->failed = true;
    text_clean_up(&text);
}

/* ---- The reply as it comes */

/* The next act; NULL when memory is out, and the reply is broken off. */
static struct act *add_act(struct relay *relay, enum act_kind kind)
{
    size_t room = relay->room ? 2 * relay->room : 32;
    struct act *acts;
    struct record_piece *pieces;

    if (relay->exchange.act_count == relay->room) {
        acts = realloc(relay->acts, room * sizeof *acts);
        if (acts) relay->acts = acts;
        pieces = realloc(relay->pieces, room * sizeof *pieces);
        if (pieces) relay->pieces = pieces;
        if (!acts || !pieces) return NULL;
        relay->room = room;
        relay->exchange.acts = acts;
    }
    acts = &relay->acts[relay->exchange.act_count++];
    *acts = (struct act){.kind = kind};
    return acts;
}

static int64_t passed(const struct relay *relay)
{
    return relay->fakes->now - relay->sent_at;
}

static void break_off(struct relay *relay)
{
    relay->failed = true;
    arrival_close(relay->play->arrival);
}

/* What belongs to one connection, or is said anew by the server here (RFC 9110 §7.6.1). */
static bool is_passed_on(struct redial_str name)
{
    static const char *const own[] = {"connection",      "keep-alive", "transfer-encoding",
                                      "content-length",  "date",       "host",
                                      "accept-encoding", "upgrade",    "te",
                                      "trailer",         "expect",     "x-redial-session"};

    for (size_t i = 0; i < REDIAL_COUNT_OF(own); i++)
        if (str_eq_nocase(name, str_of(own[i]))) return false;
    return true;
}

static bool copy_headers(struct arena *arena, const struct redial_header *headers, size_t count,
                         const struct redial_header **copied, size_t *copied_count)
{
    struct redial_header *copies = ARENA_ARRAY(arena, struct redial_header, count);

    *copied = copies;
    *copied_count = 0;
    for (size_t i = 0; copies && i < count; i++) {
        struct redial_header *copy = &copies[*copied_count];
        if (!is_passed_on(headers[i].name)) continue;
        if (!arena_copy(arena, headers[i].name, &copy->name) ||
            !arena_copy(arena, headers[i].value, &copy->value))
            return false;
        (*copied_count)++;
    }
    return copies != NULL;
}

static void see_head(void *context, uint16_t status, const struct redial_header *headers,
                     size_t count)
{
    struct relay *relay = context;
    struct exchange *exchange = &relay->exchange;
    struct journal_entry *entry = journal_find(relay->fakes->journal, relay->play->entry);

    relay->head_at = passed(relay);
    exchange->status = status;
    exchange->chunked = true;
    if (!copy_headers(relay->arena, headers, count, &exchange->headers, &exchange->header_count) ||
        !add_act(relay, ACT_HEAD)) {
        break_off(relay);
        return;
    }
    if (entry) {
        note_reply(relay->fakes, entry, exchange, relay->platform);
        note_told(relay->fakes, entry->number);
    }
    play_go_on(relay->play);
}

static void see_body(void *context, struct redial_str bytes)
{
    struct relay *relay = context;
    struct act *act = relay->failed ? NULL : add_act(relay, ACT_BODY);

    if (!act || !arena_copy(relay->arena, bytes, &act->bytes)) {
        break_off(relay);
        return;
    }
    relay->pieces[relay->piece_count++] = (struct record_piece){passed(relay), act->bytes};
    play_go_on(relay->play);
}

static void see_end(void *context, const struct transfer_end *end)
{
    struct relay *relay = context;
    bool reset = end->cause == REDIAL_CAUSE_ECONNRESET;

    relay->transfer = NULL;
    relay->ended_at = passed(relay);
    relay->cause = end->cause;
    relay->phase = end->phase;
    if (!add_act(relay, end->cause == REDIAL_CAUSE_NONE ? ACT_END
                        : reset                         ? ACT_RESET
                                                        : ACT_CLOSE)) {
        break_off(relay);
        return;
    }
    play_go_on(relay->play);
}

/* ---- One request */

static void note_call(struct relay *relay, struct request *request, const struct demand *demand)
{
    struct conversation *conversation = relay->play->conversation;
    struct redial_str key =
        header_value(request->headers, request->arrival->header_count, "x-api-key");
    uint16_t index;
    const struct record_call call = {.at = relay->sent_at - relay->recorder->began_at,
                                     .provider = relay->provider,
                                     .model = request_model(request, demand->model, &index),
                                     .query = REDIAL_QUERY_FOREGROUND,
                                     .credential = key.len > 0 ? REDIAL_CREDENTIAL_API_KEY
                                                               : REDIAL_CREDENTIAL_PLATFORM,
                                     .stream = demand->stream,
                                     .fast = demand->fast,
                                     .max_tokens = demand->max_tokens,
                                     .input_tokens = demand->input_tokens,
                                     .cancel_at = -1};

    record_add_secret(relay->recorder->record, key);
    if (conversation->recorded == 0)
        conversation->recorded = 1 + record_add_call(relay->recorder->record, &call);
    relay->call = conversation->recorded - 1;
    relay->is_recorded = true;
}

/* Only messages become part of the scenario; what else is asked is passed on alone. */
static void read_demand(struct relay *relay, struct request *request)
{
    const struct demand_request asked = {&request->route, request->headers,
                                         request->arrival->header_count, request->arrival->body};
    struct journal_entry *entry = request_entry(request);
    struct objection objection;
    struct demand demand;
    bool fine = demand_read(&asked, request->arena, &demand, &objection);

    if (demand.body) {
        struct conversation *conversation = session_converse(
            request->fakes, request->session, demand.prompt, entry ? entry->retry_count : -1);
        conversation->under_way++;
        relay->play->conversation = conversation;
        relay->stream = demand.stream;
        request_note(request, &demand);
        if (entry) entry->conversation = conversation->number;
        note_call(relay, request, &demand);
    }
    (void)fine; /* whether it is taken, the platform says */
    demand_clean_up(&demand);
}

static struct relay *relay_new(struct request *request)
{
    struct relay *relay = calloc(1, sizeof *relay);

    if (!relay) return NULL;
    relay->fakes = request->fakes;
    relay->recorder = request->fakes->recorder;
    relay->recorder->seed = request->fakes->options.seed & INT64_MAX;
    relay->play = request->play;
    relay->arena = request->arena;
    relay->sent_at = request->fakes->now;
    relay->head_at = -1;
    relay->platform = request->route.platform;
    request->play->relay = relay;
    request->play->exchange = &relay->exchange;
    return relay;
}

static bool send_on(struct relay *relay, struct request *request, struct redial_str *why)
{
    struct redial_str body = request->arrival->body;
    struct http_request *sent = ARENA_NEW(relay->arena, struct http_request);
    struct redial_str *piece = ARENA_NEW(relay->arena, struct redial_str);
    const struct transfer_options options = {
        .callbacks = {.head = see_head, .body = see_body, .end = see_end, .context = relay}};

    *why = REDIAL_STR("memory is out");
    if (!sent || !piece) return false;
    *piece = body;
    sent->method = request->arrival->method.ptr;
    sent->pieces = piece;
    sent->piece_count = body.len > 0;
    if (!arena_printf(relay->arena, &sent->url, "%.*s%.*s",
                      REDIAL_STR_ARG(relay->recorder->upstream), REDIAL_STR_ARG(request->target)) ||
        !copy_headers(relay->arena, request->headers, request->arrival->header_count,
                      &sent->headers, &sent->header_count))
        return false;
    relay->transfer = client_send(relay->recorder->client, sent, &options, why);
    return relay->transfer != NULL;
}

void relay_begin(struct request *request)
{
    const struct redial_policy *policy = request->fakes->script->policy;
    struct relay *relay = relay_new(request);
    struct journal_entry *entry = request_entry(request);
    struct redial_str why = REDIAL_STR("memory is out");

    if (relay && request->provider != REDIAL_NO_INDEX)
        relay->provider = policy->providers[request->provider].name;
    if (relay && request->route.operation == OPERATION_MESSAGES) read_demand(relay, request);
    if (relay && send_on(relay, request, &why)) return;
    if (entry) {
        entry->why = note_text(request->fakes, why);
        note_told(request->fakes, entry->number);
    }
    arrival_close(request->arrival);
}

/* ---- Its end */

static void keep(struct relay *relay, bool cancelled)
{
    struct recorder *recorder = relay->recorder;
    const struct script *script = relay->fakes->script;
    struct redial_str policy =
        script->is_scenario ? script->scenario.policy_path : str_of(recorder->policy);
    const struct record_attempt attempt = {.call = relay->call,
                                           .provider = relay->provider,
                                           .platform = relay->platform,
                                           .sent_at = relay->sent_at - recorder->began_at,
                                           .head_at = relay->head_at,
                                           .ended_at = relay->ended_at,
                                           .status = relay->exchange.status,
                                           .headers = relay->exchange.headers,
                                           .header_count = relay->exchange.header_count,
                                           .pieces = relay->pieces,
                                           .piece_count = relay->piece_count,
                                           .stream_asked = relay->stream,
                                           .cause = relay->cause,
                                           .phase = relay->phase};
    char whole[PATH_MAX];

    record_add_attempt(recorder->record, &attempt);
    if (cancelled)
        record_set_cancelled(recorder->record, relay->call, relay->fakes->now - recorder->began_at);
    /* The file may lie anywhere: the policy is named by its whole path. */
    write_file(recorder, policy.len > 0 && realpath(policy.ptr, whole) ? str_of(whole) : policy);
}

void relay_end(struct relay *relay, enum arrival_end end)
{
    bool cancelled = relay->transfer && end == ARRIVAL_LEFT;

    if (relay->transfer) {
        relay->ended_at = passed(relay);
        transfer_abort(relay->transfer);
    }
    if (relay->is_recorded && !relay->failed) keep(relay, cancelled);
    free(relay->acts);
    free(relay->pieces);
    free(relay);
}
