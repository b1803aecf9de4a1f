/* Two policies beside each other: what differ.c found, as text and as JSON. */
#include <inttypes.h>

#include "story/differ.h"
#include "story/explain_parts.h"
#include "story/put.h"

static const char *const sides[DIFFER_SIDES] = {"A", "B"};

static const struct name variant_rows[] = {{"plain", ""}, {"unattended", ""}};
static const struct names mode_words = {"mode", variant_rows, VARIANT_COUNT};
static const struct name delivered_rows[] = {{"before output", ""}, {"after output", ""}};
static const struct names delivered_names = {"moment", delivered_rows, 2};
static const struct names *const words_of_side[PLACE_SIDES] = {&platform_names, &query_names,
                                                               &mode_words, &delivered_names};

/* ---- Text ---- */

struct page {
    const struct differ *differ;
    const struct explain_style *style;
    struct arena *arena;
    struct text *out;
    struct text cell;
};

static void say_bits(const struct page *page, const struct differ_place *place, size_t side,
                     struct text *out)
{
    uint32_t every = (1u << words_of_side[side]->count) - 1, bits = place->bits[side];
    if (side == PLACE_PLATFORM)
        every = page->differ->platforms[DIFFER_A] & page->differ->platforms[DIFFER_B];
    bool plain_only = side == PLACE_MODE && bits == 1u << VARIANT_PLAIN &&
                      !page->differ->policies[DIFFER_A]->variants[VARIANT_UNATTENDED].present &&
                      !page->differ->policies[DIFFER_B]->variants[VARIANT_UNATTENDED].present;
    if (bits == every || plain_only) return;
    if (out->len > 0) text_append(out, REDIAL_STR("; "));
    const char *separator = "";
    for (size_t i = 0; i < words_of_side[side]->count; i++) {
        if (!(bits & 1u << i)) continue;
        text_printf(out, "%s%s", separator, words_of_side[side]->rows[i].word);
        separator = ", ";
    }
}

static void say_pair(const char *a, const char *b, struct text *out)
{
    text_append(out, str_of(a));
    if (str_eq(str_of(a), str_of(b))) return;
    text_append(out, REDIAL_STR(" | "));
    text_append(out, str_of(b));
}

static void say_rules(const struct differ_place *place, struct text *out)
{
    for (size_t side = 0; side < DIFFER_SIDES; side++) {
        struct redial_str rule = place->rule[side];
        if (side > 0 && str_eq(rule, place->rule[DIFFER_A])) return;
        if (side > 0) text_append(out, REDIAL_STR(" | "));
        text_append(out, rule.len > 0 ? rule : REDIAL_STR("none"));
    }
}

static void write_place(struct page *page, struct table *table, const struct differ_place *place)
{
    struct text *cell = &page->cell;
    say_pair(redial_class_name(place->class[DIFFER_A]), redial_class_name(place->class[DIFFER_B]),
             cell);
    table_cell_from(table, cell);
    for (size_t i = 0; i < place->such_as_count; i++) {
        if (i > 0) text_append(cell, REDIAL_STR("; "));
        text_append(cell, place->such_as[i]->says);
    }
    table_cell_from(table, cell);
    for (size_t side = 0; side < PLACE_SIDES; side++) say_bits(page, place, side, cell);
    if (cell->len == 0) text_append(cell, REDIAL_STR("everywhere"));
    table_cell_from(table, cell);
    say_rules(place, cell);
    table_cell_from(table, cell);
}

static void write_difference(struct page *page, const struct difference *difference, size_t number)
{
    struct table table;
    text_printf(page->out, "\n%zu. they part after attempt %" PRId32 "\n", number,
                difference->attempt);
    for (size_t side = 0; side < DIFFER_SIDES; side++) {
        text_printf(page->out, "  %s  ", sides[side]);
        words_wrap(difference->shown[side], 5, page->style->width, page->out);
        text_append_char(page->out, '\n');
    }
    table_begin(&table, page->arena,
                (const char *const[]){"class", "such as", "where", "rule A | rule B"}, 4);
    for (const struct differ_place *place = difference->places; place; place = place->next)
        write_place(page, &table, place);
    table_write(&table, 5, page->style->width, page->out);
    table_end(&table);
}

/* A platform that only one of them knows cannot be compared; silence would hide that. */
static void write_apart(const struct page *page)
{
    for (size_t side = 0; side < DIFFER_SIDES; side++)
        for (uint32_t kind = 0; kind < PLATFORM_KIND_COUNT; kind++)
            if (page->differ->platforms[side] & ~page->differ->platforms[!side] & 1u << kind)
                text_printf(page->out, "not compared: %s, which only %s has a provider on\n",
                            platform_names.rows[kind].word, sides[side]);
}

