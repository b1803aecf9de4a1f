/* libyaml's events become a tree. Nothing recurses: open collections stand in `frames`, their
 * finished children on one stack, from which a collection that ends takes its own. An error that
 * leaves the shape known (a tag, a bad key) marks the builder broken and goes on, so that one run
 * tells several. */
#include <stdlib.h>

#include "document/block.h"
#include "document/cursor.h"
#include "document/key_index.h"
#include "document/node.h"
#include "document/problem.h"

#define KEYS_SEARCHED_MAX 16u /* more keys are looked up by hash */
#define SHOWN_BYTES_MAX   60u /* of a file's own words in a message */

struct anchor {
    struct node *node;
    size_t nodes; /* with its own aliases expanded */
    size_t height;
    bool open; /* its value has not ended yet */
};

#define NO_ANCHOR SIZE_MAX

struct frame {
    struct node *node;
    struct place begin;
    bool flow;
    size_t children;     /* where they begin on the stack */
    size_t nodes_before; /* what the document had when this one began */
    size_t height;       /* levels of collections below */
    size_t anchor;
};

struct builder {
    struct arena *arena;
    const struct source *source;
    struct diag_list *diags;
    yaml_parser_t yaml;
    struct cursor cursor;
    struct place
        content_end; /* of what was read last: block collections have no end of their own */

    struct frame frames[DOCUMENT_DEPTH_MAX];
    size_t depth;
    struct node **stack;
    size_t stack_count, stack_capacity;
    struct anchor *anchors;
    size_t anchor_count, anchor_capacity;
    struct key_index anchor_names, keys;

    size_t nodes, documents;
    struct node *root;
    bool broken, ended;
};

/* What stands before a value. */
struct properties {
    struct redial_str anchor, tag;
};

static struct properties properties_of(const yaml_char_t *anchor, const yaml_char_t *tag)
{
    return (struct properties){str_of((const char *)anchor), str_of((const char *)tag)};
}

static struct redial_str shown(struct redial_str text)
{
    if (text.len <= SHOWN_BYTES_MAX) return text;
    return str_take(text, str_utf8_valid_len(str_take(text, SHOWN_BYTES_MAX)));
}

static bool out_of_memory(struct builder *b)
{
    diag_out_of_memory(b->diags);
    return false;
}

/* Doubles *items when `count` of them fill it. */
static bool reserve(void **items, size_t count, size_t *capacity, size_t size)
{
    if (count < *capacity) return true;
    size_t wanted = *capacity ? *capacity * 2 : 64;
    void *larger = realloc(*items, wanted * size);
    if (!larger) return false;
    *items = larger;
    *capacity = wanted;
    return true;
}

/* --- places --- */

static struct span span_here(const struct builder *b, struct place begin, struct place end)
{
    return span_between(b->source, begin, end);
}

