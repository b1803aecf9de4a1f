#include "platforms/sizes.h"

#include <string.h>

#include "base/str.h"

/* A '#' stands for a whole number. Sentences as seen in public reports; a platform may wrap them in
 * words of its own, so they are looked for anywhere in the message. */
struct sentence {
    const char *words;
    int input, context; /* which number says it, from 0 */
};
#define NUMBERS_MAX 3

static const struct sentence sentences[] = {
    {"prompt is too long: # tokens > # maximum", 0, 1},
    {"input length and `max_tokens` exceed context limit: # + # > #", 0, 2},
};

static bool take_number(struct redial_str *text, int64_t *number)
{
    size_t digits = 0;

    while (digits < text->len && text->ptr[digits] >= '0' && text->ptr[digits] <= '9') digits++;
    if (!str_to_int64(str_take(*text, digits), number)) return false;
    *text = str_skip(*text, digits);
    return true;
}

static bool read_numbers(const char *words, struct redial_str text, int64_t *numbers)
{
    size_t lead = strcspn(words, "#");
    size_t begin = str_find(text, str_take(str_of(words), lead));

    if (begin == SIZE_MAX) return false;
    text = str_skip(text, begin + lead);
    for (words += lead; *words != '\0'; words++) {
        if (*words == '#') {
            if (!take_number(&text, numbers++)) return false;
        } else {
            if (text.len == 0 || text.ptr[0] != *words) return false;
            text = str_skip(text, 1);
        }
    }
    return true;
}

void sizes_read(struct redial_event *event)
{
    int64_t numbers[NUMBERS_MAX] = {0};

    for (size_t i = 0; i < REDIAL_COUNT_OF(sentences); i++) {
        if (!read_numbers(sentences[i].words, event->message, numbers)) continue;
        event->input_tokens = numbers[sentences[i].input];
        event->context_tokens = numbers[sentences[i].context];
        return;
    }
}
