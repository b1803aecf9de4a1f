/* The verbs that end a step, and what a step says: every sentence is redacted where it is made. */
#include "credentials/flow.h"

#include <string.h>

#include "base/environment.h"
#include "base/redact.h"

#define FILE_TIMEOUT      (10 * NS_PER_SECOND) /* a network file system may take its time */
#define SECRET_BYTES_MIN  4u   /* a shorter text is in too many words to be cut out of them */
#define EXCERPT_BYTES_MAX 160u /* enough for a sentence of a server */

/* ---- Texts */

struct redial_str flow_copy(struct flow *flow, struct redial_str text)
{
    struct redial_str copy = {0};
    if (!arena_copy(flow->arena, text, &copy)) flow->out_of_memory = true;
    return copy;
}

struct redial_str flow_settle(struct flow *flow, struct text *text)
{
    struct redial_str settled = {0};
    if (text->failed) flow->out_of_memory = true;
    if (!text->failed) settled = flow_copy(flow, text_str(text));
    text_clean_up(text);
    return settled;
}

REDIAL_PRINTF(2, 0)
static struct redial_str vprintf_raw(struct flow *flow, const char *format, va_list arguments)
{
    struct redial_str text = {0};
    if (!arena_vprintf(flow->arena, &text, format, arguments)) flow->out_of_memory = true;
    return text;
}

struct redial_str flow_printf(struct flow *flow, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    struct redial_str text = vprintf_raw(flow, format, arguments);
    va_end(arguments);
    return text;
}

static struct redial_str redacted(struct flow *flow, struct redial_str text)
{
    const struct secrets known = {flow->secrets, flow->secret_count};
    struct text out = TEXT_INIT;
    redact(text, &known, &out);
    return flow_settle(flow, &out);
}

REDIAL_PRINTF(2, 0)
static struct redial_str say(struct flow *flow, const char *format, va_list arguments)
{
    return redacted(flow, vprintf_raw(flow, format, arguments));
}

static bool has_room_for_secret(struct flow *flow)
{
    if (flow->secret_count < flow->secret_capacity) return true;
    size_t capacity = flow->secret_capacity ? 2 * flow->secret_capacity : 8;
    struct redial_str *secrets = ARENA_ARRAY(flow->arena, struct redial_str, capacity);
    if (!secrets) return false;
    if (flow->secret_count > 0)
        memcpy(secrets, flow->secrets, flow->secret_count * sizeof *secrets);
    flow->secrets = secrets;
    flow->secret_capacity = capacity;
    return true;
}

void flow_secret(struct flow *flow, struct redial_str secret)
{
    secret = str_trim(secret);
    if (secret.len < SECRET_BYTES_MIN) return;
    if (!has_room_for_secret(flow)) {
        flow->out_of_memory = true;
        return;
    }
    flow->secrets[flow->secret_count++] = flow_copy(flow, secret);
}

void flow_source(struct flow *flow, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    flow->source = say(flow, format, arguments);
    va_end(arguments);
}

void flow_warn(struct flow *flow, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    struct redial_str sentence = say(flow, format, arguments);
    va_end(arguments);
    if (flow->warnings->len > 0) text_append_char(flow->warnings, '\n');
    text_append(flow->warnings, sentence);
    if (flow->warnings->failed) flow->out_of_memory = true;
}

/* ---- What it knows */

struct redial_str flow_env(struct flow *flow, const char *name)
{
    return environment_get(flow->options->environment, str_of(name));
}

struct redial_str flow_env_secret(struct flow *flow, const char *name)
{
    struct redial_str value = flow_env(flow, name);
    flow_secret(flow, value);
    return value;
}

bool flow_env_true(struct flow *flow, const char *name)
{
    static const char *const words[] = {"1", "true", "yes", "on"};
    struct redial_str value = flow_env(flow, name);
    for (size_t i = 0; i < REDIAL_COUNT_OF(words); i++)
        if (str_eq_nocase(value, str_of(words[i]))) return true;
    return false;
}

struct redial_str flow_home(struct flow *flow)
{
    return flow->options->home.len > 0 ? flow->options->home : flow_env(flow, "HOME");
}

/* ---- Errands */

static enum flow_move ask(struct flow *flow, const struct errand *errand, flow_next_fn *next,
                          void *state)
{
    flow->errand = *errand;
    flow->next = next;
    flow->state = state;
    flow->tries = 1;
    return FLOW_ASKS;
}

static bool is_one_line(struct redial_str text)
{
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.ptr[i] < ' ' && text.ptr[i] != '\t') return false;
    return true;
}

