#include "story/probe.h"

#include <inttypes.h>
#include <stdlib.h>

#define ALTERNATIVES_MAX 16u /* of one condition: a list of more is asked about its first ones */
#define EVERY_PLATFORM   ((1u << PLATFORM_KIND_COUNT) - 1)

/* ---- One probe ---- */

static struct probe *probe_new(struct probes *probes, uint32_t platforms)
{
    struct probe *probe = ARENA_NEW(probes->arena, struct probe);
    if (!probe) {
        probes->failed = true;
        return NULL;
    }
    probe->platforms = platforms;
    return probe;
}

static void add_word(struct text *out, struct redial_str word)
{
    if (word.len == 0) return;
    if (out->len > 0) text_append_char(out, ' ');
    text_append(out, word);
}

static void say_broken(const struct redial_event *event, struct text *out)
{
    text_printf(out, "%s (%s)", cause_names.rows[event->cause].word,
                phase_names.rows[event->phase].word);
    add_word(out, event->message);
}

static void say_reply(const struct redial_event *event, struct text *out)
{
    if (event->kind == REDIAL_EVENT_STREAM_ERROR)
        add_word(out, REDIAL_STR("in a stream:"));
    else
        text_printf(out, "%u", event->status);
    for (size_t i = 0; i < REDIAL_TEXT_COUNT; i++) add_word(out, event->text[i]);
    add_word(out, event->message);
    for (uint32_t i = 0; i < event->header_count; i++)
        text_printf(out, " %.*s: %.*s", REDIAL_STR_ARG(event->headers[i].name),
                    REDIAL_STR_ARG(event->headers[i].value));
}

static bool is_known(const struct probes *probes, const struct probe *probe)
{
    for (size_t i = 0; i < probes->count; i++)
        if (probes->list[i]->platforms == probe->platforms &&
            str_eq(probes->list[i]->says, probe->says))
            return true;
    return false;
}

static bool has_room(struct probes *probes)
{
    if (probes->count < probes->capacity) return true;
    size_t capacity = probes->capacity > 0 ? 2 * probes->capacity : 64;
    struct probe **list = realloc(probes->list, capacity * sizeof *list);
    if (!list) return false;
    probes->list = list;
    probes->capacity = capacity;
    return true;
}

/* What a person did not say is as usual: a reply with a status, or a connection that broke while it
 * waited for one. */
static void complete(struct redial_event *event)
{
    event->kind = REDIAL_EVENT_REPLY;
    event->complete = true;
    if (event->cause != REDIAL_CAUSE_NONE) {
        event->kind = REDIAL_EVENT_BROKEN;
        if (event->phase == REDIAL_PHASE_NONE) event->phase = REDIAL_PHASE_WAIT;
        return;
    }
    bool in_stream = event->text[REDIAL_TEXT_STREAM_ERROR].len > 0;
    if (in_stream) event->kind = REDIAL_EVENT_STREAM_ERROR;
    if (event->status == 0)
        event->status = in_stream || event->text[REDIAL_TEXT_STOP_REASON].len > 0 ? 200 : 400;
}

/* The probe is whole: takes it into the list unless the same is there. */
static void keep(struct probes *probes, struct probe *probe)
{
    struct redial_event *event = &probe->facts.event;
    struct text says = TEXT_INIT;
    event->headers = event->header_count > 0 ? probe->facts.headers : NULL;
    complete(event);
    if (event->kind == REDIAL_EVENT_BROKEN)
        say_broken(event, &says);
    else
        say_reply(event, &says);
    if (says.failed || !arena_copy(probes->arena, text_str(&says), &probe->says) ||
        !has_room(probes))
        probes->failed = true;
    else if (probes->count < PROBES_MAX && !is_known(probes, probe))
        probes->list[probes->count++] = probe;
    text_clean_up(&says);
}

/* ---- From a condition ---- */

static void set_header(struct probe *probe, struct redial_str name, struct redial_str value)
{
    struct redial_event *event = &probe->facts.event;
    if (event->header_count == EXPLAIN_HEADERS_MAX) return;
    probe->facts.headers[event->header_count++] = (struct redial_header){name, value};
}

