#include "credentials/token_reply.h"

#include "base/duration.h"
#include "base/redact.h"
#include "credentials/jwt.h"
#include "document/json.h"

#define READ_BYTES_MAX  4096u /* of what a server wrote, redacted before it is cut */
#define SHOWN_BYTES_MAX 300u  /* a sentence, not a page */

/* Puts a server's words into `out`: redacted, one line, not endless. */
static void show(struct text *out, struct redial_str words, size_t bytes_max)
{
    struct text clean = TEXT_INIT;
    redact(str_take(str_trim(words), READ_BYTES_MAX), NULL, &clean);
    struct redial_str shown = str_take(text_str(&clean), bytes_max);
    for (size_t i = 0; i < shown.len; i++) {
        char c = shown.ptr[i];
        if ((unsigned char)c < ' ' || c == 127) c = ' ';
        text_append_char(out, c);
    }
    if (clean.len > bytes_max) text_append(out, REDIAL_STR(" …"));
    out->failed = out->failed || clean.failed;
    text_clean_up(&clean);
}

static void keep(struct arena *arena, struct text *words, struct redial_str *kept)
{
    if (words->failed || !arena_copy(arena, text_str(words), kept)) *kept = (struct redial_str){0};
    text_clean_up(words);
}

static bool looks_like_html(struct redial_str body)
{
    return str_trim(body).len > 0 && str_trim(body).ptr[0] == '<';
}

void token_reply_not_json(const struct errand_answer *answer, struct arena *arena,
                          struct token_reply *reply)
{
    struct text why = TEXT_INIT;
    if (answer->status == 0)
        text_append(&why, REDIAL_STR("printed "));
    else
        text_printf(&why, "answered %u with ", (unsigned)answer->status);
    if (str_trim(answer->body).len == 0) {
        text_append(&why, REDIAL_STR("an empty body"));
    } else {
        text_append(&why, looks_like_html(answer->body)
                              ? REDIAL_STR("HTML, not JSON: \"")
                              : REDIAL_STR("something that is no JSON: \""));
        show(&why, answer->body, 80);
        text_append_char(&why, '"');
    }
    keep(arena, &why, &reply->why);
}

/* ---- Errors */

/* Where the servers put their error's name and sentence; the first that is there counts. */
static const struct {
    const char *name, *sentence;
} error_places[] = {
    {"error", "error_description"},             /* RFC 6749 §5.2, Azure, Google */
    {"error.status", "error.message"},          /* google.rpc.Status */
    {"error.type", "error.message"},            /* Anthropic's API */
    {"error.code", "error.message"},            /* Azure's gateways */
    {"statusCode", "message"},                  /* App Service */
    {"error.status", "error.error_description"} /* some proxies */
};

static bool show_error(struct text *why, const struct json *root, struct arena *arena,
                       struct token_reply *reply)
{
    for (size_t i = 0; i < REDIAL_COUNT_OF(error_places); i++) {
        struct redial_str name = json_text(json_at(root, error_places[i].name));
        struct redial_str sentence = json_text(json_at(root, error_places[i].sentence));
        if (name.len == 0) continue;
        text_append_char(why, ' ');
        show(why, name, SHOWN_BYTES_MAX);
        if (sentence.len > 0) text_append(why, REDIAL_STR(": "));
        show(why, sentence, SHOWN_BYTES_MAX);
        why->failed = !arena_copy(arena, name, &reply->error) || why->failed;
        return true;
    }
    return false;
}

static enum token_verdict verdict_on(uint16_t status)
{
    if (status == 0 || (status >= 200 && status < 300)) return TOKEN_GIVEN;
    return status == 408 || status == 429 || status >= 500 ? TOKEN_LATER : TOKEN_REFUSED;
}

enum token_verdict token_reply_judge(const struct errand_answer *answer, struct arena *arena,
                                     struct token_reply *reply)
{
    struct text why = TEXT_INIT;
    enum token_verdict verdict = verdict_on(answer->status);

    if (answer->failed.len > 0) {
        text_append(&why, REDIAL_STR("did not answer: "));
        show(&why, answer->failed, SHOWN_BYTES_MAX);
        keep(arena, &why, &reply->why);
        return TOKEN_REFUSED;
    }
    if (verdict == TOKEN_GIVEN) return verdict;
    text_printf(&why, "answered %u", (unsigned)answer->status);
    struct json *root = json_parse(answer->body);
    bool told = show_error(&why, root, arena, reply);
    json_free(root);
    if (!told && str_trim(answer->body).len > 0) {
        text_clean_up(&why);
        token_reply_not_json(answer, arena, reply);
        return verdict;
    }
    keep(arena, &why, &reply->why);
    return verdict;
}

/* ---- Tokens */

