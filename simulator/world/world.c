#include "simulator/world/world.h"

#include <stdlib.h>

#include "base/random.h"
#include "simulator/world/typical.h"
#include "simulator/world/world_parts.h"

static const struct provider_script nothing_scripted = {.idle_close = DURATION_MAX,
                                                        .expire_after = DURATION_MAX};

struct reply_script world_synthetic(enum redial_class class)
{
    return (struct reply_script){
        .at = -1, .repeat = 1, .class = (uint8_t) class, .retry_after = -1};
}

static bool provider_init(struct world *world, struct provider_state *state,
                          const struct provider_script *script, uint64_t seed, size_t number)
{
    enum platform_kind platform =
        world->policy->platforms[world->policy->providers[number].platform].kind;
    bool knows_expiry = typical_by_class(platform, REDIAL_CLASS_AUTH_EXPIRED) != NULL;
    state->script = script;
    state->used = ARENA_ARRAY(world->arena, int32_t, script->reply_count);
    state->too_long = ARENA_ARRAY(world->arena, struct reply_script, script->reply_count);
    state->random = random_fork(seed, (UINT64_C(1) << 32) + number);
    state->issued_at = world->began_at;
    state->expired = world_synthetic(knows_expiry ? REDIAL_CLASS_AUTH_EXPIRED : REDIAL_CLASS_AUTH);
    state->revoked = state->expired;
    if (typical_by_class(platform, REDIAL_CLASS_AUTH_REVOKED))
        state->revoked = world_synthetic(REDIAL_CLASS_AUTH_REVOKED);
    state->refusal = &state->expired;
    state->well = world_synthetic(REDIAL_CLASS_NONE);
    for (int i = 0; i < RATE_KIND_COUNT; i++)
        state->buckets[i] = bucket_init(script->rates[i], world->began_at);
    return state->used && state->too_long;
}

struct world *world_new(struct arena *arena, const struct redial_policy *policy,
                        const struct provider_script *scripts, size_t script_count,
                        struct span world_span, size_t call_count, uint64_t seed, int64_t began_at)
{
    struct world *world = ARENA_NEW(arena, struct world);
    if (!world) return NULL;
    world->arena = arena;
    world->policy = policy;
    world->began_at = began_at;
    world->span = world_span;
    world->exchanges = (struct exchanges){.arena = arena, .seed = seed};
    world->providers = ARENA_ARRAY(arena, struct provider_state, policy->provider_count);
    world->refused_tokens = ARENA_ARRAY(arena, int64_t, call_count + 1);
    if (!world->providers || !world->refused_tokens) return NULL;
    for (size_t i = 0; i <= call_count; i++) world->refused_tokens[i] = INT64_MAX;
    for (size_t i = 0; i < policy->provider_count; i++) {
        const struct provider_script *script = &nothing_scripted;
        for (size_t k = 0; k < script_count; k++)
            if (scripts[k].index == i) script = &scripts[k];
        if (!provider_init(world, &world->providers[i], script, seed, i)) return NULL;
    }
    return world;
}

void world_renew(struct world *world, struct arena *arena)
{
    exchanges_clean_up(&world->exchanges);
    world->exchanges.arena = arena;
}

void world_clean_up(struct world *world)
{
    if (!world) return;
    exchanges_clean_up(&world->exchanges);
    for (size_t i = 0; world->providers && i < world->policy->provider_count; i++)
        free(world->providers[i].busy_until);
}

void world_set_maker(struct world *world, struct world_maker maker)
{
    world->maker = maker;
}

/* ---- Strangers ---- */

void world_open(struct world *world, struct world_stranger stranger)
{
    world->is_open = true;
    world->stranger = stranger;
}

int64_t world_prompt_tokens(struct world *world, int64_t own)
{
    const struct world_stranger *stranger = &world->stranger;
    if (!world->is_open) return own;
    if (world->first_prompt == 0) world->first_prompt = own;
    if (stranger->input_tokens == 0) return own;
    if (own >= world->first_prompt)
        return own > stranger->input_tokens ? own : stranger->input_tokens;
    return stranger->compacts_to > own ? stranger->compacts_to : own;
}

