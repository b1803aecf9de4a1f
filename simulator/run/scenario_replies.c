/* One scripted reply: what it says, to whom, and how it goes wrong. */
#include <string.h>

#include "simulator/run/scenario_parts.h"

/* ---- What it says ---- */

bool scenario_read_status(struct reading *reading, const struct node *value, void *target)
{
    int64_t status;
    if (!read_whole(reading, value, 200, 599, &status)) return false;
    *(uint16_t *)target = (uint16_t)status;
    if (status != 204 && status != 205 && status != 304) return true;
    diag_error(reading->diags, "out-of-range", value->span,
               "a reply with status %lld has no body, and no platform here sends one",
               (long long)status);
    return false;
}

static bool read_class(struct reading *reading, const struct node *value, void *target)
{
    int class = 0;
    if (!read_word(reading, value, &class_names, &class)) return false;
    *(uint8_t *)target = (uint8_t) class;
    if (class != REDIAL_CLASS_NONE && class != REDIAL_CLASS_UNKNOWN) return true;
    return reading_unexpected(reading, value, "the class of an error");
}

static bool read_retry_after(struct reading *reading, const struct node *value, void *target)
{
    int64_t *wait = target;
    if (!read_duration(reading, value, wait)) return false;
    if (*wait % NS_PER_SECOND == 0) return true;
    struct diag *diag =
        diag_error(reading->diags, "bad-duration", value->span, "retry-after is in whole seconds");
    diag_cure(reading->diags, diag, "for less, write headers: {retry-after-ms: 1500}");
    return false;
}

static bool is_header_name(struct redial_str name)
{
    for (size_t i = 0; i < name.len; i++)
        if (!strchr("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"
                    "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
                    name.ptr[i]))
            return false;
    return name.len > 0;
}

static bool read_header(struct reading *reading, const struct node *name, const struct node *value,
                        struct redial_header *header)
{
    if (!is_header_name(name->text)) {
        diag_error(reading->diags, "bad-header", name->span, "this is no header name (RFC 9110)");
        return false;
    }
    header->name = name->text;
    if (!read_text(reading, value, &header->value)) return false;
    if (!memchr(header->value.ptr, '\n', header->value.len) &&
        !memchr(header->value.ptr, '\r', header->value.len))
        return true;
    diag_error(reading->diags, "bad-header", value->span, "a header's value is one line");
    return false;
}

/* A list under a name: the header comes several times. */
static bool read_headers(struct reading *reading, const struct node *value, void *target)
{
    struct reply_script *reply = target;
    if (value->kind != NODE_MAPPING)
        return reading_unexpected(reading, value, "headers as a mapping (name: value)");
    size_t count = 0;
    for (size_t i = 0; i < value->count; i++) count += items_count(value->values[i]);
    reply->headers = scenario_array(reading, count, sizeof *reply->headers);
    if (!reply->headers) return false;
    bool right = true;
    for (size_t i = 0; i < value->count; i++)
        for (size_t k = 0; k < items_count(value->values[i]); k++)
            right = read_header(reading, value->keys[i], items_at(value->values[i], k),
                                &reply->headers[reply->header_count++]) &&
                    right;
    return right;
}

bool scenario_read_body(struct reading *reading, const struct node *value, void *target)
{
    if (value->kind == NODE_SCALAR && value->text.len == 0) return true;
    return read_text(reading, value, target);
}

static bool read_body(struct reading *reading, const struct node *value, void *target)
{
    struct reply_script *reply = target;
    reply->body_given = true;
    return scenario_read_body(reading, value, &reply->body);
}

static bool read_then(struct reading *reading, const struct node *value, void *target)
{
    struct reply_script **then = target;
    *then = scenario_array(reading, 1, sizeof **then);
    return *then && scenario_read_reply(reading, value, *then);
}

/* ---- For whom and how often ---- */

