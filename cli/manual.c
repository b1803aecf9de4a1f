/* Pages that say what the program says, because the program prints them. What no table knows, such
 * as an example to begin with, stands here. */
#include "cli/manual.h"

#include <string.h>

#include "api/language.h"
#include "base/roff.h"
#include "cli/verbs.h"
#include "redial/redial.h"

/* ---- The frame of a page */

#define DATE "2026-11-26" /* of the version */

static void begin(const char *title, const char *section, const char *name, const char *does,
                  struct text *out)
{
    text_printf(out,
                ".\\\" Printed by `make reference` from the program's tables; change it there.\n"
                ".TH %s %s \"" DATE "\" \"redial %s\" \"Redial\"\n.SH NAME\n",
                title, section, redial_version());
    roff_literal(str_of(name), out);
    text_append(out, REDIAL_STR(" \\- "));
    roff_literal(str_of(does), out); /* a name is one line to apropos(1) */
    text_append_char(out, '\n');
}

/* "NAME(1)" and so on, the last without a comma. */
static void see_also(const char *const names[], struct text *out)
{
    text_append(out, REDIAL_STR(".SH SEE ALSO\n"));
    for (size_t i = 0; names[i]; i++) {
        struct redial_str rest = str_of(names[i]), name = rest;
        (void)str_split(&rest, '(', &name);
        text_append(out, REDIAL_STR(".BR "));
        roff_literal(name, out);
        text_printf(out, " (%.*s%s\n", REDIAL_STR_ARG(rest), names[i + 1] ? "," : "");
    }
}

/* ---- redial(1) */

/* One paragraph; what is indented is kept as it is. */
static void put_paragraph(struct redial_str lines, struct text *out)
{
    struct redial_str line;
    bool is_block = str_starts_with(lines, REDIAL_STR("  "));
    if (is_block) {
        roff_block(lines, out);
        return;
    }
    while (str_split(&lines, '\n', &line)) {
        roff_text(line, out);
        text_append_char(out, '\n');
    }
}

/* They stand apart by an empty line. */
static void put_paragraphs(const char *text, struct text *out)
{
    struct redial_str rest = str_of(text), gap = REDIAL_STR("\n\n");
    for (const char *between = ""; rest.len > 0; between = ".PP\n") {
        size_t end = str_find(rest, gap);
        text_append(out, str_of(between));
        put_paragraph(str_take(rest, end), out);
        rest = end == SIZE_MAX ? (struct redial_str){"", 0} : str_skip(rest, end + gap.len);
    }
}

static void put_flag(const struct args_flag *flag, struct text *out)
{
    text_append(out, REDIAL_STR(".TP\n"));
    if (flag->letter) text_printf(out, "\\fB\\-%c\\fP, ", flag->letter);
    text_append(out, REDIAL_STR("\\fB\\-\\-"));
    roff_literal(str_of(flag->name), out);
    text_append(out, REDIAL_STR("\\fP"));
    if (flag->value) text_printf(out, " \\fI%s\\fP", flag->value);
    text_append_char(out, '\n');
    roff_text(str_of(flag->doc), out);
    text_append_char(out, '\n');
}

static void put_part(const char *title, const char *lines, struct text *out)
{
    if (!lines) return;
    text_printf(out, ".PP\n%s:\n.PP\n", title);
    roff_block(str_of(lines), out);
}

static void put_verb(const struct verb *verb, struct text *out)
{
    struct text more = TEXT_INIT;
    text_printf(out, ".SS redial %s", verb->name);
    text_append(out, verb->flag_count > 0 ? REDIAL_STR(" [flags] ") : REDIAL_STR(" "));
    roff_literal(str_of(verb->words), out);
    text_append_char(out, '\n');
    put_paragraphs(verb->about, out);
    for (size_t i = 0; i < verb->flag_count; i++) put_flag(&verb->flags[i], out);
    if (verb->more) verb->more(&more);
    if (more.len > 0) text_append(out, REDIAL_STR(".PP\n"));
    if (more.len > 0) roff_block(str_trim(text_str(&more)), out);
    if (more.failed) out->failed = true;
    text_clean_up(&more);
    put_part("Examples", verb->examples, out);
    put_part("Exit status", verb->status, out);
}

