/* Clients that no scenario knows: what they send is taken for what the scenario's call says, and
 * where a scenario has no answer for them, that is the scenario's fault and told as such. */
#include "simulator/serve/serve_parts.h"

void stranger_welcome(struct session *session)
{
    const struct script *script = session->script;
    struct world_stranger stranger = {.compacts_to = -1};

    if (script->is_scenario && script->scenario.call_count > 0) {
        stranger.input_tokens = script->scenario.calls[0].input_tokens;
        stranger.compacts_to = script->scenario.calls[0].compacts_to;
    }
    world_open(session->world, stranger);
}

int64_t stranger_tokens(struct session *session, const struct demand *demand)
{
    return world_prompt_tokens(session->world, demand->input_tokens);
}

void stranger_note_trouble(struct fakes *fakes, const struct world_trouble *trouble)
{
    struct diag_list *diags;
    struct text shown = TEXT_INIT;

    if (fakes->scenario_trouble.len > 0 || !(diags = diag_list_new())) return;
    struct diag *diag =
        diag_error(diags, "no-answer", trouble->span, "%.*s", REDIAL_STR_ARG(trouble->why));
    if (trouble->cure.len > 0) diag_cure(diags, diag, "%.*s", REDIAL_STR_ARG(trouble->cure));
    diag_render(diags, false, &shown);
    if (shown.failed || !arena_copy(fakes->arena, text_str(&shown), &fakes->scenario_trouble))
        fakes->scenario_trouble = REDIAL_STR("a request had no answer, and memory is out\n");
    text_clean_up(&shown);
    diag_list_destroy(diags);
}

struct redial_str fakes_scenario_trouble(const struct fakes *fakes)
{
    return fakes->scenario_trouble;
}
