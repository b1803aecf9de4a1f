/* Collects a reply's head from libcurl's header lines. Bounded. */
#ifndef REDIAL_CLIENT_HEAD_H
#define REDIAL_CLIENT_HEAD_H

#include "base/str.h"
#include "redial/event.h"

#define HEAD_HEADERS_MAX 128u /* more is no reply of any platform */
#define HEAD_BYTES_MAX   (256u << 10)

struct head {
    struct text bytes;
    struct redial_header headers[HEAD_HEADERS_MAX]; /* once complete: views of `bytes` */
    size_t count;
    uint16_t status;
    bool complete;
};

void head_clean_up(struct head *head);
/* Takes one line. False when the head is beyond its bounds or memory is out. The head is complete
 * at the empty line; of an interim reply (1xx) nothing is kept. */
bool head_take_line(struct head *head, struct redial_str line);
bool head_has_begun(const struct head *head);

#endif
