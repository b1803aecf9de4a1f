/* A scenario file from anybody: whatever the bytes, it is either refused with a reason or run to
 * its end on the virtual clock. Diagnostics and story are rendered too, since they quote it. */
#include <assert.h>

#include "simulator/run/runner.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A run takes as long as its script says; this is about parsers, so big ones are left out. */
static bool is_small(const struct scenario *scenario)
{
    int64_t calls = 0, tokens = 0;
    for (size_t i = 0; i < scenario->call_count; i++) {
        calls += scenario->calls[i].count;
        if (scenario->calls[i].unattended) return false;
    }
    for (size_t i = 0; i < scenario->provider_count; i++)
        for (size_t k = 0; k < scenario->providers[i].reply_count; k++) {
            const struct reply_script *reply = &scenario->providers[i].replies[k];
            tokens += reply->stream.tokens;
        }
    return calls <= 20 && tokens <= 1000;
}

static void run_it(const struct scenario *scenario)
{
    struct transport *transport = transport_virtual_new(scenario->policy);
    struct run run;
    struct text story = TEXT_INIT;
    struct story_style style = {.width = 40};
    assert(transport &&
           run_scenario(&run, scenario, &(struct run_options){.transport = transport, .seed = 1}));
    story_write_text(run.story, scenario->policy, &style, &story);
    assert(run.end != RUN_TROUBLE || run.trouble.why.len > 0);
    text_clean_up(&story);
    run_clean_up(&run);
    transport->destroy(transport);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct redial_str text = {(const char *)data, size};
    struct scenario scenario;
    if (size > 1u << 14) return 0; /* larger inputs find nothing that these do not */
    struct arena *arena = arena_new();
    struct diag_list *diags = diag_list_new();
    bool loaded = scenario_load_text(arena, REDIAL_STR("tests/golden/scenario/fuzzed.yaml"), text,
                                     diags, &scenario);
    assert(loaded == (diag_errors(diags) == 0));
    struct text rendered = TEXT_INIT;
    diag_render(diags, false, &rendered);
    text_clean_up(&rendered);
    if (loaded && is_small(&scenario)) run_it(&scenario);
    if (loaded) scenario_clean_up(&scenario);
    diag_list_destroy(diags);
    arena_destroy(arena);
    return 0;
}
