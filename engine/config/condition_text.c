/* Facts that are words, names and texts: lists of values that the matcher can index, and patterns.
 */
#include "config/condition.h"
#include "patterns/pattern.h"

/* ---- Words and names: one of */

bool words_begin(struct reading *reading, size_t room, struct words *list)
{
    list->values = ARENA_ARRAY(reading->arena, uint32_t, room);
    list->words = ARENA_ARRAY(reading->arena, struct redial_str, room);
    list->count = 0;
    return (list->values && list->words) || reading_out_of_memory(reading);
}

bool words_add(struct reading *reading, struct words *list, const struct node *item, uint32_t value)
{
    list->values[list->count] = value;
    return read_text(reading, item, &list->words[list->count++]);
}

bool words_end(struct reading *reading, const struct words *list, enum fact fact,
               const struct node *value, const struct condition **out)
{
    struct condition *condition =
        condition_new(reading, CONDITION_ONE_OF, fact, value, list->count);
    if (!condition) return false;
    condition->values = list->values;
    condition->words = list->words;
    *out = condition;
    return true;
}

/* What one item stands for, as the small number that the fact holds. */
typedef bool value_of_fn(struct reading *reading, const struct node *item, enum fact fact,
                         uint32_t *value);

static bool read_one_of(struct reading *reading, const struct node *value, enum fact fact,
                        value_of_fn *value_of, void *target)
{
    struct words list;
    if (!condition_has_items(reading, value) || !words_begin(reading, items_count(value), &list))
        return false;
    bool right = true;
    for (size_t i = 0; i < items_count(value); i++) {
        const struct node *item = items_at(value, i);
        uint32_t number = 0;
        right = value_of(reading, item, fact, &number) && words_add(reading, &list, item, number) &&
                right;
    }
    return right && words_end(reading, &list, fact, value, target);
}

static const struct names *const words_of_fact[FACT_COUNT] = {
    [FACT_CLASS] = &class_names, [FACT_CAUSE] = &cause_names,  [FACT_PHASE] = &phase_names,
    [FACT_QUERY] = &query_names, [FACT_MODE] = &variant_names, [FACT_FEATURE] = &feature_names,
};

/* Some lists begin with "none", which no decision is ever asked about. */
static bool value_of_word(struct reading *reading, const struct node *item, enum fact fact,
                          uint32_t *value)
{
    struct names names = *words_of_fact[fact];
    int skipped = str_is(str_of(names.rows[0].word), "none") ? 1 : 0, row;
    names.rows += skipped;
    names.count -= (size_t)skipped;
    if (!read_word(reading, item, &names, &row)) return false;
    *value = (uint32_t)(row + skipped);
    return true;
}

/* Texts that a condition names exactly are numbered, so that a reply's text is looked up once. */
static bool value_of_symbol(struct reading *reading, const struct node *item, enum fact fact,
                            uint32_t *value)
{
    if (item->kind != NODE_SCALAR || item->text.len == 0)
        return reading_unexpected(reading, item, "a name, written exactly as the platform does");
    if (str_find(item->text, REDIAL_STR("*")) != SIZE_MAX) {
        struct diag *diag = diag_error(reading->diags, "not-a-pattern", item->span,
                                       "%s is compared exactly: '*' stands for nothing here",
                                       fact_names.rows[fact].word);
        diag_cure(reading->diags, diag, "`message` and `header` take patterns");
        return false;
    }
    struct config *config = config_of(reading);
    struct redial_str text;
    size_t number;
    bool is_new;
    if (!read_text(reading, item, &text)) return false;
    if (!name_map_add(&config->symbols, reading->arena, text, &number, &is_new))
        return reading_out_of_memory(reading);
    *value = (uint32_t)number + 1;
    return true;
}

static bool value_of_name(struct reading *reading, const struct node *item, enum fact fact,
                          uint32_t *value)
{
    struct config *config = config_of(reading);
    uint16_t index = NO_INDEX;
    if (fact == FACT_PLATFORM)
        index = config_platform(config, item);
    else if (fact == FACT_PROVIDER)
        index = config_find(config, &config->providers, "provider", item);
    else
        index = config_model(config, item);
    *value = index;
    return index != NO_INDEX;
}