static int64_t seconds_to_ns(int64_t seconds)
{
    return seconds > INT64_MAX / NS_PER_SECOND ? INT64_MAX : seconds * NS_PER_SECOND;
}

/* In the order of trust: an instant that the server names, a span from now, what the token says of
 * itself. False when nobody says. */
static bool read_expiry(const struct json *root, struct redial_str token, int64_t now,
                        int64_t *expires_at)
{
    int64_t on = json_int(json_at(root, "expires_on"), -1);
    int64_t in = json_int(json_at(root, "expires_in"), -1);
    if (rfc3339_parse(json_text(json_at(root, "expireTime")), expires_at)) return true;
    if (on > 0)
        *expires_at = seconds_to_ns(on);
    else if (in >= 0)
        *expires_at = duration_add(now, seconds_to_ns(in));
    else
        return jwt_expires_at(token, expires_at);
    return true;
}

static const char *token_names[] = {"access_token", "accessToken", "token"};

static struct redial_str find_token(const struct json *root)
{
    struct redial_str token = {0};
    for (size_t i = 0; token.len == 0 && i < REDIAL_COUNT_OF(token_names); i++)
        token = json_text(json_at(root, token_names[i]));
    return token;
}

bool token_fits_a_header(struct redial_str token)
{
    for (size_t i = 0; i < token.len; i++)
        if ((unsigned char)token.ptr[i] <= ' ' || (unsigned char)token.ptr[i] >= 127) return false;
    return true;
}

static bool is_bearer(const struct json *root)
{
    struct redial_str type = json_text(json_at(root, "token_type"));
    if (type.len == 0) type = json_text(json_at(root, "tokenType"));
    return type.len == 0 || str_eq_nocase(type, REDIAL_STR("Bearer"));
}

static const char *whats_missing(const struct json *root, struct redial_str token, int64_t now,
                                 int64_t *expires_at)
{
    if (!json_is_object(root)) return "gave JSON that is no object";
    if (token.len == 0) return "gave no access_token";
    if (!token_fits_a_header(token)) return "gave a token that no header can carry";
    if (!is_bearer(root)) return "gave a token_type that is not Bearer";
    if (!read_expiry(root, token, now, expires_at))
        return "gave a token and does not say when it expires (no expires_in)";
    if (*expires_at <= now)
        return "gave a token that has expired already: is the clock of this machine "
               "right?";
    return NULL;
}

static enum token_verdict read_token(const struct json *root, int64_t now, struct arena *arena,
                                     struct token_reply *reply)
{
    struct redial_str token = find_token(root);
    const char *missing = whats_missing(root, token, now, &reply->expires_at);
    if (missing) {
        reply->why = str_of(missing);
        return TOKEN_REFUSED;
    }
    bool right =
        arena_copy(arena, token, &reply->token) &&
        arena_copy(arena, json_text(json_at(root, "refresh_token")), &reply->refresh_token);
    return right ? TOKEN_GIVEN : TOKEN_REFUSED;
}

enum token_verdict token_reply_read(const struct errand_answer *answer, int64_t now,
                                    struct arena *arena, struct token_reply *reply)
{
    *reply = (struct token_reply){0};
    enum token_verdict verdict = token_reply_judge(answer, arena, reply);
    if (verdict != TOKEN_GIVEN) return verdict;
    struct json *root = json_parse(answer->body);
    if (!root) {
        token_reply_not_json(answer, arena, reply);
        return TOKEN_REFUSED;
    }
    verdict = read_token(root, now, arena, reply);
    json_free(root);
    return verdict;
}

static enum flow_move fail_refused(struct flow *flow, const struct token_server *server,
                                   const struct token_reply *reply)
{
    bool for_good = server->cure && str_is(reply->error, "invalid_grant");
    if (reply->why.len == 0) return flow_fail_memory(flow);
    return flow_fail(flow, "%.*s %.*s%s%s", REDIAL_STR_ARG(server->name),
                     REDIAL_STR_ARG(reply->why), for_good ? "; " : "",
                     for_good ? server->cure : "");
}

bool token_taken(struct flow *flow, const struct errand_answer *answer,
                 const struct token_server *server, struct token_reply *reply, enum flow_move *move)
{
    enum token_verdict verdict = token_reply_read(answer, flow->now, flow->arena, reply);
    if (verdict == TOKEN_GIVEN) {
        flow_secret(flow, reply->token);
        flow_secret(flow, reply->refresh_token);
        return true;
    }
    bool again = verdict == TOKEN_LATER && flow->tries < TOKEN_TRIES_MAX;
    *move = again ? flow_ask_again(flow, TOKEN_PAUSE << (flow->tries - 1))
                  : fail_refused(flow, server, reply);
    return false;
}
