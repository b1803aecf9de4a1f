/* Putting the lines of a story together. Private to story. */
#ifndef REDIAL_STORY_SAY_H
#define REDIAL_STORY_SAY_H

#include "story/record.h"
#include "story/words.h"

#define TIME_COLUMNS 9u
#define WORD_COLUMNS 9u

/* What earlier lines of a call said that later ones go back to. */
struct call_view {
    int64_t max_tokens;             /* of the last send, 0 none yet */
    uint32_t message;               /* shown last: a repeated one is not shown again */
    const struct story_facts *told; /* the last judged failure, for its hints */
    struct redial_decision rule;    /* the last judged decision */
    bool judged;                    /* there is one */
    uint8_t repair;                 /* under way */
};

struct writer {
    const struct story *story;
    const struct redial_policy *policy;
    const struct story_style *style;
    struct text *out;
    struct text line; /* what stands behind the word */
    struct call_view *views;
    size_t call_columns; /* of "#12  ", 0 when lines do not name their call */
};

enum tone { TONE_PLAIN, TONE_SEND, TONE_GOOD, TONE_BAD, TONE_WAIT, TONE_CHANGE, TONE_FAINT };

/* Ends the line that was put together in writer->line: time, call, word, and it. */
void say_line(struct writer *writer, const struct story_entry *entry, enum tone tone,
              const char *word);

void say(struct writer *writer, const char *text);
void say_text(struct writer *writer, uint32_t number); /* of the story's texts */
void say_name(struct writer *writer, struct redial_str name);
/* Which rule, and how many of its retries are taken, or of the leg's where it has no limit. */
void say_rule(struct writer *writer, const struct redial_decision *decision);
void say_hint(struct writer *writer, const struct call_view *view, size_t header);
/* Headers that were there and gave no wait: a person looks for the reason why they were not
 * obeyed. */
void say_useless_hints(struct writer *writer, const struct call_view *view);
/* The bound for hints, from the backoff that the rule of `rule` waits by. */
void say_bound(struct writer *writer, const struct story_entry *entry,
               const struct redial_decision *rule);
void say_backoff(struct writer *writer, const struct redial_decision *decision);

/* The name of a guard by 1 + its index; empty when the policy has none such. */
struct redial_str story_guard_name(const struct redial_policy *policy, enum redial_guard_kind kind,
                                   size_t number);
/* Which guard holds, moves or ends the call. */
void say_holder(struct writer *writer, const struct redial_decision *decision);
/* The lines of what became of the state that calls share. */
void tell_shared(struct writer *writer, const struct story_entry *entry);

/* The line of what happened; and the lines of what was decided. */
void tell_event(struct writer *writer, const struct story_entry *entry, struct call_view *view);
/* Of a decision, what its leg goes without, and which providers were not taken for want of what. */
void tell_passed_over(struct writer *writer, const struct story_entry *entry);
void tell_dropped(struct writer *writer, const struct story_entry *entry);
void tell_decision(struct writer *writer, const struct story_entry *entry, struct call_view *view);

#endif
