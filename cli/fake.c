/* redial fake: the fake platforms as a server, with the environment that points clients at them. */
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "api/load.h"
#include "base/clock.h"
#include "base/duration.h"
#include "cli/default_policy.h"
#include "cli/interrupt.h"
#include "cli/verbs.h"
#include "redial/redial.h"
#include "simulator/serve/fakes.h"

static const struct args_flag flags[] = {
    {"port", 'p', "N", "the first port (the kernel picks free ones)"},
    {"listen", 0, "ADDRESS", "listen there instead of 127.0.0.1: others can reach it then"},
    {"one-port", '1', NULL, "all providers on one port, told apart by the path"},
    {"tls", 0, NULL, "https, by a throw-away authority that the environment names"},
    {"env", 0, "FORM", "print the environment as sh, json or dotenv (sh)"},
    {"credentials", 0, "WAYS",
     "how clients get credentials: oauth, container, \"web identity\" ..."},
    {"seed", 0, "N", "of ids, keys and chance"},
    {"speed", 0, "FACTOR", "the world's delays and hints are divided by it"},
    {"pace", 0, "TIME", "between the words of streams that no scenario paces (0s)"},
    {"for", 0, "TIME", "end after this time"},
    {"requests", 'n', "N", "end after N requests"},
    {"record", 0, "FILE", "pass requests on to --upstream, and write what happened as a scenario"},
    {"upstream", 0, "URL", "the platform to record: https, or this machine"},
    {"quiet", 'q', NULL, "say nothing of what arrives"},
};

/* A second signal, the handler being gone, ends the process at once. */
static void catch_signals(void)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigemptyset(&ignore.sa_mask);
    interrupts_catch(false);
    sigaction(SIGPIPE, &ignore, NULL);
}

/* Each connection is a descriptor. */
static void allow_descriptors(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
}

struct faking {
    struct output *output;
    bool quiet;
    const char *form;
    int64_t ends_after; /* ns; DURATION_MAX never */
    uint64_t requests;  /* 0: any number */
    uint64_t seen;
    struct redial_policy *policy; /* to read replies by; NULL until there is one to read */
    /* For the summary. */
    uint64_t ends[JOURNAL_END_COUNT], statuses[600];
};

/* ---- Flags ---- */

static bool read_time(const struct args *args, const char *flag, int64_t *ns, struct text *why)
{
    const char *value = args_value(args, flag);
    if (!value || duration_parse(str_of(value), ns) == DURATION_OK) return true;
    text_printf(why, "'%s' is no value for '%s'; a time with its unit is: 500ms, 30s, 10m", value,
                flag);
    return false;
}

static bool read_speed(const struct args *args, double *speed, struct text *why)
{
    const char *value = args_value(args, "speed");
    char *end;
    if (!value) return true;
    *speed = strtod(value, &end);
    if (end != value && *end == '\0' && *speed >= 0.001 && *speed <= 1000000) return true;
    text_printf(why, "'%s' is no value for 'speed'; a factor is: 10, 0.5", value);
    return false;
}

static bool read_form(const struct args *args, struct faking *faking, struct text *why)
{
    static const char *const forms[] = {"sh", "json", "dotenv"};
    faking->form = args_value(args, "env") ? args_value(args, "env") : "sh";
    for (size_t i = 0; i < REDIAL_COUNT_OF(forms); i++)
        if (strcmp(forms[i], faking->form) == 0) return true;
    text_printf(why, "'%s' is no value for 'env'; sh, json or dotenv is", faking->form);
    return false;
}

