/* The live client: its calls, its loop. */
#include "client/live.h"

#include <stdlib.h>
#include <sys/random.h>

#include "base/random.h"

int64_t live_now(const struct redial_client *client)
{
    return clock_steady() + client->clock_offset;
}

void live_do(struct redial_live *call, enum live_todo what)
{
    call->todo |= (unsigned)what;
    if (call->is_listed) return;
    call->is_listed = true;
    call->todo_next = NULL;
    *call->client->todo_end = call;
    call->client->todo_end = &call->todo_next;
}

/* ---- Making and unmaking a client */

static uint64_t random_seed(void)
{
    uint64_t seed = 0;

    if (getrandom(&seed, sizeof seed, 0) != (ssize_t)sizeof seed) seed = (uint64_t)clock_wall();
    return seed;
}

static bool make_parts(struct redial_client *client)
{
    const struct redial_env *environment = client->options.environment;

    client->transfers = client_new();
    if (!client->transfers || !client_use_environment(client->transfers, environment)) return false;
    client->errands = (struct errands){client->transfers, &client->timers, environment};
    client->vault = vault_new(&client->errands, client->options.seed);
    return client->vault != NULL;
}

struct redial_client *redial_client_new(struct redial_engine *engine,
                                        const struct redial_client_options *options,
                                        struct redial_str *why)
{
    struct redial_client *client = calloc(1, sizeof *client);

    *why = REDIAL_STR("memory is out");
    if (!client) return NULL;
    client->engine = engine;
    client->todo_end = &client->todo;
    client->clock_offset = clock_wall() - clock_steady();
    if (options) client->options = *options;
    if (client->options.connect_timeout <= 0)
        client->options.connect_timeout = LIVE_CONNECT_TIMEOUT;
    if (client->options.seed == 0) client->options.seed = random_seed();
    if (make_parts(client)) return client;
    redial_client_destroy(client);
    return NULL;
}

void live_observe(struct redial_client *client, const struct live_observer *observer)
{
    client->observer = *observer;
}

/* ---- Calls */

static void call_destroy(struct redial_live *call)
{
    struct redial_client *client = call->client;

    if (call->link) {
        *call->link = call->next;
        if (call->next) call->next->link = call->link;
        client->count--;
    }
    vault_stop_waiting(&call->wait);
    timer_stop(&client->timers, &call->timer);
    live_give_up(call);
    redial_policy_release(call->policy);
    reply_reader_destroy(call->reader);
    story_destroy(call->story);
    arena_destroy(call->attempt_arena);
    arena_destroy(call->credential_arena);
    text_clean_up(&call->compacted);
    text_clean_up(&call->model);
    text_clean_up(&call->detail);
    text_clean_up(&call->answer);
    text_clean_up(&call->line);
    free(call);
}

/* A call that is not finished holds its policy: it ends unrecorded. */
static void drop(struct redial_live *call)
{
    const struct redial_event cancel = {.kind = REDIAL_EVENT_CANCEL};
    struct redial_decision decision;

    if (call->call.state != REDIAL_STATE_FINISHED)
        redial_call_step(&call->call, &cancel, live_now(call->client), &decision);
    call_destroy(call);
}

void redial_client_destroy(struct redial_client *client)
{
    if (!client) return;
    for (struct redial_live *call = client->calls, *next; call; call = next) {
        next = call->next;
        drop(call);
    }
    vault_destroy(client->vault);
    client_destroy(client->transfers);
    text_clean_up(&client->why);
    free(client);
}

/* ---- Taking a call on */

static bool refuse(struct redial_client *client, struct redial_str *why, const char *format, ...)
    REDIAL_PRINTF(3, 4);

static bool refuse(struct redial_client *client, struct redial_str *why, const char *format, ...)
{
    va_list arguments;

    text_clear(&client->why);
    va_start(arguments, format);
    text_vprintf(&client->why, format, arguments);
    va_end(arguments);
    *why = client->why.failed ? REDIAL_STR("memory is out") : text_str(&client->why);
    return false;
}

static bool headers_fit(struct redial_client *client, const struct redial_request *request,
                        struct redial_str *why)
{
    for (size_t i = 0; i < request->header_count; i++) {
        const struct redial_header *header = &request->headers[i];
        bool broken = str_find(header->value, REDIAL_STR("\n")) != SIZE_MAX ||
                      str_find(header->value, REDIAL_STR("\r")) != SIZE_MAX;
        if (header->name.len == 0) return refuse(client, why, "a header has no name");
        if (broken)
            return refuse(client, why, "the header '%.*s' holds a line break: it would be two",
                          REDIAL_STR_ARG(header->name));
    }
    return true;
}

