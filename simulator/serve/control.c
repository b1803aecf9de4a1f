/* What a test asks the fakes themselves, on every port:
 *
 *     GET  /_redial/health                        they are up
 *     GET  /_redial/journal?session=…&server=…&operation=…&status=…&after=…&limit=…
 *     POST /_redial/reset                         forget the journal and every place in the script
 *     GET  /_redial/scenario                      the script that is served
 *     PUT  /_redial/scenario                      another one; with errors 422, and the old one
 * stays GET  /_redial/environment                   what points clients at them */
#include "base/redact.h"
#include "simulator/serve/serve_parts.h"
#include "story/put.h"

#define PREFIX "/_redial/"

bool control_serves(struct redial_str target)
{
    return str_starts_with(target, REDIAL_STR(PREFIX));
}

static void say(struct arrival *arrival, uint16_t status, const char *type, const struct text *text)
{
    const struct redial_header header = {REDIAL_STR("content-type"), str_of(type)};

    if (text->failed || !arrival_answer(arrival, status, &header, 1, text_str(text)))
        arrival_close(arrival);
}

#define JSON  "application/json"
#define PLAIN "text/plain; charset=utf-8"

/* ---- What can be asked */

static void tell_health(struct fakes *fakes, struct arrival *arrival)
{
    struct text out = TEXT_INIT;

    text_append_char(&out, '{');
    put_word(&out, "status", "ok");
    put_int(&out, "requests",
            (int64_t)journal_count(fakes->journal) + journal_fallen_out(fakes->journal));
    put_int(&out, "under_way", (int64_t)fakes->play_count);
    put_int(&out, "sessions", (int64_t)fakes->session_count);
    put_int(&out, "uptime_ms", (fakes->now - fakes->began_at) / NS_PER_MS);
    text_append(&out, REDIAL_STR("}\n"));
    say(arrival, 200, JSON, &out);
    text_clean_up(&out);
}

static bool read_number(struct arrival *arrival, const char *name, uint32_t *number)
{
    struct redial_str text = route_parameter(arrival->target, name, arrival_arena(arrival));
    int64_t value = 0;

    if (text.len == 0) return true;
    if (!str_to_int64(text, &value) || value < 0 || value > UINT32_MAX) return false;
    *number = (uint32_t)value;
    return true;
}

/* The first parameter that the journal does not know; empty: it knows all. */
static struct redial_str unknown_filter(struct redial_str target)
{
    static const char *const known[] = {"session", "server", "operation",
                                        "status",  "after",  "limit"};
    struct redial_str query = str_skip(target, str_find(target, REDIAL_STR("?")));
    struct redial_str part;

    if (query.len > 0) query = str_skip(query, 1);
    while (str_split(&query, '&', &part)) {
        struct redial_str name = str_take(part, str_find(part, REDIAL_STR("=")));
        bool is_known = name.len == 0;
        for (size_t i = 0; i < REDIAL_COUNT_OF(known); i++)
            is_known = is_known || str_is(name, known[i]);
        if (!is_known) return name;
    }
    return (struct redial_str){"", 0};
}

static void tell_journal(struct fakes *fakes, struct arrival *arrival)
{
    struct arena *arena = arrival_arena(arrival);
    struct journal_filter filter = {.session = route_parameter(arrival->target, "session", arena),
                                    .server = route_parameter(arrival->target, "server", arena),
                                    .operation =
                                        route_parameter(arrival->target, "operation", arena)};
    struct redial_str unknown = unknown_filter(arrival->target);
    struct text out = TEXT_INIT;
    bool numbers = read_number(arrival, "after", &filter.after) &&
                   read_number(arrival, "limit", &filter.limit) &&
                   read_number(arrival, "status", &filter.status);
    bool fine = numbers && unknown.len == 0;

    if (fine)
        journal_write_json(fakes->journal, &filter, &out);
    else if (!numbers)
        text_append(&out, REDIAL_STR("status, after and limit are whole numbers\n"));
    else
        text_printf(&out,
                    "nothing is filtered by '%.*s'; session, server, operation, status, after and "
                    "limit are known\n",
                    REDIAL_STR_ARG(unknown));
    say(arrival, fine ? 200 : 400, fine ? JSON : PLAIN, &out);
    text_clean_up(&out);
}

