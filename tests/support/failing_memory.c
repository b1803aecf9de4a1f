#include "tests/support/failing_memory.h"

#include <stdlib.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *block, size_t size);
void __real_free(void *block);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *block, size_t size);
void __wrap_free(void *block);

static struct {
    size_t left; /* until one fails; 0: none will */
    bool failed;
    long live;
} memory;

static bool fails(void)
{
    if (memory.left == 0 || --memory.left > 0) return false;
    memory.failed = true;
    return true;
}

static void *counted(void *block)
{
    memory.live += block != NULL;
    return block;
}

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : counted(__real_malloc(size));
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails() ? NULL : counted(__real_calloc(count, size));
}

void *__wrap_realloc(void *block, size_t size)
{
    if (fails()) return NULL;
    void *moved = __real_realloc(block, size);
    memory.live += !block && moved;
    return moved;
}

void __wrap_free(void *block)
{
    memory.live -= block != NULL;
    __real_free(block);
}

void failing_memory_begin(size_t nth)
{
    memory.left = nth;
    memory.failed = false;
    memory.live = 0;
}

bool failing_memory_end(void)
{
    memory.left = 0;
    return memory.failed;
}

long failing_memory_live(void)
{
    return memory.live;
}