static bool read_flags(const struct args *args, struct fakes_options *options,
                       struct faking *faking, struct text *why)
{
    uint64_t port = 0;
    if (args->word_count > 1) {
        text_append(why, REDIAL_STR("one scenario at a time"));
        return false;
    }
    if (!args_number(args, "port", 1, 65535, &port, why) ||
        !args_number(args, "seed", 0, UINT64_MAX, &options->seed, why) ||
        !args_number(args, "requests", 1, UINT64_MAX, &faking->requests, why) ||
        !read_time(args, "pace", &options->pace, why) ||
        !read_time(args, "for", &faking->ends_after, why) ||
        !read_speed(args, &options->speed, why) || !read_form(args, faking, why))
        return false;
    options->record = args_value(args, "record");
    options->upstream = args_value(args, "upstream");
    if (!options->record != !options->upstream) {
        text_append(why, REDIAL_STR("'--record' and '--upstream' go together"));
        return false;
    }
    if (options->pace > NS_PER_HOUR) {
        text_append(why, REDIAL_STR("'--pace' is at most 1h"));
        return false;
    }
    options->scenario = args->word_count > 0 ? args->words[0] : NULL;
    options->watch_scenario = options->scenario != NULL;
    options->address = args_value(args, "listen");
    options->port = (uint16_t)port;
    options->one_port = args_given(args, "one-port");
    options->tls = args_given(args, "tls");
    options->seed_given = args_given(args, "seed");
    options->ways = args_value(args, "credentials");
    faking->quiet = args_given(args, "quiet");
    return true;
}

/* ---- The environment ---- */

static void quote_for_shell(struct redial_str value, struct text *out)
{
    text_append_char(out, '\'');
    for (size_t i = 0; i < value.len; i++) {
        if (value.ptr[i] == '\'')
            text_append(out, REDIAL_STR("'\\''"));
        else
            text_append_char(out, value.ptr[i]);
    }
    text_append_char(out, '\'');
}

static void write_sh(const struct fakes_variable *variable, struct text *out)
{
    if (!variable->value.ptr) {
        text_printf(out, "unset %.*s\n", REDIAL_STR_ARG(variable->name));
        return;
    }
    text_printf(out, "export %.*s=", REDIAL_STR_ARG(variable->name));
    quote_for_shell(variable->value, out);
    text_append_char(out, '\n');
}

/* Readers of such files know no way to say that a variable is not set: it is left out. */
static void write_dotenv(const struct fakes_variable *variable, struct text *out)
{
    if (!variable->value.ptr) return;
    text_printf(out, "%.*s=", REDIAL_STR_ARG(variable->name));
    quote_for_shell(variable->value, out);
    text_append_char(out, '\n');
}

static void write_json(const struct fakes_variable *list, size_t count, struct text *out)
{
    text_append(out, REDIAL_STR("{\n"));
    for (size_t i = 0; i < count; i++) {
        text_append(out, REDIAL_STR("  "));
        text_append_json(out, list[i].name);
        text_append(out, REDIAL_STR(": "));
        if (list[i].value.ptr)
            text_append_json(out, list[i].value);
        else
            text_append(out, REDIAL_STR("null"));
        text_append(out, REDIAL_STR(",\n"));
    }
    text_printf(out, "  \"REDIAL_FAKE_PID\": \"%ld\"\n}\n", (long)getpid());
}

static void write_environment(const struct faking *faking, const struct fakes *fakes,
                              struct text *out)
{
    const struct fakes_variable *list;
    size_t count = fakes_environment(fakes, &list);
    bool sh = strcmp(faking->form, "sh") == 0;
    if (strcmp(faking->form, "json") == 0) {
        write_json(list, count, out);
        return;
    }
    for (size_t i = 0; i < count; i++) (sh ? write_sh : write_dotenv)(&list[i], out);
    text_printf(out, "%sREDIAL_FAKE_PID=%ld\n", sh ? "export " : "", (long)getpid());
}

/* `eval "$(redial fake … &)"` reads up to the end of the output: it must end here, not with the
 * process. */
static void end_output(FILE *file)
{
    int nowhere;
    (void)fflush(file);
    if (fileno(file) != STDOUT_FILENO) return;
    nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (nowhere < 0) return;
    (void)dup2(nowhere, STDOUT_FILENO);
    close(nowhere);
}

/* ---- What arrives ---- */

/* What a client sent may drive no terminal. */
static void write_shown(struct text *out, struct redial_str text)
{
    for (size_t i = 0; i < text.len && i < 200; i++) {
        bool drives = (unsigned char)text.ptr[i] < ' ' || text.ptr[i] == 127;
        text_append(out, drives ? REDIAL_STR("?") : str_take(str_skip(text, i), 1));
    }
}

