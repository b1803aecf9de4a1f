/* Collects what a live client sees of the world, and writes it as a scenario. */
#ifndef REDIAL_CLI_CALL_RECORD_H
#define REDIAL_CLI_CALL_RECORD_H

#include "cli/call.h"

struct call_record;

/* Observes `client` from its first call on, and must outlive it. NULL when memory is out. */
struct call_record *call_record_new(struct redial_client *client);
void call_record_destroy(struct call_record *self); /* NULL is fine */
/* Writes the file that `order` names. False after saying why on standard error. */
bool call_record_write(const struct call_record *self, const struct order *order,
                       struct output *output);

#endif
