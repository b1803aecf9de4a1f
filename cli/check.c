/* redial check: are these policies and scenarios right, and what about them looks wrong. */
#include <time.h>

#include "api/load.h"
#include "audit/matrix.h"
#include "base/redact.h"
#include "cli/verbs.h"
#include "compile/compile.h"
#include "document/node.h"
#include "redial/redial.h"
#include "simulator/run/reach.h"
#include "simulator/run/scenario.h"
#include "story/put.h"

static const struct args_flag flags[] = {
    {"strict", 0, NULL, "exit with 3 when there are warnings only"},
    {"scenarios", 0, "DIR", "also warn of rules that no scenario of the folder comes to"},
    {"json", 0, NULL, "JSON lines: one object per finding, then the totals"},
};

struct check {
    struct output *output;
    bool json;
    const char *scenarios; /* a folder, or NULL */
    size_t files, errors, warnings;
};

/* ---- Findings ---- */

static void put_span(struct text *out, const struct span *span)
{
    if (!span->source) return;
    put_text(out, "file", span->source->path);
    put_known(out, "line", span->line);
    put_known(out, "column", span->column);
}

/* A message may quote the file, and a person may have pasted a key into it. */
static void put_quoting(struct text *out, const char *name, struct redial_str value)
{
    struct text clean = TEXT_INIT;
    redact(value, NULL, &clean);
    put_text(out, name, text_str(&clean));
    if (clean.failed) out->failed = true;
    text_clean_up(&clean);
}

static void put_finding(struct text *out, const struct diag *diag)
{
    static const char *const severities[] = {
        [SEVERITY_ERROR] = "error", [SEVERITY_WARNING] = "warning", [SEVERITY_NOTE] = "note"};
    text_append_char(out, '{');
    put_word(out, "severity", severities[diag->severity]);
    if (diag->code) put_word(out, "code", diag->code);
    put_span(out, &diag->span);
    put_quoting(out, "message", diag->message);
    put_quoting(out, "cure", diag->cure);
    if (diag->notes) put_key(out, "notes");
    for (const struct diag *note = diag->notes; note; note = note->next) {
        text_append_char(out, note == diag->notes ? '[' : ',');
        put_finding(out, note);
    }
    if (diag->notes) text_append_char(out, ']');
    text_append_char(out, '}');
}

static void report(struct check *check, const struct diag_list *diags)
{
    struct text text = TEXT_INIT;
    if (check->json) {
        for (const struct diag *diag = diag_first(diags); diag; diag = diag->next) {
            put_finding(&text, diag);
            text_append_char(&text, '\n');
        }
        output_text(check->output->out, &text);
    } else {
        diag_render(diags, check->output->out_colour, &text);
        output_quoting(check->output->out, &text);
    }
    text_clean_up(&text);
    check->errors += diag_errors(diags);
    check->warnings += diag_warnings(diags);
}

/* ---- Kinds of files ---- */

static void check_reach(const char *folder, const struct redial_policy *policy, struct arena *arena,
                        struct diag_list *diags)
{
    bool *reached = ARENA_ARRAY(arena, bool, policy->rule_count);
    struct redial_str why = REDIAL_STR("out of memory");
    if (reached && reach_rules(policy, folder, arena, reached, &why)) {
        compile_lint_reach(policy, reached, diags);
        return;
    }
    struct diag *diag =
        diag_error(diags, "scenarios", (struct span){0}, "--scenarios: %.*s", REDIAL_STR_ARG(why));
    diag_cure(diags, diag, "name a folder of scenarios, such as scenarios/");
}

static void check_policy(const struct check *check, const char *path, struct arena *arena,
                         struct diag_list *diags)
{
    struct redial_policy *policy = policy_load(path, NULL, diags);
    if (policy && check->scenarios) check_reach(check->scenarios, policy, arena, diags);
    redial_policy_release(policy);
}

static void check_scenario(const struct check *check, const char *path, struct arena *arena,
                           struct diag_list *diags)
{
    (void)check;
    struct scenario scenario;
    if (scenario_load(arena, path, diags, &scenario)) scenario_clean_up(&scenario);
}

