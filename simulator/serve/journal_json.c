/* The journal as JSON: what is unknown or absent is left out. */
#include <inttypes.h>

#include "simulator/serve/journal.h"
#include "story/put.h"

/* Milliseconds with their fraction: what people compare. */
static void put_ms(struct text *out, const char *name, int64_t ns)
{
    if (ns < 0) return;
    put_key(out, name);
    text_printf(out, "%" PRId64 ".%03" PRId64, ns / NS_PER_MS, ns % NS_PER_MS / NS_PER_US);
}

static void put_headers(struct text *out, const struct journal_entry *entry)
{
    put_key(out, "headers");
    text_append_char(out, '[');
    for (size_t i = 0; i < entry->header_count; i++) {
        text_append(out, i > 0 ? REDIAL_STR(",[") : REDIAL_STR("["));
        text_append_json(out, entry->headers[i].name);
        text_append_char(out, ',');
        text_append_json(out, entry->headers[i].value);
        text_append_char(out, ']');
    }
    text_append_char(out, ']');
}

static void put_request(struct text *out, const struct journal_entry *entry)
{
    put_text(out, "session", entry->session);
    put_text(out, "client", entry->client);
    put_word(out, "server", entry->server);
    put_text(out, "operation", entry->operation);
    put_text(out, "method", entry->method);
    put_text(out, "path", entry->path);
    put_text(out, "model", entry->model);
    put_known(out, "connection", (int64_t)entry->connection);
    put_true(out, "reused", entry->reused);
    put_true(out, "stream", entry->stream);
    put_known(out, "max_tokens", entry->max_tokens);
    put_known(out, "input_tokens", entry->input_tokens);
    if (entry->body_hash) {
        put_key(out, "body_hash");
        text_printf(out, "\"%016" PRIx64 "\"", entry->body_hash);
    }
    if (entry->provider != REDIAL_NO_INDEX) put_int(out, "credential", entry->credential);
    put_true(out, "static_key", entry->static_key);
    if (entry->retry_count >= 0) put_int(out, "retry_count", entry->retry_count);
    put_known(out, "conversation", entry->conversation);
    put_headers(out, entry);
}

static void put_reply(struct text *out, const struct journal_entry *entry)
{
    put_known(out, "status", entry->status);
    if (entry->class != REDIAL_CLASS_NONE)
        put_word(out, "class", redial_class_name((enum redial_class)entry->class));
    put_word(out, "end", journal_end_names.rows[entry->end].word);
    if (entry->fault != FAULT_NONE)
        put_word(out, "fault", reply_fault_names.rows[entry->fault].word);
    put_ms(out, "hint_ms", entry->hint);
    if (entry->should_retry) {
        put_key(out, "should_retry");
        text_append(out, entry->should_retry > 0 ? REDIAL_STR("true") : REDIAL_STR("false"));
    }
    put_known(out, "deltas", entry->deltas);
    put_true(out, "terminated", entry->terminated);
    if (entry->script) put_place(out, "script", &entry->script->span);
    put_text(out, "why", entry->why);
}

static void write_entry(struct text *out, const struct journal_entry *entry)
{
    text_append_char(out, '{');
    put_int(out, "number", entry->number);
    put_ms(out, "arrived_ms", entry->arrived_at);
    put_ms(out, "read_ms", entry->read_at);
    put_ms(out, "replied_ms", entry->replied_at);
    put_ms(out, "ended_ms", entry->ended_at);
    put_request(out, entry);
    put_reply(out, entry);
    text_append_char(out, '}');
}

static bool is_any_or(struct redial_str wanted, struct redial_str value)
{
    return wanted.len == 0 || str_eq(wanted, value);
}

static bool passes(const struct journal_filter *filter, const struct journal_entry *entry)
{
    return !filter || (entry->number > filter->after &&
                       (filter->status == 0 || filter->status == entry->status) &&
                       is_any_or(filter->session, entry->session) &&
                       is_any_or(filter->server, str_of(entry->server)) &&
                       is_any_or(filter->operation, entry->operation));
}

void journal_write_json(const struct journal *journal, const struct journal_filter *filter,
                        struct text *out)
{
    size_t written = 0, limit = filter && filter->limit ? filter->limit : SIZE_MAX;

    text_append_char(out, '[');
    for (size_t i = 0; i < journal_count(journal) && written < limit; i++) {
        if (!passes(filter, journal_at(journal, i))) continue;
        text_append(out, written++ > 0 ? REDIAL_STR(",\n ") : REDIAL_STR(""));
        write_entry(out, journal_at(journal, i));
    }
    text_append(out, REDIAL_STR("]\n"));
}
