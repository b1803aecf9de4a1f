/* A listener on loopback at which every TLS handshake fails: reset in the middle, or shown a
 * certificate that is well-formed, valid today, made out to 127.0.0.1, and signed by nobody that a
 * client knows. Like an endpoint it has no thread: everything happens in tls_trap_move, one
 * connection at a time. */
#ifndef REDIAL_SIMULATOR_TLS_TRAP_H
#define REDIAL_SIMULATOR_TLS_TRAP_H

#include <stdint.h>

#include "base/str.h"

enum tls_trap_kind { TLS_TRAP_RESET, TLS_TRAP_BAD_CERTIFICATE };

struct tls_trap;

/* NULL with a reason when no socket, key or certificate can be had. */
struct tls_trap *tls_trap_new(struct redial_str *why);
/* For one connection, which it takes over, without a listener. NULL when none can be had: then the
 * connection is closed. */
struct tls_trap *tls_trap_adopt(int connection, enum tls_trap_kind kind);
void tls_trap_destroy(struct tls_trap *trap); /* NULL is fine */
uint16_t tls_trap_port(const struct tls_trap *trap);
int tls_trap_fd(const struct tls_trap *trap); /* readable when tls_trap_move can do something; -1:
                                                its connection is over, and it has no listener */
/* What becomes of the connections from here on. */
void tls_trap_set(struct tls_trap *trap, enum tls_trap_kind kind);
void tls_trap_move(struct tls_trap *trap); /* never waits */

#endif
