/* What a story keeps of each step, before anything is put into words. Private to story. */
#ifndef REDIAL_STORY_RECORD_H
#define REDIAL_STORY_RECORD_H

#include "story/story.h"
#include "story/texts.h"

/* What became of a hint header, at the moment when it was read. */
enum hint_said {
    HINT_SAID_NOTHING,
    HINT_SAID_UNREADABLE,
    HINT_SAID_ZERO,
    HINT_SAID_PAST,
    HINT_SAID_WAIT,
};

/* What the reply, the break or the repair said; only such events have one. */
struct story_facts {
    uint8_t cause, phase;
    int8_t should_retry;
    bool complete;
    uint16_t status;
    int32_t os_errno;
    uint32_t text[REDIAL_TEXT_COUNT]; /* numbers in texts, as all below */
    uint32_t message, request_id;
    uint32_t hint_text[REDIAL_HINTS_MAX]; /* what each hint header said */
    uint8_t hint[REDIAL_HINTS_MAX];       /* enum hint_said */
    int64_t input_tokens, output_tokens, context_tokens, compacted_tokens;
};

#define NO_FACTS UINT32_MAX

enum story_entry_kind { ENTRY_STEP, ENTRY_NOTE };

struct story_entry {
    int64_t at;
    const struct redial_policy *policy; /* of the call; NULL for a note */
    uint32_t call_number;
    uint32_t facts; /* its row, NO_FACTS none */
    uint32_t model; /* text: of the leg after the step */
    uint32_t note;  /* ENTRY_NOTE: text. ENTRY_STEP: what went wrong in a hook */
    int64_t waited; /* of the call, after the step */
    int32_t attempts;
    uint32_t credential;
    uint32_t client_request_id; /* text, of a SEND */
    uint32_t outputs;           /* OUTPUT: deltas in a row */
    uint8_t kind;               /* enum story_entry_kind */
    uint8_t event;              /* enum redial_event_kind */
    uint8_t state;              /* enum redial_state after the step */
    uint8_t query, variant;
    uint8_t connection; /* enum story_connection */
    struct redial_decision decision;
};

/* Rows in blocks: growing moves nothing, so recording never stops for a copy. */
#define ROWS_PER_BLOCK 512u
struct rows {
    size_t size; /* of one row */
    void **blocks;
    size_t block_count, block_capacity;
    size_t count;
};

struct story {
    int64_t began_at;
    struct secrets secrets; /* copies */
    struct arena *arena;    /* of the secrets */
    struct rows entries, facts;
    struct texts texts;
    uint32_t *last_entry; /* by call number: 1 + the entry of its last step, 0 none */
    size_t call_capacity;
    uint32_t last_text[REDIAL_TEXT_COUNT], last_message, last_request_id, last_model, last_note;
    uint32_t last_hint[REDIAL_HINTS_MAX];
    bool failed;
};

const struct story_entry *story_entry_at(const struct story *story, size_t index);
/* NULL when the entry has none. */
const struct story_facts *story_facts_of(const struct story *story,
                                         const struct story_entry *entry);

#endif
