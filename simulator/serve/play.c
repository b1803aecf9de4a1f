/* Replies under way: each act at its moment, none before the bytes of the one before are with the
 * system. A heap says which is due next. */
#include <stdlib.h>
#include <string.h>

#include "simulator/serve/relay.h"

#define SPARES_MAX 64u

/* ---- The heap */

static void put(struct fakes *fakes, size_t index, struct play *play)
{
    fakes->heap[index] = play;
    play->heap_index = index;
}

static void sift_up(struct fakes *fakes, size_t index, struct play *play)
{
    while (index > 0 && fakes->heap[(index - 1) / 2]->due_at > play->due_at) {
        put(fakes, index, fakes->heap[(index - 1) / 2]);
        index = (index - 1) / 2;
    }
    put(fakes, index, play);
}

static void sift_down(struct fakes *fakes, size_t index, struct play *play)
{
    for (;;) {
        size_t child = 2 * index + 1;
        if (child >= fakes->heap_count) break;
        if (child + 1 < fakes->heap_count &&
            fakes->heap[child + 1]->due_at < fakes->heap[child]->due_at)
            child++;
        if (fakes->heap[child]->due_at >= play->due_at) break;
        put(fakes, index, fakes->heap[child]);
        index = child;
    }
    put(fakes, index, play);
}

static void unplan(struct play *play)
{
    struct fakes *fakes = play->fakes;
    size_t index = play->heap_index;
    struct play *last;

    if (index == SIZE_MAX) return;
    play->heap_index = SIZE_MAX;
    last = fakes->heap[--fakes->heap_count];
    if (last == play) return;
    if (index > 0 && fakes->heap[(index - 1) / 2]->due_at > last->due_at)
        sift_up(fakes, index, last);
    else
        sift_down(fakes, index, last);
}

static bool plan(struct play *play, int64_t due_at)
{
    struct fakes *fakes = play->fakes;
    struct play **heap;
    size_t room;

    unplan(play);
    if (fakes->heap_count == fakes->heap_capacity) {
        room = fakes->heap_capacity ? 2 * fakes->heap_capacity : 64;
        heap = realloc(fakes->heap, room * sizeof *heap);
        if (!heap) return false;
        fakes->heap = heap;
        fakes->heap_capacity = room;
    }
    play->due_at = due_at;
    sift_up(fakes, fakes->heap_count++, play);
    return true;
}

int64_t plays_next(const struct fakes *fakes)
{
    return fakes->heap_count > 0 ? fakes->heap[0]->due_at : INT64_MAX;
}

void plays_move(struct fakes *fakes)
{
    while (fakes->heap_count > 0 && fakes->heap[0]->due_at <= fakes->now) {
        struct play *play = fakes->heap[0];
        unplan(play);
        play_go_on(play);
    }
}

/* ---- One play */

struct play *play_new(struct fakes *fakes, struct arrival *arrival)
{
    struct play *play = fakes->spare_plays;

    if (play) {
        fakes->spare_plays = play->next;
        fakes->spare_count--;
    } else if (!(play = malloc(sizeof *play))) {
        return NULL;
    }
    *play = (struct play){.fakes = fakes,
                          .arrival = arrival,
                          .began_at = fakes->now,
                          .heap_index = SIZE_MAX,
                          .next = fakes->plays,
                          .link = &fakes->plays};
    if (fakes->plays) fakes->plays->link = &play->next;
    fakes->plays = play;
    fakes->play_count++;
    arrival->owner = play;
    return play;
}

static void play_destroy(struct play *play)
{
    struct fakes *fakes = play->fakes;

    unplan(play);
    *play->link = play->next;
    if (play->next) play->next->link = play->link;
    fakes->play_count--;
    arrival_release(play->arrival);
    page_let_go(play->page);
    packing_destroy(play->packing);
    script_let_go(play->script);
    if (fakes->spare_count >= SPARES_MAX) {
        free(play);
        return;
    }
    play->next = fakes->spare_plays;
    fakes->spare_plays = play;
    fakes->spare_count++;
}

