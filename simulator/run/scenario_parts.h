/* Between the files that read scenarios. Readers of one shape (read_fn) fill one struct each. */
#ifndef REDIAL_SIMULATOR_SCENARIO_PARTS_H
#define REDIAL_SIMULATOR_SCENARIO_PARTS_H

#include "config/schema.h"
#include "simulator/run/scenario.h"

/* How many entries a list or mapping may have: more is no file of a person's. */
#define SCENARIO_LIST_MAX 10000

read_fn scenario_read_call;     /* struct scenario: one mapping */
read_fn scenario_read_calls;    /* struct scenario: a list of them */
read_fn scenario_read_world;    /* struct scenario */
read_fn scenario_read_expect;   /* struct expect */
read_fn scenario_read_reply;    /* struct reply_script */
read_fn scenario_read_messages; /* struct redial_str: a conversation as JSON */
read_fn scenario_read_stream;   /* struct stream_script */
read_fn scenario_read_lua;      /* struct scenario: the file of its functions */
read_fn scenario_read_function; /* uint16_t: the number of one of them, + 1 */
/* Opens the file once all of its functions are named; true at once when none is. */
bool scenario_open_functions(struct scenario *scenario, struct diag_list *diags);
read_fn scenario_read_requests;     /* int64_t: a number above 0 */
read_fn scenario_read_status;       /* uint16_t */
read_fn scenario_read_body;         /* struct redial_str, may be empty */
read_fn scenario_read_forever;      /* int64_t ns, or `forever`: DURATION_MAX */
read_fn scenario_read_speed;        /* int64_t, bytes per second */
read_fn scenario_read_credentials;  /* struct provider_script */
read_fn scenario_read_token_server; /* struct provider_script */

/* Names to indices of the scenario's policy, and whether the platforms can do what is asked. False
 * with what is wrong in `diags`. */
bool scenario_link(struct scenario *scenario, struct diag_list *diags);

/* `count` elements from the arena, NULL with the failure remembered. */
void *scenario_array(struct reading *reading, size_t count, size_t size);
/* A second way of saying the same: always false. */
bool scenario_conflict(struct reading *reading, struct span span, const char *message,
                       const char *cure);

/* `path` as seen from the folder of `file`, with "folder/.." taken out. */
bool scenario_path(struct arena *arena, struct redial_str file, struct redial_str path,
                   struct redial_str *joined);
read_fn scenario_read_state;  /* struct expect */
read_fn scenario_read_reload; /* struct scenario */
/* Loads what `reload` names, and holds it against the policy that the run begins with. */
bool scenario_load_reloads(struct scenario *scenario, struct diag_list *diags);
bool scenario_link_states(struct scenario *scenario, struct diag_list *diags);

/* Shapes, for schema and reference: one table per file of readers. */
extern const struct shape_row scenario_call_shapes[], scenario_message_shapes[],
    scenario_expect_shapes[], scenario_state_shapes[], scenario_reload_shapes[],
    scenario_reply_shapes[], scenario_stream_shapes[], scenario_world_shapes[],
    scenario_credential_shapes[], scenario_function_shapes[];
extern const struct shape scenario_reply_shape;

#endif
