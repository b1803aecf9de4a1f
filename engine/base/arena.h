/* An arena: blocks that grow, freed all at once. What is built for one policy or one scenario lives
 * in one arena, so there is one thing to undo. */
#ifndef REDIAL_BASE_ARENA_H
#define REDIAL_BASE_ARENA_H

#include "base/str.h"

struct arena;

struct arena *arena_new(void);           /* NULL when memory is out */
void arena_destroy(struct arena *arena); /* NULL is fine */
void arena_clear(struct arena *arena);   /* as new, but for one block that it keeps */
/* Zeroed memory, aligned for any type; NULL when memory is out or count × size overflows. A size of
 * 0 gives a valid pointer. */
void *arena_alloc(struct arena *arena, size_t count, size_t size) REDIAL_MUST_USE;
#define ARENA_NEW(arena, type)          ((type *)arena_alloc((arena), 1, sizeof(type)))
#define ARENA_ARRAY(arena, type, count) ((type *)arena_alloc((arena), (count), sizeof(type)))
/* Copies into the arena, with a NUL behind. False when memory is out. */
bool arena_copy(struct arena *arena, struct redial_str text,
                struct redial_str *copy) REDIAL_MUST_USE;
bool arena_printf(struct arena *arena, struct redial_str *out, const char *format,
                  ...) REDIAL_MUST_USE REDIAL_PRINTF(3, 4);
bool arena_vprintf(struct arena *arena, struct redial_str *out, const char *format,
                   va_list arguments) REDIAL_MUST_USE REDIAL_PRINTF(3, 0);
size_t arena_size(const struct arena *arena); /* bytes taken from the system */

#endif
