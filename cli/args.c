#include "cli/args.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ---- Finding a row ---- */

static size_t find_name(const struct verb *verb, struct redial_str name)
{
    size_t i = 0;
    while (i < verb->flag_count && !str_is(name, verb->flags[i].name)) i++;
    return i;
}

static size_t find_letter(const struct verb *verb, char letter)
{
    size_t i = 0;
    while (i < verb->flag_count && verb->flags[i].letter != letter) i++;
    return i;
}

static bool unknown_flag(const struct verb *verb, struct redial_str flag, struct redial_str name,
                         struct text *why)
{
    struct redial_str names[ARGS_FLAGS_MAX];
    for (size_t i = 0; i < verb->flag_count; i++) names[i] = str_of(verb->flags[i].name);
    size_t closest = str_closest(names, verb->flag_count, name);
    text_printf(why, "unknown flag '%.*s'", REDIAL_STR_ARG(flag));
    if (closest != SIZE_MAX)
        text_printf(why, "; did you mean '--%.*s'?", REDIAL_STR_ARG(names[closest]));
    return false;
}

/* ---- Reading ---- */

struct reader {
    struct args *args;
    char *const *argv; /* what follows the verb */
    int argc, next;
    struct text *why;
};

/* `value` is what stood in the same word, its ptr NULL when nothing did. */
static bool take_flag(struct reader *reader, size_t row, struct redial_str flag, const char *value)
{
    const struct args_flag *known = &reader->args->verb->flags[row];
    if (!known->value && value) {
        text_printf(reader->why, "'%.*s' takes no value", REDIAL_STR_ARG(flag));
        return false;
    }
    if (known->value && !value) {
        if (reader->next == reader->argc) {
            text_printf(reader->why, "'%.*s' needs a value: %.*s %s", REDIAL_STR_ARG(flag),
                        REDIAL_STR_ARG(flag), known->value);
            return false;
        }
        value = reader->argv[reader->next++];
    }
    reader->args->values[row] = known->value ? value : "";
    reader->args->seen[reader->args->seen_count++] =
        (struct args_seen){row, reader->args->values[row]};
    return true;
}

static bool read_long(struct reader *reader, const char *word)
{
    const char *equals = strchr(word, '=');
    struct redial_str flag = {word, equals ? (size_t)(equals - word) : strlen(word)};
    struct redial_str name = str_skip(flag, 2);
    const struct verb *verb = reader->args->verb;
    size_t row = find_name(verb, name);
    if (row < verb->flag_count) return take_flag(reader, row, flag, equals ? equals + 1 : NULL);
    if (str_is(name, "help") && !equals) {
        reader->args->help = true;
        return true;
    }
    return unknown_flag(verb, flag, name, reader->why);
}

static bool read_short(struct reader *reader, const char *word)
{
    const struct verb *verb = reader->args->verb;
    size_t row = find_letter(verb, word[1]);
    if (row < verb->flag_count)
        return take_flag(reader, row, (struct redial_str){word, 2}, word[2] ? word + 2 : NULL);
    if (str_is(str_of(word), "-h")) {
        reader->args->help = true;
        return true;
    }
    return unknown_flag(verb, str_of(word), str_skip(str_of(word), 1), reader->why);
}

static bool read_word(struct reader *reader, bool *only_words)
{
    const char *word = reader->argv[reader->next++];
    if (!*only_words && strcmp(word, "--") == 0) {
        *only_words = true;
        reader->args->dashes = true;
        return true;
    }
    if (!*only_words && word[0] == '-' && word[1] == '-') return read_long(reader, word);
    if (!*only_words && word[0] == '-' && word[1] != '\0') return read_short(reader, word);
    reader->args->words[reader->args->word_count++] = word;
    if (!*only_words) reader->args->own_count++;
    return true;
}

bool args_read(const struct verb *verb, int argc, char *const argv[], struct args *args,
               struct text *why)
{
    *args = (struct args){.verb = verb,
                          .words = calloc((size_t)argc + 1, sizeof *args->words),
                          .seen = calloc((size_t)argc + 1, sizeof *args->seen)};
    if (!args->words || !args->seen) {
        text_append(why, REDIAL_STR("out of memory"));
        return false;
    }
    struct reader reader = {args, argv, argc, 0, why};
    bool only_words = false;
    while (reader.next < argc)
        if (!read_word(&reader, &only_words)) return false;
    if (!args->help && args->word_count < verb->words_min) {
        text_printf(why, "nothing to do: redial %s %s", verb->name, verb->words);
        return false;
    }
    return true;
}

void args_clean_up(struct args *args)
{
    free(args->words);
    free(args->seen);
    *args = (struct args){0};
}

/* ---- Asking ---- */

const char *args_value(const struct args *args, const char *flag)
{
    size_t row = find_name(args->verb, str_of(flag));
    assert(row < args->verb->flag_count);
    return args->values[row];
}

bool args_given(const struct args *args, const char *flag)
{
    return args_value(args, flag) != NULL;
}

const char *args_next(const struct args *args, const char *flag, size_t *at)
{
    size_t row = find_name(args->verb, str_of(flag));
    while (*at < args->seen_count) {
        const struct args_seen *seen = &args->seen[(*at)++];
        if (seen->row == row) return seen->value;
    }
    return NULL;
}

static bool read_uint64(struct redial_str text, uint64_t *number)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9') return false;
        if (__builtin_mul_overflow(sum, UINT64_C(10), &sum)) return false;
        if (__builtin_add_overflow(sum, (uint64_t)(text.ptr[i] - '0'), &sum)) return false;
    }
    *number = sum;
    return text.len > 0;
}

bool args_number(const struct args *args, const char *flag, uint64_t low, uint64_t high,
                 uint64_t *number, struct text *why)
{
    const char *value = args_value(args, flag);
    if (!value) return true;
    uint64_t read = 0;
    if (!read_uint64(str_of(value), &read) || read < low || read > high) {
        text_printf(why,
                    "'%s' is no value for '%s'; a whole number from %" PRIu64 " to %" PRIu64 " is",
                    value, flag, low, high);
        return false;
    }
    *number = read;
    return true;
}

/* ---- Help ---- */

static void help_flag(const struct args_flag *flag, struct text *out)
{
    struct text left = TEXT_INIT;
    if (flag->letter) text_printf(&left, "-%c, ", flag->letter);
    text_printf(&left, "--%s%s%s", flag->name, flag->value ? " " : "",
                flag->value ? flag->value : "");
    text_printf(out, "  %-18.*s  %s\n", REDIAL_STR_ARG(text_str(&left)), flag->doc);
    if (left.failed) out->failed = true;
    text_clean_up(&left);
}

void args_help(const struct verb *verb, struct text *out)
{
    text_printf(out, "redial %s%s %s\n\n%s\n", verb->name, verb->flag_count ? " [flags]" : "",
                verb->words, verb->about);
    if (verb->flag_count > 0) text_append(out, REDIAL_STR("\nFlags:\n"));
    for (size_t i = 0; i < verb->flag_count; i++) help_flag(&verb->flags[i], out);
    if (verb->more) verb->more(out);
    if (verb->examples) text_printf(out, "\nExamples:\n%s", verb->examples);
    if (verb->status) text_printf(out, "\nExit status:\n%s", verb->status);
}