static bool is_clean_url(struct redial_str url)
{
    for (size_t i = 0; i < url.len; i++)
        if ((unsigned char)url.ptr[i] <= ' ' || url.ptr[i] == 0x7f) return false;
    return true;
}

/* The first header that a server would read as two; NULL: none. */
static const struct redial_header *broken_header(const struct http_request *request)
{
    for (size_t i = 0; i < request->header_count; i++)
        if (!is_one_line(request->headers[i].value) || !is_one_line(request->headers[i].name))
            return &request->headers[i];
    return NULL;
}

enum flow_move flow_ask_http(struct flow *flow, const struct http_request *request, int64_t timeout,
                             flow_next_fn *next, void *state)
{
    struct url url;
    if (flow->out_of_memory) return flow_fail_memory(flow);
    if (!is_clean_url(request->url) || !url_split(request->url, &url))
        return flow_fail(flow, "'%.*s' is no http or https URL", REDIAL_STR_ARG(request->url));
    if (url_is_plain(&url) && !url_is_loopback(&url) && !url_is_metadata(&url))
        return flow_fail(flow,
                         "plain http to %.*s is refused: a credential would cross the network in "
                         "the open; use https",
                         REDIAL_STR_ARG(url.authority));
    const struct redial_header *broken = broken_header(request);
    if (broken)
        return flow_fail(flow,
                         "the value for the header %.*s holds a line break or another "
                         "control character",
                         REDIAL_STR_ARG(broken->name));
    return ask(flow, &(struct errand){.kind = ERRAND_HTTP, .request = *request, .timeout = timeout},
               next, state);
}

static struct redial_str expanded(struct flow *flow, struct redial_str path)
{
    struct redial_str home = flow_home(flow);
    bool tilde = str_is(path, "~") || str_starts_with(path, REDIAL_STR("~/"));
    if (!tilde || home.len == 0) return path;
    while (home.len > 1 && str_ends_with(home, REDIAL_STR("/"))) home.len--;
    return flow_printf(flow, "%.*s%.*s", REDIAL_STR_ARG(home), REDIAL_STR_ARG(str_skip(path, 1)));
}

enum flow_move flow_ask_file(struct flow *flow, struct redial_str path, flow_next_fn *next,
                             void *state)
{
    return ask(flow,
               &(struct errand){
                   .kind = ERRAND_FILE, .path = expanded(flow, path), .timeout = FILE_TIMEOUT},
               next, state);
}

enum flow_move flow_ask_write(struct flow *flow, struct redial_str path, struct redial_str contents,
                              flow_next_fn *next, void *state)
{
    return ask(flow,
               &(struct errand){.kind = ERRAND_WRITE,
                                .path = expanded(flow, path),
                                .contents = contents,
                                .timeout = FILE_TIMEOUT},
               next, state);
}

enum flow_move flow_ask_command(struct flow *flow, struct redial_str command,
                                const char *const *argv, int64_t timeout, flow_next_fn *next,
                                void *state)
{
    return ask(flow,
               &(struct errand){
                   .kind = ERRAND_COMMAND, .command = command, .argv = argv, .timeout = timeout},
               next, state);
}

enum flow_move flow_ask_again(struct flow *flow, int64_t pause)
{
    flow->paused = flow->errand;
    flow->pausing = true;
    flow->errand = (struct errand){.kind = ERRAND_PAUSE, .timeout = pause};
    flow->tries++;
    return FLOW_ASKS;
}

/* ---- Ends */

/* The part of a credential that cannot go into a header; NULL: all can. */
static const char *broken_part(const struct credential *credential)
{
    const struct {
        const char *name;
        struct redial_str text;
    } parts[] = {
        {"key or token", credential->secret},         {"access key ID", credential->access_key_id},
        {"session token", credential->session_token}, {"project", credential->project},
        {"quota project", credential->quota_project},
    };
    for (size_t i = 0; i < REDIAL_COUNT_OF(parts); i++)
        if (!is_one_line(parts[i].text)) return parts[i].name;
    return NULL;
}

enum flow_move flow_found(struct flow *flow, const struct credential *credential)
{
    struct credential found = *credential;
    const char *broken = broken_part(credential);
    flow_secret(flow, credential->secret);
    flow_secret(flow, credential->session_token);
    if (broken)
        return flow_fail(flow,
                         "the %s holds a line break or another control character: was it pasted "
                         "with more than itself?",
                         broken);
    if (str_trim(found.secret).len == 0 && found.form != CREDENTIAL_NONE)
        return flow_fail(flow, "the key or token is empty");
    found.secret = flow_copy(flow, credential->secret);
    found.access_key_id = flow_copy(flow, credential->access_key_id);
    found.session_token = flow_copy(flow, credential->session_token);
    found.region = flow_copy(flow, credential->region);
    found.project = flow_copy(flow, credential->project);
    found.quota_project = flow_copy(flow, credential->quota_project);
    found.beta = flow_copy(flow, credential->beta);
    found.source = flow_copy(flow, found.source.len ? found.source : flow->source);
    flow->found = found;
    return FLOW_FOUND;
}