/* A prompt of which the platform could say this without a lie: as many tokens as it takes, and none
 * when it can already. */
static int64_t tokens_for(const struct reply_script *reply, const struct render_facts *facts)
{
    if (reply->class == REDIAL_CLASS_PROMPT_TOO_LONG &&
        facts->input_tokens <= facts->context_tokens)
        return facts->context_tokens + 1;
    if (reply->class == REDIAL_CLASS_CONTEXT_OVERFLOW &&
        facts->input_tokens + facts->max_tokens <= facts->context_tokens)
        return facts->context_tokens - (facts->max_tokens - 1) / 2;
    return 0;
}

/* The stranger's prompt grows to what the scripted error says of it, and stays so. */
static void let_prompt_grow(struct world *world, const struct reply_script *reply,
                            struct render_facts *facts)
{
    int64_t tokens = world->is_open && reply->message.len == 0 ? tokens_for(reply, facts) : 0;
    if (tokens <= 0) return;
    facts->input_tokens = tokens;
    world->stranger.input_tokens = tokens;
}

/* ---- Rendering for a request ---- */

static struct render_facts facts_of(const struct world *world, const struct world_request *request)
{
    uint16_t platform = world->policy->providers[request->provider].platform;
    const struct platform_model *model =
        policy_platform_model(world->policy, platform, request->model_index);
    return (struct render_facts){
        .platform = world->policy->platforms[platform].kind,
        .model = model ? policy_model_id(world->policy, request->provider, model) : request->model,
        .max_tokens = request->max_tokens,
        .input_tokens = request->input_tokens,
        .context_tokens = model && model->context ? model->context : RENDER_CONTEXT_DEFAULT,
        .stream = request->stream,
        .plain = request->plain,
        .static_key = request->static_key,
    };
}

static const struct exchange *answer_with(struct world *world, const struct reply_script *reply,
                                          const struct render_facts *facts,
                                          struct world_trouble *trouble)
{
    *trouble = (struct world_trouble){.span = reply->span};
    return exchanges_get(&world->exchanges, reply, facts, &trouble->why, &trouble->cure);
}

/* ---- Rate limits ---- */

static const char *const rate_words[RATE_KIND_COUNT] = {
    [RATE_REQUESTS] = "requests",
    [RATE_INPUT_TOKENS] = "input tokens",
    [RATE_OUTPUT_TOKENS] = "output tokens",
};
static const char *const rate_headers[RATE_KIND_COUNT] = {
    [RATE_REQUESTS] = "requests",
    [RATE_INPUT_TOKENS] = "input-tokens",
    [RATE_OUTPUT_TOKENS] = "output-tokens",
};

static bool add_rate_headers(struct world *world, const struct provider_state *state, int64_t now,
                             struct reply_script *reply)
{
    struct arena *arena = world->exchanges.arena;
    reply->headers = ARENA_ARRAY(arena, struct redial_header, (size_t)3 * RATE_KIND_COUNT);
    if (!reply->headers) return false;
    for (int i = 0; i < RATE_KIND_COUNT; i++) {
        const struct bucket *bucket = &state->buckets[i];
        if (bucket->rate.limit == 0) continue;
        struct redial_header *header = &reply->headers[reply->header_count];
        struct text reset = TEXT_INIT;
        rfc3339_format(now + bucket_full_in(bucket) + NS_PER_SECOND - 1, &reset);
        bool fine =
            arena_printf(arena, &header[0].name, "anthropic-ratelimit-%s-limit", rate_headers[i]) &&
            arena_printf(arena, &header[0].value, "%lld", (long long)bucket->rate.limit) &&
            arena_printf(arena, &header[1].name, "anthropic-ratelimit-%s-remaining",
                         rate_headers[i]) &&
            arena_printf(arena, &header[1].value, "%lld", (long long)bucket_left(bucket)) &&
            arena_printf(arena, &header[2].name, "anthropic-ratelimit-%s-reset", rate_headers[i]) &&
            !reset.failed && arena_copy(arena, text_str(&reset), &header[2].value);
        text_clean_up(&reset);
        if (!fine) return false;
        reply->header_count += 3;
    }
    return true;
}