static struct journal_entry *entry_of(const struct play *play)
{
    return play->entry ? journal_find(play->fakes->journal, play->entry) : NULL;
}

/* The world's delays, at the speed that was asked for. */
static int64_t due_at(const struct play *play, int64_t after)
{
    double speed = play->fakes->options.speed;

    if (speed > 0 && speed != 1 && after < DURATION_MAX / 2)
        after = (int64_t)((double)after / speed);
    return duration_add(play->began_at, after);
}

/* Content deltas and the end of a stream, told by their names; in Bedrock's frames by how those
 * look in base64. */
static size_t count_in(struct redial_str bytes, struct redial_str wanted)
{
    size_t count = 0;

    for (size_t at; (at = str_find(bytes, wanted)) != SIZE_MAX; count++)
        bytes = str_skip(bytes, at + wanted.len);
    return count;
}

/* So often it ends in `bytes`, wherever it began. */
static size_t count_ends(const struct play *play, struct redial_str bytes, struct redial_str wanted)
{
    char joint[2 * PLAY_TAIL];
    size_t before = play->tail_len < wanted.len ? play->tail_len : wanted.len - 1;
    struct redial_str first = str_take(bytes, wanted.len - 1);

    memcpy(joint, play->tail + play->tail_len - before, before);
    memcpy(joint + before, first.ptr, first.len);
    return count_in((struct redial_str){joint, before + first.len}, wanted) +
           count_in(bytes, wanted);
}

static void keep_tail(struct play *play, struct redial_str bytes)
{
    struct redial_str last = str_skip(bytes, bytes.len > PLAY_TAIL ? bytes.len - PLAY_TAIL : 0);
    size_t kept = PLAY_TAIL - last.len;

    if (kept > play->tail_len) kept = play->tail_len;
    memmove(play->tail, play->tail + play->tail_len - kept, kept);
    memcpy(play->tail + kept, last.ptr, last.len);
    play->tail_len = kept + last.len;
}

static void count_events(struct play *play, struct journal_entry *entry, struct redial_str bytes)
{
    static const struct redial_str deltas[] = {
        REDIAL_STR_INIT("event: content_block_delta"),
        REDIAL_STR_INIT("eyJ0eXBlIjoiY29udGVudF9ibG9ja19kZWx0")};
    static const struct redial_str stops[] = {REDIAL_STR_INIT("event: message_stop"),
                                              REDIAL_STR_INIT("eyJ0eXBlIjoibWVzc2FnZV9zdG9w")};

    for (size_t i = 0; i < REDIAL_COUNT_OF(deltas); i++) {
        entry->deltas += (int32_t)count_ends(play, bytes, deltas[i]);
        if (count_ends(play, bytes, stops[i]) > 0) entry->terminated = true;
    }
    keep_tail(play, bytes);
}

static void note_act(struct play *play, const struct act *act)
{
    struct journal_entry *entry = entry_of(play);

    if (!entry) return;
    if (entry->replied_at < 0 && (act->kind == ACT_HEAD || act->kind == ACT_RAW))
        entry->replied_at = play->fakes->now - play->fakes->began_at;
    if (act->kind == ACT_BODY && entry->stream && act->bytes.len > 0)
        count_events(play, entry, act->bytes);
}

/* What came before the request was read stands in strike.c; what it left to be done is a reset. */
static void strike_fault(struct play *play)
{
    if (play->arrival->body_unread)
        arrival_break_pipe(play->arrival);
    else
        arrival_reset(play->arrival);
}

/* A body's piece as its client gets it. */
static bool pack(const struct play *play, struct act *act)
{
    size_t next = play->act_next;
    bool last = next < play->exchange->act_count && play->exchange->acts[next].kind == ACT_END;

    if (!play->packing || act->kind != ACT_BODY || (act->bytes.len == 0 && !last)) return true;
    return packing_add(play->packing, act->bytes, last, &act->bytes);
}

