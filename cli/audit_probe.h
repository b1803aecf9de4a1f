/* redial audit --probe: asks platforms whether they do as the matrix says. */
#ifndef REDIAL_CLI_AUDIT_PROBE_H
#define REDIAL_CLI_AUDIT_PROBE_H

#include "audit/probe.h"
#include "cli/audit.h"

/* Probes what `--probe`, `--provider`, `--model` and `--live` say by the policy at `path`, which is
 * the subject's; prints the results in this form and appends what is to be reported. Everything is
 * checked, and told on standard error, before the first request goes out. Returns the exit status
 * but for the findings. */
int probe_run(const struct subject *subject, const struct args *args, const char *path,
              probe_print_fn *print, struct findings *findings, struct output *output);

#endif
