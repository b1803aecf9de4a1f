/* Calls in JSON: members of an object to the fields of a struct by tables, and the story's own line
 * as the answer. */
#include "redial/json.h"

#include <stdlib.h>

#include "base/duration.h"
#include "document/json.h"
#include "story/story.h"

struct redial_json {
    struct arena *arena; /* of the options' texts */
    struct story *story;
    struct redial_call call;
    struct text why, answer, told;
    bool begun;  /* then the policy is held, also beyond the call's end: its names are printed */
    int64_t now; /* of the last step */
};

/* ---- Members */

/* What is being filled, and what is wrong with it. */
struct filling {
    struct arena *arena;
    struct text *why;
};

typedef bool member_fn(struct filling *filling, const struct json *value, void *target);
struct member {
    const char *name;
    member_fn *read;
    size_t offset;
};

static bool expected(struct filling *filling, const struct json *value, const char *what)
{
    struct redial_str name = json_name(value);
    text_printf(filling->why, "'%.*s' takes %s", REDIAL_STR_ARG(name), what);
    return false;
}

static bool take_text(struct filling *filling, const struct json *value, void *target)
{
    if (json_kind(value) != JSON_STRING) return expected(filling, value, "a text");
    if (arena_copy(filling->arena, json_text(value), target)) return true;
    text_append(filling->why, REDIAL_STR("out of memory"));
    return false;
}

static bool take_bool(struct filling *filling, const struct json *value, void *target)
{
    bool *flag = target;
    *flag = json_kind(value) == JSON_TRUE;
    return *flag || json_kind(value) == JSON_FALSE || expected(filling, value, "true or false");
}

static bool take_int64(struct filling *filling, const struct json *value, void *target)
{
    int64_t *number = target;
    *number = json_int(value, 0);
    return json_kind(value) == JSON_NUMBER || expected(filling, value, "a number");
}

static bool take_status(struct filling *filling, const struct json *value, void *target)
{
    int64_t number = json_int(value, -1);
    uint16_t *status = target;
    *status = (uint16_t)number;
    return (number >= 100 && number <= 999) || expected(filling, value, "an HTTP status");
}

static bool take_errno(struct filling *filling, const struct json *value, void *target)
{
    int64_t number = json_int(value, -1);
    int32_t *code = target;
    *code = (int32_t)number;
    return (number >= 0 && number <= INT32_MAX) || expected(filling, value, "an errno");
}

static bool take_word(struct filling *filling, const struct json *value, const struct names *names,
                      uint8_t *target)
{
    struct redial_str word = json_text(value), name = json_name(value);
    int row = names_find(names, word), closest = names_closest(names, word);
    if (row >= 0) {
        *target = (uint8_t)row;
        return true;
    }
    text_printf(filling->why, "'%.*s' is no %s of '%.*s'", REDIAL_STR_ARG(word), names->what,
                REDIAL_STR_ARG(name));
    if (closest >= 0) text_printf(filling->why, "; did you mean '%s'?", names->rows[closest].word);
    return false;
}

static bool take_event(struct filling *filling, const struct json *value, void *target)
{
    return take_word(filling, value, &event_names, target);
}
static bool take_cause(struct filling *filling, const struct json *value, void *target)
{
    return take_word(filling, value, &cause_names, target);
}
static bool take_phase(struct filling *filling, const struct json *value, void *target)
{
    return take_word(filling, value, &phase_names, target);
}
static bool take_credential(struct filling *filling, const struct json *value, void *target)
{
    return take_word(filling, value, &credential_names, target);
}

static bool take_query(struct filling *filling, const struct json *value, void *target)
{
    struct redial_call_options *options = target;
    options->query_given = true;
    return take_word(filling, value, &query_names, &options->query);
}

static bool take_features(struct filling *filling, const struct json *value, void *target)
{
    uint16_t *bits = target;
    if (!json_is_array(value)) return expected(filling, value, "a list of features");
    for (const struct json *item = json_first(value); item; item = json_next(item)) {
        uint8_t feature = 0;
        if (!take_word(filling, item, &feature_names, &feature)) return false;
        *bits |= REDIAL_FEATURE_BIT(feature);
    }
    return true;
}

static bool take_residency(struct filling *filling, const struct json *value, void *target)
{
    struct redial_call_options *options = target;
    size_t count = json_count(value);
    if (!json_is_array(value) || count > UINT8_MAX)
        return expected(filling, value, "a list of patterns");
    struct redial_str *globs = ARENA_ARRAY(filling->arena, struct redial_str, count);
    options->residency = globs;
    options->residency_count = globs ? (uint8_t)count : 0;
    for (const struct json *item = json_first(value); globs && item; item = json_next(item))
        if (!take_text(filling, item, globs++)) return false;
    return options->residency_count == count;
}

