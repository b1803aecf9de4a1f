#include "base/arena.h"

#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_BYTES_MIN ((size_t)4096)
#define BLOCK_BYTES_MAX ((size_t)256 << 10) /* growth stops here: what is left over stays small */

struct block {
    struct block *next;
    size_t used, size;
    max_align_t data[];
};

struct arena {
    struct block *blocks; /* the first one is being filled */
    size_t block_bytes_next, size;
};

struct arena *arena_new(void)
{
    struct arena *arena = calloc(1, sizeof *arena);
    if (!arena) return NULL;
    arena->block_bytes_next = BLOCK_BYTES_MIN;
    arena->size = sizeof *arena;
    return arena;
}

void arena_destroy(struct arena *arena)
{
    if (!arena) return;
    for (struct block *block = arena->blocks, *next; block; block = next) {
        next = block->next;
        free(block);
    }
    free(arena);
}

/* The last block is the first that was made. */
void arena_clear(struct arena *arena)
{
    struct block *block = arena->blocks, *next;
    arena->block_bytes_next = BLOCK_BYTES_MIN;
    arena->size = sizeof *arena;
    for (; block && (next = block->next); block = next) free(block);
    if (block && block->size > 2 * BLOCK_BYTES_MIN) {
        free(block);
        block = NULL;
    }
    arena->blocks = block;
    if (!block) return;
    memset(block->data, 0, block->used);
    block->used = 0;
    arena->block_bytes_next = 2 * BLOCK_BYTES_MIN;
    arena->size += sizeof *block + block->size;
}

static struct block *block_new(struct arena *arena, size_t size)
{
    if (size > SIZE_MAX - sizeof(struct block)) return NULL;
    struct block *block = calloc(1, sizeof *block + size);
    if (!block) return NULL;
    block->size = size;
    arena->size += sizeof *block + size;
    return block;
}

/* A request that would waste most of a block gets one of its own, behind the one being filled. */
static struct block *block_for(struct arena *arena, size_t bytes)
{
    bool own = bytes > arena->block_bytes_next / 4;
    struct block *block = block_new(arena, own ? bytes : arena->block_bytes_next);
    if (!block) return NULL;
    if (own && arena->blocks) {
        block->next = arena->blocks->next;
        arena->blocks->next = block;
        return block;
    }
    block->next = arena->blocks;
    arena->blocks = block;
    if (arena->block_bytes_next < BLOCK_BYTES_MAX) arena->block_bytes_next *= 2;
    return block;
}

static void *take(struct arena *arena, size_t bytes, size_t alignment)
{
    struct block *block = arena->blocks;
    size_t at = block ? (block->used + alignment - 1) & ~(alignment - 1) : 0;
    if (!block || at > block->size || bytes > block->size - at) {
        block = block_for(arena, bytes);
        if (!block) return NULL;
        at = 0;
    }
    block->used = at + bytes;
    return (char *)block->data + at;
}

void *arena_alloc(struct arena *arena, size_t count, size_t size)
{
    size_t bytes = 0;
    if (__builtin_mul_overflow(count, size, &bytes)) return NULL;
    return take(arena, bytes ? bytes : 1, alignof(max_align_t));
}

bool arena_copy(struct arena *arena, struct redial_str text, struct redial_str *copy)
{
    if (text.len == SIZE_MAX) return false;
    char *ptr = take(arena, text.len + 1, 1);
    if (!ptr) return false;
    if (text.len > 0) memcpy(ptr, text.ptr, text.len);
    *copy = (struct redial_str){ptr, text.len};
    return true;
}

bool arena_printf(struct arena *arena, struct redial_str *out, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    bool done = arena_vprintf(arena, out, format, arguments);
    va_end(arguments);
    return done;
}

bool arena_vprintf(struct arena *arena, struct redial_str *out, const char *format,
                   va_list arguments)
{
    va_list again;
    va_copy(again, arguments);
    int len = vsnprintf(NULL, 0, format, arguments);
    char *ptr = len < 0 ? NULL : take(arena, (size_t)len + 1, 1);
    if (ptr) {
        vsnprintf(ptr, (size_t)len + 1, format, again);
        *out = (struct redial_str){ptr, (size_t)len};
    }
    va_end(again);
    return ptr != NULL;
}

size_t arena_size(const struct arena *arena)
{
    return arena->size;
}
