/* What the checks of lint share, one file per subject. Private to compile. */
#ifndef REDIAL_COMPILE_LINT_H
#define REDIAL_COMPILE_LINT_H

#include "compile/compile.h"

/* Each is a row of lint_codes. */
enum lint_code {
    LINT_UNREACHABLE,
    LINT_CLASS_NEVER_PRODUCED,
    LINT_NEVER_TRUE,
    LINT_HOT_LOOP,
    LINT_UNBOUNDED_WAIT,
    LINT_UNBOUNDED_HINT,
    LINT_BAD_REQUEST_RETRIED,
    LINT_UNUSED_BACKOFF,
    LINT_UNDECLARED_MODEL,
    LINT_FALLBACK_LACKS,
    LINT_MISSING_FEATURE,
    LINT_RESIDENCY_UNMATCHED,
    LINT_NO_BUDGET,
    LINT_AMPLIFICATION,
    LINT_LONG_WAIT,
    LINT_METADATA_RISK,
    LINT_UNTESTED_RULE,
    LINT_UNKNOWN_CODE,
    LINT_CODE_COUNT
};

struct lint {
    const struct redial_policy *policy;
    struct diag_list *diags;
    bool silent[LINT_CODE_COUNT];
};

/* NULL when the code is silenced: notes and cures of nothing are nothing. */
#define LINT_WARN(lint, code, span, ...)                                                           \
    ((lint)->silent[code]                                                                          \
         ? NULL                                                                                    \
         : diag_warning((lint)->diags, lint_codes.rows[code].word, (span), __VA_ARGS__))

void lint_conditions(const struct lint *lint);
void lint_limits(const struct lint *lint);
void lint_legs(const struct lint *lint);
void lint_features(const struct lint *lint);

#endif
