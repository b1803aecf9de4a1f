/* What is known of a request by its head: whose it is, which provider and operation it means. And
 * how it gets a reply, good or not. */
#include "simulator/serve/request.h"

#include <string.h>

struct journal_entry *request_entry(const struct request *request)
{
    return journal_find(request->fakes->journal, request->play->entry);
}

/* ---- Sessions */

/* "Bearer sk-…~NAME": what stands behind the '~'. */
static struct redial_str suffix_of(struct redial_str credential)
{
    const char *at = credential.len > 0 ? memrchr(credential.ptr, '~', credential.len) : NULL;
    size_t begin = at ? (size_t)(at - credential.ptr) : credential.len;

    return str_skip(credential, begin);
}

static bool carries_key(const struct redial_header *header)
{
    return str_eq_nocase(header->name, REDIAL_STR("x-api-key")) ||
           str_eq_nocase(header->name, REDIAL_STR("api-key")) ||
           (str_eq_nocase(header->name, REDIAL_STR("authorization")) &&
            str_starts_with(header->value, REDIAL_STR("Bearer ")));
}

/* A credential of the fakes' own may hold a '~' itself: only what is left must be one. */
static bool is_given_out(const struct fakes *fakes, struct redial_str credential)
{
    if (str_starts_with(credential, REDIAL_STR("Bearer "))) credential = str_skip(credential, 7);
    return authority_gave(fakes->authority, credential);
}

static bool cut_suffix(struct request *request, size_t index, struct redial_str suffix)
{
    size_t count = request->arrival->header_count;
    struct redial_header *headers = ARENA_ARRAY(request->arena, struct redial_header, count);

    if (!headers) return false;
    memcpy(headers, request->headers, count * sizeof *headers);
    headers[index].value = str_take(headers[index].value, headers[index].value.len - suffix.len);
    request->headers = headers;
    request->session_name = str_skip(suffix, 1);
    return true;
}

static bool find_session_name(struct request *request)
{
    const struct arrival *arrival = request->arrival;

    request->headers = arrival->headers;
    for (size_t i = 0; i < arrival->header_count; i++) {
        const struct redial_header *header = &arrival->headers[i];
        struct redial_str suffix =
            carries_key(header) ? suffix_of(header->value) : (struct redial_str){"", 0};
        struct redial_str rest = str_take(header->value, header->value.len - suffix.len);
        if (suffix.len > 1 && is_given_out(request->fakes, rest) && !cut_suffix(request, i, suffix))
            return false;
    }
    struct redial_str named =
        header_value(arrival->headers, arrival->header_count, "x-redial-session");
    if (named.len > 0) request->session_name = str_take(named, 128);
    return true;
}

/* ---- Routes */

const struct provider *request_provider(const struct request *request)
{
    return &request->fakes->script->policy->providers[request->provider];
}

enum platform_kind request_platform(const struct request *request, uint16_t provider)
{
    const struct redial_policy *policy = request->fakes->script->policy;

    return policy->platforms[policy->providers[provider].platform].kind;
}

/* On a port for all, "/bedrock/model/…" is provider bedrock's. */
static void take_provider_off(struct request *request)
{
    const struct redial_policy *policy = request->fakes->script->policy;
    struct redial_str rest = str_skip(request->target, 1), first;

    if (!str_split(&rest, '/', &first)) return;
    for (size_t i = 0; i < policy->provider_count; i++) {
        if (!str_eq(policy->providers[i].name, first)) continue;
        if (request->provider == REDIAL_NO_INDEX || request->provider == i) {
            request->provider = (uint16_t)i;
            request->target = str_skip(request->target, 1 + first.len);
        }
        return;
    }
}

uint16_t request_first_with(const struct request *request, enum platform_kind platform)
{
    const struct redial_policy *policy = request->fakes->script->policy;

    for (size_t i = 0; i < policy->provider_count; i++)
        if (request_platform(request, (uint16_t)i) == platform) return (uint16_t)i;
    return REDIAL_NO_INDEX;
}

/* Without a provider, all platforms that the scenario knows may be meant. AWS's signatures are sent
 * to Bedrock alone. */
static unsigned platforms_meant(const struct request *request)
{
    struct redial_str authorization =
        header_value(request->headers, request->arrival->header_count, "authorization");
    unsigned platforms = 0;

    if (request->provider != REDIAL_NO_INDEX)
        return 1u << request_platform(request, request->provider);
    if (str_starts_with(authorization, REDIAL_STR("AWS4-"))) return 1u << PLATFORM_BEDROCK;
    for (int i = 0; i < PLATFORM_KIND_COUNT; i++)
        if (request_first_with(request, (enum platform_kind)i) != REDIAL_NO_INDEX)
            platforms |= 1u << i;
    return platforms;
}