static void write_what(struct text *out, const struct journal_entry *entry)
{
    if (entry->session.len > 0) {
        text_append_char(out, '[');
        write_shown(out, entry->session);
        text_append(out, REDIAL_STR("] "));
    }
    text_printf(out, "%s", entry->server[0] ? entry->server : "?");
    if (entry->operation.len > 0) {
        text_append_char(out, ' ');
        write_shown(out, entry->operation);
    }
    if (str_is(entry->operation, "unknown")) {
        text_append_char(out, ' ');
        write_shown(out, entry->path);
    }
    if (entry->model.len > 0) {
        text_append_char(out, ' ');
        write_shown(out, entry->model);
    }
    if (entry->stream) text_append(out, REDIAL_STR(" stream"));
    if (entry->retry_count > 0) text_printf(out, " retry=%" PRId32, entry->retry_count);
}

static void write_outcome(struct text *out, const struct journal_entry *entry)
{
    text_append(out, REDIAL_STR(" ->"));
    if (entry->status) text_printf(out, " %u", entry->status);
    if (entry->class != REDIAL_CLASS_NONE)
        text_printf(out, " %s", redial_class_name((enum redial_class)entry->class));
    if (entry->fault != FAULT_NONE)
        text_printf(out, " %s", reply_fault_names.rows[entry->fault].word);
    if (entry->hint >= 0) {
        text_append(out, REDIAL_STR(" retry-after="));
        duration_format(entry->hint, out);
    }
    if (entry->why.len > 0) {
        text_append(out, REDIAL_STR(": "));
        write_shown(out, entry->why);
    }
}

static void tell(struct faking *faking, const struct journal_entry *entry, bool ended)
{
    struct text line = TEXT_INIT;
    int64_t at = ended ? entry->ended_at : entry->read_at;
    text_printf(&line, "%7" PRId64 "ms #%-3" PRIu32 " ", at / NS_PER_MS, entry->number);
    if (ended) {
        text_append(&line, REDIAL_STR("the client left before its reply was out"));
    } else {
        write_what(&line, entry);
        write_outcome(&line, entry);
    }
    text_append_char(&line, '\n');
    output_text(faking->output->err, &line);
    (void)fflush(faking->output->err);
    text_clean_up(&line);
}

static void see_arrived(void *context, const struct journal_entry *entry)
{
    struct faking *faking = context;
    faking->seen++;
    if (entry->status < REDIAL_COUNT_OF(faking->statuses)) faking->statuses[entry->status]++;
    if (!faking->quiet) tell(faking, entry, false);
}

static void see_ended(void *context, const struct journal_entry *entry)
{
    struct faking *faking = context;
    if (!faking->quiet) tell(faking, entry, true);
}

static void see_reloaded(void *context, const struct diag_list *diags)
{
    struct faking *faking = context;
    struct text out = TEXT_INIT;
    diag_render(diags, faking->output->err_colour, &out);
    text_append(&out, diag_errors(diags) > 0
                          ? REDIAL_STR("redial fake: the scenario changed and cannot be used; the "
                                       "old one stays\n")
                          : REDIAL_STR("redial fake: the scenario changed; it begins anew\n"));
    output_quoting(faking->output->err, &out);
    (void)fflush(faking->output->err);
    text_clean_up(&out);
}

/* ---- Its life ---- */

static void write_summary(const struct faking *faking, struct text *out)
{
    bool first = true;
    text_printf(out, "redial fake: %" PRIu64 " request%s", faking->seen,
                faking->seen == 1 ? "" : "s");
    for (size_t i = 0; i < REDIAL_COUNT_OF(faking->statuses); i++) {
        if (faking->statuses[i] == 0) continue;
        text_append(out, first ? REDIAL_STR(": ") : REDIAL_STR(", "));
        first = false;
        text_printf(out, "%" PRIu64 " x ", faking->statuses[i]);
        if (i == 0)
            text_append(out, REDIAL_STR("no reply"));
        else
            text_printf(out, "%zu", i);
    }
    text_append_char(out, '\n');
}

static bool is_over(const struct faking *faking, const struct fakes *fakes, int64_t passed)
{
    if (interrupted || passed >= faking->ends_after) return true;
    return faking->requests > 0 && faking->seen >= faking->requests && fakes_under_way(fakes) == 0;
}

static int wait_of(const struct faking *faking, int64_t passed)
{
    int64_t left =
        faking->ends_after == DURATION_MAX ? 1000 * NS_PER_MS : faking->ends_after - passed;
    return left > 1000 * NS_PER_MS ? 1000 : (int)(left / NS_PER_MS) + 1;
}

