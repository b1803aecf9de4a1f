/* The list of what is wrong. It owns everything it shows, sources included: the arena of a policy
 * that failed to load is gone by the time its errors are printed. How they look is in
 * diag_render.c. */
#include "base/diag.h"

#include <stdlib.h>
#include <string.h>

struct known_source {
    struct source source;
    struct known_source *next;
};

struct diag_list {
    struct arena *arena;
    struct diag *first, *last;
    struct known_source *sources;
    size_t kept, errors, warnings;
    bool out_of_memory;
};

struct span span_whole(const struct source *source)
{
    return (struct span){.source = source};
}

static bool is_utf8_tail(char c)
{
    return ((unsigned char)c & 0xc0) == 0x80;
}

struct span span_of(const struct source *source, size_t begin, size_t end)
{
    struct redial_str text = source->text;
    if (end > text.len) end = text.len;
    if (begin > end) begin = end;
    struct span span = {source, 1, 1, 0, (uint32_t)begin, (uint32_t)end};
    size_t at = str_starts_with(text, REDIAL_STR("\xef\xbb\xbf")) ? 3 : 0;
    for (; at < begin; at++) {
        span.column += !is_utf8_tail(text.ptr[at]);
        if (text.ptr[at] != '\n') continue;
        span.line++;
        span.column = 1;
    }
    for (; at < end; at++) span.length += !is_utf8_tail(text.ptr[at]);
    if (span.length == 0) span.length = 1;
    return span;
}

struct diag_list *diag_list_new(void)
{
    struct diag_list *list = calloc(1, sizeof *list);
    struct arena *arena = arena_new();
    if (!list || !arena) {
        free(list);
        arena_destroy(arena);
        return NULL;
    }
    list->arena = arena;
    return list;
}

void diag_list_destroy(struct diag_list *list)
{
    if (!list) return;
    arena_destroy(list->arena);
    free(list);
}

/* Our copy of a source; NULL when memory is out. */
static const struct source *keep_source(struct diag_list *list, const struct source *source)
{
    for (struct known_source *known = list->sources; known; known = known->next)
        if (&known->source == source ||
            (str_eq(known->source.path, source->path) && str_eq(known->source.text, source->text)))
            return &known->source;
    struct known_source *known = ARENA_NEW(list->arena, struct known_source);
    if (!known || !arena_copy(list->arena, source->path, &known->source.path) ||
        !arena_copy(list->arena, source->text, &known->source.text))
        return NULL;
    known->next = list->sources;
    list->sources = known;
    return &known->source;
}

static struct diag *diag_make(struct diag_list *list, struct span span, const char *format,
                              va_list arguments) REDIAL_PRINTF(3, 0);

static struct diag *diag_make(struct diag_list *list, struct span span, const char *format,
                              va_list arguments)
{
    struct diag *diag = ARENA_NEW(list->arena, struct diag);
    if (!diag || !arena_vprintf(list->arena, &diag->message, format, arguments)) goto fail;
    diag->span = span;
    if (span.source && !(diag->span.source = keep_source(list, span.source))) goto fail;
    return diag;
fail:
    list->out_of_memory = true;
    return NULL;
}

static bool is_before(const struct span *a, const struct span *b)
{
    return a->line != b->line ? a->line < b->line : a->column < b->column;
}

/* Where `diag` goes: behind the last of its source that is not after it. Most come in order, at the
 * end. */
static void diag_insert(struct diag_list *list, struct diag *diag)
{
    struct diag **at = &list->first;
    bool append = !list->last || (list->last->span.source == diag->span.source &&
                                  !is_before(&diag->span, &list->last->span));
    if (append && list->last) at = &list->last->next;
    while (*at && (*at)->span.source != diag->span.source) at = &(*at)->next;
    while (*at && (*at)->span.source == diag->span.source && !is_before(&diag->span, &(*at)->span))
        at = &(*at)->next;
    diag->next = *at;
    *at = diag;
    if (!diag->next) list->last = diag;
}

static struct diag *diag_add(struct diag_list *list, struct diag head, const char *format,
                             va_list arguments) REDIAL_PRINTF(3, 0);

static struct diag *diag_add(struct diag_list *list, struct diag head, const char *format,
                             va_list arguments)
{
    if (list->kept == DIAG_KEPT_MAX) return NULL;
    struct diag *diag = diag_make(list, head.span, format, arguments);
    if (!diag) return NULL;
    diag->severity = head.severity;
    diag->code = head.code;
    diag_insert(list, diag);
    list->kept++;
    return diag;
}

struct diag *diag_error(struct diag_list *list, const char *code, struct span span,
                        const char *format, ...)
{
    if (!list) return NULL;
    list->errors++;
    va_list arguments;
    va_start(arguments, format);
    struct diag head = {.severity = SEVERITY_ERROR, .code = code, .span = span};
    struct diag *diag = diag_add(list, head, format, arguments);
    va_end(arguments);
    return diag;
}

struct diag *diag_warning(struct diag_list *list, const char *code, struct span span,
                          const char *format, ...)
{
    if (!list) return NULL;
    list->warnings++;
    va_list arguments;
    va_start(arguments, format);
    struct diag head = {.severity = SEVERITY_WARNING, .code = code, .span = span};
    struct diag *diag = diag_add(list, head, format, arguments);
    va_end(arguments);
    return diag;
}

void diag_cure(struct diag_list *list, struct diag *diag, const char *format, ...)
{
    if (!list || !diag) return;
    va_list arguments;
    va_start(arguments, format);
    if (!arena_vprintf(list->arena, &diag->cure, format, arguments)) list->out_of_memory = true;
    va_end(arguments);
}

void diag_note(struct diag_list *list, struct diag *diag, struct span span, const char *format, ...)
{
    if (!list || !diag) return;
    va_list arguments;
    va_start(arguments, format);
    struct diag *note = diag_make(list, span, format, arguments);
    va_end(arguments);
    if (!note) return;
    note->severity = SEVERITY_NOTE;
    struct diag **end = &diag->notes;
    while (*end) end = &(*end)->next;
    *end = note;
}

void diag_out_of_memory(struct diag_list *list)
{
    if (list) list->out_of_memory = true;
}

size_t diag_errors(const struct diag_list *list)
{
    return list ? list->errors + list->out_of_memory : 0;
}

size_t diag_warnings(const struct diag_list *list)
{
    return list ? list->warnings : 0;
}

bool diag_out_of_memory_seen(const struct diag_list *list)
{
    return list && list->out_of_memory;
}

const struct diag *diag_first(const struct diag_list *list)
{
    return list ? list->first : NULL;
}
