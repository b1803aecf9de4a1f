/* Recording: small structs and text numbers into blocks. Nothing is formatted here, and memory is
 * only taken when a block is full or a text is new. */
#include "story/story.h"

#include <stdlib.h>
#include <string.h>

#include "base/http.h"
#include "story/record.h"

/* ---- Rows ---- */

static void *rows_at(const struct rows *rows, size_t index)
{
    return (char *)rows->blocks[index / ROWS_PER_BLOCK] + index % ROWS_PER_BLOCK * rows->size;
}

static bool rows_add_block(struct rows *rows)
{
    if (rows->block_count == rows->block_capacity) {
        size_t capacity = rows->block_capacity ? rows->block_capacity * 2 : 8;
        void **blocks = realloc(rows->blocks, capacity * sizeof *blocks);
        if (!blocks) return false;
        rows->blocks = blocks;
        rows->block_capacity = capacity;
    }
    void *block = malloc(ROWS_PER_BLOCK * rows->size);
    if (!block) return false;
    rows->blocks[rows->block_count++] = block;
    return true;
}

/* An uninitialised row at the end; NULL when memory is out. */
static void *rows_push(struct rows *rows)
{
    if (rows->count == rows->block_count * ROWS_PER_BLOCK && !rows_add_block(rows)) return NULL;
    return rows_at(rows, rows->count++);
}

static void rows_clean_up(struct rows *rows)
{
    for (size_t i = 0; i < rows->block_count; i++) free(rows->blocks[i]);
    free(rows->blocks);
}

/* ---- Beginning and end ---- */

static bool copy_secrets(struct story *story, const struct secrets *secrets)
{
    story->arena = arena_new();
    if (!story->arena) return false;
    struct redial_str *texts = ARENA_ARRAY(story->arena, struct redial_str, secrets->count);
    if (!texts) return false;
    for (size_t i = 0; i < secrets->count; i++)
        if (!arena_copy(story->arena, secrets->texts[i], &texts[i])) return false;
    story->secrets = (struct secrets){texts, secrets->count};
    return true;
}

struct story *story_new(int64_t began_at, const struct secrets *secrets)
{
    struct story *story = calloc(1, sizeof *story);
    if (!story) return NULL;
    story->began_at = began_at;
    story->entries.size = sizeof(struct story_entry);
    story->facts.size = sizeof(struct story_facts);
    if (secrets && !copy_secrets(story, secrets)) {
        story_destroy(story);
        return NULL;
    }
    return story;
}

void story_destroy(struct story *story)
{
    if (!story) return;
    rows_clean_up(&story->entries);
    rows_clean_up(&story->facts);
    texts_forget(&story->texts);
    arena_destroy(story->arena);
    free(story->last_entry);
    free(story);
}

static void forget_texts(struct story *story)
{
    texts_forget(&story->texts);
    memset(story->last_text, 0, sizeof story->last_text);
    memset(story->last_hint, 0, sizeof story->last_hint);
    story->last_message = story->last_request_id = 0;
    story->last_model = story->last_note = 0;
}

/* Texts that come back in the next run are kept, but not without end: request ids never do. */
#define TEXTS_KEPT_MAX 4096u

void story_clear(struct story *story)
{
    story->entries.count = 0;
    story->facts.count = 0;
    story->failed = false;
    if (story->call_capacity > 0)
        memset(story->last_entry, 0, story->call_capacity * sizeof *story->last_entry);
    if (story->texts.count > TEXTS_KEPT_MAX || story->texts.failed) forget_texts(story);
}

/* ---- Recording ---- */

static uint32_t keep(struct story *story, struct redial_str text, uint32_t *last)
{
    return texts_add(&story->texts, text, &story->secrets, last);
}

/* The place that holds the last entry of a call; NULL when memory is out. */
static uint32_t *last_entry_of(struct story *story, uint32_t call_number)
{
    if (call_number >= story->call_capacity) {
        size_t capacity = story->call_capacity ? story->call_capacity : 8;
        while (capacity <= call_number) capacity *= 2;
        uint32_t *entries = realloc(story->last_entry, capacity * sizeof *entries);
        if (!entries) return NULL;
        memset(entries + story->call_capacity, 0,
               (capacity - story->call_capacity) * sizeof *entries);
        story->last_entry = entries;
        story->call_capacity = capacity;
    }
    return &story->last_entry[call_number];
}

/* The caller fills all of it. */
static struct story_entry *push_entry(struct story *story)
{
    struct story_entry *entry = rows_push(&story->entries);
    if (!entry) story->failed = true;
    return entry;
}

static struct redial_str header_value(const struct redial_event *event, struct redial_str name)
{
    const struct redial_header *header =
        http_find_header(event->headers, event->header_count, name);
    return header ? header->value : (struct redial_str){"", 0};
}

static enum hint_said hint_said(const struct redial_hint *hint, int64_t now)
{
    switch ((enum redial_hint_kind)hint->kind) {
    case REDIAL_HINT_ABSENT: return HINT_SAID_NOTHING;
    case REDIAL_HINT_UNREADABLE: return HINT_SAID_UNREADABLE;
    case REDIAL_HINT_DELAY: return hint->value > 0 ? HINT_SAID_WAIT : HINT_SAID_ZERO;
    case REDIAL_HINT_INSTANT: return hint->value > now ? HINT_SAID_WAIT : HINT_SAID_PAST;
    }
    return HINT_SAID_NOTHING;
}

