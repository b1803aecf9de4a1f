/* Azure Foundry: Anthropic's API behind Azure's gateway, whose own errors are {"error":{"code",
 * "message"}} with an apim-request-id. */
#include "platforms/platform.h"

static bool read_error(const struct json *body, struct error_facts *facts)
{
    const struct json *error = json_at(body, "error");

    if (anthropic_read_error(body, facts)) return true;
    facts->error = json_text(json_at(error, "code"));
    facts->message = json_text(json_at(error, "message"));
    return facts->error.len > 0 || facts->message.len > 0;
}

static void write_path(struct text *url, const struct target *target)
{
    (void)target;
    text_append(url, REDIAL_STR("/v1/messages"));
}

const struct platform_wire foundry_wire = {
    .streams = true,
    .request_id_headers = {"request-id", "apim-request-id"},
    .read_error = read_error,
    .key_header = "x-api-key",
    .model_in_body = true,
    .write_path = write_path,
};
