/* From the first word of the command line to its verb; `help` and `version` live here. */
#include "cli/verbs.h"

#include <string.h>

#include "cli/completion.h"
#include "cli/manual.h"
#include "redial/redial.h"

const struct verb *const verbs[] = {&verb_check, &verb_explain, &verb_replay,
                                    &verb_call,  &verb_fake,    &verb_run,
                                    &verb_audit, &verb_schema,  NULL};

static const struct verb *find(const char *word)
{
    for (size_t i = 0; verbs[i]; i++)
        if (strcmp(verbs[i]->name, word) == 0) return verbs[i];
    return NULL;
}

static void print_overview(FILE *file)
{
    fputs("redial: retry, backoff and fallback rules for LLM calls, in files you can test\n\n",
          file);
    for (size_t i = 0; verbs[i]; i++)
        fprintf(file, "  redial %-8s %-25s %s\n", verbs[i]->name, verbs[i]->words,
                verbs[i]->summary);
    fputs("  redial help     [VERB]                    all about a verb, with examples\n"
          "  redial help     --man                     the manual page, for man -l -\n"
          "  redial help     --completion SHELL        completion for bash, zsh or fish\n"
          "  redial version                            the version\n"
          "\n"
          "Begin with:\n"
          "  redial explain policies/claude-code.yaml    what the default policy does\n"
          "  redial replay scenarios/seed                see it face 401, 429, 529, resets\n"
          "  redial call -v Why is the sky blue?         ask a provider, by that policy\n",
          file);
}

static int unknown_verb(const char *word, struct output *output)
{
    struct redial_str names[REDIAL_COUNT_OF(verbs) + 1]; /* `help` and `version` for NULL */
    size_t count = 0;
    for (; verbs[count]; count++) names[count] = str_of(verbs[count]->name);
    names[count++] = REDIAL_STR("help");
    names[count++] = REDIAL_STR("version");
    size_t closest = str_closest(names, count, str_of(word));
    fprintf(output->err, "redial: unknown verb '%s'", word);
    if (closest != SIZE_MAX)
        fprintf(output->err, "; did you mean '%.*s'?", REDIAL_STR_ARG(names[closest]));
    fputs("\n  = 'redial help' lists the verbs\n", output->err);
    return STATUS_UNUSABLE;
}

static int print_help(const struct verb *verb, struct output *output)
{
    struct text help = TEXT_INIT;
    args_help(verb, &help);
    output_text(output->out, &help);
    text_clean_up(&help);
    return STATUS_OK;
}

static int print_manual(struct output *output)
{
    struct text page = TEXT_INIT;
    manual_command(&page);
    output_text(output->out, &page);
    text_clean_up(&page);
    return STATUS_OK;
}

static int print_completion(const char *shell, struct output *output)
{
    struct text text = TEXT_INIT;
    int row = names_find(&shell_names, str_of(shell));
    if (row >= 0) {
        completion_print((size_t)row, &text);
        output_text(output->out, &text);
    } else {
        names_list(&shell_names, &text);
        fprintf(output->err, "redial help: completion is for %.*s\n",
                REDIAL_STR_ARG(text_str(&text)));
    }
    text_clean_up(&text);
    return row >= 0 ? STATUS_OK : STATUS_UNUSABLE;
}

static int run_help(const char *word, const char *more, struct output *output)
{
    if (!word) {
        print_overview(output->out);
        return STATUS_OK;
    }
    if (strcmp(word, "--man") == 0) return print_manual(output);
    if (strcmp(word, "--completion") == 0) return print_completion(more, output);
    const struct verb *verb = find(word);
    return verb ? print_help(verb, output) : unknown_verb(word, output);
}

static int run_verb(const struct verb *verb, int argc, char *const argv[], struct output *output)
{
    struct args args;
    struct text why = TEXT_INIT;
    int status = STATUS_UNUSABLE;
    if (!args_read(verb, argc, argv, &args, &why))
        output_usage(output, verb->name, text_str(&why));
    else if (args.help)
        status = print_help(verb, output);
    else
        status = verb->run(&args, output);
    text_clean_up(&why);
    args_clean_up(&args);
    return status;
}

static bool is_any(const char *word, const char *a, const char *b, const char *c)
{
    return strcmp(word, a) == 0 || strcmp(word, b) == 0 || strcmp(word, c) == 0;
}

int verbs_run(int argc, char *const argv[], struct output *output)
{
    if (argc < 2) return run_help(NULL, NULL, output);
    const char *word = argv[1];
    if (is_any(word, "help", "--help", "-h"))
        return run_help(argc > 2 ? argv[2] : NULL, argc > 3 ? argv[3] : NULL, output);
    if (is_any(word, "version", "--version", "-V")) {
        fprintf(output->out, "redial %s\n", redial_version());
        return STATUS_OK;
    }
    const struct verb *verb = find(word);
    return verb ? run_verb(verb, argc - 2, argv + 2, output) : unknown_verb(word, output);
}
