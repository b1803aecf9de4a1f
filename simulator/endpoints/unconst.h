/* For what others take as theirs to change and leave as it is, and for what this module made itself
 * and handed out as constant. */
#ifndef REDIAL_SIMULATOR_UNCONST_H
#define REDIAL_SIMULATOR_UNCONST_H

static inline void *unconst(const void *pointer)
{
    union {
        const void *in;
        void *out;
    } both = {pointer};

    return both.out;
}

#endif
