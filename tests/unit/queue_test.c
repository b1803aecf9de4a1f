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

Test(connections, a_request_takes_the_connection_that_was_used_last)
{
    struct connections connections = {0};
    int64_t since = 0;
    cr_assert_not(connections_take(&connections, &since), "none is idle at first");
    for (int64_t i = 1; i <= 20; i++) cr_assert(connections_give(&connections, i));
    for (int64_t i = 20; i >= 1; i--) {
        cr_assert(connections_take(&connections, &since));
        cr_assert_eq(since, i);
    }
    cr_assert_not(connections_take(&connections, &since));
    connections_clean_up(&connections);
}