/* A 429 as the platform writes it, with the wait that is true. NULL when memory is out. */
static const struct reply_script *rate_limit_reply(struct world *world,
                                                   const struct provider_state *state,
                                                   enum platform_kind platform, int kind,
                                                   int64_t wait, int64_t now)
{
    struct arena *arena = world->exchanges.arena;
    struct reply_script *reply = ARENA_NEW(arena, struct reply_script);
    if (!reply) return NULL;
    *reply = world_synthetic(REDIAL_CLASS_RATE_LIMITED);
    reply->retry_after = (wait + NS_PER_SECOND - 1) / NS_PER_SECOND * NS_PER_SECOND;
    reply->span = state->script->span;
    if (platform != PLATFORM_ANTHROPIC) return reply;
    bool fine = arena_printf(arena, &reply->message,
                             "This request would exceed your organization's rate limit of %lld %s "
                             "per minute",
                             (long long)(state->buckets[kind].rate.limit * NS_PER_MINUTE /
                                         state->buckets[kind].rate.period),
                             rate_words[kind]);
    return fine && add_rate_headers(world, state, now, reply) ? reply : NULL;
}

/* The bucket that is empty for this request, or -1 with all of them charged. */
static int over_limit(struct provider_state *state, const struct world_request *request,
                      int64_t now, int64_t *wait)
{
    const int64_t wanted[RATE_KIND_COUNT] = {1, request->input_tokens, 1};
    int worst = -1;
    *wait = 0;
    for (int i = 0; i < RATE_KIND_COUNT; i++) {
        int64_t own = bucket_wait(&state->buckets[i], wanted[i], now);
        if (own <= *wait) continue;
        *wait = own;
        worst = i;
    }
    if (worst >= 0) return worst;
    bucket_take(&state->buckets[RATE_REQUESTS], 1);
    bucket_take(&state->buckets[RATE_INPUT_TOKENS], request->input_tokens);
    return -1;
}

/* ---- Scripted replies ---- */

static bool fits(const struct request_match *match, const struct world_request *request)
{
    if (match->model.len && !glob_match(match->model, request->model)) return false;
    if (match->attempt && match->attempt != request->attempt) return false;
    if (match->header_name.len == 0) return true;
    for (size_t i = 0; i < request->header_count; i++)
        if (str_eq_nocase(request->headers[i].name, match->header_name))
            return glob_match(match->header_value, request->headers[i].value);
    return false;
}

/* A reply with `at` ends all that come before it, from its moment on, and is not given earlier. */
static size_t first_of_step(const struct provider_state *state, int64_t since)
{
    size_t first = state->first_open;
    for (size_t i = first; i < state->script->reply_count; i++)
        if (state->script->replies[i].at >= 0 && state->script->replies[i].at <= since) first = i;
    return first;
}

static const struct reply_script *next_scripted(struct provider_state *state,
                                                const struct world_request *request, int64_t since)
{
    const struct provider_script *script = state->script;
    state->first_open = first_of_step(state, since);
    for (size_t i = state->first_open; i < script->reply_count; i++) {
        const struct reply_script *reply = &script->replies[i];
        if (reply->at > since) return NULL;
        bool open = reply->repeat == REDIAL_UNLIMITED || state->used[i] < reply->repeat;
        if (open && fits(&reply->match, request)) return reply;
        if (!open && i == state->first_open) state->first_open++;
    }
    return NULL;
}

static void remember_refusal(struct provider_state *state, const struct reply_script *reply,
                             const struct world_request *request)
{
    bool refuses_credential = reply->class == REDIAL_CLASS_AUTH ||
                              reply->class == REDIAL_CLASS_AUTH_EXPIRED ||
                              reply->class == REDIAL_CLASS_AUTH_REVOKED || reply->status == 401;
    if (!refuses_credential || reply->fault != FAULT_NONE || state->script->forgets_refused) return;
    state->accepted = request->credential + 1;
    state->refusal = reply;
}

static bool would_succeed(const struct reply_script *reply)
{
    return reply->class == REDIAL_CLASS_NONE && reply->status < 300 && !reply->body_given &&
           (reply->fault == FAULT_NONE || reply->fault == FAULT_STALL);
}