static void write_head(const struct page *page)
{
    for (size_t side = 0; side < DIFFER_SIDES; side++) {
        const struct redial_policy *policy = page->differ->policies[side];
        text_printf(page->out, "%s  %.*s  %.*s\n", sides[side], REDIAL_STR_ARG(policy->name),
                    REDIAL_STR_ARG(policy->path));
    }
    write_apart(page);
}

static void write_sum(const struct page *page)
{
    const struct differ *differ = page->differ;
    if (differ->parted == 0)
        text_printf(page->out,
                    "\nno difference: %" PRId64 " courses of failing calls are the same\n",
                    differ->asked);
    else
        text_printf(page->out, "\n%zu %s, in %" PRId64 " of %" PRId64 " courses of failing calls\n",
                    differ->count, differ->count == 1 ? "difference" : "differences",
                    differ->parted, differ->asked);
}

bool explain_compare(const struct redial_policy *a, const struct redial_policy *b,
                     const struct explain_style *style, struct text *out, bool *equal)
{
    struct differ differ;
    differ_begin(&differ, a, b);
    struct page page = {&differ, style, differ.probes.arena, out, TEXT_INIT};
    bool found = differ_find(&differ);
    *equal = found && differ.parted == 0;
    if (found) {
        size_t number = 0;
        write_head(&page);
        for (const struct difference *d = differ.list; d; d = d->next)
            write_difference(&page, d, ++number);
        write_sum(&page);
    }
    if (page.cell.failed) out->failed = true;
    text_clean_up(&page.cell);
    differ_end(&differ);
    return found;
}

/* ---- JSON ---- */

static void put_bits(struct text *out, const char *name, uint32_t bits, const struct names *words)
{
    const char *separator = "";
    put_key(out, name);
    text_append_char(out, '[');
    for (size_t i = 0; i < words->count; i++) {
        if (!(bits & 1u << i)) continue;
        text_append(out, str_of(separator));
        text_append_json(out, str_of(words->rows[i].word));
        separator = ",";
    }
    text_append_char(out, ']');
}

static void put_place_of(struct text *out, const struct differ_place *place)
{
    put_word(out, "class_a", redial_class_name(place->class[DIFFER_A]));
    put_word(out, "class_b", redial_class_name(place->class[DIFFER_B]));
    put_text(out, "rule_a", place->rule[DIFFER_A]);
    put_text(out, "rule_b", place->rule[DIFFER_B]);
    put_bits(out, "platforms", place->bits[PLACE_PLATFORM], &platform_names);
    put_bits(out, "queries", place->bits[PLACE_QUERY], &query_names);
    put_bits(out, "modes", place->bits[PLACE_MODE], &mode_words);
    put_bits(out, "moments", place->bits[PLACE_DELIVERED], &delivered_names);
    put_key(out, "such_as");
    text_append_char(out, '[');
    for (size_t i = 0; i < place->such_as_count; i++) {
        if (i > 0) text_append_char(out, ',');
        text_append_json(out, place->such_as[i]->says);
    }
    text_append_char(out, ']');
}

static void put_course(struct text *out, const char *name, struct redial_str whole)
{
    struct redial_str line;
    const char *separator = "";
    put_key(out, name);
    text_append_char(out, '[');
    while (str_split(&whole, '\n', &line)) {
        if (line.len == 0) break;
        text_append(out, str_of(separator));
        text_append_json(out, line);
        separator = ",";
    }
    text_append_char(out, ']');
}

static void put_difference(struct text *out, const struct difference *difference)
{
    put_int(out, "attempt", difference->attempt);
    put_course(out, "a", difference->whole[DIFFER_A]);
    put_course(out, "b", difference->whole[DIFFER_B]);
    put_key(out, "where");
    text_append_char(out, '[');
    for (const struct differ_place *place = difference->places; place; place = place->next) {
        text_append(out, place == difference->places ? REDIAL_STR("{") : REDIAL_STR(",{"));
        put_place_of(out, place);
        text_append_char(out, '}');
    }
    text_append_char(out, ']');
}

bool explain_compare_json(const struct redial_policy *a, const struct redial_policy *b,
                          struct text *out, bool *equal)
{
    struct differ differ;
    differ_begin(&differ, a, b);
    bool found = differ_find(&differ);
    *equal = found && differ.parted == 0;
    text_append_char(out, '{');
    put_text(out, "a", a->path);
    put_text(out, "b", b->path);
    put_bits(out, "platforms", differ.platforms[DIFFER_A] & differ.platforms[DIFFER_B],
             &platform_names);
    put_int(out, "courses", differ.asked);
    put_int(out, "differing", differ.parted);
    put_key(out, "differences");
    text_append_char(out, '[');
    for (const struct difference *d = differ.list; d; d = d->next) {
        text_append(out, d == differ.list ? REDIAL_STR("{") : REDIAL_STR(",{"));
        put_difference(out, d);
        text_append_char(out, '}');
    }
    text_append(out, REDIAL_STR("]}\n"));
    differ_end(&differ);
    return found;
}