/* A text that a glob matches: without its stars, with a letter for each '?'. */
static struct redial_str text_of_glob(struct probes *probes, struct redial_str pattern)
{
    struct text text = TEXT_INIT;
    struct redial_str copy = {"", 0};
    for (size_t i = 0; i < pattern.len; i++) {
        char c = pattern.ptr[i];
        if (c == '\\' && i + 1 < pattern.len)
            text_append_char(&text, pattern.ptr[++i]);
        else if (c == '?')
            text_append_char(&text, 'x');
        else if (c != '*')
            text_append_char(&text, c);
    }
    if (text.failed || !arena_copy(probes->arena, text_str(&text), &copy)) probes->failed = true;
    text_clean_up(&text);
    return copy;
}

static void meet_value(struct probe *probe, const struct condition *condition, size_t pick)
{
    static const int texts[FACT_KEYS] = {
        [FACT_ERROR] = 1 + REDIAL_TEXT_ERROR,
        [FACT_ERROR_CODE] = 1 + REDIAL_TEXT_ERROR_CODE,
        [FACT_STREAM_ERROR] = 1 + REDIAL_TEXT_STREAM_ERROR,
        [FACT_STOP_REASON] = 1 + REDIAL_TEXT_STOP_REASON,
    };
    static const int8_t should_retry[] = {0, 1, -1};
    struct redial_event *event = &probe->facts.event;
    uint32_t value = condition->values[pick % condition->count];
    if (condition->fact == FACT_STATUS) event->status = (uint16_t)value;
    if (condition->fact == FACT_CAUSE) event->cause = (uint8_t)value;
    if (condition->fact == FACT_PHASE) event->phase = (uint8_t)value;
    if (condition->fact == FACT_SHOULD_RETRY && value < REDIAL_COUNT_OF(should_retry))
        event->should_retry = should_retry[value];
    if (condition->fact < FACT_KEYS && texts[condition->fact] > 0)
        event->text[texts[condition->fact] - 1] = condition->words[pick % condition->count];
}

static void meet_glob(struct probes *probes, struct probe *probe, const struct condition *condition,
                      size_t pick)
{
    struct redial_str pattern = condition->globs[pick % condition->count].pattern;
    struct redial_str text = text_of_glob(probes, pattern);
    if (condition->fact == FACT_MESSAGE) probe->facts.event.message = text;
    if (condition->fact == FACT_HEADER) set_header(probe, condition->header, text);
}

/* Makes the event one that the condition matches, by its pick-th alternative. What an event cannot
 * say (the attempt, the query, a `not`) is left alone. */
static void meet(struct probes *probes, struct probe *probe, const struct condition *condition,
                 size_t pick)
{
    if (condition->kind == CONDITION_ALL)
        for (size_t i = 0; i < condition->count; i++)
            meet(probes, probe, condition->children[i], pick);
    if (condition->kind == CONDITION_ANY)
        meet(probes, probe, condition->children[pick % condition->count], pick);
    if (condition->kind == CONDITION_ONE_OF && condition->count > 0)
        meet_value(probe, condition, pick);
    if (condition->kind == CONDITION_RANGE && condition->fact == FACT_STATUS)
        probe->facts.event.status = (uint16_t)condition->range.low;
    if (condition->kind == CONDITION_GLOB && condition->count > 0)
        meet_glob(probes, probe, condition, pick);
}

static size_t alternatives(const struct condition *condition)
{
    size_t most = condition->kind == CONDITION_ANY || condition->kind == CONDITION_ONE_OF ||
                          condition->kind == CONDITION_GLOB
                      ? condition->count
                      : 1;
    bool has_children = condition->kind == CONDITION_ALL || condition->kind == CONDITION_ANY;
    for (size_t i = 0; has_children && i < condition->count; i++) {
        size_t inner = alternatives(condition->children[i]);
        if (inner > most) most = inner;
    }
    return most < ALTERNATIVES_MAX ? most : ALTERNATIVES_MAX;
}

static void add_condition(struct probes *probes, const struct condition *condition,
                          uint32_t platforms)
{
    for (size_t pick = 0; pick < alternatives(condition) && probes->count < PROBES_MAX; pick++) {
        struct probe *probe = probe_new(probes, platforms);
        if (!probe) return;
        meet(probes, probe, condition, pick);
        keep(probes, probe);
    }
}

static void add_table(struct probes *probes, const struct classify_table *table, uint32_t platforms)
{
    for (size_t i = 0; i < table->count; i++) add_condition(probes, table->rows[i].when, platforms);
}

