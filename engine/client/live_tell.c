/* What a live call tells its caller: the events and the text of the answer, the story line by line,
 * and the outcome. The same texts as a replay's, and no secret in any of them. */
#include "client/live.h"
#include "document/json.h"

#define TIME_COLUMNS 9u /* of a line of the story, before its word */

/* ---- The answer */

static bool is_silenced(const struct redial_live *call)
{
    return call->todo & LIVE_CANCEL;
}

static void tell_delta(struct redial_live *call, struct redial_str data)
{
    const struct redial_handlers *handlers = &call->request.handlers;
    struct json *json = json_parse(data);
    struct redial_str text = json_text(json_at(json, "delta.text"));

    if (text.len > 0) handlers->text(handlers->context, text);
    json_free(json);
}

void live_on_event(struct redial_live *call, struct redial_str name, struct redial_str data)
{
    const struct redial_handlers *handlers = &call->request.handlers;

    if (!is_silenced(call) && handlers->event) handlers->event(handlers->context, name, data);
    if (!is_silenced(call) && handlers->text && str_is(name, "content_block_delta"))
        tell_delta(call, data);
}

/* Of a reply that is no stream: its blocks of text, one after the other. */
static void tell_body(struct redial_live *call, struct redial_str body)
{
    const struct redial_handlers *handlers = &call->request.handlers;
    struct json *json = json_parse(body);
    const struct json *content = json_at(json, "content");
    const struct json *block = json_is_array(content) ? json_first(content) : NULL;

    for (; block; block = json_next(block)) {
        struct redial_str text = json_text(json_at(block, "text"));
        if (text.len > 0) handlers->text(handlers->context, text);
    }
    json_free(json);
}

/* ---- The story */

static void clean(const struct redial_live *call, struct redial_str text, struct text *out)
{
    const struct secrets known = {call->secrets, REDIAL_COUNT_OF(call->secrets)};

    text_clear(out);
    redact(text, &known, out);
}

static bool is_note(struct redial_str line)
{
    return str_starts_with(str_skip(line, TIME_COLUMNS), REDIAL_STR("note "));
}

static void tell_line(struct redial_live *call, struct redial_str line)
{
    const struct redial_handlers *handlers = &call->request.handlers;
    const struct live_observer *observer = &call->client->observer;
    struct text cleaned = TEXT_INIT;

    clean(call, line, &cleaned);
    if (handlers->line) handlers->line(handlers->context, text_str(&cleaned));
    if (observer->line && !is_note(line))
        observer->line(observer->context, call->number, text_str(&cleaned));
    text_clean_up(&cleaned);
}

/* Lines go back to what earlier ones said, so the whole story is put into words; a call has a few
 * dozen lines. */
void live_flush(struct redial_live *call)
{
    static const struct story_style plain = {0};

    if (!call->story) return;
    text_clear(&call->line);
    story_write_text(call->story, call->policy, &plain, &call->line);
    struct redial_str rest = str_skip(text_str(&call->line), call->told);
    call->told += rest.len;
    while (rest.len > 0) {
        size_t end = str_find(rest, REDIAL_STR("\n"));
        size_t len = end == SIZE_MAX ? rest.len : end + 1;
        tell_line(call, str_take(rest, len));
        rest = str_skip(rest, len);
    }
}

void live_record(struct redial_live *call, int64_t now, const struct redial_event *event,
                 const struct redial_decision *decision)
{
    bool is_output = event->kind == REDIAL_EVENT_OUTPUT;

    if (!call->story) return;
    if (!is_output && call->last_may_change) live_flush(call);
    story_record(call->story, now, 1, &call->call, event, decision);
    call->last_may_change = is_output || decision->kind == REDIAL_DECISION_SEND;
    if (!call->last_may_change) live_flush(call);
}

void live_tell_connection(struct redial_live *call, bool reused)
{
    if (!call->story) return;
    story_set_connection(call->story, 1, reused ? CONNECTION_REUSED : CONNECTION_NEW);
    call->last_may_change = false;
    live_flush(call);
}

