#include "cli/interrupt.h"

volatile sig_atomic_t interrupted;

static void interrupt(int signal_number)
{
    interrupted = signal_number;
}

void interrupts_catch(bool every)
{
    struct sigaction action = {.sa_handler = interrupt, .sa_flags = every ? 0 : (int)SA_RESETHAND};

    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}
