/* Anthropic's own API: POST /v1/messages, errors as {"type":"error","error":{"type","message",
 * "details"},"request_id"}, streams as server-sent events. */
#include "platforms/platform.h"

bool anthropic_read_error(const struct json *body, struct error_facts *facts)
{
    const struct json *error = json_at(body, "error");

    facts->error = json_text(json_at(error, "type"));
    if (facts->error.len == 0) return false;
    facts->error_code = json_text(json_at(error, "details.error_code"));
    facts->message = json_text(json_at(error, "message"));
    facts->request_id = json_text(json_at(body, "request_id"));
    return true;
}

void anthropic_write_path(struct text *url, const struct target *target)
{
    text_append(url, REDIAL_STR("/v1/messages"));
    if (target->operation == REQUEST_COUNT_TOKENS) text_append(url, REDIAL_STR("/count_tokens"));
}

const struct platform_wire anthropic_wire = {
    .request_id_headers = {"request-id"},
    .read_error = anthropic_read_error,
    .model_in_body = true,
    .stream_in_body = true,
    .write_path = anthropic_write_path,
};
