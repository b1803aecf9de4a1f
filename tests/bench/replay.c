#include "tests/bench/bench.h"
void bench_replay(void)
{
}
