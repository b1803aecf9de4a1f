#include <criterion/criterion.h>

#include "base/random.h"
#include "simulator/run/connections.h"
#include "simulator/run/queue.h"

Test(queue, what_comes_first_in_time_comes_out_first)
{
    struct queue queue = {0};
    struct queue_entry entry;
    uint64_t random = 7;
    int64_t last = -1;
    for (int i = 0; i < 1000; i++)
        cr_assert(
            queue_push(&queue, (struct queue_entry){.at = (int64_t)(random_next(&random) % 300)}));
    for (int i = 0; i < 1000; i++) {
        cr_assert(queue_pop(&queue, &entry));
        cr_assert_geq(entry.at, last);
        last = entry.at;
    }
    cr_assert_not(queue_pop(&queue, &entry));
    queue_clean_up(&queue);
}

Test(queue, what_is_due_together_comes_out_in_the_order_of_entry)
{
    struct queue queue = {0};
    struct queue_entry entry;
    for (uint32_t i = 0; i < 100; i++)
        cr_assert(queue_push(&queue, (struct queue_entry){.at = i % 3, .subject = i}));
    for (uint32_t at = 0; at < 3; at++)
        for (uint32_t subject = at; subject < 100; subject += 3) {
            cr_assert(queue_pop(&queue, &entry));
            cr_assert_eq(entry.at, at);
            cr_assert_eq(entry.subject, subject);
        }
    queue_clean_up(&queue);
}

Test(connections, a_request_takes_the_idle_connection_that_was_made_first)
{
    struct connections connections = {0};
    int64_t since = 0;
    bool reused = true;
    for (uint32_t i = 0; i < 20; i++) {
        cr_assert_eq(connections_take(&connections, false, &reused, &since), i);
        cr_assert_not(reused, "none is idle yet");
    }
    for (uint32_t i = 0; i < 20; i++)
        cr_assert(connections_give(&connections, i * 7 % 20, 100 + i * 7 % 20));
    for (uint32_t i = 0; i < 20; i++) {
        cr_assert_eq(connections_take(&connections, false, &reused, &since), i);
        cr_assert(reused);
        cr_assert_eq(since, 100 + i);
    }
    connections_clean_up(&connections);
}

Test(connections, a_fresh_one_leaves_the_idle_ones_alone)
{
    struct connections connections = {0};
    int64_t since = 0;
    bool reused;
    uint32_t first = connections_take(&connections, false, &reused, &since);
    cr_assert(connections_give(&connections, first, 5));
    cr_assert_neq(connections_take(&connections, true, &reused, &since), first);
    cr_assert_not(reused);
    cr_assert_eq(connections_take(&connections, false, &reused, &since), first);
    cr_assert_eq(since, 5);
    connections_clean_up(&connections);
}