static bool take_duration(struct filling *filling, const struct json *value, void *target)
{
    return duration_parse(json_text(value), target) == DURATION_OK ||
           expected(filling, value, "a time with its unit, such as \"10m\"");
}

static bool take_should_retry(struct filling *filling, const struct json *value, void *target)
{
    bool flag = false;
    int8_t *word = target;
    if (!take_bool(filling, value, &flag)) return false;
    *word = flag ? 1 : -1;
    return true;
}

static bool take_headers(struct filling *filling, const struct json *value, void *target)
{
    struct redial_event *event = target;
    if (!json_is_object(value)) return expected(filling, value, "an object {name: value}");
    struct redial_header *headers =
        ARENA_ARRAY(filling->arena, struct redial_header, json_count(value));
    if (!headers) return false;
    event->headers = headers;
    for (const struct json *item = json_first(value); item; item = json_next(item)) {
        struct redial_header *header = &headers[event->header_count++];
        header->name = json_name(item);
        if (!take_text(filling, item, &header->value)) return false;
        if (event->should_retry != 0 || !str_eq_nocase(header->name, REDIAL_STR("x-should-retry")))
            continue;
        if (str_is(header->value, "true")) event->should_retry = 1;
        if (str_is(header->value, "false")) event->should_retry = -1;
    }
    return true;
}

/* ---- Objects */

static const struct member option_members[] = {
    {"provider", take_text, offsetof(struct redial_call_options, provider)},
    {"model", take_text, offsetof(struct redial_call_options, model)},
    {"query", take_query, 0},
    {"unattended", take_bool, offsetof(struct redial_call_options, unattended)},
    {"credential", take_credential, offsetof(struct redial_call_options, credential)},
    {"wants", take_features, offsetof(struct redial_call_options, wants)},
    {"requires", take_features, offsetof(struct redial_call_options, requires)},
    {"residency", take_residency, 0},
    {"max_tokens", take_int64, offsetof(struct redial_call_options, max_tokens)},
    {"input_tokens", take_int64, offsetof(struct redial_call_options, input_tokens)},
    {"deadline", take_duration, offsetof(struct redial_call_options, deadline)},
    {"seed", take_int64, offsetof(struct redial_call_options, seed)},
    {"fast", take_bool, offsetof(struct redial_call_options, fast)},
};

#define OF_TEXT(which) offsetof(struct redial_event, text[which])
static const struct member event_members[] = {
    {"event", take_event, offsetof(struct redial_event, kind)},
    {"status", take_status, offsetof(struct redial_event, status)},
    {"error", take_text, OF_TEXT(REDIAL_TEXT_ERROR)},
    {"error_code", take_text, OF_TEXT(REDIAL_TEXT_ERROR_CODE)},
    {"stream_error", take_text, OF_TEXT(REDIAL_TEXT_STREAM_ERROR)},
    {"stop_reason", take_text, OF_TEXT(REDIAL_TEXT_STOP_REASON)},
    {"message", take_text, offsetof(struct redial_event, message)},
    {"request_id", take_text, offsetof(struct redial_event, request_id)},
    {"cause", take_cause, offsetof(struct redial_event, cause)},
    {"phase", take_phase, offsetof(struct redial_event, phase)},
    {"should_retry", take_should_retry, offsetof(struct redial_event, should_retry)},
    {"complete", take_bool, offsetof(struct redial_event, complete)},
    {"headers", take_headers, 0},
    {"errno", take_errno, offsetof(struct redial_event, os_errno)},
    {"input_tokens", take_int64, offsetof(struct redial_event, input_tokens)},
    {"output_tokens", take_int64, offsetof(struct redial_event, output_tokens)},
    {"context_tokens", take_int64, offsetof(struct redial_event, context_tokens)},
    {"compacted_tokens", take_int64, offsetof(struct redial_event, compacted_tokens)},
};
#define MEMBERS_MAX 32u
_Static_assert(REDIAL_COUNT_OF(event_members) <= MEMBERS_MAX, "their names fit");

static bool unknown_member(const struct member *members, size_t count, struct redial_str name,
                           struct text *why)
{
    struct redial_str names[MEMBERS_MAX];
    for (size_t i = 0; i < count; i++) names[i] = str_of(members[i].name);
    size_t closest = str_closest(names, count, name);
    text_printf(why, "unknown key '%.*s'", REDIAL_STR_ARG(name));
    if (closest != SIZE_MAX)
        text_printf(why, "; did you mean '%.*s'?", REDIAL_STR_ARG(names[closest]));
    return false;
}