static int serve(struct faking *faking, struct fakes *fakes)
{
    struct text out = TEXT_INIT;
    int64_t began_at = clock_steady(), passed = 0;
    int status = STATUS_OK;
    write_environment(faking, fakes, &out);
    output_text(faking->output->out, &out);
    end_output(faking->output->out);
    while (!is_over(faking, fakes, passed)) {
        if (!fakes_move(fakes, wait_of(faking, passed))) {
            struct redial_str why = fakes_trouble(fakes);
            fprintf(faking->output->err, "redial fake: %.*s\n", REDIAL_STR_ARG(why));
            status = STATUS_UNUSABLE;
            break;
        }
        passed = clock_steady() - began_at;
    }
    text_clear(&out);
    write_summary(faking, &out);
    output_text(faking->output->err, &out);
    text_clean_up(&out);
    return status;
}

/* None is no error: replies are then told apart by their status alone. */
static const struct redial_policy *policy_to_read_by(void *context)
{
    struct faking *faking = context;
    struct arena *arena = arena_new();
    struct diag_list *diags = diag_list_new();
    struct text why = TEXT_INIT;
    const char *path = arena ? default_policy(arena, &why) : NULL;
    faking->policy = path ? policy_load(path, NULL, diags) : NULL;
    text_clean_up(&why);
    diag_list_destroy(diags);
    arena_destroy(arena);
    return faking->policy;
}

static int start(struct faking *faking, const struct fakes_options *options)
{
    struct diag_list *diags = diag_list_new();
    struct text why = TEXT_INIT;
    struct fakes *fakes = fakes_start(options, diags, &why);
    int status = STATUS_UNUSABLE;
    if (fakes) {
        status = serve(faking, fakes);
    } else {
        struct text shown = TEXT_INIT;
        diag_render(diags, faking->output->err_colour, &shown);
        if (why.len > 0) text_printf(&shown, "redial fake: %.*s\n", REDIAL_STR_ARG(text_str(&why)));
        output_quoting(faking->output->err, &shown);
        text_clean_up(&shown);
    }
    fakes_stop(fakes);
    text_clean_up(&why);
    diag_list_destroy(diags);
    return status;
}

static int run(const struct args *args, struct output *output)
{
    struct faking faking = {.output = output, .ends_after = DURATION_MAX};
    struct fakes_options options = {.arrived = see_arrived,
                                    .ended = see_ended,
                                    .reloaded = see_reloaded,
                                    .policy = policy_to_read_by,
                                    .context = &faking,
                                    .strike_early = true};
    struct text why = TEXT_INIT;
    int status = STATUS_UNUSABLE;
    if (!read_flags(args, &options, &faking, &why)) {
        output_usage(output, args->verb->name, text_str(&why));
    } else {
        catch_signals();
        allow_descriptors();
        status = start(&faking, &options);
    }
    redial_policy_release(faking.policy);
    text_clean_up(&why);
    return status;
}

const struct verb verb_fake = {
    .name = "fake",
    .words = "[SCENARIO]",
    .summary = "the fake platforms as a server",
    .about = "Serves Anthropic, Bedrock, Vertex and Foundry on loopback, and whoever gives\n"
             "credentials for them, as a scenario says; without one, every request gets a\n"
             "simulated answer. Prints the environment that points clients at it, tells what\n"
             "arrives on standard error, and reads the scenario again when its file changes.\n"
             "Tests that run side by side are told apart by the header x-redial-session, or by\n"
             "'~NAME' behind an API key. GET /_redial/journal says what happened.",
    .flags = flags,
    .flag_count = REDIAL_COUNT_OF(flags),
    .examples = "  eval \"$(redial fake --for 10m &)\"        point this shell's clients at it\n"
                "  redial fake --port 4010 scenarios/seed/overloaded.yaml\n"
                "  redial fake --env json --requests 1      one request, then the summary\n"
                "  redial fake --record today.yaml --upstream https://api.anthropic.com\n"
                "  curl \"$REDIAL_FAKE_URL/_redial/journal\"  what arrived, as JSON\n",
    .status = "  0  it ended as it was told to: a signal, --for, --requests\n"
              "  2  usage, a scenario with errors, or a port that cannot be had\n",
    .run = run,
};
