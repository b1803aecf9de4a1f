/* The conversation of a call, message by message: what a compaction needs to have something to
 * drop. */
#include "simulator/run/scenario_parts.h"
#include "simulator/world/conversation.h"

#define MESSAGES_MAX      1000
#define MESSAGE_WORDS_MAX 1000000

static const struct name role_rows[ROLE_COUNT] = {
    [ROLE_USER] = {"user", "who asks"},
    [ROLE_ASSISTANT] = {"assistant", "who answers"},
};
static const struct names role_names = {"role", role_rows, ROLE_COUNT};

static bool read_role(struct reading *reading, const struct node *value, void *target)
{
    return read_word(reading, value, &role_names, target);
}

static bool read_words(struct reading *reading, const struct node *value, void *target)
{
    return read_whole(reading, value, 1, MESSAGE_WORDS_MAX, target);
}

#define AT(field) offsetof(struct conversation_message, field)
static const struct key message_keys[] = {
    {"role", read_role, AT(role), "whose it is", "user or assistant", true},
    {"words", read_words, AT(words), "its length, a token each", "number", true},
    {"tool_use", read_text, AT(tool_use), "the id of a tool's call in it", "text", false},
    {"tool_result", read_text, AT(tool_result), "the id of the call whose result it is", "text",
     false},
};
#undef AT
static const struct keys keys = {"a message", message_keys, REDIAL_COUNT_OF(message_keys)};

static bool read_message(struct reading *reading, const struct node *value, struct text *out)
{
    struct conversation_message message = {0};
    if (!keys_read(reading, &keys, value, &message)) return false;
    if (message.tool_use.len > 0 && message.role != ROLE_ASSISTANT)
        return scenario_conflict(reading, value->span, "a tool is called by the assistant",
                                 "write role: assistant");
    if (message.tool_result.len > 0 && message.role != ROLE_USER)
        return scenario_conflict(reading, value->span, "a tool's result is given by the user",
                                 "write role: user");
    conversation_write(&message, out);
    return true;
}

bool scenario_read_messages(struct reading *reading, const struct node *value, void *target)
{
    struct redial_str *messages = target;
    struct text out = TEXT_INIT;
    bool right = true;
    if (value->kind != NODE_SEQUENCE || value->count == 0 || value->count > MESSAGES_MAX)
        return reading_unexpected(reading, value, "a list of messages, 1 to 1000");
    for (size_t i = 0; i < value->count; i++) {
        text_append_char(&out, i == 0 ? '[' : ',');
        right = read_message(reading, value->items[i], &out) && right;
    }
    text_append_char(&out, ']');
    bool kept = !out.failed && arena_copy(reading->arena, text_str(&out), messages);
    text_clean_up(&out);
    return kept ? right : reading_out_of_memory(reading);
}
