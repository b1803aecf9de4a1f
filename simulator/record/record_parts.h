/* Between the files of a record. */
#ifndef REDIAL_SIMULATOR_RECORD_PARTS_H
#define REDIAL_SIMULATOR_RECORD_PARTS_H

#include "base/arena.h"
#include "base/redact.h"
#include "simulator/record/record.h"

/* Writes what the world did to this attempt as a scenario's reply, one flow mapping. Texts that get
 * in are cut by `secrets` first. False when memory is out. */
bool record_write_reply(const struct record_attempt *attempt, const struct secrets *secrets,
                        struct text *out);

/* "key: " with the separator that it needs: pairs of a flow mapping that begins at `from`. */
void record_key(struct text *out, size_t from, const char *key);
void record_duration(struct text *out, size_t from, const char *key, int64_t ns);
/* In quotes, without secrets. */
void record_text(struct text *out, struct redial_str text, const struct secrets *secrets);

#endif