enum flow_move flow_pass(struct flow *flow, const char *why, ...)
{
    va_list arguments;
    va_start(arguments, why);
    flow->why = say(flow, why, arguments);
    va_end(arguments);
    return FLOW_PASSED;
}

enum flow_move flow_fail(struct flow *flow, const char *why, ...)
{
    va_list arguments;
    va_start(arguments, why);
    flow->why = say(flow, why, arguments);
    va_end(arguments);
    return FLOW_FAILED;
}

enum flow_move flow_fail_memory(struct flow *flow)
{
    flow->out_of_memory = true;
    return FLOW_FAILED;
}

void flow_hand_to(struct flow *flow, flow_with_fn *with, void *state)
{
    struct flow_frame *frame = ARENA_NEW(flow->arena, struct flow_frame);
    if (!frame) {
        flow->out_of_memory = true;
        return;
    }
    *frame = (struct flow_frame){with, state, flow->frames};
    flow->frames = frame;
}

/* ---- Requests and answers */

struct http_request flow_request(struct flow *flow, const char *method, struct redial_str url,
                                 struct redial_str body)
{
    struct http_request request = {.method = method, .url = url};
    struct redial_str *piece = body.len > 0 ? ARENA_NEW(flow->arena, struct redial_str) : NULL;
    if (piece) {
        *piece = body;
        request.pieces = piece;
        request.piece_count = 1;
    } else if (body.len > 0) {
        flow->out_of_memory = true;
    }
    return request;
}

void flow_header(struct flow *flow, struct http_request *request, const char *name,
                 struct redial_str value)
{
    size_t count = request->header_count;
    struct redial_header *headers = ARENA_ARRAY(flow->arena, struct redial_header, count + 1);
    if (!headers) {
        flow->out_of_memory = true;
        return;
    }
    if (count > 0) memcpy(headers, request->headers, count * sizeof *headers);
    headers[count] = (struct redial_header){str_of(name), value};
    request->headers = headers;
    request->header_count = count + 1;
}

const struct json *flow_json(struct flow *flow, struct redial_str text)
{
    struct flow_json *kept = ARENA_NEW(flow->arena, struct flow_json);
    if (!kept) {
        flow->out_of_memory = true;
        return NULL;
    }
    *kept = (struct flow_json){json_parse(text), flow->jsons};
    flow->jsons = kept;
    return kept->root;
}

struct redial_str flow_trouble(struct flow *flow, const struct errand_answer *answer)
{
    enum errand_kind kind = flow->errand.kind;
    if (answer->failed.len > 0) return redacted(flow, answer->failed);
    if (answer->missing) return REDIAL_STR("it does not exist");
    if (answer->body.len > ERRAND_BYTES_MAX) return REDIAL_STR("it is longer than 1 MiB");
    if (kind == ERRAND_HTTP && (answer->status < 200 || answer->status > 299))
        return flow_printf(flow, "HTTP %u", answer->status);
    if (kind == ERRAND_COMMAND && answer->exit_status != 0)
        return flow_printf(flow, "exit status %d", answer->exit_status);
    return (struct redial_str){0};
}

/* A character as it is, a control character or a stray byte as a blank. Gives its bytes. */
static size_t append_shown(struct text *out, struct redial_str text, size_t at)
{
    size_t bytes = str_utf8_char_len(text, at);
    bool hidden = bytes == 0 || (unsigned char)text.ptr[at] < ' ' || text.ptr[at] == 0x7f;
    text_append(out, hidden ? REDIAL_STR(" ") : str_take(str_skip(text, at), bytes));
    return bytes > 0 ? bytes : 1;
}

struct redial_str flow_excerpt(struct flow *flow, struct redial_str text)
{
    /* redacted as a whole first: a secret cut in two would be none that anybody knows */
    struct redial_str shown = redacted(flow, str_trim(text));
    struct text out = TEXT_INIT;
    size_t at = 0;
    if (shown.len == 0) return shown;
    text_append(&out, REDIAL_STR(": \""));
    while (at < shown.len && at < EXCERPT_BYTES_MAX) at += append_shown(&out, shown, at);
    text_append(&out, at < shown.len ? REDIAL_STR("…\"") : REDIAL_STR("\""));
    return flow_settle(flow, &out);
}
