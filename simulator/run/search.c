/* Credentials by chain: a search runs on the virtual clock at once, errand by errand, and its end
 * is an event of the run. Who asks while one is under way shares it. */
#include "base/random.h"
#include "simulator/run/run_parts.h"

#define ERRANDS_MAX 200 /* of one search: a chain that asks for more has lost its way */

/* ---- The machine */

bool run_machine_init(struct running *running)
{
    const struct scenario *scenario = running->run->scenario;
    bool asked = false;
    for (size_t i = 0; i < scenario->call_count; i++) asked = asked || scenario->calls[i].chain;
    if (!asked) return true;
    running->machine =
        machine_new(running->run->arena, &scenario->machine, scenario->env, running->options->seed);
    return running->machine != NULL;
}

/* The secrets outlive what they were made by, for whoever looks for them in the story. */
static void keep_secrets(struct running *running)
{
    struct run *run = running->run;
    size_t count = machine_secret_count(running->machine);
    run->secrets = ARENA_ARRAY(run->arena, struct redial_str, count);
    for (size_t i = 0; i < count && run->secrets; i++)
        if (arena_copy(run->arena, machine_secret_at(running->machine, i),
                       &run->secrets[run->secret_count]))
            run->secret_count++;
}

void run_machine_clean_up(struct running *running)
{
    if (!running->machine) return;
    keep_secrets(running);
    for (size_t i = 0; running->clients && i < running->policy->provider_count; i++)
        chain_destroy(running->clients[i].chain);
    machine_clean_up(running->machine);
}

/* ---- Searching */

static bool make_chain(struct running *running, uint16_t index)
{
    const struct provider *provider = &running->policy->providers[index];
    const struct platform *platform = &running->policy->platforms[provider->platform];
    bool has_project = provider->project.len > 0 || platform->project.len > 0;
    const struct chain_options options = {
        .links = platform->credentials,
        .link_count = platform->credential_count,
        .environment = machine_environment(running->machine),
        .region = policy_region(running->policy, index, REDIAL_STR("")),
        .base_url = provider->base_url.len ? provider->base_url : platform->base_url,
        .wants_project = platform->kind == PLATFORM_VERTEX && !has_project,
        .seed = random_fork(running->options->seed, str_hash(provider->name)),
    };
    struct redial_str why = {0};
    running->clients[index].chain = chain_new(&options, &why);
    if (!running->clients[index].chain)
        run_trouble(running,
                    (struct world_trouble){.span = running->run->scenario->world_span, .why = why});
    return running->clients[index].chain != NULL;
}

static bool keep_result(struct running *running, const struct chain *chain, bool found,
                        struct found_credential *result)
{
    struct arena *arena = running->run->arena;
    const struct credential *credential = found ? chain_credential(chain) : NULL;
    *result = (struct found_credential){.found = found};
    if (credential) result->is_key = credential->form == CREDENTIAL_KEY;
    return arena_copy(arena, chain_source(chain), &result->source) &&
           arena_copy(arena, chain_warnings(chain), &result->warnings) &&
           (found || arena_copy(arena, chain_why(chain), &result->why)) &&
           (!credential || arena_copy(arena, credential->secret, &result->secret));
}

/* Errand by errand, each at its own moment. */
static enum chain_state walk(struct running *running, struct chain *chain, enum chain_use use,
                             int64_t *now)
{
    enum chain_state state = chain_begin(chain, *now, use);
    for (int i = 0; state == CHAIN_ASKS && i < ERRANDS_MAX; i++) {
        struct errand_answer answer;
        *now = duration_add(*now,
                            machine_answer(running->machine, chain_errand(chain), *now, &answer));
        state = chain_answer(chain, &answer, *now);
    }
    return state;
}

bool run_search(struct running *running, struct run_call *call, enum chain_use use)
{
    struct provider_client *client = &running->clients[call->call.provider];
    struct found_credential *result = ARENA_NEW(running->run->arena, struct found_credential);
    if (client->search && client->search_ends_at > running->now) return true;
    if (!client->chain && !make_chain(running, call->call.provider)) return false;
    int64_t now = running->now;
    bool found = walk(running, client->chain, use, &now) == CHAIN_READY;
    if (!result || !keep_result(running, client->chain, found, result)) {
        run_out_of_memory(running);
        return false;
    }
    /* What was renewed without a refusal is another credential to the platform, too. */
    const struct found_credential *before = client->search;
    bool renewed = found && before && before->found && use == CHAIN_FROM_CACHE &&
                   !str_eq(before->secret, result->secret);
    bool same = found && before && before->found && str_eq(before->secret, result->secret);
    if (renewed) client->credential = world_give_token(running->world, call->call.provider, now);
    if (!same) client->search = result;
    client->search_ends_at = now;
    return true;
}

/* ---- Waiting for one */

static void say_unsent(struct running *running, struct run_call *call, struct redial_str why)
{
    struct redial_event event = {.kind = REDIAL_EVENT_BROKEN,
                                 .cause = REDIAL_CAUSE_NO_CREDENTIAL,
                                 .message = REDIAL_STR("the request was not sent")};
    story_note(running->run->story, running->now, call->number, why);
    run_step(running, call, &event);
}

bool run_has_credential(struct running *running, struct run_call *call,
                        const struct redial_decision *decision)
{
    struct provider_client *client = &running->clients[call->call.provider];
    const struct platform *platform = &running->policy->platforms[call->call.platform];
    if (!call->script->chain || call->waits_for_credential || platform->credential_count == 0)
        return true;
    if (!run_search(running, call, CHAIN_FROM_CACHE)) return false;
    call->held = *decision;
    int64_t at = client->search_ends_at;
    if (at <= running->now && client->search->found) {
        call->static_key = client->search->is_key;
        return true;
    }
    call->waits_for_credential = true;
    run_plan(running, call, HAPPENS_CREDENTIAL, at < decision->abort_at ? at : decision->abort_at);
    return false;
}

void run_credential_due(struct running *running, struct run_call *call)
{
    const struct provider_client *client = &running->clients[call->call.provider];
    struct redial_event late = {
        .kind = REDIAL_EVENT_BROKEN, .cause = REDIAL_CAUSE_ETIMEDOUT, .phase = REDIAL_PHASE_WAIT};
    if (!run_is_open(call) || !call->waits_for_credential) return;
    if (client->search_ends_at > running->now) {
        call->waits_for_credential = false;
        run_step(running, call, &late);
    } else if (!client->search->found) {
        call->waits_for_credential = false;
        say_unsent(running, call, client->search->why);
    } else {
        call->static_key = client->search->is_key;
        run_send(running, call, &call->held);
        call->waits_for_credential = false;
    }
}

/* ---- Telling */

void run_tell_credential(struct running *running, struct run_call *call)
{
    const struct found_credential *search = running->clients[call->call.provider].search;
    struct text note = TEXT_INIT;
    if (!call->script->chain || !search || search == call->told) return;
    struct redial_str rest = search->warnings, warning;
    call->told = search;
    if (search->source.len) {
        text_printf(&note, "credential: %.*s", REDIAL_STR_ARG(search->source));
        story_note(running->run->story, running->now, call->number, text_str(&note));
    }
    while (str_split(&rest, '\n', &warning))
        if (warning.len) story_note(running->run->story, running->now, call->number, warning);
    if (note.failed) run_out_of_memory(running);
    text_clean_up(&note);
}
