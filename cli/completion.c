/* One script per shell. What follows a flag or a verb is told by how its help calls it: FILE and
 * the like are files, FORMAT is one of the words of its sentence, policy|scenario is either word.
 */
#include "cli/completion.h"

#include "cli/verbs.h"

static const struct name shell_rows[] = {
    {"bash", "source it, or put it into bash-completion's folder as redial"},
    {"zsh", "put it into a folder of $fpath as _redial"},
    {"fish", "put it into ~/.config/fish/completions as redial.fish"},
};
const struct names shell_names = {"shell", shell_rows, REDIAL_COUNT_OF(shell_rows)};

/* ---- What a word may be */

enum wanted { WANTED_NOTHING, WANTED_FILES, WANTED_FOLDERS, WANTED_WORDS };

static enum wanted wanted_by(const char *called)
{
    static const struct {
        const char *called;
        enum wanted wanted;
    } rows[] = {{"FILE", WANTED_FILES},
                {"OLD", WANTED_FILES},
                {"DIR", WANTED_FOLDERS},
                {"FORMAT", WANTED_WORDS}};
    for (size_t i = 0; i < REDIAL_COUNT_OF(rows); i++)
        if (str_is(str_of(called), rows[i].called)) return rows[i].wanted;
    return WANTED_NOTHING;
}

/* "text, markdown, csv, json or html" as "text markdown csv json html" */
static void put_choices(const char *doc, struct text *out)
{
    struct redial_str rest = str_of(doc), word;
    const char *between = "";
    while (str_split(&rest, ' ', &word)) {
        if (str_ends_with(word, REDIAL_STR(","))) word = str_take(word, word.len - 1);
        if (str_is(word, "or")) continue;
        text_printf(out, "%s%.*s", between, REDIAL_STR_ARG(word));
        between = " ";
    }
}

/* The words of "policy|scenario"; nothing where files follow. */
static void put_verb_words(const struct verb *verb, struct text *out)
{
    struct redial_str rest = str_of(verb->words), word;
    const char *between = "";
    if (str_find(rest, REDIAL_STR("|")) == SIZE_MAX) return;
    while (str_split(&rest, '|', &word)) {
        text_printf(out, "%s%.*s", between, REDIAL_STR_ARG(word));
        between = " ";
    }
}

static void put_verbs(struct text *out)
{
    for (size_t i = 0; verbs[i]; i++) text_printf(out, "%s ", verbs[i]->name);
    text_append(out, REDIAL_STR("help version"));
}

/* Between single quotes of a shell. */
static void put_quoted(const char *piece, bool is_zsh, struct text *out)
{
    for (; *piece; piece++) {
        if (*piece == '\'')
            text_append(out, REDIAL_STR("'\\''"));
        else if (is_zsh && (*piece == ':' || *piece == '[' || *piece == ']'))
            text_printf(out, "\\%c", *piece);
        else
            text_append_char(out, *piece);
    }
}

/* ---- bash */

static void bash_value(const struct verb *verb, const struct args_flag *flag, struct text *out)
{
    text_printf(out, "    '%s --%s')", verb->name, flag->name);
    switch (wanted_by(flag->value)) {
    case WANTED_NOTHING: text_append(out, REDIAL_STR(" return ;;\n")); return;
    case WANTED_FILES: text_append(out, REDIAL_STR(" _redial_files -f; return ;;\n")); return;
    case WANTED_FOLDERS: text_append(out, REDIAL_STR(" _redial_files -d; return ;;\n")); return;
    case WANTED_WORDS: break;
    }
    text_append(out, REDIAL_STR(" words='"));
    put_choices(flag->doc, out);
    text_append(out, REDIAL_STR("' flags='' ;;\n"));
}

