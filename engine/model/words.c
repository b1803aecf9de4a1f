/* The public words of the closed lists, read from the word tables. */
#include "model/policy.h"
#include "redial/redial.h"

static const struct name outside = {"?", "?"};

static const struct name *row_of(const struct names *names, size_t value)
{
    return value < names->count ? &names->rows[value] : &outside;
}

const char *redial_class_name(enum redial_class value)
{
    return row_of(&class_names, value)->word;
}

const char *redial_class_doc(enum redial_class value)
{
    return row_of(&class_names, value)->doc;
}

const char *redial_reason_name(enum redial_reason value)
{
    return row_of(&reason_names, value)->word;
}

const char *redial_reason_doc(enum redial_reason value)
{
    return row_of(&reason_names, value)->doc;
}

const char *redial_cause_name(enum redial_cause value)
{
    return row_of(&cause_names, value)->word;
}

const char *redial_phase_name(enum redial_phase value)
{
    return row_of(&phase_names, value)->word;
}

const char *redial_query_name(enum redial_query value)
{
    return row_of(&query_names, value)->word;
}

const char *redial_step_name(enum redial_step_kind value)
{
    return row_of(&step_names, value)->word;
}

const char *redial_feature_name(enum redial_feature value)
{
    return row_of(&feature_names, value)->word;
}

const char *redial_credential_name(enum redial_credential value)
{
    return row_of(&credential_names, value)->word;
}

const char *redial_event_name(enum redial_event_kind value)
{
    return row_of(&event_names, value)->word;
}

const char *redial_state_name(enum redial_state value)
{
    return row_of(&state_names, value)->word;
}

const char *redial_wait_name(enum redial_wait_kind value)
{
    return row_of(&wait_names, value)->word;
}

const char *redial_guard_name(enum redial_guard_kind value)
{
    return row_of(&guard_kind_names, value)->word;
}

const char *redial_speed_name(enum redial_speed_change value)
{
    return row_of(&speed_names, value)->word;
}

const char *redial_mode_name(enum redial_mode_state value)
{
    return row_of(&mode_state_names, value)->word;
}