static bool scan_body(struct redial_live *call, struct redial_str *why)
{
    struct body_error error;
    struct text where = TEXT_INIT;

    if (body_scan(call->request.body, &call->body, &error)) return true;
    body_error_write(&error, &where);
    refuse(call->client, why, "the body is no Messages request in JSON: %.*s",
           REDIAL_STR_ARG(text_str(&where)));
    text_clean_up(&where);
    return false;
}

static bool says_fast(const struct body *body)
{
    struct text speed = TEXT_INIT;
    bool fast = body_read_text(body, BODY_SPEED, &speed) && str_is(text_str(&speed), "fast");

    text_clean_up(&speed);
    return fast;
}

/* What the body says, where the options say nothing. */
static bool read_body(struct redial_live *call, struct redial_str *why)
{
    struct redial_call_options *options = &call->request.options;
    const struct body *body = &call->body;

    if (!scan_body(call, why)) return false;
    if (options->model.len == 0 && body_read_text(body, BODY_MODEL, &call->model))
        options->model = text_str(&call->model);
    if (options->max_tokens == 0) options->max_tokens = body_read_int(body, BODY_MAX_TOKENS, 0);
    if (!options->fast) options->fast = says_fast(body);
    call->stream = call->request.streaming == REDIAL_STREAM_AS_BODY
                       ? body_is_true(body, BODY_STREAM)
                       : call->request.streaming == REDIAL_STREAM_YES;
    if (options->model.len == 0)
        return refuse(call->client, why, "no model is named, neither in the body nor besides");
    if (options->max_tokens <= 0)
        return refuse(call->client, why,
                      "max_tokens is named neither in the body nor besides: "
                      "how long may the answer be?");
    return true;
}

static bool init_call(struct redial_live *call, struct redial_str *why)
{
    struct redial_call_options *options = &call->request.options;

    if (options->seed == 0) options->seed = random_fork(call->client->options.seed, call->number);
    call->seed = options->seed;
    call->began_at = live_now(call->client);
    if (!redial_call_init(&call->call, call->client->engine, options, call->began_at, why))
        return false;
    call->policy = call->call.policy;
    redial_policy_acquire(call->policy);
    return true;
}

static bool make_call(struct redial_live *call, struct redial_str *why)
{
    bool listened = call->request.handlers.line || call->client->observer.line;

    call->reader = reply_reader_new();
    if (listened) call->story = story_new(call->began_at, NULL);
    *why = REDIAL_STR("memory is out");
    return call->reader && (!listened || call->story);
}

static void ring(void *context);

static struct redial_live *call_new(struct redial_client *client,
                                    const struct redial_request *request)
{
    struct redial_live *call = calloc(1, sizeof *call);

    if (!call) return NULL;
    call->client = client;
    call->request = *request;
    call->number = client->sent + 1;
    call->call.state = REDIAL_STATE_FINISHED; /* until it has begun */
    call->timer = (struct timer){.ring = ring, .context = call};
    return call;
}

struct redial_live *redial_client_send(struct redial_client *client,
                                       const struct redial_request *request, struct redial_str *why)
{
    struct redial_live *call = call_new(client, request);

    *why = REDIAL_STR("memory is out");
    if (!call) return NULL;
    if (!headers_fit(client, request, why) || !read_body(call, why) || !init_call(call, why) ||
        !make_call(call, why)) {
        drop(call);
        return NULL;
    }
    client->sent++;
    client->count++;
    call->next = client->calls;
    call->link = &client->calls;
    if (call->next) call->next->link = &call->next;
    client->calls = call;
    live_do(call, LIVE_BEGIN);
    return call;
}

void redial_client_cancel(struct redial_live *call)
{
    live_do(call, LIVE_CANCEL);
}

void redial_client_pause(struct redial_live *call)
{
    call->paused = true;
    if (call->transfer) transfer_pause(call->transfer, true);
}

void redial_client_resume(struct redial_live *call)
{
    if (call->paused) live_do(call, LIVE_RESUME);
}

/* ---- Stepping */

static void set_timer(struct redial_live *call, int64_t at)
{
    struct timers *timers = &call->client->timers;

    if (at == INT64_MAX)
        timer_stop(timers, &call->timer);
    else
        timer_set(timers, &call->timer, at - call->client->clock_offset);
}

static void finish(struct redial_live *call, const struct redial_decision *decision)
{
    live_give_up(call);
    vault_stop_waiting(&call->wait);
    live_flush(call);
    live_tell_end(call, decision);
    if (call->is_listed)
        call->todo = 0; /* redial_client_move drops it */
    else
        call_destroy(call);
}

static void obey(struct redial_live *call, const struct redial_decision *decision)
{
    switch ((enum redial_decision_kind)decision->kind) {
    case REDIAL_DECISION_SEND: live_send(call, decision); break;
    case REDIAL_DECISION_WAIT: set_timer(call, decision->wake_at); break;
    case REDIAL_DECISION_REPAIR:
        set_timer(call, decision->abort_at);
        live_repair(call, decision->repair);
        break;
    case REDIAL_DECISION_FINISH: finish(call, decision); break;
    case REDIAL_DECISION_NOTHING:
    case REDIAL_DECISION_MISUSE:
    case REDIAL_DECISION_COUNT: break;
    }
}

