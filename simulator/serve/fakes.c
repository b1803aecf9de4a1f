/* The server's life: its ports, its clock, its loop. */
#include "simulator/serve/fakes.h"

#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "simulator/serve/relay.h"

#define IDLE_SECONDS 600u /* nothing moves on a connection for so long: it is closed */
#define SWEEP_EVERY  NS_PER_SECOND
#define LOOK_EVERY   (200 * NS_PER_MS) /* at the scenario file */

/* ---- The clock: the wall's at the start, and never back */

static int64_t read_clock(clockid_t id)
{
    struct timespec now;

    clock_gettime(id, &now);
    return now.tv_sec * NS_PER_SECOND + now.tv_nsec;
}

static void read_time(struct fakes *fakes)
{
    fakes->now = read_clock(CLOCK_MONOTONIC) + fakes->offset;
}

/* ---- Ports */

static bool name_place(struct fakes *fakes, struct place *place, bool tls)
{
    const char *address = fakes->options.address ? fakes->options.address : "127.0.0.1";

    /* What listens everywhere is reached at home. */
    if (strcmp(address, "0.0.0.0") == 0) address = "127.0.0.1";
    return arena_printf(fakes->arena, &place->url, "%s://%s:%u", tls ? "https" : "http", address,
                        endpoint_port(place->endpoint));
}

static bool watch_place(struct fakes *fakes, struct place *place)
{
    struct epoll_event event = {.events = EPOLLIN, .data = {.ptr = place}};

    return epoll_ctl(fakes->epoll, EPOLL_CTL_ADD, endpoint_fd(place->endpoint), &event) == 0;
}

static bool open_place(struct fakes *fakes, uint16_t provider, bool tls, struct text *why)
{
    const struct fakes_options *options = &fakes->options;
    struct place *place = &fakes->places[fakes->place_count];
    struct endpoint_options wanted = {.address = options->address,
                                      .connections_max = FAKES_CONNECTIONS_MAX,
                                      .idle_seconds = IDLE_SECONDS,
                                      .watcher = &serve_watcher,
                                      .context = place,
                                      .now = &fakes->now};
    struct redial_str reason = {0};

    if (options->port) wanted.port = (uint16_t)(options->port + fakes->place_count);
    if (tls)
        wanted.certificate = fakes->certificate.certificate, wanted.key = fakes->certificate.key;
    *place = (struct place){.fakes = fakes, .provider = provider, .listed = true};
    place->endpoint = endpoint_open(&wanted, &reason);
    if (!place->endpoint) {
        text_printf(why, "%s", options->address ? options->address : "127.0.0.1");
        if (wanted.port) text_printf(why, " port %u", wanted.port);
        text_printf(why, ": %.*s", REDIAL_STR_ARG(reason));
        return false;
    }
    fakes->place_count++;
    return name_place(fakes, place, tls) && watch_place(fakes, place);
}

static bool has_foundry(const struct redial_policy *policy)
{
    for (size_t i = 0; i < policy->provider_count; i++)
        if (policy->platforms[policy->providers[i].platform].kind == PLATFORM_FOUNDRY) return true;
    return false;
}

/* A port for each provider, one for credentials and whatever else, and one with TLS for Azure's
 * authority, which no client asks without. */
static bool open_places(struct fakes *fakes, struct text *why)
{
    const struct fakes_options *options = &fakes->options;
    const struct redial_policy *policy = fakes->script->policy;
    bool authority = has_foundry(policy) && !options->tls && !options->only_platforms;

    if ((options->tls || authority) && !certificate_make(&fakes->certificate, fakes->now)) {
        text_append(why, REDIAL_STR("no certificate could be made"));
        return false;
    }
    if (policy->provider_count + 2 > PLACES_MAX && !options->one_port) {
        text_printf(why, "more providers than ports: say --one-port");
        return false;
    }
    for (size_t i = 0; i < policy->provider_count && !options->one_port; i++)
        if (!open_place(fakes, (uint16_t)i, options->tls, why)) return false;
    return open_place(fakes, REDIAL_NO_INDEX, options->tls, why) &&
           (!authority || open_place(fakes, REDIAL_NO_INDEX, true, why));
}

