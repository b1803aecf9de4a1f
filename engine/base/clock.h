/* The machine's clocks, for those who wait and measure. Nothing that decides reads one: an instant
 * comes to it as an argument, so that the same call runs live and on a virtual clock. */
#ifndef REDIAL_BASE_CLOCK_H
#define REDIAL_BASE_CLOCK_H

#include <stdint.h>

int64_t clock_steady(void); /* ns, never goes back */
int64_t clock_wall(void);   /* ns since the Unix epoch, as the system believes now */

#endif