static bool read_match_header(struct reading *reading, const struct node *value, void *target)
{
    struct request_match *match = target;
    if (value->kind != NODE_MAPPING || value->count != 1)
        return reading_unexpected(reading, value, "one header as a mapping (name: pattern)");
    match->header_name = value->keys[0]->text;
    return read_text(reading, value->values[0], &match->header_value);
}

bool scenario_read_requests(struct reading *reading, const struct node *value, void *target)
{
    return read_whole(reading, value, 1, 1000000000, target);
}

#define AT(field) offsetof(struct request_match, field)
static const struct key match_keys[] = {
    {"model", read_text, AT(model), "the model asked for", "glob", false},
    {"attempt", scenario_read_requests, AT(attempt), "number of the attempt in its call", "number",
     false},
    {"header", read_match_header, 0, "a header of the request", "name: glob", false},
};
#undef AT
static const struct keys match_key_table = {"a match", match_keys, REDIAL_COUNT_OF(match_keys)};

static bool read_match(struct reading *reading, const struct node *value, void *target)
{
    return keys_read(reading, &match_key_table, value, target);
}

static bool read_repeat(struct reading *reading, const struct node *value, void *target)
{
    int64_t times;
    if (!scenario_read_requests(reading, value, &times)) return false;
    *(int32_t *)target = (int32_t)times;
    return true;
}

static bool read_forever(struct reading *reading, const struct node *value, void *target)
{
    bool forever;
    if (!read_bool(reading, value, &forever)) return false;
    if (forever) *(int32_t *)target = REDIAL_UNLIMITED;
    return true;
}

/* ---- How it goes wrong ---- */

static bool set_fault(struct reading *reading, const struct node *value, struct reply_script *reply,
                      enum reply_fault fault)
{
    if (reply->fault != FAULT_NONE || reply->slow)
        return scenario_conflict(reading, value->span, "a reply goes wrong in one way only",
                                 "write one reply per fault");
    reply->fault = fault;
    return true;
}

static const struct name point_rows[] = {
    [POINT_CONNECT] = {"connect", "accepted, nothing read"},
    [POINT_TLS] = {"tls", "the client has begun the TLS handshake"},
    [POINT_REQUEST] = {"request", "the request was read, nothing said"},
    [POINT_HEADERS] = {"headers", "the headers were sent"},
};
static const struct names point_names = {"point of a reply", point_rows,
                                         REDIAL_COUNT_OF(point_rows)};

struct counted_point {
    int64_t bytes, events; /* -1: not given */
    int64_t lasts;
};
static bool read_position(struct reading *reading, const struct node *value, void *target)
{
    return read_whole(reading, value, 0, INT32_MAX, target);
}

#define AT(field) offsetof(struct counted_point, field)
static const struct key point_keys[] = {
    {"after_bytes", read_position, AT(bytes), "so many bytes of the body", "number", false},
    {"after_events", read_position, AT(events), "so many events of the stream", "number", false},
    {"for", read_duration, AT(lasts), "how long; without it, forever", "duration", false},
};
#undef AT
static const struct keys break_keys = {"the point where a reply breaks off", point_keys, 2};
static const struct keys stall_keys = {"a stall", point_keys, 3};

static bool read_counted_point(struct reading *reading, const struct keys *keys,
                               const struct node *value, struct reply_script *reply)
{
    struct counted_point point = {.bytes = -1, .events = -1, .lasts = DURATION_MAX};
    if (!keys_read(reading, keys, value, &point)) return false;
    if ((point.bytes < 0) == (point.events < 0))
        return scenario_conflict(reading, value->span,
                                 "the point is counted either in bytes or in events",
                                 "write {after_bytes: 512} or {after_events: 3}");
    reply->point = point.bytes >= 0 ? POINT_BYTES : POINT_EVENTS;
    reply->point_count = point.bytes >= 0 ? point.bytes : point.events;
    reply->fault_for = point.lasts;
    return true;
}