static void check_matrix(const struct check *check, const char *path, struct arena *arena,
                         struct diag_list *diags)
{
    (void)check;
    struct matrix matrix;
    bool right = matrix_read(arena, path, NULL, (int32_t)(time(NULL) / 86400), diags, &matrix);
    (void)right; /* what is wrong stands in `diags` */
}

static const struct kind {
    const char *first_key;
    void (*check)(const struct check *check, const char *path, struct arena *arena,
                  struct diag_list *diags);
} kinds[] = {
    {"redial", check_policy},
    {"scenario", check_scenario},
    {"matrix", check_matrix},
};

/* By the first key; a file that cannot be parsed at all has been explained. */
static void check_by_kind(const struct check *check, const char *path, struct arena *arena,
                          struct diag_list *diags)
{
    const struct source *source = source_read(arena, path, diags);
    const struct node *document = source ? document_parse(arena, source, diags) : NULL;
    if (!document || diag_errors(diags) > 0) return;
    bool keyed = document->kind == NODE_MAPPING && document->count > 0 &&
                 !(node_get(document, "platforms") && !node_get(document, "rules"));
    for (size_t i = 0; keyed && i < REDIAL_COUNT_OF(kinds); i++)
        if (str_is(document->keys[0]->text, kinds[i].first_key)) {
            kinds[i].check(check, path, arena, diags);
            return;
        }
    struct diag *diag =
        diag_error(diags, "unknown-kind", keyed ? document->keys[0]->span : document->span,
                   "neither a policy nor a scenario nor a matrix");
    diag_cure(diags, diag,
              "a policy begins with 'redial: 1', a scenario with 'scenario: 1', a matrix with "
              "'matrix: 1'; platforms are checked with the policy that uses them");
}

static void check_file(struct check *check, const char *path)
{
    struct arena *arena = arena_new();
    struct diag_list *diags = diag_list_new();
    check->files++;
    if (!arena || !diags)
        diag_out_of_memory(diags);
    else if (str_is(str_of(path), "-")) /* can be read only once, so it is taken for a policy */
        check_policy(check, path, arena, diags);
    else
        check_by_kind(check, path, arena, diags);
    report(check, diags);
    if (!diags) check->errors++;
    diag_list_destroy(diags);
    arena_destroy(arena);
}

/* ---- The whole ---- */

static const char *plural(size_t count)
{
    return count == 1 ? "" : "s";
}

static void summarise(const struct check *check)
{
    if (check->json)
        fprintf(check->output->out, "{\"files\":%zu,\"errors\":%zu,\"warnings\":%zu}\n",
                check->files, check->errors, check->warnings);
    else
        fprintf(check->output->out, "%zu file%s checked: %zu error%s, %zu warning%s\n",
                check->files, plural(check->files), check->errors, plural(check->errors),
                check->warnings, plural(check->warnings));
}

static int run(const struct args *args, struct output *output)
{
    struct check check = {.output = output,
                          .json = args_given(args, "json"),
                          .scenarios = args_value(args, "scenarios")};
    for (size_t i = 0; i < args->word_count; i++) check_file(&check, args->words[i]);
    summarise(&check);
    if (check.errors > 0) return STATUS_UNUSABLE;
    return check.warnings > 0 && args_given(args, "strict") ? STATUS_WARNINGS : STATUS_OK;
}

const struct verb verb_check = {
    .name = "check",
    .words = "FILE...",
    .summary = "errors and warnings in the files",
    .about = "Reads policies, scenarios and matrices, told apart by their first key, and reports\n"
             "all that is wrong with them: place, source line, likely cure. Warnings are\n"
             "about what is allowed but rarely meant; a policy silences one in place with\n"
             "'lint: {ignore: {CODE: reason}}'. \"-\" is a policy on standard input.",
    .flags = flags,
    .flag_count = REDIAL_COUNT_OF(flags),
    .words_min = 1,
    .examples = "  redial check policies/claude-code.yaml\n"
                "  redial check --strict policies/*.yaml scenarios/seed/*.yaml\n",
    .status = "  0  no errors\n"
              "  2  errors\n"
              "  3  warnings only, with --strict\n",
    .run = run,
};
