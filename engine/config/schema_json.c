/* JSON Schema, draft 2020-12. Every key table is an entry of $defs; a file that changes another one
 * has the same entries without `required`, under "changed-…". */
#include <inttypes.h>

#include "config/schema.h"

struct printer {
    const struct schema *schema;
    const struct schema_tables *tables;
    struct text *out;
    size_t depth;
    bool changes; /* printing the parts of a file that changes another */
};

/* ---- JSON, indented ---- */

static void new_line(struct printer *printer)
{
    text_append_char(printer->out, '\n');
    for (size_t i = 0; i < printer->depth; i++) text_append(printer->out, REDIAL_STR("  "));
}

static bool is_first(const struct printer *printer)
{
    const struct text *out = printer->out;
    return out->len == 0 || out->ptr[out->len - 1] == '{' || out->ptr[out->len - 1] == '[';
}

static void next_item(struct printer *printer)
{
    if (!is_first(printer)) text_append_char(printer->out, ',');
    new_line(printer);
}

static void member(struct printer *printer, const char *name)
{
    next_item(printer);
    text_append_json(printer->out, str_of(name));
    text_append(printer->out, REDIAL_STR(": "));
}

static void open(struct printer *printer, char bracket)
{
    text_append_char(printer->out, bracket);
    printer->depth++;
}

static void close(struct printer *printer, char bracket)
{
    bool empty = is_first(printer);
    printer->depth--;
    if (!empty) new_line(printer);
    text_append_char(printer->out, bracket);
}

static void member_text(struct printer *printer, const char *name, const char *value)
{
    member(printer, name);
    text_append_json(printer->out, str_of(value));
}

static void member_number(struct printer *printer, const char *name, int64_t value)
{
    member(printer, name);
    text_printf(printer->out, "%" PRId64, value);
}

static void member_false(struct printer *printer, const char *name)
{
    member(printer, name);
    text_append(printer->out, REDIAL_STR("false"));
}

static void reference(struct printer *printer, const struct keys *keys)
{
    member(printer, "$ref");
    struct text name = TEXT_INIT;
    text_append(&name, REDIAL_STR("#/$defs/"));
    if (printer->changes) text_append(&name, REDIAL_STR("changed-"));
    schema_table_name(printer->tables, keys, &name);
    text_append_json(printer->out, text_str(&name));
    printer->out->failed = printer->out->failed || name.failed;
    text_clean_up(&name);
}

/* ---- Shapes: each as the members of an object that is open ---- */

static void shape_members(struct printer *printer, const struct shape *shape);

static void subschema(struct printer *printer, const char *name, const struct shape *shape)
{
    member(printer, name);
    open(printer, '{');
    if (shape) shape_members(printer, shape);
    close(printer, '}');
}

static void alternative(struct printer *printer)
{
    next_item(printer);
    open(printer, '{');
}

/* A word that YAML reads as something else than text is that, too. */
static void word_values(struct printer *printer, struct redial_str word)
{
    int64_t number;
    next_item(printer);
    text_append_json(printer->out, word);
    if (!str_is(word, "true") && !str_is(word, "false") && !str_to_int64(word, &number)) return;
    next_item(printer);
    text_append(printer->out, word);
}

static void words_of(struct printer *printer, const struct shape *shape)
{
    member(printer, "enum");
    open(printer, '[');
    for (size_t i = shape->skip; i < shape->names->count; i++)
        if (shape->names->rows[i].word) word_values(printer, str_of(shape->names->rows[i].word));
    close(printer, ']');
}

static void text_members(struct printer *printer)
{
    member(printer, "type");
    text_append(printer->out, REDIAL_STR("[\"string\", \"number\", \"boolean\"]"));
}

static void range_members(struct printer *printer, const struct shape *shape, const char *type)
{
    member_text(printer, "type", type);
    member_number(printer, "minimum", shape->low);
    if (shape->high > 0) member_number(printer, "maximum", shape->high);
}

static void object_members(struct printer *printer)
{
    member_text(printer, "type", "object");
}

