/* What the files that read a matrix share. */
#ifndef REDIAL_AUDIT_READING_H
#define REDIAL_AUDIT_READING_H

#include "audit/matrix.h"
#include "config/keys.h"

struct matrix_reading {
    struct reading reading;
    struct matrix *matrix;
    const struct redial_policy *policy; /* whose models scopes may name; NULL: nobody to ask */
    struct name_map sources, surfaces, models;
};

static inline struct matrix_reading *matrix_of(struct reading *reading)
{
    return (struct matrix_reading *)reading->context;
}

/* `models` of the file: what scopes may name besides the models of the platforms. */
read_fn read_scope_models;
/* `endpoints` of a surface, into its column. */
read_fn read_endpoints;
/* `scope` of a cell or claim, into a struct matrix_scope. Every model in it must match one that is
 * known; without a policy, one that the file does not name may be a platform's. */
read_fn read_scope;
/* Whether the scope's endpoint is one of the surface's; says so when not. */
bool scope_fits(struct reading *reading, const struct matrix_scope *scope,
                const struct matrix_column *column);

#endif