static bool fill(struct filling *filling, const struct json *object, const struct member *members,
                 size_t count, void *target)
{
    for (const struct json *value = json_first(object); value; value = json_next(value)) {
        struct redial_str name = json_name(value);
        size_t i = 0;
        while (i < count && !str_is(name, members[i].name)) i++;
        if (i == count) return unknown_member(members, count, name, filling->why);
        if (!members[i].read(filling, value, (char *)target + members[i].offset)) return false;
    }
    return true;
}

static struct json *parse(const char *text, struct text *why)
{
    struct json *root = json_parse(str_of(text));
    if (root && json_is_object(root)) return root;
    text_append(why, REDIAL_STR("expected a JSON object"));
    json_free(root);
    return NULL;
}

/* ---- The call */

static void begin(struct redial_json *json, struct redial_engine *engine, const char *options,
                  int64_t now)
{
    struct redial_call_options read = {0};
    struct redial_str why = {"", 0};
    struct filling filling = {json->arena, &json->why};
    struct json *root = parse(options, &json->why);
    if (root && fill(&filling, root, option_members, REDIAL_COUNT_OF(option_members), &read)) {
        json->begun = redial_call_init(&json->call, engine, &read, now, &why);
        text_append(&json->why, why);
        if (json->begun) redial_policy_acquire(json->call.policy);
    }
    if (!json->begun && json->why.len == 0) text_append(&json->why, REDIAL_STR("out of memory"));
    json_free(root);
}

struct redial_json *redial_json_new(struct redial_engine *engine, const char *options, int64_t now)
{
    struct redial_json *json = calloc(1, sizeof *json);
    if (!json) return NULL;
    json->now = now;
    json->arena = arena_new();
    json->story = story_new(now, NULL);
    if (json->arena && json->story) begin(json, engine, options, now);
    if (json->arena && json->story && !json->why.failed) return json;
    redial_json_destroy(json);
    return NULL;
}

const char *redial_json_why(const struct redial_json *json)
{
    return json->begun ? NULL : json->why.ptr;
}

static const char *misuse(struct redial_json *json, const struct text *why)
{
    text_clear(&json->told);
    text_append(&json->answer, REDIAL_STR("{\"decision\":\"misuse\",\"why\":"));
    text_append_json(&json->answer, text_str(why));
    text_append_char(&json->answer, '}');
    return json->answer.failed ? "{\"decision\":\"misuse\",\"why\":\"out of memory\"}"
                               : json->answer.ptr;
}

static const char *advance(struct redial_json *json, const struct redial_event *event, int64_t now)
{
    const struct redial_policy *policy = json->call.policy;
    const struct story_style plain = {0};
    struct redial_decision decision;
    redial_call_step(&json->call, event, now, &decision);
    story_clear(json->story);
    story_record(json->story, now, 1, &json->call, event, &decision);
    story_write_json(json->story, policy, &json->answer);
    text_clear(&json->told);
    story_write_text(json->story, policy, &plain, &json->told);
    json->now = now;
    if (!json->answer.failed && !story_failed(json->story)) return json->answer.ptr;
    return "{\"decision\":\"misuse\",\"why\":\"out of memory\"}";
}

const char *redial_json_step(struct redial_json *json, const char *event, int64_t now)
{
    struct text why = TEXT_INIT;
    struct redial_event read = {.kind = REDIAL_EVENT_COUNT, .complete = true};
    struct filling filling = {arena_new(), &why};
    const char *answer = NULL;
    text_clear(&json->answer);
    if (!json->begun) text_append(&why, text_str(&json->why));
    struct json *root = json->begun ? parse(event, &why) : NULL;
    if (root && filling.arena &&
        fill(&filling, root, event_members, REDIAL_COUNT_OF(event_members), &read)) {
        if (read.kind == REDIAL_EVENT_COUNT)
            text_append(&why, REDIAL_STR("an event has a key 'event'"));
        else
            answer = advance(json, &read, now);
    }
    if (!answer) answer = misuse(json, &why);
    json_free(root);
    arena_destroy(filling.arena);
    text_clean_up(&why);
    return answer;
}

const char *redial_json_told(const struct redial_json *json)
{
    return json->told.ptr && !json->told.failed ? json->told.ptr : "";
}

void redial_json_destroy(struct redial_json *json)
{
    if (!json) return;
    if (json->begun && json->call.state != REDIAL_STATE_FINISHED) {
        struct redial_decision unread;
        redial_call_step(&json->call, &(struct redial_event){.kind = REDIAL_EVENT_CANCEL},
                         json->now, &unread);
    }
    if (json->begun) redial_policy_release(json->call.policy);
    story_destroy(json->story);
    arena_destroy(json->arena);
    text_clean_up(&json->why);
    text_clean_up(&json->answer);
    text_clean_up(&json->told);
    free(json);
}
