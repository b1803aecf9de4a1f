/* Faults that strike before a request was read: at the connection, within its handshake, or at the
 * head of a request. Nobody knows then which request comes, nor which test it belongs to; the next
 * reply of the script decides, as long as it is the same whoever comes: it has no `match`, nothing
 * that holds over time is in its way, and no test has named itself. Otherwise, and for whoever
 * comes over a connection that is kept, the request is read, and then its connection reset. */
#include "simulator/serve/request.h"

/* ---- What a script has in store */

unsigned strikes_of(const struct reply_script *replies, size_t count)
{
    unsigned strikes = 0;

    for (size_t i = 0; i < count; i++) {
        if (replies[i].fault == FAULT_BROKEN_PIPE) strikes |= STRIKES_HEADS;
        if (replies[i].fault == FAULT_REFUSE && replies[i].repeat == REDIAL_UNLIMITED)
            strikes |= STRIKES_DOORS;
        if (replies[i].fault == FAULT_REFUSE || replies[i].fault == FAULT_DNS ||
            replies[i].fault == FAULT_TLS ||
            (replies[i].fault == FAULT_RESET && replies[i].point < POINT_REQUEST))
            strikes |= STRIKES_CONNECTIONS;
    }
    return strikes;
}

/* NULL: it cannot be told yet. */
static const struct reply_script *next_reply(const struct fakes *fakes, uint16_t provider)
{
    if (provider == REDIAL_NO_INDEX || fakes->session_count != 1) return NULL;
    if (fakes->sessions[0]->name.len > 0) return NULL;
    return world_next(fakes->sessions[0]->world, provider, fakes_world_now(fakes));
}

static bool may_strike(const struct fakes *fakes, unsigned kind)
{
    return fakes->options.strike_early && !fakes->recorder && fakes->script->strikes & kind;
}

/* ---- Connections */

/* A refusal that is counted cannot be one: nobody would see it happen. */
static enum connection_fate fate_by(const struct reply_script *reply)
{
    static const enum connection_fate fates[FAULT_COUNT] = {
        [FAULT_REFUSE] = CONNECTION_RESET,
        [FAULT_DNS] = CONNECTION_RESET,
        [FAULT_TLS] = CONNECTION_BAD_CERTIFICATE,
    };

    if (reply->after > 0) return CONNECTION_SERVED;
    if (reply->fault != FAULT_RESET) return fates[reply->fault];
    return reply->point == POINT_CONNECT ? CONNECTION_RESET
           : reply->point == POINT_TLS   ? CONNECTION_TLS_RESET
                                         : CONNECTION_SERVED;
}

static void note_strike(struct place *place, const struct reply_script *reply, uint64_t connection)
{
    struct fakes *fakes = place->fakes;
    const struct redial_policy *policy = fakes->script->policy;
    struct journal_entry *entry = journal_add(fakes->journal);

    if (!entry) return;
    entry->arrived_at = entry->read_at = entry->ended_at = fakes->now - fakes->began_at;
    entry->provider = place->provider;
    entry->server =
        platform_names.rows[policy->platforms[policy->providers[place->provider].platform].kind]
            .word;
    entry->connection = connection;
    entry->script = reply;
    entry->fault = reply->fault;
    entry->end = JOURNAL_FAULT;
    note_told(fakes, entry->number);
}

enum connection_fate strike_connection(void *context, uint64_t number)
{
    struct place *place = context;
    const struct reply_script *reply;
    enum connection_fate fate;

    if (!may_strike(place->fakes, STRIKES_CONNECTIONS)) return CONNECTION_SERVED;
    reply = next_reply(place->fakes, place->provider);
    fate = reply ? fate_by(reply) : CONNECTION_SERVED;
    if (fate == CONNECTION_SERVED) return CONNECTION_SERVED;
    world_use(place->fakes->sessions[0]->world, place->provider, reply);
    note_strike(place, reply, number);
    return fate;
}

/* ---- Doors: a port refuses connections as long as its script does */

static bool refuses(const struct fakes *fakes, const struct place *place)
{
    const struct reply_script *reply = next_reply(fakes, place->provider);

    return reply && reply->fault == FAULT_REFUSE && reply->repeat == REDIAL_UNLIMITED;
}

int strike_doors(struct fakes *fakes)
{
    bool may = may_strike(fakes, STRIKES_DOORS);

    for (size_t i = 0; (may || fakes->doors_moved) && i < fakes->place_count; i++)
        (void)endpoint_admit(fakes->places[i].endpoint,
                             !(may && refuses(fakes, &fakes->places[i])));
    fakes->doors_moved = may;
    return may ? STRIKE_DOORS_MS : -1;
}

/* ---- Heads */

/* The next reply of its session breaks the pipe. */
static const struct reply_script *next_break(const struct request *request)
{
    const struct reply_script *reply;

    if (!request->session || request->provider == REDIAL_NO_INDEX) return NULL;
    reply = world_next(request->session->world, request->provider, request_world_now(request));
    return reply && reply->fault == FAULT_BROKEN_PIPE ? reply : NULL;
}

bool strike_head(void *context, struct arrival *arrival)
{
    struct place *place = context;
    struct request request = {.fakes = place->fakes,
                              .place = place,
                              .arrival = arrival,
                              .target = arrival->target,
                              .session_name = {"", 0},
                              .provider = place->provider};

    if (!may_strike(place->fakes, STRIKES_HEADS) || control_serves(arrival->target)) return false;
    request.arena = arrival_arena(arrival);
    return request.arena && request_find(&request) && next_break(&request) != NULL;
}

void strike_pipe(struct request *request)
{
    const struct reply_script *reply = next_break(request);
    struct exchange *exchange = ARENA_NEW(request->arena, struct exchange);
    struct journal_entry *entry = request_entry(request);

    if (!reply || !exchange) {
        arrival_close(request->arrival);
        return;
    }
    world_use(request->session->world, request->provider, reply);
    request->play->script = request->session->script;
    request->play->script->holders++;
    if (entry) entry->script = reply;
    *exchange =
        (struct exchange){.script = reply, .fault = REQUEST_BROKEN_PIPE, .fault_at = reply->after};
    request_reply(request, exchange);
}