static bool find_route(struct request *request)
{
    take_provider_off(request);
    if (!route_find(request->arrival->method.ptr, route_path(request->target),
                    platforms_meant(request), request->arena, &request->route))
        return false;
    if (request->route.operation != OPERATION_NONE && request->provider == REDIAL_NO_INDEX)
        request->provider = request_first_with(request, request->route.platform);
    return true;
}

bool request_read_head(struct request *request)
{
    return find_session_name(request) && find_route(request);
}

bool request_find(struct request *request)
{
    if (!request_read_head(request)) return false;
    if (request->route.operation != OPERATION_MESSAGES || request->route.wrong_method) return false;
    request->session = session_find(request->fakes, request->session_name);
    return request->session != NULL;
}

/* ---- Replies */

void request_reply(struct request *request, const struct exchange *exchange)
{
    struct journal_entry *entry = request_entry(request);

    if (!exchange) {
        arrival_close(request->arrival);
        return;
    }
    if (entry) {
        note_reply(request->fakes, entry, exchange, request->route.platform);
        note_told(request->fakes, entry->number);
    }
    play_begin(request->play, request_compress(request, exchange));
}

void request_reject(struct request *request, const struct exchange *exchange, struct redial_str why)
{
    struct journal_entry *entry = request_entry(request);

    if (entry) {
        entry->end = JOURNAL_REFUSED;
        entry->why = note_text(request->fakes, why);
    }
    request_reply(request, exchange);
}

void request_reject_with(struct request *request, const struct objection *objection)
{
    request_reject(request,
                   answer_objection(request->arena, request->route.platform, objection,
                                    serve_next_id(request->fakes)),
                   objection->message);
}

const struct exchange *request_say(struct request *request, const struct authority_reply *said,
                                   int64_t after)
{
    struct exchange *exchange = ARENA_NEW(request->arena, struct exchange);
    struct act *acts = ARENA_ARRAY(request->arena, struct act, 3);

    if (!exchange || !acts) return NULL;
    acts[0] = (struct act){ACT_HEAD, after, {0}};
    acts[1] = (struct act){ACT_BODY, after, said->body};
    acts[2] = (struct act){ACT_END, after, {0}};
    *exchange = (struct exchange){.status = said->status,
                                  .headers = said->headers,
                                  .header_count = said->header_count,
                                  .body_length = said->body.len,
                                  .acts = acts,
                                  .act_count = 3};
    return exchange;
}

/* ---- Names */

struct redial_str request_own_name(struct request *request, struct redial_str id)
{
    struct fakes *fakes = request->fakes;
    size_t kept = REDIAL_COUNT_OF(fakes->models);

    for (size_t i = 0; i < fakes->model_count; i++)
        if (str_eq(fakes->models[i], id)) return fakes->models[i];
    if (fakes->model_count == kept || id.len > 512) return REDIAL_STR("a-model");
    if (!arena_copy(fakes->arena, id, &fakes->models[fakes->model_count]))
        return REDIAL_STR("a-model");
    return fakes->models[fakes->model_count++];
}

struct redial_str request_model(struct request *request, struct redial_str id, uint16_t *index)
{
    const struct redial_policy *policy = request->fakes->script->policy;
    const struct platform *platform = &policy->platforms[request_provider(request)->platform];

    *index = REDIAL_NO_INDEX;
    for (size_t i = 0; i < platform->model_count; i++) {
        if (!policy_model_has_id(&platform->models[i], id)) continue;
        *index = platform->models[i].model;
        return policy->models[*index].name;
    }
    *index = policy->model_count > 0 ? policy_find_model(policy, id) : REDIAL_NO_INDEX;
    return *index == REDIAL_NO_INDEX ? request_own_name(request, id) : policy->models[*index].name;
}

void request_note(struct request *request, const struct demand *demand)
{
    struct journal_entry *entry = request_entry(request);

    if (!entry) return;
    if (demand->model.len > 0) entry->model = request_own_name(request, demand->model);
    entry->stream = demand->stream;
    entry->max_tokens = demand->max_tokens;
    entry->input_tokens = demand->input_tokens;
    entry->body_hash = demand->body_hash;
}
