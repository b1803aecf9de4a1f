#include "base/names.h"

#define WORD_BYTES_MAX 64u /* a longer one is not a misspelt word of ours */

static size_t min(size_t a, size_t b)
{
    return a < b ? a : b;
}

static char lower(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
}

/* Edit distance with exchanges of neighbours (Damerau, each place edited once). Case costs nothing:
 * a word in capitals is meant as the word. Only the last three rows of the grid are kept. */
static size_t distance(struct redial_str a, struct redial_str b)
{
    size_t rows[3][WORD_BYTES_MAX + 1];
    for (size_t j = 0; j <= b.len; j++) rows[0][j] = j;
    for (size_t i = 1; i <= a.len; i++) {
        size_t *row = rows[i % 3], *above = rows[(i + 2) % 3], *above2 = rows[(i + 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= b.len; j++) {
            char x = lower(a.ptr[i - 1]), y = lower(b.ptr[j - 1]);
            row[j] = min(min(above[j], row[j - 1]) + 1, above[j - 1] + (x != y));
            bool exchanged = i > 1 && j > 1 && x == lower(b.ptr[j - 2]) && y == lower(a.ptr[i - 2]);
            if (exchanged) row[j] = min(row[j], above2[j - 2] + 1);
        }
    }
    return rows[a.len % 3][b.len];
}

struct closest {
    struct redial_str word;
    size_t row, away, alike; /* of two as far away, the one that begins alike for longer */
};

static size_t begins_alike(struct redial_str a, struct redial_str b)
{
    size_t at = 0;
    while (at < a.len && at < b.len && lower(a.ptr[at]) == lower(b.ptr[at])) at++;
    return at;
}

static struct closest closest_begin(struct redial_str word)
{
    size_t away_max = word.len <= WORD_BYTES_MAX ? word.len / 3 : 0;
    return (struct closest){word, SIZE_MAX, away_max + 1, SIZE_MAX};
}

static void closest_try(struct closest *closest, size_t row, struct redial_str candidate)
{
    if (closest->word.len > WORD_BYTES_MAX || candidate.len > WORD_BYTES_MAX) return;
    size_t away = distance(closest->word, candidate);
    size_t alike = begins_alike(closest->word, candidate);
    if (away > closest->away || (away == closest->away && alike <= closest->alike)) return;
    *closest = (struct closest){closest->word, row, away, alike};
}

int names_find(const struct names *names, struct redial_str word)
{
    for (size_t i = 0; i < names->count; i++)
        if (str_is(word, names->rows[i].word)) return (int)i;
    return -1;
}

int names_closest(const struct names *names, struct redial_str word)
{
    struct closest closest = closest_begin(word);
    for (size_t i = 0; i < names->count; i++) closest_try(&closest, i, str_of(names->rows[i].word));
    return closest.row == SIZE_MAX ? -1 : (int)closest.row;
}

size_t str_closest(const struct redial_str *words, size_t count, struct redial_str word)
{
    struct closest closest = closest_begin(word);
    for (size_t i = 0; i < count; i++) closest_try(&closest, i, words[i]);
    return closest.row;
}

void str_suggest(const struct redial_str *words, size_t count, struct redial_str word,
                 struct text *out)
{
    size_t closest = str_closest(words, count, word);
    if (closest != SIZE_MAX)
        text_printf(out, "; did you mean '%.*s'?", REDIAL_STR_ARG(words[closest]));
    for (size_t i = 0; closest == SIZE_MAX && i < count; i++)
        text_printf(out, "%s%.*s", i > 0 ? ", " : "; it has ", REDIAL_STR_ARG(words[i]));
}

void names_list(const struct names *names, struct text *out)
{
    for (size_t i = 0; i < names->count; i++) {
        if (i > 0) text_append(out, i + 1 < names->count ? REDIAL_STR(", ") : REDIAL_STR(" or "));
        text_append(out, str_of(names->rows[i].word));
    }
}