/* A prompt that does not fit is refused, and so is one that is no shorter than the one refused
 * before, whatever the script has in store. */
static bool is_too_long(const struct world *world, const struct world_request *request,
                        const struct render_facts *facts)
{
    return facts->input_tokens > facts->context_tokens ||
           facts->input_tokens >= world->refused_tokens[request->call_number];
}

static void remember_refused(struct world *world, const struct reply_script *reply,
                             const struct world_request *request, const struct render_facts *facts)
{
    if (reply->class == REDIAL_CLASS_PROMPT_TOO_LONG)
        world->refused_tokens[request->call_number] = facts->input_tokens;
}

static const struct exchange *explain_exhausted(struct world *world,
                                                const struct provider_state *state,
                                                const struct world_request *request,
                                                struct world_trouble *trouble)
{
    struct redial_str name = world->policy->providers[request->provider].name;
    const struct provider_script *script = state->script;
    trouble->span =
        script->reply_count ? script->replies[script->reply_count - 1].span : script->replies_span;
    trouble->cure = REDIAL_STR("add a reply, or let the last one answer on with `forever: true`");
    if (!script->span.source) {
        trouble->span = world->span;
        trouble->cure = REDIAL_STR("script this provider too");
    }
    if (!arena_printf(world->exchanges.arena, &trouble->why,
                      "the world of '%.*s' has no reply left for attempt %d of call %u",
                      REDIAL_STR_ARG(name), request->attempt, request->call_number))
        trouble->why = REDIAL_STR("the world has no reply left");
    return NULL;
}

/* The last reply that was for such a request goes on. NULL: there was none. */
static const struct reply_script *last_scripted(const struct provider_state *state,
                                                const struct world_request *request, int64_t since)
{
    const struct provider_script *script = state->script;
    for (size_t i = script->reply_count; i-- > 0;)
        if (script->replies[i].at <= since && fits(&script->replies[i].match, request))
            return &script->replies[i];
    return NULL;
}

/* What the script says, or what its function says in its place; NULL with why not. */
static const struct reply_script *say(struct world *world, struct provider_state *state,
                                      const struct reply_script *scripted,
                                      const struct world_request *request, int64_t now,
                                      struct world_trouble *trouble)
{
    if (!scripted->function) return scripted;
    const struct world_moment moment = {
        .since = now - world->began_at,
        .use = state->used[scripted - state->script->replies] + 1,
        .chance = random_fraction(&state->random),
    };
    trouble->span = scripted->span;
    return world->maker.make(world->maker.context, (uint16_t)(scripted->function - 1), request,
                             moment, &trouble->why, &trouble->cure);
}

static const struct exchange *refuse_prompt(struct world *world, struct reply_script *too_long,
                                            const struct reply_script *reply,
                                            const struct render_facts *facts,
                                            struct world_trouble *trouble)
{
    *too_long = world_synthetic(REDIAL_CLASS_PROMPT_TOO_LONG);
    too_long->span = reply->span;
    too_long->after = reply->after;
    if (facts->input_tokens <= facts->context_tokens)
        too_long->message = REDIAL_STR("prompt is too long: it did not get shorter");
    return answer_with(world, too_long, facts, trouble);
}

static const struct exchange *answer_scripted(struct world *world, struct provider_state *state,
                                              const struct world_request *request,
                                              struct render_facts *facts, int64_t now,
                                              struct world_trouble *trouble)
{
    int64_t since = now - world->began_at;
    const struct reply_script *scripted = next_scripted(state, request, since);
    if (!scripted && world->is_open) scripted = last_scripted(state, request, since);
    if (!scripted && world->is_open) return answer_with(world, &state->well, facts, trouble);
    if (!scripted) return explain_exhausted(world, state, request, trouble);
    const struct reply_script *reply = say(world, state, scripted, request, now, trouble);
    if (!reply) return NULL;
    size_t number = (size_t)(scripted - state->script->replies);
    let_prompt_grow(world, reply, facts);
    if (would_succeed(reply) && is_too_long(world, request, facts))
        return refuse_prompt(world, &state->too_long[number], reply, facts, trouble);
    state->used[number]++;
    remember_refusal(state, reply, request);
    remember_refused(world, reply, request, facts);
    const struct exchange *exchange = answer_with(world, reply, facts, trouble);
    if (exchange)
        bucket_take(&state->buckets[RATE_OUTPUT_TOKENS], render_output_tokens(reply, facts));
    return exchange;
}

