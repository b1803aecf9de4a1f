/* States lie in places that are exchanged, one atomic step each: no lock, and no state is ever in
 * two hands. A thread begins to look at a place of its own, so that threads seldom meet. */
#include "hooks/pool.h"

#include <stdlib.h>
#include <string.h>

static size_t own_place(void)
{
    static _Thread_local char of_this_thread;
    return (size_t)((uintptr_t)&of_this_thread >> 12) % POOL_STATES_MAX;
}

struct hook_state *pool_take(struct hooks *hooks)
{
    size_t begin = own_place();
    for (size_t i = 0; i < POOL_STATES_MAX; i++) {
        _Atomic(struct hook_state *) *place = &hooks->states[(begin + i) % POOL_STATES_MAX];
        if (!atomic_load_explicit(place, memory_order_relaxed)) continue;
        struct hook_state *state = atomic_exchange(place, NULL);
        if (state) return state;
    }
    struct hook_trouble trouble;
    return hook_state_new(hooks->policy, &trouble);
}

void pool_give(struct hooks *hooks, struct hook_state *state)
{
    size_t begin = own_place();
    for (size_t i = 0; i < POOL_STATES_MAX; i++) {
        struct hook_state *empty = NULL;
        if (atomic_compare_exchange_strong(&hooks->states[(begin + i) % POOL_STATES_MAX], &empty,
                                           state))
            return;
    }
    hook_state_destroy(state);
}

struct redial_str pool_keep_error(struct hooks *hooks, const char *text)
{
    size_t len = strlen(text);
    struct hook_error *first = atomic_load(&hooks->errors);
    for (struct hook_error *error = first; error; error = error->next)
        if (error->len == len && memcmp(error->text, text, len) == 0)
            return (struct redial_str){error->text, len};
    if (atomic_fetch_add(&hooks->error_count, 1) >= POOL_ERRORS_MAX)
        return REDIAL_STR("a hook went wrong once more, in yet another way");
    struct hook_error *error = malloc(sizeof *error + len + 1);
    if (!error) return REDIAL_STR("a hook went wrong, and memory is out");
    error->len = len;
    memcpy(error->text, text, len + 1);
    error->next = first;
    while (!atomic_compare_exchange_weak(&hooks->errors, &error->next, error)) continue;
    return (struct redial_str){error->text, len};
}

void pool_clean_up(struct hooks *hooks)
{
    for (size_t i = 0; i < POOL_STATES_MAX; i++) hook_state_destroy(atomic_load(&hooks->states[i]));
    struct hook_error *next = NULL;
    for (struct hook_error *error = atomic_load(&hooks->errors); error; error = next) {
        next = error->next;
        free(error);
    }
}
