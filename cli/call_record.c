#include "cli/call_record.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/environment.h"
#include "client/observe.h"
#include "simulator/record/record.h"

/* Pieces beyond this are joined to the last: what a record keeps of them is their sizes. */
#define PIECES_MAX 65536u

struct piece {
    int64_t at;
    size_t len;
};

struct call_record {
    struct record *record;
    struct text story;
    int64_t began_at;
    uint32_t call;       /* the record's index */
    struct arena *arena; /* of the attempt's texts */
    struct record_attempt attempt;
    bool under_way;
    bool unsent;     /* an attempt ended before it was sent */
    int64_t sent_at; /* of the attempt, on the client's clock */
    struct text body;
    struct piece *pieces;
    size_t piece_count, piece_capacity;
    bool failed; /* memory is out */
};

/* ---- What is seen ---- */

static void begin_call(void *context, uint32_t number, int64_t now, const struct redial_call *call,
                       bool stream)
{
    struct call_record *self = context;
    (void)number;
    self->began_at = now;
    self->call = record_add_call(
        self->record,
        &(struct record_call){
            .provider = redial_policy_provider(call->policy, call->provider),
            .model = call->model,
            .query = (enum redial_query)call->query,
            .credential = (enum redial_credential)call->credential_kind,
            .stream = stream,
            .fast = call->wants_fast,
            .unattended = call->variant == VARIANT_UNATTENDED,
            .max_tokens = call->max_tokens,
            .input_tokens = call->input_tokens,
            .deadline = call->deadline_at == INT64_MAX ? 0 : call->deadline_at - call->started_at,
            .cancel_at = -1,
        });
    self->attempt.stream_asked = stream;
}

static void begin_attempt(void *context, uint32_t number, int64_t now,
                          const struct redial_call *call)
{
    struct call_record *self = context;
    bool stream = self->attempt.stream_asked;
    (void)number;
    self->unsent |= self->under_way;
    arena_destroy(self->arena);
    self->arena = arena_new();
    self->failed |= self->arena == NULL;
    text_clear(&self->body);
    self->piece_count = 0;
    self->sent_at = now;
    self->under_way = true;
    self->attempt = (struct record_attempt){
        .call = self->call,
        .provider = redial_policy_provider(call->policy, call->provider),
        .platform = call->policy->platforms[call->platform].kind,
        .sent_at = now - self->began_at,
        .head_at = -1,
        .stream_asked = stream,
    };
}

static void take_head(void *context, uint32_t number, int64_t now, uint16_t status,
                      const struct redial_header *headers, size_t count)
{
    struct call_record *self = context;
    struct redial_header *kept =
        self->arena ? ARENA_ARRAY(self->arena, struct redial_header, count) : NULL;
    (void)number;
    self->attempt.head_at = now - self->sent_at;
    self->attempt.status = status;
    self->failed |= kept == NULL;
    for (size_t i = 0; kept && i < count; i++)
        if (!arena_copy(self->arena, headers[i].name, &kept[i].name) ||
            !arena_copy(self->arena, headers[i].value, &kept[i].value))
            self->failed = true;
    self->attempt.headers = kept;
    self->attempt.header_count = kept ? count : 0;
}

static bool make_room(struct call_record *self)
{
    if (self->piece_count < self->piece_capacity) return true;
    size_t capacity = self->piece_capacity ? self->piece_capacity * 2 : 64;
    struct piece *pieces = realloc(self->pieces, capacity * sizeof *pieces);
    if (!pieces) return false;
    self->pieces = pieces;
    self->piece_capacity = capacity;
    return true;
}

static void take_body(void *context, uint32_t number, int64_t now, struct redial_str bytes)
{
    struct call_record *self = context;
    (void)number;
    text_append(&self->body, bytes);
    if (self->piece_count == PIECES_MAX) {
        self->pieces[PIECES_MAX - 1].len += bytes.len;
    } else if (make_room(self)) {
        self->pieces[self->piece_count++] = (struct piece){now - self->sent_at, bytes.len};
    } else {
        self->failed = true;
    }
}

static const struct record_piece *view_pieces(struct call_record *self)
{
    struct record_piece *views =
        self->arena ? ARENA_ARRAY(self->arena, struct record_piece, self->piece_count) : NULL;
    struct redial_str rest = text_str(&self->body);
    self->failed |= !views || self->body.failed;
    for (size_t i = 0; views && i < self->piece_count; i++) {
        views[i] = (struct record_piece){self->pieces[i].at, str_take(rest, self->pieces[i].len)};
        rest = str_skip(rest, self->pieces[i].len);
    }
    return views;
}

