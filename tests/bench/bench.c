#include "tests/bench/bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static bool all_met = true;
static size_t allocations;

/* Counted by standing in front of the C library's allocator; libraries are counted too. */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *block, size_t size);

void *malloc(size_t size)
{
    allocations++;
    return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    allocations++;
    return __libc_calloc(count, size);
}

void *realloc(void *block, size_t size)
{
    allocations++;
    return __libc_realloc(block, size);
}

size_t bench_allocations(void)
{
    return allocations;
}

int64_t bench_now(bool wall)
{
    struct timespec now;
    clock_gettime(wall ? CLOCK_MONOTONIC : CLOCK_PROCESS_CPUTIME_ID, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double bench_median(bool wall, void (*pass)(void *context), void *context, size_t operations,
                    size_t passes)
{
    double *results = malloc(passes * sizeof *results);
    if (!results) abort();
    pass(context);
    for (size_t i = 0; i < passes; i++) {
        int64_t began = bench_now(wall);
        pass(context);
        results[i] = (double)(bench_now(wall) - began) / (double)operations;
    }
    qsort(results, passes, sizeof *results, by_value);
    double median = results[passes / 2];
    free(results);
    return median;
}

void bench_report(const char *name, double value, const char *unit, double goal, bool at_least,
                  const char *method)
{
    bool met = at_least ? value >= goal : value <= goal;
    all_met = all_met && met;
    printf("%-46s %12.2f %-11s goal %s %.6g: %s\n    %s\n", name, value, unit,
           at_least ? ">=" : "<=", goal, met ? "met" : "MISSED", method);
    fflush(stdout);
}

bool bench_all_met(void)
{
    return all_met;
}

int main(int argc, char *argv[])
{
    if (bench_calls_child(argc, argv)) return 0;
    bench_decision();
    bench_guards();
    bench_hook();
    bench_load();
    bench_replay();
    bench_calls();
    bench_streams();
    bench_sign();
    printf("%s\n", bench_all_met() ? "all figures are met" : "a figure is missed");
    return bench_all_met() ? 0 : 1;
}
