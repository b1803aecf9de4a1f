/* Conversations that a scenario writes out, and how long a fake platform finds a prompt. */
#ifndef REDIAL_SIMULATOR_CONVERSATION_H
#define REDIAL_SIMULATOR_CONVERSATION_H

#include "document/json.h"

/* Words in all texts of the messages, each one token to a fake; a prefill is no part of the prompt.
 */
int64_t conversation_words(const struct json *messages);
/* The same of one block of a content. */
int64_t conversation_block_words(const struct json *block);
/* Whether they end in a message of the assistant. */
bool conversation_has_prefill(const struct json *messages);

enum conversation_role { ROLE_USER, ROLE_ASSISTANT, ROLE_COUNT };

/* One message of a conversation. */
struct conversation_message {
    int role;                                /* enum conversation_role */
    int64_t words;                           /* of its text */
    struct redial_str tool_use, tool_result; /* id of a tool's call or answer in it; may be empty */
};

/* Appends the message as JSON, words and blocks alike. */
void conversation_write(const struct conversation_message *message, struct text *out);

#endif