void manual_command(struct text *out)
{
    static const char *const others[] = {"redial-policy(5)", "redial-scenario(5)", NULL};
    begin("REDIAL", "1", "redial", "retry, backoff and fallback rules for LLM calls, in files",
          out);
    text_append(out, REDIAL_STR(".SH SYNOPSIS\n"));
    for (size_t i = 0; verbs[i]; i++) {
        text_printf(out, "%s.B redial %s\n%s", i > 0 ? ".br\n" : "", verbs[i]->name,
                    verbs[i]->flag_count > 0 ? "[flags] " : "");
        roff_literal(str_of(verbs[i]->words), out);
        text_append_char(out, '\n');
    }
    text_append(out, REDIAL_STR(".br\n.B redial help\n[VERB]\n.br\n.B redial version\n"
                                ".SH DESCRIPTION\n"
                                "A policy says what a program does when its LLM provider fails;\n"
                                "a scenario lets the provider fail and says what is expected.\n"
                                "The command checks, explains, replays and audits them.\n"
                                ".SH VERBS\n"));
    for (size_t i = 0; verbs[i]; i++) put_verb(verbs[i], out);
    text_append(out, REDIAL_STR(".SH ENVIRONMENT\n.TP\n\\fBNO_COLOR\\fP\nset and not empty: no "
                                "colours\n"));
    see_also(others, out);
}

/* ---- The languages (5) */

static const struct language {
    const char *name, *title, *page, *about, *example;
    const char *others[3];
} languages[] = {
    {"policy",
     "REDIAL\\-POLICY",
     "redial-policy",
     "what to do when an LLM provider fails",
     "redial: 1                        # format version\n"
     "name: mine\n"
     "uses: [policies/platforms.yaml]  # what the platforms' replies mean\n"
     "limits: {retries: 5, attempts: 10}\n"
     "backoff:\n"
     "  short: {base: 200ms, factor: 2, cap: 5s, jitter: full}\n"
     "rules:                           # the first that matches decides\n"
     "  - {name: busy, when: {class: [rate_limited, overloaded]}, do: [backoff, retry], max: 3}\n"
     "  - {name: the rest, when: always, do: [fail]}\n",
     {"redial(1)", "redial-scenario(5)", NULL}},
    {"scenario",
     "REDIAL\\-SCENARIO",
     "redial-scenario",
     "a world that fails, and what is expected in it",
     "scenario: 1\n"
     "name: Two busy replies are waited out\n"
     "policy: my.yaml\n"
     "call: {provider: anthropic, model: claude-opus-4-6, max_tokens: 1024}\n"
     "world:\n"
     "  anthropic:\n"
     "    - {status: 429, retry_after: 2s, after: 40ms}\n"
     "    - {status: 529, after: 40ms}\n"
     "    - {status: 200, after: 300ms}\n"
     "expect:\n"
     "  outcome: success\n"
     "  attempts: 3\n"
     "  waits: [2s, 0s..400ms]\n",
     {"redial(1)", "redial-policy(5)", NULL}},
};

void manual_language(const char *name, const struct schema *schema, struct text *out)
{
    for (size_t i = 0; i < REDIAL_COUNT_OF(languages); i++) {
        const struct language *language = &languages[i];
        if (strcmp(language->name, name) != 0) continue;
        begin(language->title, "5", language->page, language->about, out);
        text_append(out,
                    REDIAL_STR(".SH DESCRIPTION\nA YAML file, checked by \\fBredial check\\fP.\n"
                               "Times have a unit (500ms, 1m30s); unknown keys and words\n"
                               "are errors, with a suggestion.\n.SH EXAMPLE\n"));
        roff_block(str_of(language->example), out);
        language_print(schema, LANGUAGE_MAN, out);
        see_also(language->others, out);
    }
}
