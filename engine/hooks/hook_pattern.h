/* Lua's patterns, matched with a budget: every step is charged, so a hostile pattern ends the call
 * of the hook and never holds the thread. Private to hooks. */
#ifndef REDIAL_HOOKS_HOOK_PATTERN_H
#define REDIAL_HOOKS_HOOK_PATTERN_H

#include "hooks/state.h"

#define PATTERN_CAPTURES_MAX 32

struct hook_capture {
    const char *begin;
    ptrdiff_t len; /* or one of the two below */
};
#define CAPTURE_UNFINISHED (-1)
#define CAPTURE_POSITION   (-2)

struct hook_pattern {
    lua_State *lua;
    const char *text, *text_end, *end; /* end: of the pattern */
    int depth;
    int level; /* captures, finished or not */
    struct hook_capture captures[PATTERN_CAPTURES_MAX];
};

/* The end of the match that begins at `at`, or NULL; raises an error for a malformed pattern. */
const char *hook_pattern_match(struct hook_pattern *pattern, const char *at, const char *rest);
/* Pushes capture `index`, or the whole match when the pattern has none. */
void hook_pattern_push_capture(struct hook_pattern *pattern, int index, const char *begin,
                               const char *end);
/* Pushes all captures (the whole match when there are none); gives how many. */
int hook_pattern_push_captures(struct hook_pattern *pattern, const char *begin, const char *end);

#endif
