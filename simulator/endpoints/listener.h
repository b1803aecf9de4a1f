/* The listening socket of a watched endpoint: it can be closed to connections for a while without
 * giving up its port, and says of each connection what becomes of it. */
#ifndef REDIAL_SIMULATOR_LISTENER_H
#define REDIAL_SIMULATOR_LISTENER_H

#include "simulator/endpoints/endpoint.h"

/* -1 with the reason. Non-blocking; `port` is what it got. */
int listener_open(const struct endpoint_options *options, uint16_t *port, struct redial_str *why);
/* From here on connections are refused, those that nobody has accepted yet are reset; and back. */
bool listener_close_door(int listener);
bool listener_open_door(int listener);
/* The next connection that waits; -1 with errno. */
int listener_accept(int listener);

#endif