static void bash_verb(const struct verb *verb, struct text *out)
{
    text_printf(out, "    %s) flags='--help", verb->name);
    for (size_t i = 0; i < verb->flag_count; i++) text_printf(out, " --%s", verb->flags[i].name);
    text_append(out, REDIAL_STR("' words='"));
    put_verb_words(verb, out);
    text_append(out, REDIAL_STR("' ;;\n"));
}

static void print_bash(struct text *out)
{
    text_append(out, REDIAL_STR("# bash completion of redial\n"
                                "_redial_files() {\n"
                                "    compopt -o filenames 2>/dev/null\n"
                                "    mapfile -t COMPREPLY < <(compgen \"$1\" -- \"$current\")\n"
                                "}\n"
                                "_redial() {\n"
                                "    local current=${COMP_WORDS[COMP_CWORD]} flags='' words=''\n"
                                "    case $COMP_CWORD in\n"
                                "    1) words='"));
    put_verbs(out);
    text_append(out, REDIAL_STR("' ;;\n    *) case ${COMP_WORDS[1]} in\n"));
    for (size_t i = 0; verbs[i]; i++) bash_verb(verbs[i], out);
    text_append(out, REDIAL_STR("    help) words='"));
    put_verbs(out);
    text_append(out,
                REDIAL_STR("' ;;\n    *) return ;;\n    esac ;;\n    esac\n"
                           "    case \"${COMP_WORDS[1]} ${COMP_WORDS[COMP_CWORD - 1]}\" in\n"));
    for (size_t i = 0; verbs[i]; i++)
        for (size_t f = 0; f < verbs[i]->flag_count; f++)
            if (verbs[i]->flags[f].value) bash_value(verbs[i], &verbs[i]->flags[f], out);
    text_append(
        out, REDIAL_STR("    esac\n"
                        "    case $current in -*) words=$flags ;; esac\n"
                        "    if [ -n \"$words\" ]; then\n"
                        "        mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$current\")\n"
                        "    else\n"
                        "        _redial_files -f\n"
                        "    fi\n"
                        "}\n"
                        "complete -F _redial redial\n"));
}

/* ---- zsh */

static void zsh_action(const struct args_flag *flag, struct text *out)
{
    text_printf(out, ":%s:", flag->value);
    switch (wanted_by(flag->value)) {
    case WANTED_NOTHING: text_append_char(out, ' '); break;
    case WANTED_FILES: text_append(out, REDIAL_STR("_files")); break;
    case WANTED_FOLDERS: text_append(out, REDIAL_STR("_files -/")); break;
    case WANTED_WORDS:
        text_append_char(out, '(');
        put_choices(flag->doc, out);
        text_append_char(out, ')');
        break;
    }
}

static void zsh_flag(const struct args_flag *flag, struct text *out)
{
    text_append(out, REDIAL_STR(" \\\n                "));
    if (flag->letter)
        text_printf(out, "{-%c%s,--%s%s}'", flag->letter, flag->value ? "+" : "", flag->name,
                    flag->value ? "=" : "");
    else
        text_printf(out, "'--%s%s", flag->name, flag->value ? "=" : "");
    text_append_char(out, '[');
    put_quoted(flag->doc, true, out);
    text_append_char(out, ']');
    if (flag->value) zsh_action(flag, out);
    text_append_char(out, '\'');
}

static void zsh_verb(const struct verb *verb, struct text *out)
{
    struct text words = TEXT_INIT;
    put_verb_words(verb, &words);
    text_printf(out, "        %s) _arguments '--help[all about it]'", verb->name);
    for (size_t i = 0; i < verb->flag_count; i++) zsh_flag(&verb->flags[i], out);
    if (words.len > 0)
        text_printf(out, " \\\n                '1:language:(%s)' ;;\n", words.ptr);
    else
        text_append(out, REDIAL_STR(" \\\n                '*:file:_files' ;;\n"));
    if (words.failed) out->failed = true;
    text_clean_up(&words);
}