/* `call` holds the hints of a judged event as it read them. */
static void keep_hints(struct story *story, int64_t now, const struct redial_call *call,
                       const struct redial_event *event, struct story_facts *facts)
{
    const struct redial_policy *policy = call->policy;
    if (event->header_count == 0) return;
    for (size_t i = 0; i < policy->hint_header_count; i++) {
        facts->hint[i] = (uint8_t)hint_said(&call->hint[i], now);
        if (facts->hint[i] == HINT_SAID_NOTHING) continue;
        facts->hint_text[i] =
            keep(story, header_value(event, policy->hint_headers[i].name), &story->last_hint[i]);
    }
}

static bool tells_something(enum redial_event_kind kind)
{
    return kind == REDIAL_EVENT_REPLY || kind == REDIAL_EVENT_BROKEN ||
           kind == REDIAL_EVENT_STREAM_ERROR || kind == REDIAL_EVENT_REPAIRED ||
           kind == REDIAL_EVENT_REPAIR_FAILED;
}

static uint32_t push_facts(struct story *story, int64_t now, const struct redial_call *call,
                           const struct redial_event *event, bool judged)
{
    struct story_facts *facts = rows_push(&story->facts);
    if (!facts) {
        story->failed = true;
        return NO_FACTS;
    }
    *facts = (struct story_facts){
        .cause = event->cause,
        .phase = event->phase,
        .should_retry = event->should_retry,
        .complete = event->complete,
        .status = event->status,
        .os_errno = event->os_errno,
        .input_tokens = event->input_tokens,
        .output_tokens = event->output_tokens,
        .context_tokens = event->context_tokens,
        .compacted_tokens = event->compacted_tokens,
        .message = keep(story, event->message, &story->last_message),
        .request_id = keep(story, event->request_id, &story->last_request_id),
    };
    for (int i = 0; i < REDIAL_TEXT_COUNT; i++)
        facts->text[i] = keep(story, event->text[i], &story->last_text[i]);
    if (judged) keep_hints(story, now, call, event, facts);
    return (uint32_t)(story->facts.count - 1);
}

/* Deltas in a row are one line: true when this one was added to the line before. */
static bool joins_output(struct story *story, uint32_t call_number,
                         const struct redial_event *event, const struct redial_decision *decision)
{
    if (event->kind != REDIAL_EVENT_OUTPUT || decision->kind != REDIAL_DECISION_NOTHING)
        return false;
    const uint32_t *last = last_entry_of(story, call_number);
    if (!last || *last == 0) return false;
    struct story_entry *entry = rows_at(&story->entries, *last - 1);
    if (entry->kind != ENTRY_STEP || entry->event != REDIAL_EVENT_OUTPUT ||
        entry->decision.kind != REDIAL_DECISION_NOTHING)
        return false;
    entry->outputs++;
    return true;
}

void story_record(struct story *story, int64_t now, uint32_t call_number,
                  const struct redial_call *call, const struct redial_event *event,
                  const struct redial_decision *decision)
{
    if (joins_output(story, call_number, event, decision)) return;
    uint32_t *last = last_entry_of(story, call_number);
    struct story_entry *entry = last ? push_entry(story) : NULL;
    if (!entry) {
        story->failed = true;
        return;
    }
    *last = (uint32_t)story->entries.count;
    *entry = (struct story_entry){
        .at = now,
        .policy = call->policy,
        .call_number = call_number,
        .facts = tells_something(event->kind)
                     ? push_facts(story, now, call, event, decision->judged)
                     : NO_FACTS,
        .model = keep(story, call->model, &story->last_model),
        .note = keep(story, decision->hook_error, &story->last_note),
        .waited = call->waited,
        .attempts = call->attempts,
        .credential = call->credential,
        .outputs = event->kind == REDIAL_EVENT_OUTPUT,
        .kind = ENTRY_STEP,
        .event = event->kind,
        .state = call->state,
        .query = call->query,
        .variant = call->variant,
        .decision = *decision,
    };
    entry->decision.hook_error = (struct redial_str){0}; /* it lives no longer than the policy */
}

/* The call's last entry where that sends an attempt, else NULL. */
static struct story_entry *sending_entry(struct story *story, uint32_t call_number)
{
    const uint32_t *last = last_entry_of(story, call_number);
    if (!last || *last == 0) return NULL;
    struct story_entry *entry = rows_at(&story->entries, *last - 1);
    bool sends = entry->kind == ENTRY_STEP && entry->decision.kind == REDIAL_DECISION_SEND;
    return sends ? entry : NULL;
}

void story_set_connection(struct story *story, uint32_t call_number,
                          enum story_connection connection)
{
    struct story_entry *entry = sending_entry(story, call_number);
    if (entry) entry->connection = (uint8_t)connection;
}

void story_set_request_id(struct story *story, uint32_t call_number, struct redial_str id)
{
    struct story_entry *entry = sending_entry(story, call_number);
    if (entry) entry->client_request_id = keep(story, id, &story->last_request_id);
}

void story_note(struct story *story, int64_t now, uint32_t call_number, struct redial_str text)
{
    struct story_entry *entry = push_entry(story);
    if (!entry) return;
    *entry = (struct story_entry){
        .at = now,
        .call_number = call_number,
        .facts = NO_FACTS,
        .kind = ENTRY_NOTE,
        .note = keep(story, text, &story->last_note),
    };
}

/* ---- Reading back ---- */

size_t story_count(const struct story *story)
{
    return story->entries.count;
}

bool story_failed(const struct story *story)
{
    return story->failed || story->texts.failed;
}

const struct story_entry *story_entry_at(const struct story *story, size_t index)
{
    return rows_at(&story->entries, index);
}

const struct story_facts *story_facts_of(const struct story *story, const struct story_entry *entry)
{
    return entry->facts == NO_FACTS ? NULL : rows_at(&story->facts, entry->facts);
}
