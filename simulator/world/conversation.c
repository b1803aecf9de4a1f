#include "simulator/world/conversation.h"

#include <string.h>

static bool is_blank(char c)
{
    return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

static int64_t count_words(struct redial_str text)
{
    int64_t words = 0;
    for (size_t i = 0; i < text.len; i++)
        words += !is_blank(text.ptr[i]) && (i == 0 || is_blank(text.ptr[i - 1]));
    return words;
}

static int64_t content_words(const struct json *content);

int64_t conversation_block_words(const struct json *block)
{
    if (json_kind(block) == JSON_STRING) return count_words(json_text(block));
    return count_words(json_text(json_at(block, "text"))) +
           content_words(json_at(block, "content"));
}

/* A content is a text or a list of blocks; a tool's result has a content of its own. The depth is
 * bounded by that of the JSON. */
static int64_t content_words(const struct json *content)
{
    int64_t words = count_words(json_text(content));
    if (!json_is_array(content)) return words;
    for (const struct json *block = json_first(content); block; block = json_next(block))
        words += conversation_block_words(block);
    return words;
}

static bool is_prefill(const struct json *message)
{
    return !json_next(message) && str_is(json_text(json_at(message, "role")), "assistant");
}

int64_t conversation_words(const struct json *messages)
{
    int64_t words = 0;
    if (!json_is_array(messages)) return 0;
    for (const struct json *message = json_first(messages); message; message = json_next(message))
        if (!is_prefill(message)) words += content_words(json_at(message, "content"));
    return words;
}

bool conversation_has_prefill(const struct json *messages)
{
    const struct json *message = json_is_array(messages) ? json_first(messages) : NULL;
    while (message && json_next(message)) message = json_next(message);
    return message && is_prefill(message);
}

static void write_words(int64_t words, struct text *out)
{
    text_append_char(out, '"');
    for (int64_t i = 0; i < words; i++)
        text_append(out, i == 0 ? REDIAL_STR("w") : REDIAL_STR(" w"));
    text_append_char(out, '"');
}

static void write_blocks(const struct conversation_message *message, struct text *out)
{
    if (message->tool_result.len > 0) {
        text_append(out, REDIAL_STR("{\"type\":\"tool_result\",\"tool_use_id\":"));
        text_append_json(out, message->tool_result);
        text_append(out, REDIAL_STR(",\"content\":"));
        write_words(message->words, out);
        text_append_char(out, '}');
        return;
    }
    if (message->words > 0) {
        text_append(out, REDIAL_STR("{\"type\":\"text\",\"text\":"));
        write_words(message->words, out);
        text_append(out, REDIAL_STR("},"));
    }
    text_append(out, REDIAL_STR("{\"type\":\"tool_use\",\"id\":"));
    text_append_json(out, message->tool_use);
    text_append(out, REDIAL_STR(",\"name\":\"look\",\"input\":{}}"));
}

void conversation_write(const struct conversation_message *message, struct text *out)
{
    bool blocks = message->tool_use.len > 0 || message->tool_result.len > 0;
    text_append(out, message->role == ROLE_USER
                         ? REDIAL_STR("{\"role\":\"user\",\"content\":")
                         : REDIAL_STR("{\"role\":\"assistant\",\"content\":"));
    if (blocks) text_append_char(out, '[');
    if (blocks)
        write_blocks(message, out);
    else
        write_words(message->words, out);
    if (blocks) text_append_char(out, ']');
    text_append_char(out, '}');
}
