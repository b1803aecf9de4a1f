/* redial audit: who supports what, and who says so. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "api/load.h"
#include "audit/ask.h"
#include "audit/print.h"
#include "audit/setup.h"
#include "base/redact.h"
#include "cli/audit.h"
#include "cli/audit_probe.h"
#include "cli/credential.h"
#include "cli/default_policy.h"
#include "cli/input.h"
#include "cli/revision.h"
#include "document/json.h"
#include "document/node.h"
#include "redial/redial.h"

static const struct args_flag flags[] = {
    {"format", 0, "FORMAT", "text, markdown, csv, json or html"},
    {"require", 0, "NAMES", "who can serve these features; exit 1 when nobody can"},
    {"request", 0, "FILE", "the same for what a request's body uses; - is standard input"},
    {"fallbacks", 0, NULL, "what each fallback of the policy loses"},
    {"config", 0, NULL, "the environment and the policy together: what works, what is missing"},
    {"probe", 0, "NAMES", "ask the platform itself about these features, or about all"},
    {"provider", 0, "NAMES", "providers to probe, or all; else the one that is called"},
    {"model", 0, "NAME", "the model to probe instead of a cheap one"},
    {"live", 0, NULL, "probe real platforms, not only fakes: that costs money"},
    {"diff", 0, "OLD", "what changed since a file, or since a date or revision of git"},
    {"stale", 0, "AGE", "cells older than this, such as 90d"},
    {"max-unknown", 0, "N", "exit 1 when more cells are unknown"},
    {"max-disputed", 0, "N", "exit 1 when more cells are disputed"},
    {"wide", 0, NULL, "all surfaces, the wire, and every cell's source"},
    {"matrix", 0, "FILE", "this matrix instead of the one beside the platforms"},
    {"junit", 0, "FILE", "write what was found as JUnit XML too"},
    {"sarif", 0, "FILE", "write what was found as SARIF 2.1.0 too"},
    {"github", 0, NULL, "print it as annotations of a GitHub workflow too"},
    {"today", 0, "DATE", "judge ages by this day instead of the machine's"},
};

static const struct format {
    const char *name;
    matrix_print_fn *print;
    ask_fn *ask;              /* NULL: answers have no such form */
    findings_print_fn *found; /* likewise */
    setup_print_fn *setup;    /* likewise */
    probe_print_fn *probe;    /* likewise */
} formats[] = {
    {"text", matrix_print_text, ask_print_text, findings_print_text, setup_print_text,
     probe_print_text},
    {"markdown", matrix_print_markdown, NULL, findings_print_markdown, NULL, probe_print_markdown},
    {"csv", matrix_print_csv, NULL, NULL, NULL, NULL},
    {"json", matrix_print_json, ask_print_json, findings_print_json, setup_print_json,
     probe_print_json},
    {"html", matrix_print_html, NULL, NULL, NULL, NULL},
};

/* ---- Reading ---- */

static bool is_matrix(const char *path, struct arena *arena)
{
    struct diag_list *unheard = diag_list_new();
    const struct source *source = source_read(arena, path, unheard);
    const struct node *document = source ? document_parse(arena, source, unheard) : NULL;
    bool is = document && document->kind == NODE_MAPPING && node_get(document, "matrix");
    diag_list_destroy(unheard);
    return is;
}

static bool read_subject(const char *path, const char *matrix, int32_t today,
                         struct diag_list *diags, struct subject *subject)
{
    subject->matrix.today = today;
    if (is_matrix(path, subject->arena))
        return matrix_read(subject->arena, path, NULL, today, diags, &subject->matrix);
    subject->policy = policy_load(path, NULL, diags);
    if (!subject->policy) return false;
    if (!matrix) matrix = matrix_beside(subject->arena, subject->policy);
    if (matrix &&
        !matrix_read(subject->arena, matrix, subject->policy, today, diags, &subject->matrix))
        return false;
    if (matrix_join(subject->arena, subject->policy, &subject->matrix)) return true;
    diag_out_of_memory(diags);
    return false;
}