void play_go_on(struct play *play)
{
    const struct exchange *exchange = play->exchange;
    struct act act;
    int64_t due;

    if (exchange->fault != REQUEST_READ) {
        due = due_at(play, exchange->fault_at);
        if (due > play->fakes->now && plan(play, due)) return;
        strike_fault(play);
        return;
    }
    while (play->act_next < exchange->act_count && !play->busy) {
        act = exchange->acts[play->act_next];
        due = due_at(play, act.at);
        if (due > play->fakes->now && plan(play, due)) return;
        play->act_next++;
        note_act(play, &act);
        bool packed = pack(play, &act);
        play->busy = act.kind == ACT_HEAD || (act.kind == ACT_BODY && act.bytes.len > 0);
        if (!packed || !arrival_perform(play->arrival, exchange, &act)) {
            arrival_close(play->arrival);
            return;
        }
    }
}

/* All of it at once: one answer, and nothing to wait for. */
static bool is_whole(const struct play *play, const struct exchange *exchange)
{
    return play->began_at <= play->fakes->now && exchange->fault == REQUEST_READ &&
           !exchange->chunked && exchange->act_count == 3 && exchange->acts[0].kind == ACT_HEAD &&
           exchange->acts[1].kind == ACT_BODY && exchange->acts[2].kind == ACT_END &&
           exchange->acts[2].at == 0 && exchange->acts[1].bytes.len == exchange->body_length;
}

void play_begin(struct play *play, const struct exchange *exchange)
{
    struct journal_entry *entry;

    play->exchange = exchange;
    if (!is_whole(play, exchange)) {
        play_go_on(play);
        return;
    }
    play->act_next = exchange->act_count;
    if (!arrival_answer(play->arrival, exchange->status, exchange->headers, exchange->header_count,
                        exchange->acts[1].bytes)) {
        arrival_close(play->arrival);
        return;
    }
    entry = entry_of(play);
    if (entry) entry->replied_at = play->fakes->now - play->fakes->began_at;
}

static bool went_well(const struct journal_entry *entry, enum arrival_end end)
{
    return end == ARRIVAL_DONE && entry->status >= 200 && entry->status < 300 &&
           (!entry->stream || entry->terminated);
}

static void note_end(struct play *play, struct journal_entry *entry, enum arrival_end end)
{
    struct fakes *fakes = play->fakes;

    entry->ended_at = fakes->now - fakes->began_at;
    if (end == ARRIVAL_DONE && !entry->stream) entry->terminated = true;
    if (play->conversation && went_well(entry, end)) play->conversation->answered = true;
    if (entry->end == JOURNAL_REFUSED) return;
    entry->end = end == ARRIVAL_LEFT                                     ? JOURNAL_LEFT
                 : end == ARRIVAL_CUT || entry->fault == FAULT_MALFORMED ? JOURNAL_FAULT
                                                                         : JOURNAL_ANSWERED;
    if (entry->end == JOURNAL_LEFT && fakes->options.ended)
        fakes->options.ended(fakes->options.context, entry);
}

void play_end(struct play *play, enum arrival_end end)
{
    struct journal_entry *entry = entry_of(play);

    if (play->conversation && play->conversation->under_way > 0) play->conversation->under_way--;
    if (entry) note_end(play, entry, end);
    if (play->relay) relay_end(play->relay, end);
    play_destroy(play);
}

void plays_detach(struct fakes *fakes, bool from_journal)
{
    for (struct play *play = fakes->plays; play; play = play->next) {
        if (from_journal) play->entry = 0;
        play->conversation = NULL;
    }
}

void plays_destroy(struct fakes *fakes)
{
    for (struct play *play; (play = fakes->spare_plays);) {
        fakes->spare_plays = play->next;
        free(play);
    }
    free(fakes->heap);
}
