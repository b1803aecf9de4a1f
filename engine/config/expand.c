/* Environment references in values:  ${NAME}  and  ${NAME:-what to take when it is unset or empty}
 * A default is plain text up to the first '}'. Keys hold no references. */
#include "config/reader.h"

static bool is_name(struct redial_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
        if (!letter && !(i > 0 && c >= '0' && c <= '9')) return false;
    }
    return text.len > 0;
}

static struct redial_str value_of(const struct config *config, struct redial_str name,
                                  struct redial_str otherwise)
{
    struct redial_str value = environment_get(config->environment, name);
    return value.len > 0 ? value : otherwise;
}

/* Appends what the reference at the head of `text` stands for, and cuts it off. */
static bool expand_one(const struct config *config, struct redial_str *text, struct text *out)
{
    struct redial_str inner = str_skip(*text, 2);
    size_t end = str_find(inner, REDIAL_STR("}"));
    if (end == SIZE_MAX) return false;
    *text = str_skip(inner, end + 1);
    inner = str_take(inner, end);
    size_t mark = str_find(inner, REDIAL_STR(":-"));
    struct redial_str name = str_take(inner, mark); /* the whole of it without a mark */
    struct redial_str otherwise = {0};
    if (mark != SIZE_MAX) otherwise = str_skip(inner, mark + 2);
    if (!is_name(name)) return false;
    text_append(out, value_of(config, name, otherwise));
    return true;
}

static bool malformed(struct config *config, const struct node *node)
{
    struct redial_str written = node_written(node);
    struct diag *diag =
        diag_error(config->reading.diags, "bad-reference", node->span,
                   "'%.*s' holds a malformed environment reference", REDIAL_STR_ARG(written));
    diag_cure(config->reading.diags, diag, "write it as ${NAME} or ${NAME:-default}");
    return false;
}

static bool expand_scalar(struct config *config, struct node *node)
{
    struct redial_str rest = node->text;
    size_t at = str_find(rest, REDIAL_STR("${"));
    if (at == SIZE_MAX) return true;
    struct text out = TEXT_INIT;
    bool right = true;
    for (; right && at != SIZE_MAX; at = str_find(rest, REDIAL_STR("${"))) {
        text_append(&out, str_take(rest, at));
        rest = str_skip(rest, at);
        right = expand_one(config, &rest, &out);
    }
    text_append(&out, rest);
    if (!right) {
        malformed(config, node);
    } else if (out.failed || !arena_copy(config->nodes, text_str(&out), &node->text)) {
        right = reading_out_of_memory(&config->reading);
    }
    /* empty text is not "nothing", and a number counts as one though YAML wants the reference
     * quoted
     */
    node->plain = node->text.len > 0 && node->text.ptr[0] >= '0' && node->text.ptr[0] <= '9';
    text_clean_up(&out);
    return right;
}

bool config_expand(struct config *config, struct node *node)
{
    bool right = true;
    switch (node->kind) {
    case NODE_SCALAR: return expand_scalar(config, node);
    case NODE_SEQUENCE:
        for (size_t i = 0; i < node->count; i++)
            right = config_expand(config, node->items[i]) && right;
        return right;
    case NODE_MAPPING:
        for (size_t i = 0; i < node->count; i++)
            right = config_expand(config, node->values[i]) && right;
        return right;
    }
    return right;
}
