/* Conditions of a fake platform that hold over time, whatever its scripted replies: outages,
 * credentials that expire or are withdrawn, what it can carry at once, and its token server. */
#include <stdlib.h>

#include "base/random.h"
#include "simulator/world/world_parts.h"

/* A share of all draws, in millionths. */
static bool draw(struct provider_state *state, uint64_t share_ppm)
{
    if (share_ppm >= 1000000) return true;
    return share_ppm > 0 && random_fraction(&state->random) * 1000000 / RANDOM_ONE < share_ppm;
}

/* ---- Outages ---- */

const struct reply_script *world_outage(struct provider_state *state, int64_t since)
{
    for (size_t i = 0; i < state->script->outage_count; i++) {
        const struct outage_script *outage = &state->script->outages[i];
        if (since < outage->from || since >= outage->to) continue;
        if (draw(state, outage->share_ppm)) return &outage->reply;
    }
    return NULL;
}

/* ---- Credentials ---- */

void world_revoke_due(const struct world *world, struct provider_state *state, int64_t now)
{
    const struct provider_script *script = state->script;
    while (state->revoked_count < script->revoke_count &&
           script->revokes[state->revoked_count].at <= now - world->began_at) {
        state->accepted = state->issued + 1;
        state->refusal = &state->revoked;
        state->revoked_count++;
    }
}

const struct reply_script *world_refused_credential(struct world *world,
                                                    struct provider_state *state,
                                                    const struct world_request *request,
                                                    int64_t now)
{
    const struct provider_script *script = state->script;
    world_revoke_due(world, state, now);
    if (request->credential < state->accepted) return state->refusal;
    bool old =
        script->expire_after != DURATION_MAX && now - state->issued_at >= script->expire_after;
    bool spent = script->expire_after_requests && state->presented >= script->expire_after_requests;
    if (old || spent) {
        state->accepted = request->credential + 1;
        state->refusal = &state->expired;
        return state->refusal;
    }
    state->presented++;
    return NULL;
}

/* ---- Capacity ---- */

/* Drops what has had its reply. */
static void forget_done(struct provider_state *state, int64_t now)
{
    size_t kept = 0;
    for (size_t i = 0; i < state->busy_count; i++)
        if (state->busy_until[i] > now) state->busy_until[kept++] = state->busy_until[i];
    state->busy_count = kept;
}

const struct reply_script *world_overloaded(struct provider_state *state, int64_t now)
{
    const struct capacity_script *capacity = &state->script->capacity;
    if (capacity->concurrent == 0) return NULL;
    forget_done(state, now);
    int64_t load = (int64_t)state->busy_count + 1, above = load - capacity->concurrent;
    if (above <= 0) return NULL;
    uint64_t share_ppm = (uint64_t)above * 1000000 / (uint64_t)capacity->concurrent;
    return draw(state, share_ppm) ? &capacity->reply : NULL;
}

static bool add_busy(struct provider_state *state, int64_t until)
{
    if (state->busy_count == state->busy_capacity) {
        size_t capacity = state->busy_capacity ? 2 * state->busy_capacity : 16;
        int64_t *longer = realloc(state->busy_until, capacity * sizeof *longer);
        if (!longer) return false;
        state->busy_until = longer;
        state->busy_capacity = capacity;
    }
    state->busy_until[state->busy_count++] = until;
    return true;
}

/* A server works on a request until its reply is out, whoever still waits for it. One that hangs
 * without end is never done. */
static int64_t done_at(const struct exchange *exchange, int64_t begins_at)
{
    if (exchange->fault != REQUEST_READ) return begins_at;
    if (exchange->act_count == 0) return INT64_MAX;
    const struct act *last = &exchange->acts[exchange->act_count - 1];
    bool ends = last->kind != ACT_HEAD && last->kind != ACT_BODY;
    return ends ? duration_add(begins_at, last->at) : INT64_MAX;
}

