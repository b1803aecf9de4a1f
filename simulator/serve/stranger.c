/* Clients that no scenario knows: what they send is taken for what the scenario's call says, dates
 * are told by their calendar, and where a scenario has no answer for them, that is its own fault.
 */
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

/* ---- Dates */

/* Scenarios write their dates by their own calendar, which begins with 2026: clients have the
 * machine's. */
static bool is_date_header(const struct redial_header *header)
{
    return str_eq_nocase(header->name, REDIAL_STR("retry-after")) ||
           str_ends_with(header->name, REDIAL_STR("-reset"));
}

static bool move_date(const struct fakes *fakes, struct arena *arena, struct redial_header *header)
{
    double speed = fakes->options.speed > 0 ? fakes->options.speed : 1;
    int64_t date, from_begin;
    struct text moved = TEXT_INIT;
    bool http = http_date_parse(header->value, &date), good;

    if (!http && !rfc3339_parse(header->value, &date)) return true;
    from_begin = date - WORLD_BEGAN_AT;
    if (from_begin < 0 || from_begin > DURATION_MAX / 2) return true;
    date = fakes->began_at + (int64_t)((double)from_begin / speed);
    if (http) date += NS_PER_SECOND - 1; /* not before its time: it has no smaller unit */
    (http ? http_date_format : rfc3339_format)(date, &moved);
    good = !moved.failed && arena_copy(arena, text_str(&moved), &header->value);
    text_clean_up(&moved);
    return good;
}

bool stranger_move_dates(const struct fakes *fakes, struct arena *arena,
                         const struct exchange *exchange, struct redial_header *headers)
{
    bool good = true;

    if (!script_written(fakes->script, exchange->script)) return true;
    for (size_t i = 0; i < exchange->header_count; i++)
        good = good && (!is_date_header(&headers[i]) || move_date(fakes, arena, &headers[i]));
    return good;
}

bool stranger_has_dates(const struct fakes *fakes, const struct exchange *exchange)
{
    const struct reply_script *script = script_written(fakes->script, exchange->script);
    bool dated = false;

    for (size_t i = 0; script && i < script->header_count; i++)
        dated = dated || is_date_header(&script->headers[i]);
    return dated;
}

/* ---- Trouble */

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
