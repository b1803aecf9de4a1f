/* Google Vertex: rawPredict under project and location, errors as google.rpc.Status, which
 * streaming methods wrap in an array. Tokens are counted by a model of its own, `count-tokens`, and
 * the body says of which. */
#include "base/url.h"
#include "platforms/platform.h"

#include <stdio.h>

/* The reason of the first detail that has one: google.rpc.ErrorInfo does. */
static struct redial_str read_reason(const struct json *error)
{
    const struct json *details = json_at(error, "details");
    struct redial_str reason = {0};

    for (size_t i = 0; i < json_count(details) && reason.len == 0; i++) {
        char path[32];
        snprintf(path, sizeof path, "%zu.reason", i);
        reason = json_text(json_at(details, path));
    }
    return reason;
}

static bool read_error(const struct json *body, struct error_facts *facts)
{
    const struct json *status = json_is_array(body) ? json_at(body, "0") : body;
    const struct json *error = json_at(status, "error");

    if (anthropic_read_error(status, facts)) return true;
    facts->error = json_text(json_at(error, "status"));
    facts->error_code = read_reason(error);
    facts->message = json_text(json_at(error, "message"));
    return facts->error.len > 0 || facts->message.len > 0;
}

static void write_path(struct text *url, const struct target *target)
{
    text_append(url, REDIAL_STR("/projects/"));
    url_encode(url, target->project);
    text_append(url, REDIAL_STR("/locations/"));
    url_encode(url, target->region);
    text_append(url, REDIAL_STR("/publishers/anthropic/models/"));
    if (target->operation == REQUEST_COUNT_TOKENS) {
        text_append(url, REDIAL_STR("count-tokens:rawPredict"));
        return;
    }
    url_encode_all_but(url, target->model_id, "@");
    text_append(url, target->stream ? REDIAL_STR(":streamRawPredict") : REDIAL_STR(":rawPredict"));
}

const struct platform_wire vertex_wire = {
    .request_id_headers = {"request-id", "x-request-id"},
    .read_error = read_error,
    .stream_in_body = true,
    .version_in_body = true,
    .write_path = write_path,
};
