#include "story/texts.h"

#include <stdlib.h>
#include <string.h>

#include "base/redact.h"

#define TEXTS_CAPACITY_FIRST 64u

/* Eight bytes at a time: a story's texts are hashed while calls run. */
static uint64_t hash_of(struct redial_str text)
{
    uint64_t hash = text.len * UINT64_C(0x9e3779b97f4a7c15);
    while (text.len > 0) {
        uint64_t word = 0;
        size_t len = text.len < sizeof word ? text.len : sizeof word;
        memcpy(&word, text.ptr, len);
        hash = (hash ^ word) * UINT64_C(0xbf58476d1ce4e5b9);
        hash ^= hash >> 29;
        text = str_skip(text, len);
    }
    return hash;
}

/* The slot that holds `text`, or the empty one where it belongs. */
static uint32_t *slot_of(const struct texts *texts, struct redial_str text)
{
    uint32_t mask = texts->slot_count - 1;
    uint32_t at = (uint32_t)hash_of(text) & mask;
    while (texts->slots[at] != 0 && !str_eq(texts->rows[texts->slots[at]], text))
        at = (at + 1) & mask;
    return &texts->slots[at];
}

/* Row 0 is the empty text; half of the slots stay free. */
static bool grow(struct texts *texts)
{
    uint32_t capacity = texts->capacity ? texts->capacity * 2 : TEXTS_CAPACITY_FIRST;
    struct redial_str *rows = realloc(texts->rows, capacity * sizeof *rows);
    if (!rows) return false;
    texts->rows = rows;
    uint32_t *slots = calloc((size_t)capacity * 2, sizeof *slots);
    if (!slots) return false;
    free(texts->slots);
    texts->slots = slots;
    texts->slot_count = capacity * 2;
    texts->capacity = capacity;
    if (texts->count == 0) texts->rows[texts->count++] = (struct redial_str){"", 0};
    for (uint32_t i = 1; i < texts->count; i++) *slot_of(texts, texts->rows[i]) = i;
    return true;
}

static uint32_t insert(struct texts *texts, struct redial_str text)
{
    uint32_t *slot = slot_of(texts, text);
    if (*slot != 0) return *slot;
    if (!texts->arena) texts->arena = arena_new();
    if (!texts->arena || !arena_copy(texts->arena, text, &texts->rows[texts->count])) {
        texts->failed = true;
        return 0;
    }
    *slot = texts->count;
    return texts->count++;
}

uint32_t texts_add(struct texts *texts, struct redial_str text, const struct secrets *known,
                   uint32_t *last)
{
    if (text.len == 0) return 0;
    if (*last != 0 && str_eq(texts->rows[*last], text)) return *last;
    if (texts->count == texts->capacity && !grow(texts)) {
        texts->failed = true;
        return 0;
    }
    uint32_t number = *slot_of(texts, text);
    if (number == 0) { /* new: looked at once, so that no secret is ever kept */
        text_clear(&texts->scratch);
        redact(text, known, &texts->scratch);
        if (texts->scratch.failed)
            texts->failed = true;
        else
            number = insert(texts, text_str(&texts->scratch));
    }
    *last = number;
    return number;
}

struct redial_str texts_get(const struct texts *texts, uint32_t number)
{
    return number == 0 ? (struct redial_str){"", 0} : texts->rows[number];
}

void texts_forget(struct texts *texts)
{
    arena_destroy(texts->arena);
    free(texts->rows);
    free(texts->slots);
    if (texts->scratch.ptr) memset(texts->scratch.ptr, 0, texts->scratch.capacity);
    text_clean_up(&texts->scratch);
    *texts = (struct texts){0};
}