static bool read_point(struct reading *reading, const struct node *value,
                       struct reply_script *reply)
{
    if (value->kind == NODE_MAPPING) return read_counted_point(reading, &break_keys, value, reply);
    int row = 0;
    if (!read_word(reading, value, &point_names, &row)) return false;
    reply->point = (enum reply_point)row;
    return true;
}

static bool read_reset(struct reading *reading, const struct node *value, void *target)
{
    return set_fault(reading, value, target, FAULT_RESET) && read_point(reading, value, target);
}

static bool read_close(struct reading *reading, const struct node *value, void *target)
{
    struct reply_script *reply = target;
    if (!set_fault(reading, value, reply, FAULT_CLOSE) || !read_point(reading, value, reply))
        return false;
    if (reply->point != POINT_CONNECT && reply->point != POINT_TLS) return true;
    return scenario_conflict(reading, value->span, "an orderly close comes after the request",
                             "write close: request, or reset: connect, or reset: tls");
}

static bool read_broken_pipe(struct reading *reading, const struct node *value, void *target)
{
    if (!set_fault(reading, value, target, FAULT_BROKEN_PIPE)) return false;
    if (value->kind == NODE_SCALAR && str_is(value->text, "request")) return true;
    return reading_unexpected(reading, value, "`request`: the pipe breaks while it is sent");
}

bool scenario_read_forever(struct reading *reading, const struct node *value, void *target)
{
    *(int64_t *)target = DURATION_MAX;
    if (value->kind == NODE_SCALAR && str_is(value->text, "forever")) return true;
    return read_duration(reading, value, target);
}

static bool read_hang(struct reading *reading, const struct node *value, void *target)
{
    struct reply_script *reply = target;
    return set_fault(reading, value, reply, FAULT_HANG) &&
           scenario_read_forever(reading, value, &reply->fault_for);
}

static bool read_stall(struct reading *reading, const struct node *value, void *target)
{
    return set_fault(reading, value, target, FAULT_STALL) &&
           read_counted_point(reading, &stall_keys, value, target);
}

static bool read_garbage(struct reading *reading, const struct node *value, void *target)
{
    struct reply_script *reply = target;
    return set_fault(reading, value, reply, FAULT_GARBAGE) &&
           read_text(reading, value, &reply->body);
}

static const struct name malformed_rows[] = {
    [MALFORMED_SSE] = {"sse", "an event whose data is no JSON"},
    [MALFORMED_JSON] = {"json", "half a body, whole as HTTP sees it"},
    [MALFORMED_CHUNK] = {"chunk", "a chunk without a size"},
    [MALFORMED_CRC] = {"event_stream_crc", "a message of Bedrock's stream with a wrong checksum"},
};
static const struct names malformed_names = {"malformed reply", malformed_rows, MALFORMED_COUNT};

static bool read_malformed(struct reading *reading, const struct node *value, void *target)
{
    struct reply_script *reply = target;
    int row = 0;
    if (!set_fault(reading, value, reply, FAULT_MALFORMED) ||
        !read_word(reading, value, &malformed_names, &row))
        return false;
    reply->malformed = (enum malformed_kind)row;
    return true;
}

static bool read_only_word(struct reading *reading, const struct node *value,
                           struct reply_script *reply, enum reply_fault fault, const char *word)
{
    if (!set_fault(reading, value, reply, fault)) return false;
    if (value->kind == NODE_SCALAR && str_is(value->text, word)) return true;
    return reading_unexpected(reading, value, word);
}

static bool read_refuse(struct reading *reading, const struct node *value, void *target)
{
    return read_only_word(reading, value, target, FAULT_REFUSE, "connect");
}

static bool read_dns(struct reading *reading, const struct node *value, void *target)
{
    return read_only_word(reading, value, target, FAULT_DNS, "fail");
}

static bool read_tls(struct reading *reading, const struct node *value, void *target)
{
    return read_only_word(reading, value, target, FAULT_TLS, "bad_certificate");
}