const struct place *fakes_common_place(const struct fakes *fakes)
{
    for (size_t i = 0; i < fakes->place_count; i++)
        if (fakes->places[i].provider == REDIAL_NO_INDEX) return &fakes->places[i];
    return &fakes->places[0];
}

/* ---- The script */

static void look_at_file(struct fakes *fakes, bool *changed)
{
    struct stat status;
    int64_t changed_at;

    *changed = false;
    if (stat(fakes->options.scenario, &status) != 0) return; /* being written, perhaps */
    changed_at = status.st_mtim.tv_sec * NS_PER_SECOND + status.st_mtim.tv_nsec;
    *changed = changed_at != fakes->scenario_changed_at || status.st_size != fakes->scenario_size;
    fakes->scenario_changed_at = changed_at;
    fakes->scenario_size = status.st_size;
}

static void drop_sessions(struct fakes *fakes, bool with_journal)
{
    plays_detach(fakes, with_journal);
    memos_forget(fakes);
    for (size_t i = 0; i < fakes->session_count; i++) session_destroy(fakes->sessions[i]);
    fakes->session_count = 0;
}

/* The journal's entries may not name replies that are gone. */
static void forget_script(struct fakes *fakes)
{
    for (size_t i = 0; i < journal_count(fakes->journal); i++) {
        uint32_t number = journal_at(fakes->journal, i)->number;
        journal_find(fakes->journal, number)->script = NULL;
    }
}

static uint16_t provider_in(const struct redial_policy *policy, struct redial_str name)
{
    for (size_t i = 0; i < policy->provider_count; i++)
        if (str_eq(policy->providers[i].name, name)) return (uint16_t)i;
    return REDIAL_NO_INDEX;
}

static bool fits_places(const struct fakes *fakes, const struct script *script,
                        struct diag_list *diags)
{
    for (size_t i = 0; i < fakes->place_count; i++) {
        const struct redial_policy *policy = fakes->script->policy;
        struct redial_str name;
        if (fakes->places[i].provider == REDIAL_NO_INDEX) continue;
        name = policy->providers[fakes->places[i].provider].name;
        if (provider_in(script->policy, name) != REDIAL_NO_INDEX) continue;
        struct diag *diag =
            diag_error(diags, "provider", script->span,
                       "provider '%.*s' has a port, and the policy of this scenario has no such "
                       "provider",
                       REDIAL_STR_ARG(name));
        diag_cure(diags, diag, "start `redial fake` with this scenario, or with --one-port");
        return false;
    }
    return true;
}

bool fakes_serve_script(struct fakes *fakes, struct script *script, struct diag_list *diags)
{
    if (!fits_places(fakes, script, diags)) {
        script_let_go(script);
        return false;
    }
    for (size_t i = 0; i < fakes->place_count; i++) {
        struct place *place = &fakes->places[i];
        if (place->provider == REDIAL_NO_INDEX) continue;
        place->provider =
            provider_in(script->policy, fakes->script->policy->providers[place->provider].name);
    }
    drop_sessions(fakes, false);
    forget_script(fakes);
    script_let_go(fakes->script);
    fakes->script = script;
    return true;
}

bool fakes_load(struct fakes *fakes, struct redial_str path, struct redial_str text,
                struct diag_list *diags)
{
    struct script *script = script_load_text(path, text, diags);

    return script && fakes_serve_script(fakes, script, diags);
}

static void reload(struct fakes *fakes)
{
    struct diag_list *diags = diag_list_new();
    struct script *script = diags ? script_load(fakes->options.scenario, diags) : NULL;

    if (script) (void)fakes_serve_script(fakes, script, diags);
    if (diags && fakes->options.reloaded) fakes->options.reloaded(fakes->options.context, diags);
    diag_list_destroy(diags);
}

/* ---- Life */

static struct fakes *fakes_new(const struct fakes_options *options)
{
    struct fakes *fakes = calloc(1, sizeof *fakes);

    if (!fakes) return NULL;
    fakes->options = *options;
    fakes->epoll = epoll_create1(EPOLL_CLOEXEC);
    fakes->offset = read_clock(CLOCK_REALTIME) - read_clock(CLOCK_MONOTONIC);
    read_time(fakes);
    fakes->began_at = fakes->now;
    fakes->arena = arena_new();
    fakes->journal = journal_new();
    if (fakes->epoll >= 0 && fakes->arena && fakes->journal) return fakes;
    fakes_stop(fakes);
    return NULL;
}