static struct span event_span(struct builder *b, const yaml_event_t *event)
{
    struct place begin = cursor_to_index(&b->cursor, event->start_mark.index);
    return span_here(b, begin, cursor_to_index(&b->cursor, event->end_mark.index));
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static size_t skip_blanks_and_comments(struct redial_str text, size_t at)
{
    while (at < text.len && (is_blank(text.ptr[at]) || text.ptr[at] == '#')) {
        bool comment = text.ptr[at] == '#';
        while (comment && at < text.len && text.ptr[at] != '\n') at++;
        at += !comment;
    }
    return at;
}

static size_t tag_end(struct redial_str text, size_t at)
{
    while (at < text.len && !is_blank(text.ptr[at]) && text.ptr[at] != ',' && text.ptr[at] != ']' &&
           text.ptr[at] != '}')
        at++;
    return at;
}

/* Behind the properties, in whichever order they stand; libyaml's events begin with them. */
static struct place value_begin(struct builder *b, const yaml_event_t *event,
                                struct properties properties)
{
    struct redial_str text = b->source->text;
    struct place begin = cursor_to_index(&b->cursor, event->start_mark.index);
    size_t at = begin.byte;
    int left = (properties.anchor.len > 0) + (properties.tag.len > 0);
    for (; left > 0 && at < text.len; left--) {
        at = text.ptr[at] == '&' ? at + 1 + properties.anchor.len : tag_end(text, at);
        at = skip_blanks_and_comments(text, at);
    }
    return cursor_to_byte(&b->cursor, at);
}

static bool refuse_tag(struct builder *b, const yaml_event_t *event, struct properties properties)
{
    if (properties.tag.len == 0) return false;
    struct redial_str text = b->source->text;
    size_t at = cursor_to_index(&b->cursor, event->start_mark.index).byte;
    if (at < text.len && text.ptr[at] == '&')
        at = skip_blanks_and_comments(text, at + 1 + properties.anchor.len);
    struct place begin = cursor_to_byte(&b->cursor, at);
    struct place end = cursor_to_byte(&b->cursor, tag_end(text, at));
    struct diag *diag =
        diag_error(b->diags, "tag", span_here(b, begin, end), "tags are not part of the language");
    diag_cure(b->diags, diag, "put text that begins with '!' in quotes");
    b->broken = true;
    return true;
}

/* --- anchors --- */

static bool anchor_open(struct builder *b, struct redial_str name, struct node *node,
                        size_t *anchor)
{
    *anchor = NO_ANCHOR;
    if (name.len == 0) return true;
    struct redial_str kept;
    void *anchors = b->anchors;
    if (!arena_copy(b->arena, name, &kept)) return out_of_memory(b);
    bool room = reserve(&anchors, b->anchor_count, &b->anchor_capacity, sizeof *b->anchors);
    b->anchors = anchors;
    size_t *number = room ? key_index_put(&b->anchor_names, kept) : NULL;
    if (!number) return out_of_memory(b);
    *number = *anchor = b->anchor_count++;
    b->anchors[*anchor] = (struct anchor){.node = node, .open = true};
    return true;
}

static void anchor_close(struct builder *b, size_t anchor, size_t nodes, size_t height)
{
    if (anchor == NO_ANCHOR) return;
    b->anchors[anchor].nodes = nodes;
    b->anchors[anchor].height = height;
    b->anchors[anchor].open = false;
}

/* --- adding --- */

static bool count_nodes(struct builder *b, size_t nodes, struct span span)
{
    b->nodes += nodes;
    if (b->nodes <= DOCUMENT_NODES_MAX) return true;
    struct diag *diag = diag_error(b->diags, "too-large", span,
                                   "the document has more than %u values", DOCUMENT_NODES_MAX);
    if (nodes > 1) diag_cure(b->diags, diag, "each alias counts as everything its anchor holds");
    return false;
}

static bool explain_depth(struct builder *b, struct span span)
{
    diag_error(b->diags, "too-deep", span, "the document is nested deeper than %u levels",
               DOCUMENT_DEPTH_MAX);
    return false;
}

static void check_key(struct builder *b, const struct node *key, struct span span)
{
    if (key->kind != NODE_SCALAR) {
        struct diag *diag =
            diag_error(b->diags, "key", span, "a key is plain text, not %s", node_kind_name(key));
        diag_cure(b->diags, diag, "put text that begins with '{' or '[' in quotes");
        b->broken = true;
    } else if (key->plain && str_is(key->text, "<<")) {
        struct diag *diag =
            diag_error(b->diags, "merge-key", span, "merge keys (<<) are not part of the language");
        diag_cure(b->diags, diag,
                  "write the keys out; an alias (*name) may stand for a whole value");
        b->broken = true;
    }
}

/* `height`: levels of collections in `node`, itself included. */
static bool add(struct builder *b, struct node *node, size_t height, struct span span)
{
    if (b->depth == 0) {
        b->root = node;
        return true;
    }
    struct frame *frame = &b->frames[b->depth - 1];
    if (height > frame->height) frame->height = height;
    bool is_key = frame->node->kind == NODE_MAPPING && (b->stack_count - frame->children) % 2 == 0;
    if (is_key) check_key(b, node, span);
    void *stack = b->stack;
    bool room = reserve(&stack, b->stack_count, &b->stack_capacity, sizeof *b->stack);
    b->stack = stack;
    if (!room) return out_of_memory(b);
    b->stack[b->stack_count++] = node;
    return true;
}

/* The column every line of the block around has at least; -1 outside of any. */
static int64_t parent_column(const struct builder *b)
{
    for (size_t i = b->depth; i > 0; i--)
        if (!b->frames[i - 1].flow) return (int64_t)b->frames[i - 1].begin.column - 1;
    return -1;
}

static void place_block_scalar(struct builder *b, struct node *node, struct place indicator)
{
    struct block block = block_find(b->source->text, indicator.byte, parent_column(b));
    struct place begin = cursor_to_byte(&b->cursor, block.begin);
    b->content_end = cursor_to_byte(&b->cursor, block.end);
    node->span = span_here(b, begin, b->content_end);
    node->block_indent = block.indent;
}

/* --- events --- */

static bool on_scalar(struct builder *b, const yaml_event_t *event)
{
    yaml_scalar_style_t style = event->data.scalar.style;
    struct redial_str value = {(const char *)event->data.scalar.value, event->data.scalar.length};
    struct properties properties = properties_of(event->data.scalar.anchor, event->data.scalar.tag);
    struct node *node = ARENA_NEW(b->arena, struct node);
    if (!node || !arena_copy(b->arena, value, &node->text)) return out_of_memory(b);
    refuse_tag(b, event, properties);

    node->kind = NODE_SCALAR;
    node->plain = style == YAML_PLAIN_SCALAR_STYLE;
    /* nothing behind the properties: they are all there is to point at */
    bool absent = node->plain && value.len == 0;
    struct place begin = absent ? cursor_to_index(&b->cursor, event->start_mark.index)
                                : value_begin(b, event, properties);
    if (style == YAML_LITERAL_SCALAR_STYLE || style == YAML_FOLDED_SCALAR_STYLE) {
        place_block_scalar(b, node, begin);
    } else {
        b->content_end = cursor_to_index(&b->cursor, event->end_mark.index);
        node->span = span_here(b, begin, b->content_end);
    }
    size_t anchor = NO_ANCHOR;
    if (!anchor_open(b, properties.anchor, node, &anchor)) return false;
    anchor_close(b, anchor, 1, 0);
    return count_nodes(b, 1, node->span) && add(b, node, 0, node->span);
}

static bool on_collection(struct builder *b, const yaml_event_t *event,
                          struct properties properties, struct frame frame)
{
    refuse_tag(b, event, properties);
    frame.begin = value_begin(b, event, properties);
    b->content_end = frame.begin;
    struct span span = span_here(b, frame.begin, frame.begin);
    if (b->depth == DOCUMENT_DEPTH_MAX) return explain_depth(b, span);
    frame.children = b->stack_count;
    frame.nodes_before = b->nodes;
    frame.node->span = span;
    if (!anchor_open(b, properties.anchor, frame.node, &frame.anchor)) return false;
    if (!count_nodes(b, 1, span)) return false;
    b->frames[b->depth++] = frame;
    return true;
}

static bool on_sequence_start(struct builder *b, const yaml_event_t *event)
{
    struct node *node = ARENA_NEW(b->arena, struct node);
    if (!node) return out_of_memory(b);
    node->kind = NODE_SEQUENCE;
    bool flow = event->data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE;
    struct properties properties =
        properties_of(event->data.sequence_start.anchor, event->data.sequence_start.tag);
    return on_collection(b, event, properties, (struct frame){.node = node, .flow = flow});
}

static bool on_mapping_start(struct builder *b, const yaml_event_t *event)
{
    struct node *node = ARENA_NEW(b->arena, struct node);
    if (!node) return out_of_memory(b);
    node->kind = NODE_MAPPING;
    bool flow = event->data.mapping_start.style == YAML_FLOW_MAPPING_STYLE;
    struct properties properties =
        properties_of(event->data.mapping_start.anchor, event->data.mapping_start.tag);
    return on_collection(b, event, properties, (struct frame){.node = node, .flow = flow});
}

/* Takes the innermost collection, now complete, off `frames` and gives it to the one around it. */
static bool close_collection(struct builder *b, const yaml_event_t *event,
                             const struct frame *frame)
{
    bool has_end = frame->flow && event->end_mark.index > event->start_mark.index;
    if (has_end) b->content_end = cursor_to_index(&b->cursor, event->end_mark.index);
    struct node *node = frame->node;
    node->span = span_here(b, frame->begin, b->content_end);
    b->stack_count = frame->children;
    b->depth--;
    size_t height = frame->height + 1;
    anchor_close(b, frame->anchor, b->nodes - frame->nodes_before, height);
    return add(b, node, height, node->span);
}

static bool on_sequence_end(struct builder *b, const yaml_event_t *event)
{
    struct frame frame = b->frames[b->depth - 1];
    struct node *node = frame.node;
    node->count = b->stack_count - frame.children;
    node->items = ARENA_ARRAY(b->arena, struct node *, node->count);
    if (!node->items) return out_of_memory(b);
    for (size_t i = 0; i < node->count; i++) node->items[i] = b->stack[frame.children + i];
    return close_collection(b, event, &frame);
}

static void explain_duplicate(struct builder *b, const struct node *key, const struct node *first)
{
    struct redial_str text = shown(key->text);
    struct diag *diag = diag_error(b->diags, "duplicate-key", key->span, "duplicate key '%.*s'",
                                   REDIAL_STR_ARG(text));
    diag_cure(b->diags, diag, "remove one of them");
    diag_note(b->diags, diag, first->span, "the first one is here");
}

/* Which of the keys so far `key` repeats, or SIZE_MAX: then, by hash, it is known from now on. */
static bool find_key(struct builder *b, const struct node *mapping, bool hashed,
                     struct redial_str key, size_t *found)
{
    *found = SIZE_MAX;
    if (hashed) {
        size_t *slot = key_index_put(&b->keys, key);
        if (!slot) return out_of_memory(b);
        *found = *slot;
        if (*slot == SIZE_MAX) *slot = mapping->count;
        return true;
    }
    for (size_t i = 0; i < mapping->count && *found == SIZE_MAX; i++)
        if (str_eq(mapping->keys[i]->text, key)) *found = i;
    return true;
}

static bool fill_mapping(struct builder *b, struct node *node, struct node *const *children,
                         size_t pairs)
{
    bool hashed = pairs > KEYS_SEARCHED_MAX;
    if (hashed) key_index_clear(&b->keys);
    node->keys = ARENA_ARRAY(b->arena, struct node *, pairs);
    node->values = ARENA_ARRAY(b->arena, struct node *, pairs);
    if (!node->keys || !node->values) return out_of_memory(b);
    for (size_t i = 0; i < pairs; i++) {
        struct node *key = children[2 * i];
        size_t found = SIZE_MAX;
        if (key->kind != NODE_SCALAR) continue; /* has been reported */
        if (!find_key(b, node, hashed, key->text, &found)) return false;
        if (found != SIZE_MAX) {
            explain_duplicate(b, key, node->keys[found]);
            continue;
        }
        node->keys[node->count] = key;
        node->values[node->count++] = children[2 * i + 1];
    }
    return true;
}

static bool on_mapping_end(struct builder *b, const yaml_event_t *event)
{
    struct frame frame = b->frames[b->depth - 1];
    size_t pairs = (b->stack_count - frame.children) / 2;
    struct node *const *children = pairs ? b->stack + frame.children : NULL;
    return fill_mapping(b, frame.node, children, pairs) && close_collection(b, event, &frame);
}

static bool explain_unknown_anchor(struct builder *b, struct redial_str name, struct span span)
{
    struct diag *diag =
        diag_error(b->diags, "anchor", span, "no anchor '&%.*s' stands above this alias",
                   REDIAL_STR_ARG(shown(name)));
    diag_cure(b->diags, diag, "put text that begins with '*' in quotes");
    return false;
}

static bool on_alias(struct builder *b, const yaml_event_t *event)
{
    struct redial_str name = str_of((const char *)event->data.alias.anchor);
    struct span span = event_span(b, event);
    b->content_end = b->cursor.at;
    const size_t *number = key_index_find(&b->anchor_names, name);
    if (!number) return explain_unknown_anchor(b, name, span);
    const struct anchor *anchor = &b->anchors[*number];
    if (anchor->open) {
        struct diag *diag =
            diag_error(b->diags, "anchor", span, "this alias stands inside the value it means");
        diag_note(b->diags, diag, anchor->node->span, "the value begins here");
        return false;
    }
    if (b->depth + anchor->height > DOCUMENT_DEPTH_MAX) return explain_depth(b, span);
    return count_nodes(b, anchor->nodes, span) && add(b, anchor->node, anchor->height, span);
}

static bool on_document_start(struct builder *b, const yaml_event_t *event)
{
    if (b->documents++ == 0) return true;
    struct diag *diag =
        diag_error(b->diags, "documents", event_span(b, event), "a second document begins here");
    diag_cure(b->diags, diag, "keep one document in a file");
    return false;
}

static bool is_empty(const struct node *root)
{
    return !root || (root->kind == NODE_SCALAR && root->plain && root->text.len == 0);
}

static bool on_stream_end(struct builder *b, const yaml_event_t *event)
{
    (void)event;
    b->ended = true;
    if (!is_empty(b->root)) return true;
    diag_error(b->diags, "empty", span_whole(b->source), "the document is empty");
    return false;
}

static bool on_nothing(struct builder *b, const yaml_event_t *event)
{
    (void)b;
    (void)event;
    return true;
}

static bool (*const handlers[])(struct builder *, const yaml_event_t *) = {
    [YAML_NO_EVENT] = on_nothing,
    [YAML_STREAM_START_EVENT] = on_nothing,
    [YAML_STREAM_END_EVENT] = on_stream_end,
    [YAML_DOCUMENT_START_EVENT] = on_document_start,
    [YAML_DOCUMENT_END_EVENT] = on_nothing,
    [YAML_ALIAS_EVENT] = on_alias,
    [YAML_SCALAR_EVENT] = on_scalar,
    [YAML_SEQUENCE_START_EVENT] = on_sequence_start,
    [YAML_SEQUENCE_END_EVENT] = on_sequence_end,
    [YAML_MAPPING_START_EVENT] = on_mapping_start,
    [YAML_MAPPING_END_EVENT] = on_mapping_end,
};

static bool read_events(struct builder *b)
{
    bool well = true;
    while (well && !b->ended) {
        yaml_event_t event;
        if (!yaml_parser_parse(&b->yaml, &event)) {
            problem_explain(&b->yaml, &b->cursor, b->diags);
            return false;
        }
        well = handlers[event.type](b, &event);
        yaml_event_delete(&event);
    }
    return well && !b->broken;
}

static void builder_clean_up(struct builder *b)
{
    yaml_parser_delete(&b->yaml);
    key_index_clean_up(&b->anchor_names);
    key_index_clean_up(&b->keys);
    free(b->anchors);
    free(b->stack);
}

static void feed(struct builder *b)
{
    struct redial_str text = str_skip(b->source->text, b->cursor.at.byte);
    yaml_parser_set_encoding(&b->yaml, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&b->yaml, (const unsigned char *)text.ptr, text.len);
}

struct node *document_parse(struct arena *arena, const struct source *source,
                            struct diag_list *diags)
{
    if (!problem_free_characters(source, diags)) return NULL;
    struct builder b = {
        .arena = arena, .source = source, .diags = diags, .cursor = cursor_begin(source)};
    if (!yaml_parser_initialize(&b.yaml)) {
        diag_out_of_memory(diags);
        return NULL;
    }
    feed(&b);
    struct node *root = read_events(&b) ? b.root : NULL;
    builder_clean_up(&b);
    return root;
}