static const struct exchange *answer_within_capacity(struct world *world,
                                                     struct provider_state *state,
                                                     const struct world_request *request,
                                                     struct render_facts *facts, int64_t now,
                                                     struct world_trouble *trouble)
{
    const struct exchange *exchange = answer_scripted(world, state, request, facts, now, trouble);
    if (!exchange || world_take_capacity(world, state, exchange, now)) return exchange;
    *trouble = (struct world_trouble){.why = REDIAL_STR("out of memory")};
    return NULL;
}

const struct exchange *world_answer(struct world *world, const struct world_request *request,
                                    int64_t now, struct world_trouble *trouble)
{
    struct provider_state *state = &world->providers[request->provider];
    struct render_facts facts = facts_of(world, request);
    int64_t wait;
    const struct reply_script *reply = world_outage(state, now - world->began_at);
    state->late = 0;
    if (!reply) reply = world_refused_credential(world, state, request, now);
    if (!reply) reply = world_overloaded(state, now);
    if (reply) return answer_with(world, reply, &facts, trouble);
    int limited = over_limit(state, request, now, &wait);
    if (limited < 0) return answer_within_capacity(world, state, request, &facts, now, trouble);
    reply = rate_limit_reply(world, state, facts.platform, limited, wait, now);
    if (reply) return answer_with(world, reply, &facts, trouble);
    *trouble = (struct world_trouble){.why = REDIAL_STR("out of memory")};
    return NULL;
}

static bool depends_on_time(const struct provider_script *script)
{
    for (int i = 0; i < RATE_KIND_COUNT; i++)
        if (script->rates[i].limit > 0) return true;
    return script->outage_count > 0 || script->capacity.concurrent > 0;
}

static bool fits_all(const struct reply_script *reply)
{
    const struct request_match *match = &reply->match;
    return !reply->function && match->model.len == 0 && match->attempt == 0 &&
           match->header_name.len == 0;
}

const struct reply_script *world_next(const struct world *world, uint16_t provider, int64_t now)
{
    const struct provider_state *state = &world->providers[provider];
    int64_t since = now - world->began_at;
    if (depends_on_time(state->script)) return NULL;
    for (size_t i = first_of_step(state, since); i < state->script->reply_count; i++) {
        const struct reply_script *reply = &state->script->replies[i];
        if (reply->at > since) return NULL;
        if (reply->repeat != REDIAL_UNLIMITED && state->used[i] >= reply->repeat) continue;
        return fits_all(reply) ? reply : NULL;
    }
    return NULL;
}

void world_use(struct world *world, uint16_t provider, const struct reply_script *reply)
{
    struct provider_state *state = &world->providers[provider];
    state->used[reply - state->script->replies]++;
}

void world_forget_call(struct world *world, uint32_t call_number)
{
    world->refused_tokens[call_number] = INT64_MAX;
}

void world_rates(const struct world *world, uint16_t provider, int64_t now,
                 struct world_rate rates[RATE_KIND_COUNT])
{
    for (int i = 0; i < RATE_KIND_COUNT; i++) {
        struct bucket bucket = world->providers[provider].buckets[i];
        rates[i] = (struct world_rate){.limit = bucket.rate.limit};
        if (bucket.rate.limit == 0) continue;
        (void)bucket_wait(&bucket, 0, now); /* fills it up to now */
        rates[i].left = bucket_left(&bucket);
        rates[i].full_at = duration_add(now, bucket_full_in(&bucket));
    }
}

int64_t world_lateness(const struct world *world, uint16_t provider)
{
    return world->providers[provider].late;
}

int64_t world_idle_close(const struct world *world, uint16_t provider)
{
    return world->providers[provider].script->idle_close;
}
