/* The story of a run: the ordered record of its calls, one line per event and decision. Recording
 * copies small structs and texts and formats nothing; writing is another's time. Secrets are cut
 * out at the source: no recorded text holds one.
 *
 *   0ms      send     anthropic claude-opus-4-6 attempt=1 connection=new
 *   40ms     reply    529 overloaded_error -> overloaded  "Overloaded"
 *   40ms     wait     562ms  rule="overloaded" 1/3  backoff 500ms + jitter 62ms
 *   602ms    send     anthropic claude-opus-4-6 attempt=2 connection=reused
 *
 * The text says nothing that was measured and nothing of this machine, so a scenario reads the same
 * on the virtual clock and on the wire; times are rounded to milliseconds. It is ASCII but for what
 * servers and files say themselves. */
#ifndef REDIAL_STORY_STORY_H
#define REDIAL_STORY_STORY_H

#include "base/redact.h"
#include "model/policy.h"

struct story;

/* `began_at`: the instant that the story's times count from. `secrets` may be NULL and is copied.
 * NULL when memory is out. */
struct story *story_new(int64_t began_at, const struct secrets *secrets);
void story_destroy(struct story *story);
void story_clear(struct story *story); /* forgets the lines, keeps the memory */

/* One entry per step: what happened and what was decided. `call` is the call after the step, and
 * its policy must still be held. `call_number` from 1; 0 is the run itself. Whether the attempt of
 * a SEND went over a new connection is told once it is known (story_set_connection, before the
 * call's next step). */
void story_record(struct story *story, int64_t now, uint32_t call_number,
                  const struct redial_call *call, const struct redial_event *event,
                  const struct redial_decision *decision);
enum story_connection { CONNECTION_UNKNOWN, CONNECTION_NEW, CONNECTION_REUSED };
void story_set_connection(struct story *story, uint32_t call_number,
                          enum story_connection connection);
/* Likewise the id that the attempt carried, where the caller wants to know it. */
void story_set_request_id(struct story *story, uint32_t call_number, struct redial_str id);
/* A line that is no step: an outage begins, a token server failed. */
void story_note(struct story *story, int64_t now, uint32_t call_number, struct redial_str text);

size_t story_count(const struct story *story);
bool story_failed(const struct story *story); /* memory ran out: lines are missing */

struct story_style {
    bool colour;
    uint32_t width;  /* columns of the terminal, 0 unlimited: longer lines wrap under their text */
    bool many_calls; /* each line names its call */
};
/* Both append to `out`, whose `failed` tells when memory ran out. `policy` has the names, for what
 * no call said; the policies that calls ran under must still be held. */
void story_write_text(const struct story *story, const struct redial_policy *policy,
                      const struct story_style *style, struct text *out);
/* One JSON object a line: everything the text says and more (errno, request id, hint raw value). */
void story_write_json(const struct story *story, const struct redial_policy *policy,
                      struct text *out);

#endif
