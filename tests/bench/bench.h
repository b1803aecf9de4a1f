/* Benchmarks: each row names a figure of the design, measures it, and prints its method. */
#ifndef REDIAL_BENCH_H
#define REDIAL_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ns: of the wall, or what this process has used of a core, which a busy machine does not move. */
int64_t bench_now(bool wall);
/* Runs `pass` (which does `operations` operations) `passes` times after one warm-up and gives the
 * median of ns per operation; the machine's noise moves the mean, not the median. */
double bench_median(bool wall, void (*pass)(void *context), void *context, size_t operations,
                    size_t passes);
size_t bench_allocations(
    void); /* malloc, calloc, realloc and aligned_alloc calls of the process so far */
/* Prints one row: name, value, unit, the goal and whether it is met, and the method on a second
 * line. */
void bench_report(const char *name, double value, const char *unit, double goal, bool at_least,
                  const char *method);
bool bench_all_met(void);

void bench_calls(void);
/* What a process of its own does for a figure; false: the command line asks for no such thing. */
bool bench_calls_child(int argc, char *const argv[]);
void bench_decision(void);
void bench_guards(void);
void bench_hook(void);
void bench_load(void);
void bench_replay(void);
void bench_streams(void);
void bench_sign(void);

#endif
