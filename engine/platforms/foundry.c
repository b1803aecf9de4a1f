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

const struct platform_wire foundry_wire = {
    .request_id_headers = {"request-id", "apim-request-id"},
    .read_error = read_error,
    .model_in_body = true,
    .stream_in_body = true,
    .write_path = anthropic_write_path,
};