void live_step(struct redial_live *call, const struct redial_event *event, int64_t at)
{
    struct redial_decision decision;

    if (at > call->stepped_at) call->stepped_at = at; /* time never goes back */
    redial_call_step(&call->call, event, call->stepped_at, &decision);
    live_record(call, call->stepped_at, event, &decision);
    obey(call, &decision);
}

static void step_plain(struct redial_live *call, enum redial_event_kind kind, int64_t at)
{
    const struct redial_event event = {.kind = (uint8_t)kind};

    live_step(call, &event, at);
}

/* Timers ring where a limit was when it was set: what was heard since then moves it. */
static void ring(void *context)
{
    struct redial_live *call = context;
    int64_t set_to = call->timer.at + call->client->clock_offset;
    int64_t due = call->under_way ? live_attempt_due(call) : set_to;

    if (call->todo & (LIVE_ENDED | LIVE_UNSENT)) return; /* it has ended by itself */
    if (due > live_now(call->client))
        set_timer(call, due);
    else if (call->under_way)
        live_time_out(call, due);
    else
        step_plain(call, REDIAL_EVENT_TIMER, due);
}

/* ---- What is to be done */

static void begin(struct redial_live *call)
{
    const struct live_observer *observer = &call->client->observer;

    call->begun = true;
    if (observer->began)
        observer->began(observer->context, call->number, call->began_at, &call->call, call->stream);
    step_plain(call, REDIAL_EVENT_START, call->began_at);
}

static void cancel(struct redial_live *call)
{
    const struct live_observer *observer = &call->client->observer;
    int64_t now = live_now(call->client);

    if (observer->cancelled) observer->cancelled(observer->context, call->number, now);
    step_plain(call, REDIAL_EVENT_CANCEL, now);
}

static void resume(struct redial_live *call)
{
    call->paused = false;
    call->heard_at = live_now(call->client); /* the silence was ours */
    if (call->transfer) transfer_pause(call->transfer, false);
}

static void report_repair(struct redial_live *call)
{
    live_step(call, &call->repaired, call->repaired_at);
}

/* In this order; one step at a time, since it may be the last. */
static const struct {
    enum live_todo what;
    void (*act)(struct redial_live *call);
} acts[] = {
    {LIVE_CANCEL, cancel},          {LIVE_BEGIN, begin},
    {LIVE_UNSENT, live_judge},      {LIVE_ENDED, live_judge},
    {LIVE_REPAIRED, report_repair}, {LIVE_SEND, live_send_on},
    {LIVE_RESUME, resume},
};

/* Once round: what comes to be done meanwhile is left for the next move. */
static void act(struct redial_live *call)
{
    unsigned todo = call->todo;

    call->todo = 0;
    for (size_t i = 0; i < REDIAL_COUNT_OF(acts); i++) {
        if (!(todo & (unsigned)acts[i].what)) continue;
        acts[i].act(call);
        if (call->call.state == REDIAL_STATE_FINISHED) return;
    }
}

static void do_all(struct redial_client *client)
{
    struct redial_live *list = client->todo;

    client->todo = NULL;
    client->todo_end = &client->todo;
    while (list) {
        struct redial_live *call = list;
        list = call->todo_next;
        act(call);
        bool again = call->todo != 0 && call->call.state != REDIAL_STATE_FINISHED;
        call->is_listed = false;
        if (call->call.state == REDIAL_STATE_FINISHED)
            call_destroy(call);
        else if (again)
            live_do(call, (enum live_todo)call->todo);
    }
}

int redial_client_timeout_ms(const struct redial_client *client)
{
    int64_t timers = timers_due(&client->timers), transfers = client_due(client->transfers);
    int64_t due = timers < transfers ? timers : transfers;

    if (client->todo) return 0;
    if (due == INT64_MAX) return -1;
    int64_t left = due - clock_steady();
    int64_t ms = left <= 0 ? 0 : (left + NS_PER_MS - 1) / NS_PER_MS;
    return ms < INT32_MAX ? (int)ms : INT32_MAX;
}

int redial_client_fd(const struct redial_client *client)
{
    return client_fd(client->transfers);
}

size_t redial_client_move(struct redial_client *client, int timeout_ms)
{
    do_all(client);
    int own = redial_client_timeout_ms(client);
    if (own >= 0 && own < timeout_ms) timeout_ms = own;
    if (client->count == 0) timeout_ms = 0;
    /* Where libcurl has no memory, the attempts' time limits end them. */
    (void)client_move_within(client->transfers, timeout_ms);
    timers_ring(&client->timers, clock_steady());
    do_all(client);
    return client->count;
}
