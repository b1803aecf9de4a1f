#include "simulator/world/exchanges.h"

#include <stdlib.h>

#include "base/random.h"

struct exchange_entry {
    const struct reply_script *reply;
    struct render_facts facts;
    uint64_t hash;
    struct exchange exchange;
};

void exchanges_clean_up(struct exchanges *exchanges)
{
    free(exchanges->slots);
    exchanges->slots = NULL;
    exchanges->slot_count = exchanges->count = 0;
}

static uint64_t mix(uint64_t hash, uint64_t value)
{
    hash = (hash ^ value) * UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ (hash >> 29);
}

static uint64_t hash_of(const struct reply_script *reply, const struct render_facts *facts)
{
    uint64_t hash = mix(0, (uintptr_t)reply);
    hash = mix(hash, (uintptr_t)facts->model.ptr);
    hash = mix(hash, (uint64_t)facts->max_tokens);
    hash = mix(hash, (uint64_t)facts->input_tokens);
    return mix(hash, (facts->plain ? 4u : 0u) | (facts->stream ? 2u : 0u) |
                         (facts->static_key ? 1u : 0u));
}

/* Model names are the policy's or the scenario's own texts: the same name has the same address. */
static bool same(const struct exchange_entry *entry, const struct reply_script *reply,
                 const struct render_facts *facts)
{
    const struct render_facts *known = &entry->facts;
    return entry->reply == reply && known->platform == facts->platform &&
           known->model.ptr == facts->model.ptr && known->model.len == facts->model.len &&
           known->max_tokens == facts->max_tokens && known->input_tokens == facts->input_tokens &&
           known->context_tokens == facts->context_tokens && known->stream == facts->stream &&
           known->plain == facts->plain && known->static_key == facts->static_key;
}

static void put(struct exchange_entry **slots, size_t slot_count, struct exchange_entry *entry)
{
    size_t at = (size_t)entry->hash & (slot_count - 1);
    while (slots[at]) at = (at + 1) & (slot_count - 1);
    slots[at] = entry;
}

static bool grow(struct exchanges *exchanges)
{
    size_t count = exchanges->slot_count ? 2 * exchanges->slot_count : 64;
    struct exchange_entry **slots = calloc(count, sizeof(struct exchange_entry *));
    if (!slots) return false;
    for (size_t i = 0; i < exchanges->slot_count; i++)
        if (exchanges->slots[i]) put(slots, count, exchanges->slots[i]);
    free(exchanges->slots);
    exchanges->slots = slots;
    exchanges->slot_count = count;
    return true;
}

static const struct exchange *render_new(struct exchanges *exchanges, uint64_t hash,
                                         const struct reply_script *reply,
                                         const struct render_facts *facts, struct redial_str *why,
                                         struct redial_str *cure)
{
    struct exchange_entry *entry = ARENA_NEW(exchanges->arena, struct exchange_entry);
    if (!entry || (2 * exchanges->count >= exchanges->slot_count && !grow(exchanges))) {
        *why = REDIAL_STR("out of memory");
        *cure = REDIAL_STR("");
        return NULL;
    }
    *entry = (struct exchange_entry){.reply = reply, .facts = *facts, .hash = hash};
    entry->facts.id = random_fork(exchanges->seed, exchanges->count);
    if (!render_reply(exchanges->arena, reply, &entry->facts, &entry->exchange, why, cure))
        return NULL;
    entry->exchange.script = reply;
    entry->exchange.number = (uint32_t)exchanges->count++;
    put(exchanges->slots, exchanges->slot_count, entry);
    return &entry->exchange;
}

const struct exchange *exchanges_get(struct exchanges *exchanges, const struct reply_script *reply,
                                     const struct render_facts *facts, struct redial_str *why,
                                     struct redial_str *cure)
{
    uint64_t hash = hash_of(reply, facts);
    for (size_t at = (size_t)hash; exchanges->slot_count; at++) {
        const struct exchange_entry *entry = exchanges->slots[at & (exchanges->slot_count - 1)];
        if (!entry) break;
        if (same(entry, reply, facts)) return &entry->exchange;
    }
    return render_new(exchanges, hash, reply, facts, why, cure);
}
