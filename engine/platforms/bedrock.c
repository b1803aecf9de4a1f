/* AWS Bedrock. InvokeModel: the model in the path, streams as AWS event streams, errors named by
 * the header x-amzn-errortype ("Name" or "Name:uri"), the body {"message"} with __type or code
 * where there is no header. CountTokens wraps the body of an InvokeModel. Mantle, the newer
 * surface, speaks Anthropic's own words. */
#include "base/url.h"
#include "platforms/platform.h"

static bool read_error(const struct json *body, struct error_facts *facts)
{
    static const char *const names[] = {"__type", "code"};

    if (anthropic_read_error(body, facts)) return true;
    for (size_t i = 0; i < REDIAL_COUNT_OF(names) && facts->error.len == 0; i++)
        facts->error = json_text(json_at(body, names[i]));
    facts->message = json_text(json_at(body, "message"));
    if (facts->message.len == 0) facts->message = json_text(json_at(body, "Message"));
    return facts->error.len > 0 || facts->message.len > 0;
}

static void write_path(struct text *url, const struct target *target)
{
    text_append(url, REDIAL_STR("/model/"));
    url_encode(url, target->model_id);
    if (target->operation == REQUEST_COUNT_TOKENS) {
        text_append(url, REDIAL_STR("/count-tokens"));
    } else {
        text_append(url, target->stream ? REDIAL_STR("/invoke-with-response-stream")
                                        : REDIAL_STR("/invoke"));
    }
}

const struct platform_wire bedrock_wire = {
    .frames_type = "application/vnd.amazon.eventstream",
    .request_id_headers = {"x-amzn-requestid", "request-id"},
    .error_header = "x-amzn-errortype",
    .read_error = read_error,
    .version_in_body = true,
    .beta_in_body = true,
    .count_in_base64 = true,
    .write_path = write_path,
};

const struct platform_wire mantle_wire = {
    .request_id_headers = {"request-id", "x-amzn-requestid"},
    .error_header = "x-amzn-errortype",
    .read_error = read_error,
    .model_in_body = true,
    .stream_in_body = true,
    .write_path = anthropic_write_path,
};
