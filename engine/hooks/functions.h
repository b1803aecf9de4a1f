/* Functions of a Lua file that are asked with JSON and answer with it, in the sandbox of a policy's
 * hooks and with its budgets: what a scenario's worlds and expectations are written in when no key
 * of its language says it. As with hooks, nothing is kept between two calls. */
#ifndef REDIAL_HOOKS_FUNCTIONS_H
#define REDIAL_HOOKS_FUNCTIONS_H

#include "base/diag.h"
#include "model/policy.h"

#define FUNCTION_INSTRUCTIONS 1000000
#define FUNCTION_MEMORY       (INT64_C(4) << 20)

struct functions;

/* Reads the file once and checks that all of `names` are there; at most HOOK_FUNCTIONS_MAX.
 * `file`: its path as it was written, at `span`. All texts must outlive the functions. NULL when
 * anything is wrong, explained in `diags`. */
struct functions *functions_open(const struct source *source, struct redial_str file,
                                 struct span span, struct hook_function *names, size_t count,
                                 struct diag_list *diags);
void functions_close(struct functions *functions); /* NULL is fine */
/* Where that function begins in the file; 0 when memory is out. */
int functions_line(struct functions *functions, size_t number);
/* Calls function `number` of `names` with the JSON value `argument` and appends its answer as JSON,
 * "null" for nil. False with why, file and line first; that text lives as long as the functions.
 * For one thread at a time. */
bool functions_ask(struct functions *functions, size_t number, struct redial_str argument,
                   struct text *answer, struct redial_str *why);

#endif
