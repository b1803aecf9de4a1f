/* Makes one allocation of our objects fail (the linker wraps malloc, calloc, realloc and free), so
 * that a test can walk through all of them. What libraries allocate for themselves is not touched.
 */
#ifndef REDIAL_TESTS_FAILING_MEMORY_H
#define REDIAL_TESTS_FAILING_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

void failing_memory_begin(size_t nth); /* the nth allocation from here fails, from 1 */
bool failing_memory_end(void);         /* whether it came to that; from here none fails */
/* Blocks taken since the beginning and not given back. */
long failing_memory_live(void);

#endif