/* ---- The usual ---- */

static void add_usual(struct probes *probes)
{
    static const struct {
        uint16_t status;
        int8_t should_retry;
        const char *header, *value;
    } usual[] = {
        {400, 0, NULL, NULL},
        {401, 0, NULL, NULL},
        {403, 0, NULL, NULL},
        {404, 0, NULL, NULL},
        {408, 0, NULL, NULL},
        {409, 0, NULL, NULL},
        {413, 0, NULL, NULL},
        {422, 0, NULL, NULL},
        {429, 0, NULL, NULL},
        {429, 0, "retry-after", "20"},
        {429, -1, "x-should-retry", "false"},
        {500, 0, NULL, NULL},
        {502, 0, NULL, NULL},
        {503, 0, NULL, NULL},
        {503, 0, "retry-after", "20"},
        {504, 0, NULL, NULL},
        {529, 0, NULL, NULL},
        {529, 0, "retry-after", "20"},
    };
    for (size_t i = 0; i < REDIAL_COUNT_OF(usual); i++) {
        struct probe *probe = probe_new(probes, EVERY_PLATFORM);
        if (!probe) return;
        probe->facts.event.status = usual[i].status;
        probe->facts.event.should_retry = usual[i].should_retry;
        if (usual[i].header) set_header(probe, str_of(usual[i].header), str_of(usual[i].value));
        keep(probes, probe);
    }
    for (int cause = REDIAL_CAUSE_NONE + 1; cause < REDIAL_CAUSE_COUNT; cause++) {
        struct probe *probe = probe_new(probes, EVERY_PLATFORM);
        if (!probe) return;
        probe->facts.event.cause = (uint8_t)cause;
        keep(probes, probe);
    }
}

/* ---- Hints ---- */

/* A header that the policy reads as a span of time, saying `ns`; empty when it reads none. */
static struct redial_header hint_that_says(struct probes *probes,
                                           const struct redial_policy *policy,
                                           const struct hint_policy *hint, int64_t ns)
{
    struct redial_header header = {0};
    for (size_t i = 0; i < hint->count && header.name.len == 0; i++) {
        const struct hint_header *read = &policy->hint_headers[hint->from[i]];
        int64_t unit = read->unit == HINT_SECONDS_OR_DATE ? NS_PER_SECOND
                       : read->unit == HINT_MILLISECONDS  ? NS_PER_MS
                                                          : 0;
        if (unit == 0) continue;
        header.name = read->name;
        if (!arena_printf(probes->arena, &header.value, "%" PRId64, ns / unit))
            probes->failed = true;
    }
    return header;
}

/* What lies just above a bound shows where the bound is. */
static void add_hints(struct probes *probes, const struct redial_policy *policy)
{
    static const uint16_t statuses[] = {429, 503, 529};
    for (size_t i = 0; i < policy->backoff_count; i++) {
        const struct hint_policy *hint = &policy->backoffs[i].hint;
        struct redial_header header =
            hint_that_says(probes, policy, hint, duration_add(hint->max, NS_PER_SECOND));
        for (size_t k = 0; header.name.len > 0 && k < REDIAL_COUNT_OF(statuses); k++) {
            struct probe *probe = probe_new(probes, EVERY_PLATFORM);
            if (!probe) return;
            probe->facts.event.status = statuses[k];
            set_header(probe, header.name, header.value);
            keep(probes, probe);
        }
    }
}

/* ---- All of it ---- */

void probes_begin(struct probes *probes)
{
    *probes = (struct probes){.arena = arena_new()};
    probes->failed = !probes->arena;
    if (!probes->failed) add_usual(probes);
}

void probes_add(struct probes *probes, const struct redial_policy *policy)
{
    if (probes->failed) return;
    for (size_t i = 0; i < policy->platform_count; i++)
        add_table(probes, &policy->platforms[i].classify, 1u << policy->platforms[i].kind);
    add_table(probes, &policy->transport, EVERY_PLATFORM);
    add_hints(probes, policy);
    for (size_t i = 0; i < policy->rule_count; i++)
        add_condition(probes, policy->variants[VARIANT_PLAIN].rules[i].when, EVERY_PLATFORM);
}

void probes_end(struct probes *probes)
{
    free(probes->list);
    arena_destroy(probes->arena);
}