static void print_zsh(struct text *out)
{
    text_append(out, REDIAL_STR("#compdef redial\n"
                                "_redial() {\n"
                                "    local context state line\n"
                                "    typeset -A opt_args\n"
                                "    _arguments -C '1:verb:->verb' '*::argument:->argument'\n"
                                "    case $state in\n"
                                "    verb)\n"
                                "        local -a verbs=("));
    for (size_t i = 0; verbs[i]; i++) {
        text_printf(out, "\n            '%s:", verbs[i]->name);
        put_quoted(verbs[i]->summary, true, out);
        text_append_char(out, '\'');
    }
    text_append(out, REDIAL_STR("\n            'help:all about a verb'\n"
                                "            'version:the version')\n"
                                "        _describe verb verbs ;;\n"
                                "    argument)\n"
                                "        case $words[1] in\n"));
    for (size_t i = 0; verbs[i]; i++) zsh_verb(verbs[i], out);
    text_append(out, REDIAL_STR("        help) _arguments '1:verb:("));
    put_verbs(out);
    text_append(out, REDIAL_STR(")' ;;\n        esac ;;\n    esac\n}\n_redial \"$@\"\n"));
}

/* ---- fish */

static void fish_flag(const struct verb *verb, const struct args_flag *flag, struct text *out)
{
    enum wanted wanted = flag->value ? wanted_by(flag->value) : WANTED_NOTHING;
    text_printf(out, "complete -c redial -n '__fish_seen_subcommand_from %s' -l %s", verb->name,
                flag->name);
    if (flag->letter) text_printf(out, " -s %c", flag->letter);
    if (flag->value && wanted == WANTED_FILES) text_append(out, REDIAL_STR(" -r -F"));
    if (flag->value && wanted != WANTED_FILES) text_append(out, REDIAL_STR(" -x"));
    if (wanted == WANTED_FOLDERS)
        text_append(out, REDIAL_STR(" -a '(__fish_complete_directories)'"));
    if (wanted == WANTED_WORDS) {
        text_append(out, REDIAL_STR(" -a '"));
        put_choices(flag->doc, out);
        text_append_char(out, '\'');
    }
    text_append(out, REDIAL_STR(" -d '"));
    put_quoted(flag->doc, false, out);
    text_append(out, REDIAL_STR("'\n"));
}

static void fish_verb(const struct verb *verb, struct text *out)
{
    struct text words = TEXT_INIT;
    text_printf(out, "complete -c redial -f -n __fish_use_subcommand -a %s -d '", verb->name);
    put_quoted(verb->summary, false, out);
    text_append(out, REDIAL_STR("'\n"));
    put_verb_words(verb, &words);
    if (words.len > 0)
        text_printf(out, "complete -c redial -f -n '__fish_seen_subcommand_from %s' -a '%s'\n",
                    verb->name, words.ptr);
    for (size_t i = 0; i < verb->flag_count; i++) fish_flag(verb, &verb->flags[i], out);
    if (words.failed) out->failed = true;
    text_clean_up(&words);
}

static void print_fish(struct text *out)
{
    text_append(out, REDIAL_STR("# fish completion of redial\n"));
    for (size_t i = 0; verbs[i]; i++) fish_verb(verbs[i], out);
    text_append(
        out,
        REDIAL_STR("complete -c redial -f -n __fish_use_subcommand -a help -d 'all about a verb'\n"
                   "complete -c redial -f -n __fish_use_subcommand -a version -d 'the version'\n"
                   "complete -c redial -f -n '__fish_seen_subcommand_from help' -a '"));
    put_verbs(out);
    text_append(out, REDIAL_STR("'\n"));
}

void completion_print(size_t shell, struct text *out)
{
    static void (*const printers[])(struct text *) = {print_bash, print_zsh, print_fish};
    _Static_assert(REDIAL_COUNT_OF(printers) == REDIAL_COUNT_OF(shell_rows), "one per shell");
    printers[shell](out);
}
