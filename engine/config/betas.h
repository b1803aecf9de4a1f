/* Lists of beta flags, wherever a file names some. */
#ifndef REDIAL_CONFIG_BETAS_H
#define REDIAL_CONFIG_BETAS_H

#include "config/shape.h"
#include "model/policy.h"

read_fn read_beta_flags; /* struct beta_flags: as they are sent */
read_fn read_beta_globs; /* struct beta_flags: patterns over them */

extern const struct shape_row beta_shapes[];

#endif