bool subject_begin(struct subject *subject, const char *path, const char *matrix, int32_t today,
                   struct output *output)
{
    struct diag_list *diags = diag_list_new();
    *subject = (struct subject){.arena = arena_new()};
    bool good = subject->arena && diags && read_subject(path, matrix, today, diags, subject);
    if (!good) {
        output_diags(output, diags);
        if (!subject->arena || !diags) fputs("redial: out of memory\n", output->err);
    }
    diag_list_destroy(diags);
    return good;
}

/* Read from within the folder of then, so that places are named as git names them. */
static bool read_then(struct subject *subject, const struct revision *revision, const char *matrix,
                      int32_t today, struct output *output)
{
    int here = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool good = here >= 0 && chdir(revision->folder.ptr) == 0;
    if (good) {
        good = subject_begin(subject, revision->path.ptr, matrix, today, output);
        good = fchdir(here) == 0 && good;
    }
    if (here >= 0) close(here);
    subject->matrix.today = revision->day;
    subject->is_past = true;
    return good;
}

bool subject_begin_then(struct subject *subject, struct redial_str then, const char *path,
                        const char *matrix, int32_t today, struct output *output)
{
    struct revision revision;
    struct text why = TEXT_INIT, matrix_then = TEXT_INIT;
    *subject = (struct subject){0};
    bool good = revision_begin(&revision, then, path, &why) &&
                (!matrix || revision_path(&revision, then, matrix, &matrix_then, &why));
    if (good)
        good = read_then(subject, &revision, matrix ? matrix_then.ptr : NULL, today, output);
    else
        fprintf(output->err, "redial audit: --diff: %.*s\n", REDIAL_STR_ARG(text_str(&why)));
    revision_clean_up(&revision);
    text_clean_up(&why);
    text_clean_up(&matrix_then);
    return good;
}

void subject_end(struct subject *subject)
{
    redial_policy_release(subject->policy);
    arena_destroy(subject->arena);
}

/* ---- Options ---- */

static bool read_today(const struct args *args, int32_t *today, struct text *why)
{
    const char *given = args_value(args, "today");
    *today = (int32_t)(time(NULL) / 86400);
    if (!given || matrix_day(str_of(given), today)) return true;
    text_printf(why, "'%s' is no date; write it as 2026-11-23", given);
    return false;
}

static bool read_format(const struct args *args, const struct format **format, struct text *why)
{
    const char *given = args_value(args, "format");
    *format = &formats[0];
    if (!given) return true;
    for (size_t i = 0; i < REDIAL_COUNT_OF(formats); i++)
        if (str_is(str_of(given), formats[i].name)) {
            *format = &formats[i];
            return true;
        }
    text_printf(why, "unknown format '%s'; the formats are", given);
    for (size_t i = 0; i < REDIAL_COUNT_OF(formats); i++)
        text_printf(why, "%s %s", i == 0 ? "" : ",", formats[i].name);
    return false;
}

/* ---- Questions ---- */

static bool read_request(const struct subject *subject, const struct args *args, const char *path,
                         struct wishes *wishes, struct output *output)
{
    struct text body = TEXT_INIT, wrong = TEXT_INIT, why = TEXT_INIT;
    bool good = input_read(path, &body, args->verb->name, output) &&
                input_is_request(path, text_str(&body), output);
    if (good &&
        !wishes_of_request(subject->arena, &subject->matrix, text_str(&body), wishes, &wrong)) {
        text_printf(&why, "%s: %.*s", path, REDIAL_STR_ARG(text_str(&wrong)));
        output_usage(output, args->verb->name, text_str(&why));
        good = false;
    }
    text_clean_up(&body);
    text_clean_up(&wrong);
    text_clean_up(&why);
    return good;
}

/* False after saying why. */
static bool read_wishes(const struct subject *subject, const struct args *args,
                        struct wishes *wishes, struct output *output)
{
    const char *list = args_value(args, "require"), *path = args_value(args, "request");
    struct text why = TEXT_INIT;
    bool good = !list || wishes_read(&subject->matrix, str_of(list), wishes, &why);
    if (!good) output_usage(output, args->verb->name, text_str(&why));
    text_clean_up(&why);
    return good && (!path || read_request(subject, args, path, wishes, output));
}

