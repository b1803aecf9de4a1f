/* The credentials that a client holds: one chain for each provider, asked once however many calls
 * wait for it, renewed beside its use while it is still good, and anew when a platform refused it.
 * A credential is copied as soon as it is found: it stays readable while its chain looks for the
 * next. */
#ifndef REDIAL_CLIENT_VAULT_H
#define REDIAL_CLIENT_VAULT_H

#include "client/errands.h"
#include "model/policy.h"

struct vault;
struct vault_place; /* of one provider; lives as long as the vault */

struct vault *vault_new(struct errands *errands, uint64_t seed); /* NULL when memory is out */
void vault_destroy(struct vault *vault);                         /* NULL is fine */

/* NULL, with a sentence in `why`, when its chain cannot be made. Providers of another policy share
 * a place where everything that a chain depends on is the same. */
struct vault_place *vault_place(struct vault *vault, const struct redial_policy *policy,
                                uint16_t provider, struct redial_str *why);

/* Who waits for a credential. `came` is called once, within client_move or timers_ring. */
struct vault_wait {
    void (*came)(void *context);
    void *context;
    struct vault_wait *next, **link;
};

enum vault_state {
    VAULT_READY,
    VAULT_COMING, /* `wait` will hear */
    VAULT_FAILED, /* vault_why says why */
};
/* A credential to send with. */
enum vault_state vault_ask(struct vault_place *place, struct vault_wait *wait);
/* Another one than the `refused` generation, which the platform did not accept. */
enum vault_state vault_ask_anew(struct vault_place *place, uint32_t refused,
                                struct vault_wait *wait);
/* What came of it, once `came` was called. */
enum vault_state vault_answer(const struct vault_place *place);
void vault_stop_waiting(struct vault_wait *wait); /* one that does not wait is fine */

/* READY. Its texts last until the next move. */
const struct credential *vault_credential(const struct vault_place *place);
uint32_t vault_generation(const struct vault_place *place); /* raised with each one found */
struct redial_str vault_why(const struct vault_place *place);
struct redial_str vault_warnings(const struct vault_place *place); /* a sentence a line */

#endif