static bool load_script(struct fakes *fakes, struct diag_list *diags, struct text *why)
{
    bool changed;

    if (fakes->options.scenario) {
        look_at_file(fakes, &changed);
        fakes->script = script_load(fakes->options.scenario, diags);
        return fakes->script != NULL;
    }
    fakes->script = script_without_scenario();
    if (!fakes->script) text_append(why, REDIAL_STR("memory is out"));
    return fakes->script != NULL;
}

/* What the scenario says of how long credentials are good, issued tokens say too: clients that
 * renew ahead of time go by it. */
static int64_t token_life(const struct fakes *fakes)
{
    const struct script *script = fakes->script;
    double speed = fakes->options.speed > 0 ? fakes->options.speed : 1;
    int64_t life = DURATION_MAX;

    for (size_t i = 0; i < script->provider_count; i++)
        if (script->providers[i].expire_after < life) life = script->providers[i].expire_after;
    return life == DURATION_MAX ? 0 : (int64_t)((double)life / speed);
}

static bool make_authority(struct fakes *fakes, struct text *why)
{
    const struct authority_options options = {
        .seed = fakes->options.seed_given ? fakes->options.seed : fakes->script->seed,
        .token_life = token_life(fakes)};

    fakes->authority = authority_new(&options);
    if (!fakes->authority) text_append(why, REDIAL_STR("no credentials could be made"));
    return fakes->authority != NULL;
}

static bool make_recorder(struct fakes *fakes, struct text *why)
{
    struct redial_str reason;

    if (!fakes->options.record) return true;
    fakes->recorder =
        recorder_new(fakes->options.upstream, fakes->options.record, fakes->now, &reason);
    if (!fakes->recorder) text_append(why, reason);
    return fakes->recorder != NULL;
}

static bool make_rest(struct fakes *fakes, struct text *why)
{
    struct redial_str reason = REDIAL_STR("memory is out");

    if (folder_make(fakes, &reason) && environment_make(fakes, &reason) &&
        session_find(fakes, (struct redial_str){"", 0}))
        return true;
    text_append(why, reason);
    return false;
}

static bool check_ways(const struct fakes_options *options, struct text *why)
{
    struct redial_str rest = str_of(options->ways), way;

    while (str_split(&rest, ',', &way)) {
        struct text ways = TEXT_INIT;
        way = str_trim(way);
        if (authority_knows_way(way)) continue;
        authority_list_ways(&ways);
        text_printf(why, "no client gets credentials by '%.*s'; the ways are %.*s",
                    REDIAL_STR_ARG(way), REDIAL_STR_ARG(text_str(&ways)));
        text_clean_up(&ways);
        return false;
    }
    return true;
}

struct fakes *fakes_start(const struct fakes_options *options, struct diag_list *diags,
                          struct text *why)
{
    struct fakes *fakes;

    if (!check_ways(options, why)) return NULL;
    fakes = fakes_new(options);
    if (!fakes) {
        text_append(why, REDIAL_STR("memory is out"));
        return NULL;
    }
    if (load_script(fakes, diags, why) && make_recorder(fakes, why) && make_authority(fakes, why) &&
        open_places(fakes, why) && make_rest(fakes, why)) {
        (void)strike_doors(fakes);
        return fakes;
    }
    fakes_stop(fakes);
    return NULL;
}

void fakes_stop(struct fakes *fakes)
{
    if (!fakes) return;
    if (fakes->arena && fakes->journal) read_time(fakes);
    for (size_t i = 0; i < fakes->place_count; i++) endpoint_destroy(fakes->places[i].endpoint);
    drop_sessions(fakes, true);
    plays_destroy(fakes);
    recorder_destroy(fakes->recorder);
    note_forget(fakes);
    script_let_go(fakes->script);
    authority_destroy(fakes->authority);
    certificate_clean_up(&fakes->certificate);
    folder_remove(fakes);
    journal_destroy(fakes->journal);
    text_clean_up(&fakes->moment);
    free(fakes->variables);
    arena_destroy(fakes->arena);
    if (fakes->epoll >= 0) close(fakes->epoll);
    free(fakes);
}

