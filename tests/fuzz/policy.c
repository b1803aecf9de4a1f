/* A policy file from anybody: whatever the bytes, it is either refused with a reason or compiled.
 * Diagnostics are rendered too, since they quote the file. */
#include <assert.h>

#include "api/load.h"
#include "redial/redial.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct redial_env environment[] = {{"NAME", "value"}, {NULL, NULL}};
    struct redial_str path = REDIAL_STR("fuzzed.yaml"), text = {(const char *)data, size};
    if (size > 1u << 16) return 0; /* larger inputs find nothing that these do not */
    struct diag_list *diags = diag_list_new();
    struct redial_policy *policy = policy_load_text(path, text, environment, diags);
    assert((policy == NULL) == (diag_errors(diags) > 0));
    struct text rendered = TEXT_INIT;
    diag_render(diags, false, &rendered);
    text_clean_up(&rendered);
    redial_policy_release(policy);
    diag_list_destroy(diags);
    return 0;
}