/* whole × part / parts, exact where the product would overflow. */
static int64_t share_of(int64_t whole, int64_t part, int64_t parts)
{
    return whole / parts * part + whole % parts * part / parts;
}

bool world_take_capacity(struct world *world, struct provider_state *state,
                         const struct exchange *exchange, int64_t now)
{
    const struct capacity_script *capacity = &state->script->capacity;
    (void)world;
    if (capacity->concurrent == 0) return true;
    int64_t load = (int64_t)state->busy_count + 1;
    state->late = share_of(capacity->latency, load, capacity->concurrent);
    return add_busy(state, done_at(exchange, duration_add(now, state->late)));
}

/* ---- The token server ---- */

#define TOKEN_BODY_TOLD 60 /* bytes of what is no token */

/* When the answer is there, and what is wrong with it. */
struct token_answer {
    int64_t at; /* ns from now */
    struct redial_str failed;
};

static bool explain_answer(struct arena *arena, const struct token_reply *reply,
                           struct redial_str *failed)
{
    struct redial_str line = str_trim(reply->body);
    uint16_t status = reply->status ? reply->status : 200;
    line = str_trim(str_take(line, str_find(line, REDIAL_STR("\n"))));
    line = str_take(line, TOKEN_BODY_TOLD);
    line.len = str_utf8_valid_len(line);
    if (reply->fail.len)
        return arena_printf(arena, failed, "the token server refused: %.*s",
                            REDIAL_STR_ARG(reply->fail));
    if (status >= 300 && line.len == 0)
        return arena_printf(arena, failed, "the token server answered %u", status);
    if (status >= 300)
        return arena_printf(arena, failed, "the token server answered %u: %.*s", status,
                            REDIAL_STR_ARG(line));
    if (reply->body_given)
        return arena_printf(arena, failed, "the token server answered with no token: '%.*s'",
                            REDIAL_STR_ARG(line));
    return true;
}

static int64_t token_bytes(const struct token_reply *reply)
{
    return reply->body_given ? (int64_t)reply->body.len : TOKEN_REPLY_BYTES;
}

static bool work_out(struct arena *arena, const struct token_reply *reply,
                     struct token_answer *answer)
{
    answer->at = reply->after;
    if (reply->hang >= 0) {
        answer->at = duration_add(reply->after, reply->hang);
        answer->failed = REDIAL_STR("the token server closed the connection without an answer");
    } else if (!explain_answer(arena, reply, &answer->failed)) {
        return false;
    }
    if (reply->slow > 0) {
        int64_t seconds = (token_bytes(reply) + reply->slow - 1) / reply->slow;
        answer->at = duration_add(answer->at, seconds * NS_PER_SECOND);
    }
    if (answer->at <= TOKEN_TIMEOUT) return true;
    *answer = (struct token_answer){TOKEN_TIMEOUT,
                                    REDIAL_STR("the token server gave no answer within a minute")};
    return true;
}

const struct token_reply *world_next_token(struct world *world, uint16_t provider)
{
    struct provider_state *state = &world->providers[provider];
    size_t count = state->script->token_reply_count;
    size_t at = state->tokens_asked < count ? state->tokens_asked++ : count - 1;
    return count > 0 ? &state->script->token_replies[at] : NULL;
}

int64_t world_ask_token(struct world *world, uint16_t provider, struct redial_str *failed)
{
    struct token_answer answer = {0};
    const struct token_reply *reply = world_next_token(world, provider);
    if (reply && !work_out(world->arena, reply, &answer))
        answer.failed = REDIAL_STR("out of memory");
    *failed = answer.failed;
    return answer.at;
}

uint32_t world_give_token(struct world *world, uint16_t provider, int64_t now)
{
    struct provider_state *state = &world->providers[provider];
    world_revoke_due(world, state, now);
    state->issued++;
    state->accepted = state->issued;
    state->issued_at = now;
    state->presented = 0;
    return state->issued;
}