static int answer(const struct subject *subject, const struct args *args,
                  const struct format *format, struct findings *findings, struct output *output)
{
    struct wishes wishes = {0};
    struct text text = TEXT_INIT;
    struct redial_str why = {"", 0};
    int status = STATUS_OK;
    bool fallbacks = args_given(args, "fallbacks");
    if (!subject->policy) why = REDIAL_STR("this needs a policy, and the file is a matrix alone");
    if (!format->ask) why = REDIAL_STR("such an answer is text or json");
    if (why.len > 0) output_usage(output, args->verb->name, why);
    if (why.len > 0 || !read_wishes(subject, args, &wishes, output)) {
        status = STATUS_UNUSABLE;
    } else if (fallbacks) {
        ask_print_fallbacks(subject->policy, &subject->matrix, &wishes, output->out_width, &text);
    } else if (format->ask(subject->policy, &subject->matrix, &wishes, output->out_width, &text) ==
               0) {
        status = STATUS_FAILED;
        findings_add(findings, FINDING_UNSERVED, (struct span){0},
                     "none of %zu providers can serve all of what is asked for",
                     subject->policy->provider_count);
    }
    if (text.failed) status = STATUS_UNUSABLE;
    output_quoting(output->out, &text);
    text_clean_up(&text);
    return status;
}

/* ---- The setup ---- */

static int print_setup(const struct subject *subject, const struct args *args,
                       const struct format *format, struct findings *findings,
                       struct output *output)
{
    struct setup setup = {.policy = subject->policy, .arena = subject->arena};
    struct text text = TEXT_INIT;
    int status = STATUS_UNUSABLE;
    if (!subject->policy) {
        output_usage(output, args->verb->name,
                     REDIAL_STR("this needs a policy, and the file is a matrix alone"));
    } else if (!format->setup) {
        output_usage(output, args->verb->name, REDIAL_STR("a setup is text or json"));
    } else if (!setup_read(&setup, credential_look, findings)) {
        fputs("redial audit: out of memory\n", output->err);
    } else {
        format->setup(&setup, output->out_width, &text);
        output_quoting(output->out, &text);
        status = text.failed ? STATUS_UNUSABLE : STATUS_OK;
    }
    text_clean_up(&text);
    return status;
}

/* ---- Probes ---- */

static int probe(const struct subject *subject, const struct args *args, const char *path,
                 const struct format *format, struct findings *findings, struct output *output)
{
    struct redial_str why = {"", 0};
    if (!subject->policy)
        why = REDIAL_STR("this needs a policy, and the file is a matrix alone");
    else if (!format->probe)
        why = REDIAL_STR("what probes show is printed as text, markdown or json");
    if (why.len == 0) return probe_run(subject, args, path, format->probe, findings, output);
    output_usage(output, args->verb->name, why);
    return STATUS_UNUSABLE;
}

/* ---- The whole ---- */

static bool is_question(const struct args *args)
{
    return args_given(args, "require") || args_given(args, "request") ||
           args_given(args, "fallbacks");
}

static int print(const struct subject *subject, const struct args *args,
                 const struct format *format, struct output *output)
{
    struct matrix_style style = {.width = output->out_width, .wide = args_given(args, "wide")};
    struct text text = TEXT_INIT;
    if (subject->matrix.path.len == 0)
        fputs(
            "redial audit: no matrix.yaml beside the platforms: these are the policy's own rows\n",
            output->err);
    format->print(&subject->matrix, &style, &text);
    output_text(output->out, &text);
    bool failed = text.failed;
    text_clean_up(&text);
    return failed ? STATUS_UNUSABLE : STATUS_OK;
}

static int work(const struct args *args, const struct format *format,
                const struct searched *searched, const char *path, const struct subject *subject,
                struct output *output)
{
    struct findings findings = {.arena = subject->arena};
    bool setup = args_given(args, "config"), probes = args_given(args, "probe");
    int status = STATUS_OK, found;
    if (probes)
        status = probe(subject, args, path, format, &findings, output);
    else if (setup)
        status = print_setup(subject, args, format, &findings, output);
    else if (is_question(args))
        status = answer(subject, args, format, &findings, output);
    else if (!searched->any)
        status = print(subject, args, format, output);
    if ((searched->any || setup || probes) && status != STATUS_UNUSABLE) {
        found = searched_run(searched, args, path, subject, format->found, &findings, output);
        if (status != STATUS_INTERRUPTED || found == STATUS_UNUSABLE) status = found;
    }
    findings_clean_up(&findings);
    return status;
}

