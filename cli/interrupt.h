/* Ctrl-C and SIGTERM: noted, so that the work under way can be ended and reported. */
#ifndef REDIAL_CLI_INTERRUPT_H
#define REDIAL_CLI_INTERRUPT_H

#include <signal.h>
#include <stdbool.h>

/* A signal handler can reach nothing but a global. The signal that came; 0 none. */
extern volatile sig_atomic_t interrupted;

/* From now on the first is noted. A second one, the handler being gone, ends the process at once,
 * unless `every` one is to be noted: where something must not be left running. */
void interrupts_catch(bool every);

#endif
