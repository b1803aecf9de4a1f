#include <criterion/criterion.h>
#include <string.h>

#include "compile/compile.h"
#include "model/policy.h"

Test(words, every_table_is_whole_and_says_no_word_twice)
{
    const struct names *const tables[] = {
        &class_names,      &reason_names,        &cause_names,        &phase_names,
        &query_names,      &step_names,          &event_names,        &state_names,
        &wait_names,       &backoff_kind_names,  &jitter_names,       &hint_unit_names,
        &hint_above_names, &below_floor_names,   &after_output_names, &platform_names,
        &support_names,    &feature_names,       &fact_names,         &lint_codes,
        &hook_point_names, &hook_on_error_names,
    };
    for (size_t t = 0; t < REDIAL_COUNT_OF(tables); t++) {
        const struct names *names = tables[t];
        for (size_t i = 0; i < names->count; i++) {
            cr_assert(names->rows[i].word && names->rows[i].doc, "a hole in %s, row %zu",
                      names->what, i);
            cr_expect_eq(names_find(names, str_of(names->rows[i].word)), (int)i, "%s twice",
                         names->rows[i].word);
            cr_expect_gt(strlen(names->rows[i].doc), 5u, "%s says too little", names->rows[i].word);
        }
    }
}

Test(words, a_number_outside_a_list_has_a_name_too)
{
    cr_expect_str_eq(redial_class_name(REDIAL_CLASS_OVERLOADED), "overloaded");
    cr_expect_str_eq(redial_class_name(REDIAL_CLASS_COUNT), "?");
    cr_expect_str_eq(redial_reason_doc((enum redial_reason)1000), "?");
    cr_expect_str_eq(redial_step_name(REDIAL_STEP_COUNT), "?");
    cr_expect_str_eq(redial_wait_name(REDIAL_WAIT_HINT_CLAMPED), "hint_clamped");
}
