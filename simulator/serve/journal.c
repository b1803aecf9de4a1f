/* The journal in pages: each has its entries and the memory of their texts, so that the oldest go
 * together. */
#include "simulator/serve/journal.h"

#include <stdlib.h>

#include "base/names.h"

struct page {
    struct arena *arena;
    uint32_t count;
    struct journal_entry entries[JOURNAL_PAGE];
};

struct journal {
    struct page *pages[JOURNAL_PAGES]; /* a ring */
    uint32_t first, page_count;        /* the oldest page, and how many there are */
    uint32_t fallen_out;
};

static const struct name end_rows[JOURNAL_END_COUNT] = {
    [JOURNAL_UNDER_WAY] = {"under_way", "it has not ended"},
    [JOURNAL_ANSWERED] = {"answered", "the reply went out whole"},
    [JOURNAL_FAULT] = {"fault", "the script broke it"},
    [JOURNAL_LEFT] = {"left", "the client closed before the reply was out"},
    [JOURNAL_REFUSED] = {"refused", "the request was wrong"},
    [JOURNAL_UNREADABLE] = {"unreadable", "no HTTP, or half a request"},
};
const struct names journal_end_names = {"end", end_rows, JOURNAL_END_COUNT};

static const struct name fault_rows[FAULT_COUNT] = {
    [FAULT_NONE] = {"none", "nothing goes wrong"},
    [FAULT_RESET] = {"reset", "a TCP reset"},
    [FAULT_CLOSE] = {"close", "an orderly close"},
    [FAULT_BROKEN_PIPE] = {"broken_pipe", "the server stops reading"},
    [FAULT_HANG] = {"hang", "no reply"},
    [FAULT_STALL] = {"stall", "a pause within the reply"},
    [FAULT_GARBAGE] = {"garbage", "bytes that are no HTTP"},
    [FAULT_MALFORMED] = {"malformed", "a reply that no parser likes"},
    [FAULT_REFUSE] = {"refuse", "nobody listens"},
    [FAULT_DNS] = {"dns", "the name does not resolve"},
    [FAULT_TLS] = {"tls", "a certificate that no client accepts"},
};
const struct names reply_fault_names = {"fault", fault_rows, FAULT_COUNT};

struct journal *journal_new(void)
{
    return calloc(1, sizeof(struct journal));
}

static void page_destroy(struct page *page)
{
    if (!page) return;
    arena_destroy(page->arena);
    free(page);
}

void journal_clear(struct journal *journal)
{
    for (uint32_t i = 0; i < JOURNAL_PAGES; i++) page_destroy(journal->pages[i]);
    *journal = (struct journal){0};
}

void journal_destroy(struct journal *journal)
{
    if (!journal) return;
    journal_clear(journal);
    free(journal);
}

static struct page *page_at(const struct journal *journal, uint32_t index)
{
    return journal->pages[(journal->first + index) % JOURNAL_PAGES];
}

static struct page *newest(const struct journal *journal)
{
    return journal->page_count > 0 ? page_at(journal, journal->page_count - 1) : NULL;
}

static void drop_oldest(struct journal *journal)
{
    struct page **oldest = &journal->pages[journal->first];

    page_destroy(*oldest);
    *oldest = NULL;
    journal->first = (journal->first + 1) % JOURNAL_PAGES;
    journal->page_count--;
    journal->fallen_out += JOURNAL_PAGE;
}

static struct page *page_add(struct journal *journal)
{
    struct page *page = calloc(1, sizeof *page);

    if (page) page->arena = arena_new();
    if (!page || !page->arena) {
        page_destroy(page);
        return NULL;
    }
    if (journal->page_count == JOURNAL_PAGES) drop_oldest(journal);
    journal->pages[(journal->first + journal->page_count) % JOURNAL_PAGES] = page;
    journal->page_count++;
    return page;
}

struct journal_entry *journal_add(struct journal *journal)
{
    struct page *page = newest(journal);
    struct journal_entry *entry;

    if (!page || page->count == JOURNAL_PAGE) page = page_add(journal);
    if (!page) return NULL;
    entry = &page->entries[page->count++];
    *entry = (struct journal_entry){
        .number = journal->fallen_out + (uint32_t)journal_count(journal),
        .replied_at = -1,
        .ended_at = -1,
        .provider = REDIAL_NO_INDEX,
        .server = "",
        .retry_count = -1,
        .hint = -1,
    };
    return entry;
}

struct arena *journal_arena(const struct journal *journal)
{
    const struct page *page = newest(journal);

    return page ? page->arena : NULL;
}

size_t journal_count(const struct journal *journal)
{
    const struct page *page = newest(journal);

    return page ? (size_t)(journal->page_count - 1) * JOURNAL_PAGE + page->count : 0;
}

uint32_t journal_fallen_out(const struct journal *journal)
{
    return journal->fallen_out;
}

static struct journal_entry *entry_at(const struct journal *journal, size_t index)
{
    return &page_at(journal, (uint32_t)(index / JOURNAL_PAGE))->entries[index % JOURNAL_PAGE];
}

const struct journal_entry *journal_at(const struct journal *journal, size_t index)
{
    return entry_at(journal, index);
}

struct journal_entry *journal_find(struct journal *journal, uint32_t number)
{
    if (number <= journal->fallen_out) return NULL;
    if (number - journal->fallen_out > journal_count(journal)) return NULL;
    return entry_at(journal, number - journal->fallen_out - 1);
}