static bool value_of_should_retry(struct reading *reading, const struct node *item, enum fact fact,
                                  uint32_t *value)
{
    (void)fact;
    static const char *const words[] = {"absent", "true", "false"};
    for (uint32_t i = 0; i < REDIAL_COUNT_OF(words); i++)
        if (item->kind == NODE_SCALAR && str_is(item->text, words[i])) {
            *value = i;
            return true;
        }
    return reading_unexpected(reading, item, "true, false or absent");
}

bool fact_read_words(struct reading *reading, const struct node *value, enum fact fact,
                     void *target)
{
    return read_one_of(reading, value, fact, value_of_word, target);
}

bool fact_read_symbols(struct reading *reading, const struct node *value, enum fact fact,
                       void *target)
{
    return read_one_of(reading, value, fact, value_of_symbol, target);
}

bool fact_read_names(struct reading *reading, const struct node *value, enum fact fact,
                     void *target)
{
    return read_one_of(reading, value, fact, value_of_name, target);
}

bool fact_read_should_retry(struct reading *reading, const struct node *value, enum fact fact,
                            void *target)
{
    return read_one_of(reading, value, fact, value_of_should_retry, target);
}

/* ---- Patterns */

static struct glob glob_of(struct redial_str pattern)
{
    struct glob glob = {pattern, pattern, GLOB_EXACT, NULL};
    bool open_begin = str_starts_with(pattern, REDIAL_STR("*"));
    bool open_end = pattern.len > 1 && str_ends_with(pattern, REDIAL_STR("*"));
    if (open_begin) glob.literal = str_skip(glob.literal, 1);
    if (open_end) glob.literal = str_take(glob.literal, glob.literal.len - 1);
    for (size_t i = 0; i < glob.literal.len; i++)
        if (glob.literal.ptr[i] == '*' || glob.literal.ptr[i] == '?' || glob.literal.ptr[i] == '\\')
            return (struct glob){pattern, {0}, GLOB_GENERAL, NULL};
    glob.form = open_begin && open_end ? GLOB_CONTAINS
                : open_begin           ? GLOB_SUFFIX
                : open_end             ? GLOB_PREFIX
                                       : GLOB_EXACT;
    return glob;
}

/* "/too (long|large)/" is a regular expression; one over headers, or with an i behind it, takes
 * letters without case. */
static bool is_regex(struct redial_str text)
{
    if (str_ends_with(text, REDIAL_STR("/i"))) text = str_take(text, text.len - 1);
    return text.len > 2 && text.ptr[0] == '/' && text.ptr[text.len - 1] == '/';
}

static bool read_regex(struct reading *reading, const struct node *item, enum fact fact,
                       struct redial_str written, struct glob *glob)
{
    struct pattern_error error;
    bool nocase = str_ends_with(written, REDIAL_STR("i"));
    struct redial_str text = str_take(str_skip(written, 1), written.len - 2 - nocase);
    *glob = (struct glob){written, {0}, GLOB_REGEX, NULL};
    glob->regex = pattern_compile(reading->arena, text,
                                  nocase || fact == FACT_HEADER ? PATTERN_NOCASE : 0, &error);
    if (glob->regex) return true;
    if (error.out_of_memory) return reading_out_of_memory(reading);
    struct diag *diag = diag_error(reading->diags, "bad-pattern", item->span,
                                   "this is no regular expression: %s", error.message);
    struct redial_str before = str_take(text, error.at);
    diag_cure(reading->diags, diag, "it goes wrong behind '/%.*s'", REDIAL_STR_ARG(before));
    return false;
}

