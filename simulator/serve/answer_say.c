/* What an answer says: the usual words, or a call of a tool. */
#include <string.h>

#include "simulator/serve/answer_parts.h"

#define TOOL_TOKENS 12

static const char *const words[] = {"The ",   "line ", "is ",  "clear ",
                                    "again ", "and ",  "all ", "well."};

/* ---- Does it call a tool? */

static const struct json *last_of(const struct json *list)
{
    const struct json *last = json_is_array(list) ? json_first(list) : NULL;

    while (last && json_next(last)) last = json_next(last);
    return last;
}

static bool holds_result(const struct json *content)
{
    if (!json_is_array(content)) return false;
    for (const struct json *block = json_first(content); block; block = json_next(block))
        if (str_is(json_text(json_at(block, "type")), "tool_result")) return true;
    return false;
}

static bool mentions(const struct json *content, struct redial_str word)
{
    if (str_find(json_text(content), word) != SIZE_MAX) return true;
    if (!json_is_array(content)) return false;
    for (const struct json *block = json_first(content); block; block = json_next(block))
        if (str_find(json_text(json_at(block, "text")), word) != SIZE_MAX) return true;
    return false;
}

/* The platform calls its own tools itself. */
static const struct json *callers_tool(const struct json *tool)
{
    while (tool && effects_is_server_tool(tool)) tool = json_next(tool);
    return tool;
}

static const struct json *first_tool(const struct json *tools)
{
    return callers_tool(json_first(tools));
}

static const struct json *next_tool(const struct json *tool)
{
    return callers_tool(json_next(tool));
}

static const struct json *tool_named(const struct json *tools, struct redial_str name)
{
    for (const struct json *tool = first_tool(tools); tool; tool = next_tool(tool))
        if (str_eq(json_text(json_at(tool, "name")), name)) return tool;
    return first_tool(tools);
}

static const struct json *tool_asked_for(const struct json *tools, const struct json *content)
{
    for (const struct json *tool = first_tool(tools); tool; tool = next_tool(tool))
        if (mentions(content, json_text(json_at(tool, "name")))) return tool;
    return mentions(content, REDIAL_STR("tool")) ? first_tool(tools) : NULL;
}

static const struct json *choose_tool(const struct json *body)
{
    const struct json *tools = json_at(body, "tools");
    const struct json *content = json_at(last_of(json_at(body, "messages")), "content");
    struct redial_str choice = json_text(json_at(body, "tool_choice.type"));

    if (!json_is_array(tools) || str_is(choice, "none")) return NULL;
    if (str_is(choice, "tool"))
        return tool_named(tools, json_text(json_at(body, "tool_choice.name")));
    if (str_is(choice, "any")) return first_tool(tools);
    return holds_result(content) ? NULL : tool_asked_for(tools, content);
}

#define CALLS_TOOLS                                                                                \
    (PROBED_BIT(PROBED_MESSAGES) | PROBED_BIT(PROBED_CLIENT_TOOLS) |                               \
     PROBED_BIT(PROBED_COMPUTER_USE))

struct said answer_choose(const struct answer_options *options)
{
    const struct demand *demand = options->demand;
    const struct effects *effects = options->effects;
    bool calls = !effects || !(effects->ignored & CALLS_TOOLS);
    struct said said = {.words = words,
                        .word_count = REDIAL_COUNT_OF(words),
                        .tool = calls ? choose_tool(demand->body) : NULL,
                        .stop_reason = "end_turn"};

    if (effects && effects->own) {
        said.words = &effects->own;
        said.word_count = 1;
        said.output_tokens = 1;
        return said;
    }
    if (said.tool) {
        said.stop_reason = "tool_use";
        said.output_tokens = TOOL_TOKENS;
        return said;
    }
    if (demand->max_tokens > 0 && demand->max_tokens < (int64_t)said.word_count) {
        said.word_count = (size_t)demand->max_tokens;
        said.stop_reason = "max_tokens";
    }
    said.output_tokens = (int64_t)said.word_count;
    return said;
}

int64_t answer_tokens(const struct demand *demand)
{
    const struct answer_options options = {.demand = demand};

    return answer_choose(&options).output_tokens;
}

/* ---- What a tool is called with */

#define INPUT_DEPTH_MAX 8u

static void write_value(const struct json *schema, unsigned depth, struct text *out);

static void write_scalar(const struct json *schema, struct text *out)
{
    static const struct {
        const char *type, *value;
    } values[] = {
        {"integer", "1"}, {"number", "1"}, {"boolean", "true"}, {"array", "[]"}, {"null", "null"}};
    const struct json *first = demand_first(json_at(schema, "enum"));
    struct redial_str type = json_text(json_at(schema, "type"));

    if (json_kind(first ? first : schema) == JSON_STRING) {
        text_append_json(out, json_text(first));
        return;
    }
    for (size_t i = 0; i < REDIAL_COUNT_OF(values); i++) {
        if (!str_is(type, values[i].type)) continue;
        text_append(out, str_of(values[i].value));
        return;
    }
    text_append(out, REDIAL_STR("\"simulated\""));
}

static const struct json *property(const struct json *schema, struct redial_str name)
{
    const struct json *child = demand_first(json_at(schema, "properties"));

    while (child && !str_eq(json_name(child), name)) child = json_next(child);
    return child;
}

static void write_object(const struct json *schema, unsigned depth, struct text *out)
{
    const struct json *required = json_at(schema, "required");
    bool first = true;

    text_append_char(out, '{');
    for (const struct json *name = json_is_array(required) ? json_first(required) : NULL; name;
         name = json_next(name)) {
        if (!first) text_append_char(out, ',');
        first = false;
        text_append_json(out, json_text(name));
        text_append_char(out, ':');
        write_value(property(schema, json_text(name)), depth + 1, out);
    }
    text_append_char(out, '}');
}

static void write_value(const struct json *schema, unsigned depth, struct text *out)
{
    bool object =
        json_at(schema, "properties") || str_is(json_text(json_at(schema, "type")), "object");

    if (object && depth < INPUT_DEPTH_MAX)
        write_object(schema, depth, out);
    else if (object)
        text_append(out, REDIAL_STR("{}"));
    else if (schema)
        write_scalar(schema, out);
    else
        text_append(out, REDIAL_STR("\"simulated\""));
}

void answer_write_by_schema(const struct json *schema, struct text *out)
{
    write_value(schema, 0, out);
}

void answer_write_input(const struct json *tool, struct text *out)
{
    write_object(json_at(tool, "input_schema"), 0, out);
}