static void named_members(struct printer *printer, const struct shape *shape)
{
    object_members(printer);
    if (shape->kind == SHAPE_BY_WORD) {
        member(printer, "propertyNames");
        open(printer, '{');
        words_of(printer, shape);
        close(printer, '}');
    }
    subschema(printer, "additionalProperties", shape->of);
}

/* {word: parameter}: exactly one of the words that take one. */
static void choice_members(struct printer *printer, const struct shape *shape)
{
    object_members(printer);
    member_number(printer, "minProperties", 1);
    member_number(printer, "maxProperties", 1);
    member_false(printer, "additionalProperties");
    member(printer, "properties");
    open(printer, '{');
    for (size_t i = 0; i < shape->names->count; i++)
        if (shape->parameters[i].kind != SHAPE_ANYTHING)
            subschema(printer, shape->names->rows[i].word, &shape->parameters[i]);
    close(printer, '}');
}

static void list_members(struct printer *printer, const struct shape *shape)
{
    member_text(printer, "type", "array");
    subschema(printer, "items", shape->of);
}

static void one_member(struct printer *printer, const struct shape *shape)
{
    switch (shape->kind) {
    case SHAPE_ANYTHING:
    case SHAPE_SAME: break; /* schema_shape_of looks through it */
    case SHAPE_TEXT: text_members(printer); break;
    case SHAPE_BOOL: member_text(printer, "type", "boolean"); break;
    case SHAPE_EXACTLY:
        member(printer, "enum");
        open(printer, '[');
        word_values(printer, str_of(shape->pattern));
        close(printer, ']');
        break;
    case SHAPE_MATCHES:
        member_text(printer, "type", "string");
        member_text(printer, "pattern", shape->pattern);
        break;
    case SHAPE_NUMBER: range_members(printer, shape, "number"); break;
    case SHAPE_WHOLE: range_members(printer, shape, "integer"); break;
    case SHAPE_WORD: words_of(printer, shape); break;
    case SHAPE_KEYS: reference(printer, shape->keys); break;
    case SHAPE_LIST:
    case SHAPE_ITEMS: list_members(printer, shape); break;
    case SHAPE_NAMED:
    case SHAPE_BY_WORD: named_members(printer, shape); break;
    case SHAPE_CHOICE: choice_members(printer, shape); break;
    }
}

/* Some kinds are written in more than one way. */
static void other_ways(struct printer *printer, const struct shape *shape)
{
    if (shape->kind == SHAPE_ITEMS)
        for (const struct shape *of = shape->of; of; of = of->or) {
            alternative(printer);
            one_member(printer, of);
            close(printer, '}');
            other_ways(printer, of);
        }
    if (shape->kind == SHAPE_CHOICE) {
        alternative(printer);
        words_of(printer, shape);
        close(printer, '}');
    }
    if (shape->kind == SHAPE_WHOLE) {
        alternative(printer);
        member_text(printer, "type", "string");
        member_text(printer, "pattern", "^[0-9]+(_[0-9]+)*$");
        close(printer, '}');
    }
}

static bool is_scalar_only(const struct shape *shape)
{
    return shape->kind >= SHAPE_BOOL && shape->kind <= SHAPE_WORD;
}

static void shape_members(struct printer *printer, const struct shape *shape)
{
    bool one_way = !shape->or &&shape->kind != SHAPE_ITEMS && shape->kind != SHAPE_CHOICE &&
                                  !is_scalar_only(shape);
    if (one_way || (!shape->or &&shape->kind == SHAPE_WORD && !printer->schema->environment)) {
        one_member(printer, shape);
        return;
    }
    bool environment = false;
    member(printer, "anyOf");
    open(printer, '[');
    for (; shape; shape = shape->or) {
        alternative(printer);
        one_member(printer, shape);
        close(printer, '}');
        other_ways(printer, shape);
        environment = environment || is_scalar_only(shape) || shape->kind == SHAPE_CHOICE;
    }
    if (environment && printer->schema->environment) {
        alternative(printer);
        member_text(printer, "$ref", "#/$defs/environment");
        close(printer, '}');
    }
    close(printer, ']');
}

/* ---- Tables ---- */

