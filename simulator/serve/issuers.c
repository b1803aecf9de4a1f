/* The servers that give credentials: what they say is the authority's, when and whether is the
 * scenario's. */
#include "simulator/serve/request.h"

/* ---- How each refuses */

/* How each refuses when the scenario says so. */
static const struct {
    uint16_t status;
    const char *content_type, *before, *after; /* of the error's word */
} token_failures[ISSUER_COUNT] = {
    [ISSUER_AWS_STS] = {400, "text/xml", "<ErrorResponse><Error><Type>Sender</Type><Code>",
                        "</Code><Message>as the scenario says</Message></Error></ErrorResponse>"},
    [ISSUER_AWS_SSO] = {401, "application/json", "{\"message\":\"", "\"}"},
    [ISSUER_AWS_IMDS] = {500, "text/plain", "", ""},
    [ISSUER_AWS_CONTAINER] = {500, "application/json", "{\"code\":\"", "\",\"message\":\"\"}"},
};
static const struct exchange *fail_token(struct request *request, enum issuer issuer,
                                         struct redial_str error, int64_t after)
{
    struct redial_header *header = ARENA_NEW(request->arena, struct redial_header);
    struct authority_reply said = {.status = token_failures[issuer].status, .headers = header};
    bool oauth = said.status == 0;
    const char *type = oauth ? "application/json" : token_failures[issuer].content_type;

    if (!header) return NULL;
    if (oauth) said.status = 400;
    *header = (struct redial_header){REDIAL_STR("content-type"), str_of(type)};
    said.header_count = 1;
    if (!arena_printf(request->arena, &said.body, "%s%.*s%s",
                      oauth ? "{\"error\":\"" : token_failures[issuer].before,
                      REDIAL_STR_ARG(error),
                      oauth ? "\",\"error_description\":\"as the scenario says\"}"
                            : token_failures[issuer].after))
        return NULL;
    return request_say(request, &said, after);
}

/* Which platform's credentials an issuer gives, and the part of its paths that gives them. */
static const struct {
    enum platform_kind platform;
    const char *grant; /* "": every path */
} issuers[ISSUER_COUNT] = {
    [ISSUER_ANTHROPIC] = {PLATFORM_ANTHROPIC, ""},
    [ISSUER_AWS_STS] = {PLATFORM_BEDROCK, ""},
    [ISSUER_AWS_SSO] = {PLATFORM_BEDROCK, ""},
    [ISSUER_AWS_IMDS] = {PLATFORM_BEDROCK, "/security-credentials/"},
    [ISSUER_AWS_CONTAINER] = {PLATFORM_BEDROCK, ""},
    [ISSUER_GOOGLE_TOKEN] = {PLATFORM_VERTEX, ""},
    [ISSUER_GOOGLE_METADATA] = {PLATFORM_VERTEX, "/token"},
    [ISSUER_AZURE_AUTHORITY] = {PLATFORM_FOUNDRY, "/oauth2/"},
    [ISSUER_AZURE_IMDS] = {PLATFORM_FOUNDRY, ""},
    [ISSUER_AZURE_APP_SERVICE] = {PLATFORM_FOUNDRY, ""},
};

static bool gives_token(enum issuer issuer, struct redial_str target)
{
    struct redial_str path = route_path(target);

    return str_find(path, str_of(issuers[issuer].grant)) != SIZE_MAX &&
           !str_ends_with(path, REDIAL_STR("/security-credentials/"));
}

/* ---- What the scenario lets a token server do */

static const struct token_reply *ask_script(struct request *request, enum issuer issuer)
{
    uint16_t provider = request_first_with(request, issuers[issuer].platform);

    if (provider == REDIAL_NO_INDEX || !gives_token(issuer, request->target)) return NULL;
    return world_next_token(request->session->world, provider);
}

/* Says nothing, and closes at last, unless that is never. */
static const struct exchange *hang(struct request *request, const struct token_reply *script)
{
    struct exchange *exchange = ARENA_NEW(request->arena, struct exchange);
    struct act *act = ARENA_NEW(request->arena, struct act);

    if (!exchange || !act) return NULL;
    act->kind = ACT_CLOSE;
    act->at = duration_add(script->after, script->hang);
    exchange->acts = act;
    exchange->act_count = script->hang != DURATION_MAX;
    return exchange;
}

static const struct exchange *say_written(struct request *request, const struct token_reply *script)
{
    struct redial_header *header = ARENA_NEW(request->arena, struct redial_header);
    const struct authority_reply said = {.status = script->status ? script->status : 200,
                                         .headers = header,
                                         .header_count = 1,
                                         .body =
                                             script->body_given ? script->body : REDIAL_STR("{}")};

    if (!header) return NULL;
    *header = (struct redial_header){REDIAL_STR("content-type"), REDIAL_STR("application/json")};
    return request_say(request, &said, script->after);
}

/* The same body, so many bytes each second. */
static const struct exchange *slow_down(struct request *request, const struct exchange *whole,
                                        int64_t rate)
{
    struct exchange *slow = ARENA_NEW(request->arena, struct exchange);
    struct redial_str rest = whole->acts[1].bytes;
    size_t pieces = rest.len / (size_t)rate + 1, count = 0;
    struct act *acts = ARENA_ARRAY(request->arena, struct act, pieces + 2);
    int64_t at = whole->acts[0].at;

    if (!slow || !acts) return NULL;
    acts[count++] = whole->acts[0];
    for (; rest.len > 0; rest = str_skip(rest, acts[count++].bytes.len))
        acts[count] = (struct act){ACT_BODY, at += NS_PER_SECOND, str_take(rest, (size_t)rate)};
    acts[count++] = (struct act){ACT_END, at, {0}};
    *slow = *whole;
    slow->acts = acts;
    slow->act_count = count;
    return slow;
}

/* ---- Answers */

static const struct exchange *issue(struct request *request, enum issuer issuer, int64_t after)
{
    const struct authority_request asked = {.method = request->arrival->method.ptr,
                                            .target = request->target,
                                            .headers = request->headers,
                                            .header_count = request->arrival->header_count,
                                            .body = request->arrival->body};
    struct authority_reply said;

    if (!authority_answer(request->fakes->authority, issuer, &asked, request->place->url,
                          request->fakes->now, request->arena, &said))
        return NULL;
    return request_say(request, &said, after);
}

static const struct exchange *answer(struct request *request, enum issuer issuer)
{
    const struct token_reply *script = ask_script(request, issuer);
    const struct exchange *exchange;

    if (!script) return issue(request, issuer, 0);
    if (script->hang >= 0) return hang(request, script);
    if (script->fail.len > 0) return fail_token(request, issuer, script->fail, script->after);
    exchange = script->status || script->body_given ? say_written(request, script)
                                                    : issue(request, issuer, script->after);
    return exchange && script->slow > 0 ? slow_down(request, exchange, script->slow) : exchange;
}

static void note_issuer(struct request *request, enum issuer issuer)
{
    struct journal_entry *entry = request_entry(request);

    if (!entry) return;
    entry->server = issuer_names.rows[issuer].word;
    entry->operation =
        gives_token(issuer, request->target) ? REDIAL_STR("token") : REDIAL_STR("metadata");
}

bool request_ask_issuer(struct request *request)
{
    for (int i = 0; i < ISSUER_COUNT; i++) {
        if (!authority_serves((enum issuer)i, request->target)) continue;
        note_issuer(request, (enum issuer)i);
        request->route.platform = issuers[i].platform;
        request_reply(request, answer(request, (enum issuer)i));
        return true;
    }
    return false;
}
