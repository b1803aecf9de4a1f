/* AWS Bedrock, InvokeModel: the model in the path, errors named by the header x-amzn-errortype
 * ("Name" or "Name:uri"), the body {"message"} with __type or code where there is no header. */
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
    path_append(url, target->model_id, "");
    text_append(url, REDIAL_STR("/invoke"));
}

const struct platform_wire bedrock_wire = {
    .request_id_headers = {"x-amzn-requestid", "request-id"},
    .error_header = "x-amzn-errortype",
    .read_error = read_error,
    .version_in_body = true,
    .write_path = write_path,
};