/* The number of a pattern over messages, or MESSAGE_GLOBS_MAX when all numbers are given away. */
static size_t message_glob_number(struct redial_policy *policy, const struct glob *glob)
{
    for (size_t i = 0; i < policy->message_glob_count; i++)
        if (str_eq(policy->message_globs[i].pattern, glob->pattern)) return i;
    if (policy->message_glob_count == MESSAGE_GLOBS_MAX) return MESSAGE_GLOBS_MAX;
    policy->message_globs[policy->message_glob_count] = *glob;
    return policy->message_glob_count++;
}

static void number_message_globs(struct redial_policy *policy, struct condition *condition)
{
    uint64_t bits = 0;
    for (size_t i = 0; i < condition->count; i++) {
        size_t number = message_glob_number(policy, &condition->globs[i]);
        if (number == MESSAGE_GLOBS_MAX) return;
        bits |= UINT64_C(1) << number;
    }
    condition->message_bits = bits;
}

bool fact_read_globs(struct reading *reading, const struct node *value, enum fact fact,
                     void *target)
{
    const struct condition **out = target;
    size_t count = items_count(value);
    struct condition *condition = condition_new(reading, CONDITION_GLOB, fact, value, count);
    struct glob *globs = ARENA_ARRAY(reading->arena, struct glob, count);
    struct redial_str *words = ARENA_ARRAY(reading->arena, struct redial_str, count);
    if (!condition) return false;
    if (!globs || !words) return reading_out_of_memory(reading);
    bool right = condition_has_items(reading, value);
    for (size_t i = 0; i < count; i++) {
        const struct node *item = items_at(value, i);
        if (item->kind != NODE_SCALAR || item->text.len == 0)
            right = reading_unexpected(reading, item, "a pattern, such as \"*too long*\"");
        else if (!read_text(reading, item, &words[i]))
            right = false;
        else if (is_regex(words[i]))
            right = read_regex(reading, item, fact, words[i], &globs[i]) && right;
        else
            globs[i] = glob_of(words[i]);
    }
    condition->globs = globs;
    condition->words = words;
    if (right && fact == FACT_MESSAGE) number_message_globs(config_of(reading)->policy, condition);
    *out = condition;
    return right;
}

static bool is_pattern(const struct node *item)
{
    return item->kind == NODE_SCALAR &&
           (is_regex(item->text) || str_find(item->text, REDIAL_STR("*")) != SIZE_MAX ||
            str_find(item->text, REDIAL_STR("?")) != SIZE_MAX);
}

/* Exact names become indices, which the matcher finds by hashing; patterns stay patterns. */
bool fact_read_models(struct reading *reading, const struct node *value, enum fact fact,
                      void *target)
{
    size_t patterns = 0, count = items_count(value);
    for (size_t i = 0; i < count; i++) patterns += is_pattern(items_at(value, i));
    if (patterns == 0) return fact_read_names(reading, value, fact, target);
    if (patterns == count) return fact_read_globs(reading, value, fact, target);
    const struct condition **parts = condition_children(reading, count);
    if (!parts) return false;
    bool right = true;
    for (size_t i = 0; i < count; i++) {
        const struct node *item = value->items[i];
        right = (is_pattern(item) ? fact_read_globs(reading, item, fact, &parts[i])
                                  : fact_read_names(reading, item, fact, &parts[i])) &&
                right;
    }
    return condition_join(reading, CONDITION_ANY, value, parts, count, target) && right;
}

bool fact_read_header(struct reading *reading, const struct node *value, enum fact fact,
                      void *target)
{
    if (value->kind != NODE_MAPPING || value->count == 0)
        return reading_unexpected(reading, value, "a header and its pattern: {name: pattern}");
    const struct condition **parts = condition_children(reading, value->count);
    if (!parts) return false;
    bool right = true;
    for (size_t i = 0; i < value->count; i++) {
        struct condition *part = NULL;
        right = fact_read_globs(reading, value->values[i], fact, &part) && right;
        parts[i] = part;
        if (!part) return false;
        right = read_text(reading, value->keys[i], &part->header) && right;
    }
    return condition_join(reading, CONDITION_ALL, value, parts, value->count, target) && right;
}
