/* The fake platforms as a server: sockets, the real clock, and one world per test that asks. One
 * thread; everything happens in fakes_move.
 *
 *     fakes = fakes_start(&options, &why);
 *     fakes_environment(fakes, &list);                      what points clients at them
 *     while (…) fakes_move(fakes, timeout_ms);
 *     journal = fakes_journal(fakes);                       what happened
 *     fakes_stop(fakes);
 *
 * A request goes this way:
 *
 *     arrival ─► route ─► credential ─► body ─► world ─► acts at their moments ─► journal
 *                  404      401, 403     400     script, outage, rate limit
 *
 * Tests that run side by side are told apart by the header x-redial-session, or by what follows a
 * '~' in an API key or bearer token. Each has a world of its own: its place in the script, its rate
 * limits, its calls. */
#ifndef REDIAL_SIMULATOR_FAKES_H
#define REDIAL_SIMULATOR_FAKES_H

#include "base/diag.h"
#include "model/policy.h"
#include "simulator/serve/journal.h"

struct scenario;
struct fakes;

#define FAKES_CONNECTIONS_MAX 4096u /* open at one port; further ones are closed at once */
#define FAKES_SESSIONS_MAX    256u  /* of tests that run side by side */

struct fakes_options {
    const char *scenario; /* path; NULL: every request gets a simulated answer */
    bool watch_scenario;  /* read it again when the file changes */
    const char *address;  /* NULL: 127.0.0.1 */
    uint16_t port;        /* the first; 0: the kernel picks */
    bool one_port;        /* all providers on one, told apart by the first part of the path */
    bool tls;             /* https everywhere; without it, only for what Azure insists on */
    bool only_platforms;  /* no port for Azure's authority */
    uint64_t seed;        /* of ids, keys and chance, where seed_given; else the scenario's own */
    bool seed_given;
    bool strike_early; /* what a script does to connections happens before a request is read: then
                          nobody can tell whose attempt it was */
    double speed;      /* the world's delays and hints are divided by it; 0: 1 */
    int64_t pace;      /* ns between the deltas of the fakes' own streams */
    const char *ways;  /* of getting credentials, "oauth,container": instead of each platform's
                          usual one */
    /* Called as it happens; any may be NULL. `entry` is valid during the call. */
    void (*arrived)(void *context,
                    const struct journal_entry *entry);              /* it is known what it gets */
    void (*ended)(void *context, const struct journal_entry *entry); /* otherwise than told */
    /* The scenario file was read again: `diags` holds errors, then the old one stays. */
    void (*reloaded)(void *context, const struct diag_list *diags);
    /* What replies mean, where no scenario names a policy: asked when the first is no success.
     * NULL, of either: their status alone says. */
    const struct redial_policy *(*policy)(void *context);
    void *context;
    /* Passes requests on to a real platform, and writes what happened as a scenario. */
    const char *upstream, *record; /* URL and path; both or none */
};

/* NULL with the reason: what is wrong with the scenario is in `diags`, which may be NULL where none
 * is given; the rest is a sentence in `why`, which is empty otherwise. */
struct fakes *fakes_start(const struct fakes_options *options, struct diag_list *diags,
                          struct text *why);
void fakes_stop(struct fakes *fakes); /* NULL is fine */

/* Does what there is to do, waiting up to `timeout_ms` for something to happen. False when memory
 * is out or a recording cannot be written, with the reason in fakes_trouble. */
bool fakes_move(struct fakes *fakes, int timeout_ms);
int fakes_fd(const struct fakes *fakes); /* readable when something happens; timers aside */
struct redial_str fakes_trouble(const struct fakes *fakes);
/* The first thing in the scenario that kept the fakes from answering a request as it says, as a
 * diagnostic for people; empty: nothing did. What comes of that request is no client's fault. */
struct redial_str fakes_scenario_trouble(const struct fakes *fakes);

struct fakes_variable {
    struct redial_str name, value; /* value.ptr NULL: it must not be set */
};
/* What points the usual clients at the fakes, and keeps them from the machine's own settings. Ends
 * with the fakes. */
size_t fakes_environment(const struct fakes *fakes, const struct fakes_variable **list);
/* An empty folder of the fakes' own, for what a client writes; removed by fakes_stop. */
struct redial_str fakes_folder(const struct fakes *fakes);

struct journal *fakes_journal(const struct fakes *fakes);
const struct scenario *fakes_scenario(const struct fakes *fakes); /* NULL: none */
/* Forgets journal, calls and places in the script; credentials stay. */
bool fakes_reset(struct fakes *fakes);
/* The script of a provider from now on: for a verdict's own worlds. False with `diags`. */
bool fakes_load(struct fakes *fakes, struct redial_str path, struct redial_str text,
                struct diag_list *diags);
size_t fakes_under_way(const struct fakes *fakes); /* replies that have not ended */

#endif
