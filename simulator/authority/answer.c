/* Makes replies: status, headers and a body in the caller's arena. */
#include <time.h>

#include "simulator/authority/parts.h"

#define HEADERS_MAX 8 /* no reply of an authority has more */

bool answer_header(struct answer *answer, const char *name, struct redial_str value)
{
    struct authority_reply *reply = answer->reply;
    struct redial_header *headers;

    headers = ARENA_ARRAY(answer->arena, struct redial_header, reply->header_count + 1);
    if (!headers || reply->header_count == HEADERS_MAX) return false;
    for (size_t i = 0; i < reply->header_count; i++) headers[i] = reply->headers[i];
    headers[reply->header_count].name = str_of(name);
    if (!arena_copy(answer->arena, value, &headers[reply->header_count].value)) return false;
    reply->headers = headers;
    reply->header_count++;
    return true;
}

bool answer_uuid_header(struct answer *answer, const char *name)
{
    char uuid[UUID_SIZE];

    uuid_make(answer->authority, uuid);
    return answer_header(answer, name, str_of(uuid));
}

bool answer_body(struct answer *answer, uint16_t status, const char *type, struct text *body)
{
    bool done = !body->failed && arena_copy(answer->arena, text_str(body), &answer->reply->body) &&
                answer_header(answer, "content-type", str_of(type));

    text_clean_up(body);
    answer->reply->status = status;
    return done;
}

bool answer_words(struct answer *answer, uint16_t status, const char *type, const char *words)
{
    answer->reply->status = status;
    answer->reply->body = str_of(words);
    return answer_header(answer, "content-type", str_of(type));
}

bool answer_json(struct answer *answer, uint16_t status, const char *format, ...)
{
    struct text body = TEXT_INIT;
    va_list arguments;

    va_start(arguments, format);
    text_vprintf(&body, format, arguments);
    va_end(arguments);
    return answer_body(answer, status, "application/json", &body);
}

bool answer_oauth_error(struct answer *answer, uint16_t status, const char *error,
                        const char *description)
{
    struct text body = TEXT_INIT;

    text_printf(&body, "{\"error\":\"%s\",\"error_description\":", error);
    text_append_json(&body, str_of(description));
    text_append_char(&body, '}');
    return answer_body(answer, status, "application/json", &body);
}

bool answer_why(struct answer *answer, const char *format, ...)
{
    va_list arguments;
    bool done;

    if (!answer->why) return true;
    va_start(arguments, format);
    done = arena_vprintf(answer->arena, answer->why, format, arguments);
    va_end(arguments);
    return done;
}

void iso_write(int64_t moment, char out[ISO_SIZE])
{
    time_t seconds = (time_t)(moment / SECOND);
    struct tm parts;

    if (!gmtime_r(&seconds, &parts) || !strftime(out, ISO_SIZE, "%Y-%m-%dT%H:%M:%SZ", &parts))
        out[0] = '\0';
}