/* "10B/s" */
bool scenario_read_speed(struct reading *reading, const struct node *value, void *target)
{
    static const struct {
        const char *unit;
        int64_t bytes;
    } units[] = {{"KB/s", 1000}, {"MB/s", 1000000}, {"B/s", 1}};
    for (size_t i = 0; value->kind == NODE_SCALAR && i < REDIAL_COUNT_OF(units); i++) {
        struct redial_str unit = str_of(units[i].unit), text = value->text;
        if (!str_ends_with(text, unit)) continue;
        int64_t rate;
        if (!str_to_int64(str_take(text, text.len - unit.len), &rate)) break;
        if (rate < 1 || rate > 1000000000) break;
        *(int64_t *)target = rate * units[i].bytes;
        return true;
    }
    return reading_unexpected(reading, value, "a speed such as 10B/s or 2KB/s");
}

static bool read_slow(struct reading *reading, const struct node *value, void *target)
{
    struct reply_script *reply = target;
    return set_fault(reading, value, reply, FAULT_NONE) &&
           scenario_read_speed(reading, value, &reply->slow);
}

/* ---- A reply ---- */

#define AT(field) offsetof(struct reply_script, field)
static const struct key reply_keys[] = {
    {"status", scenario_read_status, AT(status), "the platform's generic reply of this status",
     "number", false},
    {"error", read_class, AT(class), "the platform's typical reply of this class", "class", false},
    {"error_type", read_text, AT(error_type), "instead of the typical one", "text", false},
    {"error_code", read_text, AT(error_code), "instead of the typical one", "text", false},
    {"message", read_text, AT(message), "instead of the typical one", "text", false},
    {"stop_reason", read_text, AT(stop_reason), "why a successful message stops", "text", false},
    {"retry_after", read_retry_after, AT(retry_after), "the header retry-after", "duration", false},
    {"headers", read_headers, 0, "further headers; a list repeats one", "mapping", false},
    {"body", read_body, 0, "the body as it is", "text", false},
    {"stream", scenario_read_stream, AT(stream), "a streamed answer", "stream", false},
    {"then", read_then, AT(then), "an error event after the stream's events", "error", false},
    {"after", read_duration, AT(after), "time until its first byte", "duration", false},
    {"repeat", read_repeat, AT(repeat), "so many times", "number", false},
    {"forever", read_forever, AT(repeat), "from now on", "true", false},
    {"match", read_match, AT(match), "only for such requests", "mapping", false},
    {"at", read_duration, AT(at), "from this moment of the run on, instead of what comes before",
     "duration", false},
    {"reset", read_reset, 0, "ECONNRESET there", "point", false},
    {"broken_pipe", read_broken_pipe, 0, "EPIPE while the request is sent", "request", false},
    {"close", read_close, 0, "an orderly close there", "point", false},
    {"hang", read_hang, 0, "no reply, then a close", "duration or forever", false},
    {"stall", read_stall, 0, "the reply stops there for a while", "mapping", false},
    {"slow", read_slow, 0, "the body comes slowly", "bytes per second", false},
    {"garbage", read_garbage, 0, "these bytes instead of HTTP", "text", false},
    {"malformed", read_malformed, 0, "sse, json, chunk or event_stream_crc: what no parser likes",
     "word", false},
    {"refuse", read_refuse, 0, "nobody listens", "connect", false},
    {"dns", read_dns, 0, "the name does not resolve", "fail", false},
    {"tls", read_tls, 0, "the certificate is not one to trust", "bad_certificate", false},
    {"lua", scenario_read_function, AT(function), "a function of the Lua file says all of it",
     "function", false},
};
#undef AT
static const struct keys keys = {"a reply", reply_keys, REDIAL_COUNT_OF(reply_keys)};

static bool says_something(const struct reply_script *reply)
{
    return reply->status || reply->class || reply->body_given || reply->stream.given ||
           reply->stop_reason.len || reply->error_type.len || reply->fault || reply->slow;
}

