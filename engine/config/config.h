/* Nodes to model: reads a policy file and the files it uses. Every key is a row of a table (name,
 * reader, doc line), from which readers, the unknown-key message and its suggestion, the JSON
 * Schema and the reference are made. */
#ifndef REDIAL_CONFIG_CONFIG_H
#define REDIAL_CONFIG_CONFIG_H

#include "document/node.h"
#include "model/policy.h"

struct redial_env;

/* Reads `path` ("-" is standard input) into a model whose names are not yet linked. All that is
 * wrong with the files is reported together in `diags`. NULL only when no model could be made at
 * all; otherwise diag_errors() tells whether it may be used. The caller owns the arena inside. */
struct redial_policy *config_read(const char *path, const struct redial_env *environment,
                                  struct diag_list *diags);

#endif