void live_note(struct redial_live *call, struct redial_str text)
{
    if (!call->story || text.len == 0) return;
    story_note(call->story, live_now(call->client), 1, text);
    if (!call->last_may_change) live_flush(call);
}

/* ---- The credential */

static bool keep_credential(struct redial_live *call, const struct credential *credential)
{
    arena_destroy(call->credential_arena);
    call->secrets[0] = call->secrets[1] = call->source = (struct redial_str){0};
    call->credential_arena = arena_new();
    return call->credential_arena &&
           arena_copy(call->credential_arena, credential->source, &call->source) &&
           arena_copy(call->credential_arena, credential->secret, &call->secrets[0]) &&
           arena_copy(call->credential_arena, credential->session_token, &call->secrets[1]);
}

static void tell_secrets(const struct redial_live *call)
{
    const struct live_observer *observer = &call->client->observer;

    for (size_t i = 0; observer->secret && i < REDIAL_COUNT_OF(call->secrets); i++)
        if (call->secrets[i].len > 0) observer->secret(observer->context, call->secrets[i]);
}

/* Once for each credential that the call presents. Where memory is out it goes untold. */
void live_tell_credential(struct redial_live *call, const struct credential *credential)
{
    uint32_t generation = vault_generation(call->place);
    struct redial_str warnings = vault_warnings(call->place), warning;
    struct text note = TEXT_INIT;

    if (call->told_place == call->place && call->told_generation == generation) return;
    call->told_place = call->place;
    call->told_generation = generation;
    if (keep_credential(call, credential) && call->source.len > 0) {
        text_printf(&note, "credential: %.*s", REDIAL_STR_ARG(call->source));
        live_note(call, text_str(&note));
    }
    tell_secrets(call);
    while (str_split(&warnings, '\n', &warning)) live_note(call, warning);
    text_clean_up(&note);
}

/* ---- The end */

/* A failure of ours (no credential, no answer of a token server) is told in our words. */
static struct redial_str detail_of(const struct redial_live *call)
{
    if (call->call.reason == REDIAL_REASON_REPAIR_FAILED) return call->repaired.message;
    return text_str(&call->detail);
}

static void fill_outcome(const struct redial_live *call, const struct redial_decision *decision,
                         struct redial_outcome *outcome)
{
    const struct redial_call *state = &call->call;
    const struct redial_event *event = &call->event;
    bool succeeded = state->reason == REDIAL_REASON_SUCCESS;

    *outcome = (struct redial_outcome){
        .reason = state->reason,
        .class = state->class,
        .status = event->status,
        .request_id = event->request_id,
        .provider = redial_policy_provider(call->policy, state->provider),
        .model = state->model,
        .rule = redial_policy_rule(call->policy, decision->rule),
        .credential = call->source,
        .stop_reason = event->text[REDIAL_TEXT_STOP_REASON],
        .attempts = state->attempts,
        .input_tokens = event->input_tokens,
        .output_tokens = event->output_tokens,
        .waited = state->waited,
        .took = live_now(call->client) - call->began_at,
    };
    outcome->error = event->text[event->kind == REDIAL_EVENT_STREAM_ERROR ? REDIAL_TEXT_STREAM_ERROR
                                                                          : REDIAL_TEXT_ERROR];
    if (succeeded && event->kind == REDIAL_EVENT_REPLY && !call->stream)
        outcome->body = reply_reader_text(call->reader);
}

void live_tell_end(struct redial_live *call, const struct redial_decision *decision)
{
    const struct redial_handlers *handlers = &call->request.handlers;
    struct redial_outcome outcome;
    struct text message = TEXT_INIT, detail = TEXT_INIT;

    fill_outcome(call, decision, &outcome);
    clean(call, call->event.message, &message);
    clean(call, detail_of(call), &detail);
    outcome.message = text_str(&message);
    outcome.detail = text_str(&detail);
    if (handlers->text && outcome.body.len > 0 && !is_silenced(call)) tell_body(call, outcome.body);
    if (handlers->end) handlers->end(handlers->context, &outcome);
    text_clean_up(&message);
    text_clean_up(&detail);
}
