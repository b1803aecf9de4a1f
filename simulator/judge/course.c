#include "simulator/judge/course.h"

#include "redial/call.h"

/* Token counts and lists of models ask for no answer of the model: they are no attempts. */
static bool is_attempt(const struct journal_entry *entry)
{
    return entry->provider != REDIAL_NO_INDEX && str_is(entry->operation, "messages");
}

static uint32_t last_conversation(const struct journal *journal)
{
    uint32_t last = 0;

    for (size_t i = 0; i < journal_count(journal); i++) {
        uint32_t own = journal_at(journal, i)->conversation;
        if (own > last) last = own;
    }
    return last;
}

static void add_attempt(struct course *course, const struct course_attempt **last_of_call,
                        const struct journal_entry *entry)
{
    struct course_attempt *attempt = &course->attempts[course->count++];
    const struct course_attempt *before = last_of_call[entry->conversation];

    *attempt = (struct course_attempt){.entry = entry, .number = 1};
    if (before) {
        attempt->before = before->entry;
        attempt->number = before->number + 1;
        course->refreshes += entry->credential > before->entry->credential;
    } else {
        course->calls++;
    }
    last_of_call[entry->conversation] = attempt;
}

static void add_other(struct course *course, const struct journal_entry *entry)
{
    bool asked = str_is(entry->operation, "token");

    course->others++;
    if (asked && (entry->status < 200 || entry->status >= 300 || entry->end == JOURNAL_LEFT))
        course->refused_tokens++;
}

bool course_read(const struct journal *journal, struct arena *arena, struct course *course)
{
    size_t count = journal_count(journal);
    const struct course_attempt **last_of_call =
        ARENA_ARRAY(arena, const struct course_attempt *, (size_t)last_conversation(journal) + 1);

    *course = (struct course){.attempts = ARENA_ARRAY(arena, struct course_attempt, count)};
    if (!last_of_call || !course->attempts) return false;
    for (size_t i = 0; i < count; i++) {
        const struct journal_entry *entry = journal_at(journal, i);
        if (is_attempt(entry))
            add_attempt(course, last_of_call, entry);
        else
            add_other(course, entry);
    }
    return true;
}

bool attempt_succeeded(const struct journal_entry *entry)
{
    return entry->end == JOURNAL_ANSWERED && entry->terminated && entry->status >= 200 &&
           entry->status < 300 && entry->class == REDIAL_CLASS_NONE;
}

bool attempt_was_broken(const struct journal_entry *entry)
{
    return entry->fault == FAULT_RESET || entry->fault == FAULT_CLOSE ||
           entry->fault == FAULT_BROKEN_PIPE;
}

bool attempt_is_again(const struct course_attempt *attempt)
{
    const struct journal_entry *entry = attempt->entry, *before = attempt->before;

    return before && entry->provider == before->provider && str_eq(entry->model, before->model) &&
           entry->body_hash == before->body_hash && entry->credential == before->credential;
}

int64_t attempt_wait(const struct course_attempt *attempt)
{
    const struct journal_entry *before = attempt->before;
    int64_t ended;

    if (!before) return -1;
    ended = before->ended_at >= 0 ? before->ended_at : before->read_at;
    return attempt->entry->arrived_at > ended ? attempt->entry->arrived_at - ended : 0;
}
