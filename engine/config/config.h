/* Nodes to model: reads a policy file and the files it uses. Every key is a row of a table (name,
 * reader, doc line), from which readers, the unknown-key message and its suggestion, the JSON
 * Schema and the reference are made. */
#ifndef REDIAL_CONFIG_CONFIG_H
#define REDIAL_CONFIG_CONFIG_H

#include "document/node.h"
#include "model/policy.h"

struct redial_env;

/* Reads `path` ("-" is standard input) into a model. Every name in it is an index already: a name
 * that does not exist is an error here, with a suggestion. All that is wrong with the files is
 * reported together in `diags`. NULL only when no model could be made at all; otherwise
 * diag_errors() tells whether it may be used. The caller owns the arena inside. */
struct redial_policy *config_read(const char *path, const struct redial_env *environment,
                                  struct diag_list *diags);
/* The same from memory; both texts are copied. Files that it uses are found relative to `path`. */
struct redial_policy *config_read_text(struct redial_str path, struct redial_str text,
                                       const struct redial_env *environment,
                                       struct diag_list *diags);

#endif