/* ---- The loop */

static bool is_stirred(const struct fakes *fakes)
{
    for (size_t i = 0; i < fakes->place_count; i++)
        if (endpoint_is_stirred(fakes->places[i].endpoint)) return true;
    return false;
}

/* Until something is due: a reply's act, a look at the file, or what only the servers know of. */
static int wait_ms(struct fakes *fakes, int timeout_ms)
{
    int64_t next = plays_next(fakes), wait;
    int doors_ms = strike_doors(fakes);

    if (is_stirred(fakes)) return 0;
    if (doors_ms >= 0 && fakes->now + doors_ms * NS_PER_MS < next)
        next = fakes->now + doors_ms * NS_PER_MS;
    if (fakes->swept_at + SWEEP_EVERY < next) next = fakes->swept_at + SWEEP_EVERY;
    if (fakes->options.watch_scenario && fakes->looked_at + LOOK_EVERY < next)
        next = fakes->looked_at + LOOK_EVERY;
    wait = (next - fakes->now + NS_PER_MS - 1) / NS_PER_MS;
    if (wait < 0) wait = 0;
    return timeout_ms >= 0 && timeout_ms < wait ? timeout_ms : (int)wait;
}

static void wait_for(struct fakes *fakes, int timeout_ms)
{
    struct epoll_event events[PLACES_MAX];
    int count;

    if (fakes->recorder) recorder_wait(fakes->recorder, fakes->epoll, timeout_ms);
    count = epoll_wait(fakes->epoll, events, (int)PLACES_MAX, fakes->recorder ? 0 : timeout_ms);

    for (int i = 0; i < count; i++) ((struct place *)events[i].data.ptr)->listed = true;
}

static void sweep(struct fakes *fakes)
{
    bool changed;

    if (fakes->now - fakes->swept_at >= SWEEP_EVERY) {
        fakes->swept_at = fakes->now;
        for (size_t i = 0; i < fakes->place_count; i++) fakes->places[i].listed = true;
    }
    if (!fakes->options.watch_scenario || fakes->now - fakes->looked_at < LOOK_EVERY) return;
    fakes->looked_at = fakes->now;
    look_at_file(fakes, &changed);
    if (changed) reload(fakes);
}

bool fakes_move(struct fakes *fakes, int timeout_ms)
{
    read_time(fakes);
    wait_for(fakes, wait_ms(fakes, timeout_ms));
    read_time(fakes);
    sweep(fakes);
    plays_move(fakes);
    for (size_t i = 0; i < fakes->place_count; i++) {
        struct place *place = &fakes->places[i];
        if (!place->listed && !endpoint_is_stirred(place->endpoint)) continue;
        place->listed = false;
        endpoint_move(place->endpoint);
    }
    if (fakes->recorder && !recorder_move(fakes->recorder))
        fakes->trouble = REDIAL_STR("the recording cannot be written, or memory is out");
    return fakes->trouble.len == 0;
}

int fakes_fd(const struct fakes *fakes)
{
    return fakes->epoll;
}

struct redial_str fakes_trouble(const struct fakes *fakes)
{
    return fakes->trouble;
}

size_t fakes_environment(const struct fakes *fakes, const struct fakes_variable **list)
{
    *list = fakes->variables;
    return fakes->variable_count;
}

struct redial_str fakes_folder(const struct fakes *fakes)
{
    return fakes->folder;
}

struct journal *fakes_journal(const struct fakes *fakes)
{
    return fakes->journal;
}

const struct scenario *fakes_scenario(const struct fakes *fakes)
{
    return fakes->script->is_scenario ? &fakes->script->scenario : NULL;
}

bool fakes_reset(struct fakes *fakes)
{
    drop_sessions(fakes, true);
    journal_clear(fakes->journal);
    fakes->scenario_trouble.len = 0;
    note_forget(fakes);
    fakes->conversations = 0;
    fakes->replies = 0;
    return session_find(fakes, (struct redial_str){"", 0}) != NULL;
}

size_t fakes_under_way(const struct fakes *fakes)
{
    return fakes->play_count;
}
