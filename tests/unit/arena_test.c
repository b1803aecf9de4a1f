#include "base/arena.h"

#include <criterion/criterion.h>
#include <stdalign.h>
#include <string.h>

#include "tests/support/failing_memory.h"

Test(arena, memory_is_zeroed_and_aligned)
{
    struct arena *arena = arena_new();
    struct redial_str copy;
    cr_assert(arena_copy(arena, REDIAL_STR("abc"), &copy)); /* leaves an odd place behind */
    for (size_t size = 1; size < 20000; size = size * 3 + 1) {
        unsigned char *bytes = arena_alloc(arena, 1, size);
        cr_assert_not_null(bytes);
        cr_expect_eq((uintptr_t)bytes % alignof(max_align_t), 0);
        for (size_t i = 0; i < size; i++) cr_assert_eq(bytes[i], 0);
        memset(bytes, 0xaa, size);
    }
    arena_destroy(arena);
}

Test(arena, blocks_do_not_overlap)
{
    struct arena *arena = arena_new();
    unsigned *numbers[2000];
    for (unsigned i = 0; i < 2000; i++) {
        numbers[i] = ARENA_ARRAY(arena, unsigned, 1 + i % 300);
        cr_assert_not_null(numbers[i]);
        for (unsigned j = 0; j < 1 + i % 300; j++) numbers[i][j] = i;
    }
    for (unsigned i = 0; i < 2000; i++)
        for (unsigned j = 0; j < 1 + i % 300; j++) cr_assert_eq(numbers[i][j], i);
    arena_destroy(arena);
}

Test(arena, a_size_of_zero_gives_a_pointer)
{
    struct arena *arena = arena_new();
    cr_expect_not_null(arena_alloc(arena, 0, 8));
    cr_expect_not_null(arena_alloc(arena, 8, 0));
    arena_destroy(arena);
}

Test(arena, a_product_that_overflows_is_no_memory)
{
    struct arena *arena = arena_new();
    cr_expect_null(arena_alloc(arena, SIZE_MAX / 2, 3));
    cr_expect_null(arena_alloc(arena, SIZE_MAX, 1));
    cr_expect_null(arena_alloc(arena, SIZE_MAX - 8, 1));
    arena_destroy(arena);
}

Test(arena, a_copy_ends_in_nul_and_is_a_copy)
{
    struct arena *arena = arena_new();
    char text[] = "abc";
    struct redial_str copy = {0}, empty = {0};
    cr_assert(arena_copy(arena, (struct redial_str){text, 2}, &copy));
    text[0] = 'x';
    cr_expect_str_eq(copy.ptr, "ab");
    cr_assert(arena_copy(arena, (struct redial_str){0}, &empty));
    cr_expect_str_eq(empty.ptr, "");
    arena_destroy(arena);
}

Test(arena, printf_writes_any_length)
{
    struct arena *arena = arena_new();
    struct redial_str text = {0};
    cr_assert(arena_printf(arena, &text, "%05000d", 42));
    cr_expect_eq(text.len, 5000);
    cr_expect(str_ends_with(text, REDIAL_STR("0042")));
    arena_destroy(arena);
}

Test(arena, its_size_grows_with_what_is_taken)
{
    struct arena *arena = arena_new();
    size_t before = arena_size(arena);
    cr_assert_not_null(arena_alloc(arena, 100, 1000));
    cr_expect_geq(arena_size(arena), before + 100000);
    cr_expect_lt(arena_size(arena), before + 200000);
    arena_destroy(arena);
}

Test(arena, destroying_none_is_fine)
{
    arena_destroy(NULL);
}

Test(arena, survives_every_failed_allocation)
{
    bool failed = true;
    for (size_t nth = 1; failed; nth++) {
        failing_memory_begin(nth);
        struct arena *arena = arena_new();
        struct redial_str text = {0};
        if (arena) {
            bool done = arena_alloc(arena, 1, 100) && arena_alloc(arena, 10, 10000) &&
                        arena_copy(arena, REDIAL_STR("abc"), &text) &&
                        arena_printf(arena, &text, "%09000d", 1);
            cr_expect_eq(done, nth > 4, "allocation %zu", nth);
        }
        arena_destroy(arena);
        failed = failing_memory_end();
        cr_expect_eq(failing_memory_live(), 0, "allocation %zu leaks", nth);
    }
}

Test(arena, is_as_new_when_it_was_cleared)
{
    struct arena *arena = arena_new();
    size_t after_one;

    for (int round = 0; round < 3; round++) {
        char *small = arena_alloc(arena, 100, 1), *large = arena_alloc(arena, 100000, 1);
        cr_assert(small && large);
        for (int i = 0; i < 100; i++) cr_assert_eq(small[i], 0);
        memset(small, 1, 100);
        memset(large, 1, 100000);
        arena_clear(arena);
        if (round == 0) after_one = arena_size(arena);
        cr_expect_eq(arena_size(arena), after_one, "it does not grow");
        cr_expect_lt(arena_size(arena), 10000);
    }
    arena_clear(arena);
    arena_destroy(arena);
}