static void key_schema(struct printer *printer, const struct key *key)
{
    struct text about = TEXT_INIT;
    text_printf(&about, "%s (%s)", key->doc, key->type);
    const struct shape *shape = schema_shape_of(printer->schema, key);
    member(printer, key->name);
    open(printer, '{');
    if (!about.failed) member_text(printer, "description", about.ptr);
    printer->out->failed = printer->out->failed || about.failed;
    if (shape) shape_members(printer, shape);
    close(printer, '}');
    text_clean_up(&about);
}

static void required_members(struct printer *printer, const struct keys *keys)
{
    bool any = false;
    for (size_t i = 0; i < keys->count; i++) any = any || keys->rows[i].required;
    if (!any) return;
    member(printer, "required");
    open(printer, '[');
    for (size_t i = 0; i < keys->count; i++) {
        if (!keys->rows[i].required) continue;
        next_item(printer);
        text_append_json(printer->out, str_of(keys->rows[i].name));
    }
    close(printer, ']');
}

static void table_schema(struct printer *printer, const struct keys *keys)
{
    struct text name = TEXT_INIT;
    if (printer->changes) text_append(&name, REDIAL_STR("changed-"));
    schema_table_name(printer->tables, keys, &name);
    if (name.failed) printer->out->failed = true;
    member(printer, name.failed ? "" : name.ptr);
    text_clean_up(&name);
    open(printer, '{');
    object_members(printer);
    member_false(printer, "additionalProperties");
    if (!printer->changes) required_members(printer, keys);
    member(printer, "properties");
    open(printer, '{');
    for (size_t i = 0; i < keys->count; i++) key_schema(printer, &keys->rows[i]);
    close(printer, '}');
    close(printer, '}');
}

static bool any_changes(const struct schema *schema)
{
    for (size_t i = 0; i < schema->root_count; i++)
        if (schema->roots[i].changes) return true;
    return false;
}

static void definitions(struct printer *printer)
{
    member(printer, "$defs");
    open(printer, '{');
    for (int pass = 0; pass < 1 + any_changes(printer->schema); pass++) {
        printer->changes = pass > 0;
        for (size_t i = 0; i < printer->tables->count; i++)
            table_schema(printer, printer->tables->list[i]);
    }
    printer->changes = false;
    if (printer->schema->environment) {
        member(printer, "environment");
        open(printer, '{');
        member_text(printer, "description", "a reference such as ${NAME} or ${NAME:-default}");
        member_text(printer, "type", "string");
        member_text(printer, "pattern", "\\$\\{[A-Za-z_][A-Za-z0-9_]*(:-[^}]*)?\\}");
        close(printer, '}');
    }
    close(printer, '}');
}

/* if {a file with this key} then {its kind} else {the next} */
static void root_members(struct printer *printer, size_t index)
{
    const struct schema_root *root = &printer->schema->roots[index];
    bool is_last = index + 1 == printer->schema->root_count;
    if (!is_last) {
        member(printer, "if");
        open(printer, '{');
        object_members(printer);
        member(printer, "required");
        open(printer, '[');
        next_item(printer);
        text_append_json(printer->out, str_of(root->with));
        close(printer, ']');
        close(printer, '}');
        member(printer, "then");
        open(printer, '{');
    }
    printer->changes = root->changes;
    reference(printer, root->keys);
    printer->changes = false;
    if (is_last) return;
    close(printer, '}');
    member(printer, "else");
    open(printer, '{');
    root_members(printer, index + 1);
    close(printer, '}');
}

void schema_json(const struct schema *schema, struct text *out)
{
    struct schema_tables tables;
    schema_tables(schema, &tables);
    struct printer printer = {.schema = schema, .tables = &tables, .out = out};
    open(&printer, '{');
    member_text(&printer, "$schema", "https://json-schema.org/draft/2020-12/schema");
    member_text(&printer, "$id", schema->id);
    member_text(&printer, "title", schema->title);
    member_text(&printer, "description", schema->about);
    root_members(&printer, 0);
    definitions(&printer);
    close(&printer, '}');
    text_append_char(out, '\n');
}
