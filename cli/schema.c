/* redial schema: the languages, for editors and for people. */
#include "api/language.h"
#include "cli/manual.h"
#include "cli/verbs.h"
#include "simulator/run/scenario.h"

static const struct args_flag flags[] = {
    {"markdown", 0, NULL, "the reference for people instead"},
    {"man", 0, NULL, "the same as a manual page"},
};

static const struct {
    const char *word;
    const struct schema *schema;
} languages[] = {{"policy", &policy_schema}, {"scenario", &scenario_schema}};

static int run(const struct args *args, struct output *output)
{
    struct text text = TEXT_INIT;
    for (size_t i = 0; i < REDIAL_COUNT_OF(languages); i++) {
        if (args->word_count != 1 || !str_is(str_of(args->words[0]), languages[i].word)) continue;
        if (args_given(args, "man"))
            manual_language(languages[i].word, languages[i].schema, &text);
        else
            language_print(languages[i].schema,
                           args_given(args, "markdown") ? LANGUAGE_MARKDOWN : LANGUAGE_JSON, &text);
        output_text(output->out, &text);
        text_clean_up(&text);
        return STATUS_OK;
    }
    output_usage(output, "schema", REDIAL_STR("say which language: policy or scenario"));
    return STATUS_UNUSABLE;
}

const struct verb verb_schema = {
    .name = "schema",
    .words = "policy|scenario",
    .summary = "the language, for editors and validators",
    .about = "Prints a language as JSON Schema (draft 2020-12), from the tables that its reader\n"
             "uses; editors complete and check with it. What a schema cannot say, such as names\n"
             "that do not exist, `redial check` says. The shipped files name it in a comment:\n"
             "\n"
             "  # yaml-language-server: $schema=policy.schema.json",
    .flags = flags,
    .flag_count = REDIAL_COUNT_OF(flags),
    .words_min = 1,
    .examples = "  redial schema policy > policy.schema.json\n"
                "  redial schema --markdown scenario\n",
    .status = "  0  printed\n"
              "  2  no such language\n",
    .run = run,
};
