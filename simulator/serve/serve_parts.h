/* Between the files of the server. Private to serve. */
#ifndef REDIAL_SIMULATOR_SERVE_PARTS_H
#define REDIAL_SIMULATOR_SERVE_PARTS_H

#include "base/duration.h"
#include "simulator/authority/authority.h"
#include "simulator/endpoints/endpoint.h"
#include "simulator/run/scenario.h"
#include "simulator/serve/answer.h"
#include "simulator/serve/compress.h"
#include "simulator/serve/fakes.h"
#include "simulator/serve/memo.h"
#include "simulator/world/world.h"

/* ---- What is served: a scenario's world, or the world of no scenario */

struct script {
    struct arena *arena;
    struct redial_str path, text; /* of the scenario; empty: none */
    bool is_scenario;
    struct scenario scenario;
    struct redial_policy *policy;
    const struct provider_script *providers;
    size_t provider_count;
    struct span span;
    uint64_t seed;
    unsigned strikes; /* STRIKES_…: what its replies do before a request is read */
    unsigned holders; /* sessions and replies under way; a reload does not change those */
};

/* NULL with the reason in `diags`. */
struct script *script_load(const char *path, struct diag_list *diags);
struct script *script_load_text(struct redial_str path, struct redial_str text,
                                struct diag_list *diags);
struct script *script_without_scenario(void); /* NULL: memory is out */
void script_let_go(struct script *script);
/* The reply if the scenario itself wrote it, else NULL: only that outlives what was made of it. */
const struct reply_script *script_written(const struct script *script,
                                          const struct reply_script *reply);
/* What it says of a provider's features; NULL: nothing. */
const uint8_t *script_features(const struct script *script, uint16_t provider);

/* ---- Sessions */

/* Answers are made in pages, which go with the last reply that is made of them. */
struct page_of_answers {
    struct arena *arena;
    unsigned holders;
};

/* Requests with the same prompt, until one of them succeeds. */
struct conversation {
    uint64_t prompt;
    uint32_t number; /* in the journal */
    int32_t attempts;
    unsigned under_way;
    bool answered;
    uint32_t recorded; /* its call in a recording + 1; 0 none */
    uint64_t touched;
};
#define CONVERSATIONS_MAX 1024u /* a power of two */

struct batch;
struct bucket;

struct session {
    struct redial_str name; /* empty: of requests that name none */
    struct arena *arena;
    struct script *script;
    struct world *world;
    struct page_of_answers *page;
    struct conversation *conversations;
    uint32_t *newest_credential; /* per provider */
    struct effects_cache *cache;
    struct bucket *quotas; /* per provider and kind, where the scenario has no limits */
    struct batch *batches; /* newest first */
    size_t batch_count;
    uint64_t touched;
};

/* The session of that name, made when there is none. NULL: memory is out, or there are too many.
 */
struct session *session_find(struct fakes *fakes, struct redial_str name);
void session_destroy(struct session *session);
/* Its call, counted on by one attempt. */
struct conversation *session_converse(struct fakes *fakes, struct session *session, uint64_t prompt,
                                      int32_t retry_count);
/* NULL when memory is out. */
struct bucket *session_quotas(struct arena *arena, size_t providers, int64_t now);
/* Its world is open to clients that no scenario knows. */
void stranger_welcome(struct session *session);
/* How long the prompt is that such a client sent, as the scenario means it. */
int64_t stranger_tokens(struct session *session, const struct demand *demand);
/* Scenarios write the dates of headers by their own calendar, which begins with 2026; clients have
 * this machine's. `headers` begin with copies of the exchange's. False when memory is out. */
bool stranger_has_dates(const struct fakes *fakes, const struct exchange *exchange);
bool stranger_move_dates(const struct fakes *fakes, struct arena *arena,
                         const struct exchange *exchange, struct redial_header *headers);
/* The first request that the scenario has no answer for is kept for fakes_scenario_trouble. */
void stranger_note_trouble(struct fakes *fakes, const struct world_trouble *trouble);
/* A page with room; the caller holds it. */
struct page_of_answers *session_page(struct session *session);
void page_let_go(struct page_of_answers *page);

/* ---- Replies under way */

#define PLAY_TAIL 64u

struct play {
    struct fakes *fakes;
    struct arrival *arrival;
    const struct exchange *exchange;
    size_t act_next;
    bool busy; /* the last act's bytes are not with the system yet */
    struct page_of_answers *page;
    struct script *script;
    struct conversation *conversation;
    uint32_t entry; /* number in the journal; 0: after a reset */
    int64_t began_at;
    struct packing *packing; /* of a stream that goes out compressed; NULL: as it is */
    struct relay *relay;     /* what says the reply, in a recording; NULL: the exchange is whole */
    char tail[PLAY_TAIL];    /* what went out last: an event may go in pieces */
    size_t tail_len;
    size_t heap_index; /* SIZE_MAX: not in the heap */
    int64_t due_at;
    struct play *next, **link; /* all that are under way */
};

struct play *play_new(struct fakes *fakes, struct arrival *arrival);
/* Performs what is due, and plans the rest. */
void play_begin(struct play *play, const struct exchange *exchange);
void play_go_on(struct play *play);
void play_end(struct play *play, enum arrival_end end);
void plays_move(struct fakes *fakes); /* what is due now */
int64_t plays_next(const struct fakes *fakes);
/* Their sessions end: they go on, and count no more; nor in the journal, if that is cleared. */
void plays_detach(struct fakes *fakes, bool from_journal);
void plays_destroy(struct fakes *fakes);