static void do_reset(struct fakes *fakes, struct arrival *arrival)
{
    struct text out = TEXT_INIT;
    bool done = fakes_reset(fakes);

    text_append(&out, done ? REDIAL_STR("{\"status\":\"ok\"}\n")
                           : REDIAL_STR("{\"status\":\"memory is out\"}\n"));
    say(arrival, done ? 200 : 500, JSON, &out);
    text_clean_up(&out);
}

static void tell_scenario(struct fakes *fakes, struct arrival *arrival)
{
    struct text out = TEXT_INIT;

    if (fakes->script->is_scenario)
        redact(fakes->script->text, NULL, &out);
    else
        text_append(&out, REDIAL_STR("# no scenario: every request gets a simulated answer\n"));
    say(arrival, 200, "application/yaml", &out);
    text_clean_up(&out);
}

/* Paths in it are relative to the folder of the scenario that is served, or else to where the fakes
 * were started. */
static void take_scenario(struct fakes *fakes, struct arrival *arrival)
{
    struct diag_list *diags = diag_list_new();
    struct redial_str path =
        fakes->script->is_scenario ? fakes->script->path : REDIAL_STR("scenario.yaml");
    struct text out = TEXT_INIT, shown = TEXT_INIT;
    bool taken = diags && fakes_load(fakes, path, arrival->body, diags);

    if (taken) {
        text_append(&out, REDIAL_STR("{\"status\":\"ok\"}\n"));
    } else {
        diag_render(diags, false, &shown);
        redact(text_str(&shown), NULL, &out);
    }
    say(arrival, taken ? 200 : 422, taken ? JSON : PLAIN, &out);
    text_clean_up(&shown);
    text_clean_up(&out);
    diag_list_destroy(diags);
}

static void tell_environment(struct fakes *fakes, struct arrival *arrival)
{
    struct text out = TEXT_INIT;

    text_append_char(&out, '{');
    for (size_t i = 0; i < fakes->variable_count; i++) {
        put_key(&out, fakes->variables[i].name.ptr);
        if (fakes->variables[i].value.ptr)
            text_append_json(&out, fakes->variables[i].value);
        else
            text_append(&out, REDIAL_STR("null"));
    }
    text_append(&out, REDIAL_STR("}\n"));
    say(arrival, 200, JSON, &out);
    text_clean_up(&out);
}

static const struct {
    const char *method, *path;
    void (*answer)(struct fakes *fakes, struct arrival *arrival);
} rows[] = {
    {"GET", "health", tell_health},
    {"GET", "journal", tell_journal},
    {"POST", "reset", do_reset},
    {"GET", "scenario", tell_scenario},
    {"PUT", "scenario", take_scenario},
    {"POST", "scenario", take_scenario},
    {"GET", "environment", tell_environment},
};

static void refuse(struct arrival *arrival)
{
    struct text out = TEXT_INIT;

    text_append(&out, REDIAL_STR("redial fake serves here:\n"));
    for (size_t i = 0; i < REDIAL_COUNT_OF(rows); i++)
        text_printf(&out, "  %-4s " PREFIX "%s\n", rows[i].method, rows[i].path);
    say(arrival, 404, PLAIN, &out);
    text_clean_up(&out);
}

/* A page of the web that a person looks at could send such a request too, and must not get at
 * credentials or change anything: its browser names the page's origin. */
static bool comes_from_a_page(const struct arrival *arrival)
{
    return header_value(arrival->headers, arrival->header_count, "origin").len > 0;
}

void control_answer(struct fakes *fakes, struct arrival *arrival)
{
    struct redial_str path = str_skip(route_path(arrival->target), sizeof PREFIX - 1);

    for (size_t i = 0; i < REDIAL_COUNT_OF(rows) && !comes_from_a_page(arrival); i++) {
        if (!str_is(path, rows[i].path) || !str_is(arrival->method, rows[i].method)) continue;
        rows[i].answer(fakes, arrival);
        return;
    }
    refuse(arrival);
}