static bool read_options(const struct args *args, const struct format **format,
                         struct searched *searched, int32_t *today, struct text *why)
{
    if (!read_today(args, today, why) || !read_format(args, format, why) ||
        !searched_read(args, searched, why))
        return false;
    if (args->word_count > 1)
        text_append(why, REDIAL_STR("one policy at a time"));
    else if (!args_given(args, "probe") && (args_given(args, "provider") ||
                                            args_given(args, "model") || args_given(args, "live")))
        text_append(why, REDIAL_STR("'--provider', '--model' and '--live' belong to '--probe'"));
    else if (searched->any && !(*format)->found)
        text_append(why, REDIAL_STR("what is found is printed as text, markdown or json"));
    return why->len == 0;
}

static int audit(const struct args *args, const struct format *format,
                 const struct searched *searched, const char *path, int32_t today,
                 struct output *output)
{
    struct subject subject;
    const char *matrix = args_value(args, "matrix");
    bool good = searched->until.len > 0
                    ? subject_begin_then(&subject, searched->until, path, matrix, today, output)
                    : subject_begin(&subject, path, matrix, today, output);
    int status = STATUS_UNUSABLE;
    if (good) status = work(args, format, searched, path, &subject, output);
    subject_end(&subject);
    return status;
}

static int run(const struct args *args, struct output *output)
{
    const struct format *format;
    struct searched searched;
    struct arena *arena = arena_new();
    struct text why = TEXT_INIT;
    const char *path = args->word_count > 0 ? args->words[0] : NULL;
    int32_t today;
    int status = STATUS_UNUSABLE;
    bool good = read_options(args, &format, &searched, &today, &why);
    if (good && !path) path = default_policy(arena, &why);
    if (good && path)
        status = audit(args, format, &searched, path, today, output);
    else
        output_usage(output, args->verb->name, text_str(&why));
    text_clean_up(&why);
    arena_destroy(arena);
    return status;
}

const struct verb verb_audit = {
    .name = "audit",
    .words = "[POLICY]",
    .summary = "who supports what, and who says so",
    .about = "Prints the feature matrix: the six rows that the engine acts on, from the\n"
             "policy's own platforms, then what public documents say of seven surfaces, from\n"
             "matrix.yaml beside them. Or answers who can serve something, what a fallback\n"
             "loses, what is stale and what changed; or asks the platforms themselves, with\n"
             "small requests whose number and size it tells before it sends them. POLICY is\n"
             "policies/claude-code.yaml, else the installed one, unless given, and may be a\n"
             "matrix file alone.",
    .flags = flags,
    .flag_count = REDIAL_COUNT_OF(flags),
    .examples =
        "  redial audit                           the matrix, in 80 columns\n"
        "  redial audit --wide                    all of it, with sources and notes\n"
        "  redial audit --format html > matrix.html\n"
        "  redial audit --require web_search,prompt_cache\n"
        "  redial audit --request body.json       what a request needs, and who has it\n"
        "  redial audit --fallbacks my.yaml       what is lost on the way elsewhere\n"
        "  redial audit --config                  which provider, which credential, and why\n"
        "  redial audit --probe web_search,thinking --provider all     of running fakes\n"
        "  redial audit --probe all --live        of the real platform; says what it costs\n"
        "  redial audit --stale 90d               what should be looked up again\n"
        "  redial audit --diff old/matrix.yaml policies/matrix.yaml\n"
        "  redial audit --diff 2026-10-01         since the end of that day (UTC), in git\n"
        "  redial audit --diff v1..HEAD --format markdown    for a pull request\n"
        "  redial audit --max-disputed 20 --sarif audit.sarif --github\n",
    .status = "  0  all well\n"
              "  1  no configured provider can serve what is asked for, a configured provider\n"
              "     cannot be called, a feature was lost since OLD, a probe contradicts a cell,\n"
              "     or more cells are unknown or disputed than allowed\n"
              "  2  a file is unreadable or invalid, or the usage is wrong\n"
              "  130  interrupted: what probes had shown by then is printed\n",
    .run = run,
};
