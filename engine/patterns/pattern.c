#include "patterns/pattern.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdalign.h>

/* PCRE2 asks its caller for memory: a compiled pattern takes the arena's and gives none back. */
static void *take_from_arena(size_t size, void *arena)
{
    return arena_alloc(arena, 1, size);
}

static void keep(void *memory, void *owner)
{
    (void)memory;
    (void)owner;
}

static const struct pattern *compile(pcre2_general_context *general, struct redial_str text,
                                     unsigned flags, struct pattern_error *error)
{
    int number = 0;
    PCRE2_SIZE at = 0;
    pcre2_compile_context *context = pcre2_compile_context_create(general);
    if (!context) return NULL;
    uint32_t options = PCRE2_NEVER_BACKSLASH_C | PCRE2_NO_UTF_CHECK;
    if (flags & PATTERN_NOCASE) options |= PCRE2_CASELESS;
    pcre2_code *code =
        pcre2_compile((PCRE2_SPTR)text.ptr, text.len, options, &number, &at, context);
    if (code) return (const struct pattern *)(const void *)code;
    error->out_of_memory = number == PCRE2_ERROR_HEAP_FAILED;
    error->at = at;
    pcre2_get_error_message(number, (PCRE2_UCHAR *)error->message, sizeof error->message);
    return NULL;
}

const struct pattern *pattern_compile(struct arena *arena, struct redial_str text, unsigned flags,
                                      struct pattern_error *error)
{
    *error = (struct pattern_error){.out_of_memory = true};
    pcre2_general_context *general = pcre2_general_context_create(take_from_arena, keep, arena);
    return general ? compile(general, text, flags, error) : NULL;
}

/* What one match works in: a stretch of the caller's stack, given out from its beginning. */
struct workspace {
    alignas(max_align_t) unsigned char bytes[PATTERN_STACK];
    size_t used;
};

static void *take_from_workspace(size_t size, void *owner)
{
    struct workspace *workspace = owner;
    size = (size + alignof(max_align_t) - 1) / alignof(max_align_t) * alignof(max_align_t);
    if (size > sizeof workspace->bytes - workspace->used) return NULL;
    void *memory = &workspace->bytes[workspace->used];
    workspace->used += size;
    return memory;
}

bool pattern_matches(const struct pattern *pattern, struct redial_str subject)
{
    struct workspace workspace;
    workspace.used = 0;
    pcre2_general_context *general =
        pcre2_general_context_create(take_from_workspace, keep, &workspace);
    pcre2_match_context *context = general ? pcre2_match_context_create(general) : NULL;
    pcre2_match_data *data = context ? pcre2_match_data_create(1, general) : NULL;
    if (!data) return false;
    pcre2_set_match_limit(context, PATTERN_STEPS_MAX);
    const pcre2_code *code = (const pcre2_code *)(const void *)pattern;
    const char *text = subject.len > 0 ? subject.ptr : "";
    return pcre2_match(code, (PCRE2_SPTR)text, subject.len, 0, 0, data, context) >= 0;
}