/* ---- The server */

struct place { /* one port */
    struct fakes *fakes;
    struct endpoint *endpoint;
    struct redial_str url; /* "http://127.0.0.1:4010" */
    uint16_t provider;     /* REDIAL_NO_INDEX: any */
    bool listed;           /* its descriptor said that there is something to do */
};
#define PLACES_MAX 32u

struct certificate {
    char *authority, *certificate, *key; /* PEM */
};
/* An authority of its own, and a certificate by it for localhost and 127.0.0.1. */
bool certificate_make(struct certificate *certificate, int64_t now);
void certificate_clean_up(struct certificate *certificate);

/* A head seen not long ago, with what the journal keeps of it. */
struct noted {
    struct text raw;
    struct redial_str head; /* in `raw` */
    const struct arena *arena;
    const struct redial_header *headers;
    size_t count;
    struct redial_str path, method, client;
    int32_t retry_count;
};
#define NOTED_MAX 8u

struct fakes {
    struct fakes_options options;
    struct arena *arena;
    struct authority *authority;
    struct journal *journal;
    struct script *script;
    struct session *sessions[FAKES_SESSIONS_MAX];
    size_t session_count;
    struct place places[PLACES_MAX];
    size_t place_count;
    struct certificate certificate;
    struct play **heap;
    size_t heap_count, heap_capacity;
    struct play *plays, *spare_plays;
    size_t play_count, spare_count;
    int64_t now, began_at; /* ns since the epoch, by a clock that never goes back */
    int64_t offset;        /* of that clock */
    uint64_t replies;      /* ids are made from the number */
    uint32_t conversations;
    uint64_t touches;
    int64_t complaints_until, swept_at, looked_at; /* see fakes.c */
    uint32_t complaints;
    int64_t scenario_changed_at;
    int64_t scenario_size;
    int epoll;
    struct redial_str folder;
    struct fakes_variable *variables;
    size_t variable_count, variable_room;
    struct redial_str trouble;
    struct redial_str scenario_trouble; /* empty: none */
    struct redial_str models[256];      /* names that no policy knows, each once */
    size_t model_count;
    struct recorder *recorder;
    struct noted noted[NOTED_MAX];
    unsigned noted_next;
    struct memo memos[MEMOS_MAX];
    unsigned memo_next;
    struct text moment; /* of `moment_second`, as headers have it */
    int64_t moment_second;
    const struct redial_policy *policy; /* of options.policy, once it was asked */
    bool policy_asked, doors_moved;     /* doors: ports may refuse connections just now */
};

extern const struct endpoint_watcher serve_watcher;

uint64_t serve_next_id(struct fakes *fakes);
int64_t fakes_world_now(const struct fakes *fakes); /* the moment that all worlds are at */
/* The usual words of a request, cut free of secrets. NULL when memory is out. */
struct journal_entry *note_arrival(struct fakes *fakes, const struct arrival *arrival);
void note_reply(struct fakes *fakes, struct journal_entry *entry, const struct exchange *exchange,
                enum platform_kind platform);
/* What a client makes of the reply, which is no success or was scripted to be none; `refused`: by
 * the fakes themselves. */
enum redial_class meaning_of(struct fakes *fakes, const struct exchange *exchange,
                             enum platform_kind kind, bool refused);
void note_forget(struct fakes *fakes);
void note_told(struct fakes *fakes, uint32_t number);
struct redial_str note_text(struct fakes *fakes, struct redial_str text);

/* Faults that strike before a request was read: strike.c. */
enum { STRIKES_CONNECTIONS = 1, STRIKES_DOORS = 2, STRIKES_HEADS = 4 };
unsigned strikes_of(const struct reply_script *replies, size_t count);
enum connection_fate strike_connection(void *context, uint64_t number);
bool strike_head(void *context, struct arrival *arrival);
/* Ports refuse connections, or no longer. Gives after how many ms to look again; -1 never. */
int strike_doors(struct fakes *fakes);
#define STRIKE_DOORS_MS 10

/* `/_redial/…` */
bool control_serves(struct redial_str target);
void control_answer(struct fakes *fakes, struct arrival *arrival);

/* Batches. `id` empty: all. */
const struct exchange *batches_answer(struct fakes *fakes, struct session *session,
                                      const struct route *route, const struct demand *demand,
                                      struct redial_str target, struct redial_str url,
                                      struct arena *arena);
void batches_destroy(struct session *session);
const struct exchange *models_answer(struct fakes *fakes, const struct route *route,
                                     struct redial_str target, struct arena *arena);

bool folder_make(struct fakes *fakes, struct redial_str *why);
void folder_remove(struct fakes *fakes);
/* False when memory is out or a file cannot be written. */
bool environment_make(struct fakes *fakes, struct redial_str *why);

/* Serves another script from now on; sessions begin anew. Takes it over. False, with the reason in
 * `diags`, when its policy has no place for a port's provider: then the old one stays. */
bool fakes_serve_script(struct fakes *fakes, struct script *script, struct diag_list *diags);
/* The place for whatever has no port of its own. */
const struct place *fakes_common_place(const struct fakes *fakes);

#endif