/* Given up by this side: the world went on in silence. */
static void end_attempt(void *context, uint32_t number, int64_t now, enum redial_cause cause,
                        enum redial_phase phase, bool given_up)
{
    struct call_record *self = context;
    (void)number;
    if (!self->under_way) return;
    self->under_way = false;
    self->attempt.ended_at = now - self->sent_at;
    self->attempt.cause = given_up ? REDIAL_CAUSE_ETIMEDOUT : cause;
    self->attempt.phase = phase;
    self->attempt.pieces = view_pieces(self);
    self->attempt.piece_count = self->attempt.pieces ? self->piece_count : 0;
    record_add_attempt(self->record, &self->attempt);
}

static void cancel(void *context, uint32_t number, int64_t now)
{
    struct call_record *self = context;
    (void)number;
    self->under_way = false;
    record_set_cancelled(self->record, self->call, now - self->began_at);
}

static void refreshed(void *context, int64_t now, struct redial_str provider, int64_t took,
                      struct redial_str failed)
{
    struct call_record *self = context;
    (void)now;
    record_add_refresh(self->record, &(struct record_refresh){provider, took, failed});
}

static void keep_secret(void *context, struct redial_str secret)
{
    struct call_record *self = context;
    record_add_secret(self->record, secret);
}

static void keep_line(void *context, uint32_t number, struct redial_str line)
{
    struct call_record *self = context;
    (void)number;
    text_append(&self->story, line);
}

/* ---- Making and writing ---- */

struct call_record *call_record_new(struct redial_client *client)
{
    struct call_record *self = calloc(1, sizeof *self);
    if (!self) return NULL;
    self->record = record_new();
    if (!self->record) {
        free(self);
        return NULL;
    }
    live_observe(client, &(struct live_observer){.began = begin_call,
                                                 .sent = begin_attempt,
                                                 .head = take_head,
                                                 .body = take_body,
                                                 .ended = end_attempt,
                                                 .cancelled = cancel,
                                                 .refreshed = refreshed,
                                                 .secret = keep_secret,
                                                 .line = keep_line,
                                                 .context = self});
    return self;
}

void call_record_destroy(struct call_record *self)
{
    if (!self) return;
    record_destroy(self->record);
    arena_destroy(self->arena);
    text_clean_up(&self->story);
    text_clean_up(&self->body);
    free(self->pieces);
    free(self);
}

/* What shipped policies read of the environment and what is no secret and no address. */
static const char *const told[] = {
    "CLAUDE_CODE_USE_BEDROCK",
    "CLAUDE_CODE_USE_VERTEX",
    "CLAUDE_CODE_USE_FOUNDRY",
    "CLAUDE_CODE_UNATTENDED_RETRY",
    "CLAUDE_CODE_RETRY_WATCHDOG",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "ANTHROPIC_BEDROCK_REGION_PREFIX",
    "ANTHROPIC_SMALL_FAST_MODEL_AWS_REGION",
    "CLOUD_ML_REGION",
};

static const struct redial_env *read_environment(struct redial_env values[])
{
    size_t count = 0;
    for (size_t i = 0; i < REDIAL_COUNT_OF(told); i++) {
        const char *value = getenv(told[i]);
        if (value && value[0]) values[count++] = (struct redial_env){told[i], value};
    }
    values[count] = (struct redial_env){NULL, NULL};
    return values;
}

static bool write_file(const char *path, const struct text *text, struct output *output)
{
    FILE *file = fopen(path, "w");
    bool written = file && fwrite(text->ptr, 1, text->len, file) == text->len;
    if (file && fclose(file) != 0) written = false;
    if (!written)
        fprintf(output->err, "redial call: cannot write '%s': %s\n", path, strerror(errno));
    return written;
}

/* A scenario names its policy relative to its own place: as the command line does when both are
 * here. */
bool call_record_write(const struct call_record *self, const struct order *order,
                       struct output *output)
{
    struct redial_env values[REDIAL_COUNT_OF(told) + 1];
    struct text out = TEXT_INIT;
    char *policy = strchr(order->record_path, '/') ? realpath(order->policy_path, NULL) : NULL;
    const struct record_scenario scenario = {
        .name = REDIAL_STR("A recorded call"),
        .policy = str_of(policy ? policy : order->policy_path),
        .seed = order->seed,
        .environment = read_environment(values),
        .story = text_str(&self->story),
    };
    bool sent = !self->unsent && !self->under_way, written = false;
    if (!sent)
        fputs(
            "redial call: nothing was recorded: an attempt was never sent, and a record holds what "
            "a provider did\n",
            output->err);
    else if (self->failed || !record_write(self->record, &scenario, &out) || out.failed)
        fputs("redial call: out of memory, nothing was recorded\n", output->err);
    else
        written = write_file(order->record_path, &out, output);
    text_clean_up(&out);
    free(policy);
    return written;
}