static bool check_function(struct reading *reading, const struct node *value,
                           const struct reply_script *reply)
{
    bool more = says_something(reply) || reply->after || reply->message.len ||
                reply->header_count || reply->retry_after >= 0;
    if (!more) return true;
    return scenario_conflict(reading, value->span, "the function says all of this reply",
                             "beside `lua` stand only match, at, repeat and forever");
}

static bool check_reply(struct reading *reading, const struct node *value,
                        const struct reply_script *reply)
{
    if (reply->function) return check_function(reading, value, reply);
    if (!says_something(reply))
        return scenario_conflict(reading, value->span, "this reply says nothing",
                                 "give it a status, an error, a body, a stream or a fault");
    if (reply->status && reply->class)
        return scenario_conflict(reading, value->span,
                                 "`status` and `error` each choose a whole reply",
                                 "keep one; `status` with `error_type` and `message` writes an "
                                 "error by hand");
    if (reply->body_given && (reply->class || reply->stream.given))
        return scenario_conflict(reading, value->span,
                                 "a body by hand leaves nothing for `error` or `stream` to say",
                                 "keep the body and its status, or drop the body");
    return true;
}

static bool check_then(struct reading *reading, const struct node *value,
                       const struct reply_script *reply)
{
    if (!reply->then || reply->stream.given) return true;
    return scenario_conflict(reading, value->span,
                             "`then` is an error event after a stream's "
                             "events",
                             "say how far the stream comes: stream: {tokens: 3}");
}

bool scenario_read_reply(struct reading *reading, const struct node *value, void *target)
{
    struct reply_script *reply = target;
    *reply = (struct reply_script){.span = value->span, .at = -1, .retry_after = -1};
    bool right = keys_read(reading, &keys, value, reply);
    if (reply->repeat == 0) reply->repeat = reply->at >= 0 ? REDIAL_UNLIMITED : 1;
    if (value->kind != NODE_MAPPING || !right) return false;
    return check_reply(reading, value, reply) && check_then(reading, value, reply);
}

/* ---- Shapes ---- */

const struct shape scenario_reply_shape = AS_KEYS(keys);

const struct shape_row scenario_reply_shapes[] = {
    {scenario_read_status, AS_WHOLE(200, 599)},
    {read_class, AS_WORD_FROM(class_names, REDIAL_CLASS_UNKNOWN + 1)},
    {read_retry_after, AS_DURATION},
    {read_headers, AS_NAMED(AS_ITEMS(AS_TEXT))},
    {read_body, AS_TEXT},
    {read_then, AS_KEYS(keys)},
    {read_match_header, AS_NAMED(AS_TEXT)},
    {scenario_read_requests, AS_WHOLE(1, 1000000000)},
    {read_match, AS_KEYS(match_key_table)},
    {read_repeat, AS_WHOLE(1, 1000000000)},
    {read_forever, AS_BOOL},
    {read_position, AS_WHOLE(0, INT32_MAX)},
    {read_reset, AS_KEYS_OR(break_keys, AS_WORD(point_names))},
    {read_close, AS_KEYS_OR(break_keys, AS_WORD(point_names))},
    {read_broken_pipe, AS_EXACTLY("request")},
    {read_hang, AS_MATCHES_OR("^" ONE_DURATION "$", AS_EXACTLY("forever"))},
    {scenario_read_forever, AS_MATCHES_OR("^" ONE_DURATION "$", AS_EXACTLY("forever"))},
    {read_stall, AS_KEYS(stall_keys)},
    {read_garbage, AS_TEXT},
    {read_malformed, AS_WORD(malformed_names)},
    {read_refuse, AS_EXACTLY("connect")},
    {read_dns, AS_EXACTLY("fail")},
    {read_tls, AS_EXACTLY("bad_certificate")},
    {read_slow, AS_MATCHES("^[0-9]+[KM]?B/s$")},
    {scenario_read_speed, AS_MATCHES("^[0-9]+[KM]?B/s$")},
    {scenario_read_reply, AS_KEYS(keys)},
    {0},
};
