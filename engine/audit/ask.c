/* Who can serve a wish: the cells of the surfaces on which a provider's calls land, and for the
 * rows that the engine acts on, the policy's answer too. */
#include "audit/ask.h"

#include "base/names.h"

static const struct name standing_rows[] = {
    [STANDING_SERVES] = {"serves", "it has it"},
    [STANDING_IN_PART] = {"in part", "it has it in beta or within limits"},
    [STANDING_UNSURE] = {"unsure", "nobody says, sources disagree, or its surfaces differ"},
    [STANDING_DROPS] = {"drops", "the request is served without it"},
    [STANDING_REFUSES] = {"refuses", "the request is not served"},
};
const struct names standing_names = {"standing", standing_rows, STANDING_COUNT};

static const enum standing standings[SUPPORT_COUNT] = {
    [SUPPORT_FULL] = STANDING_SERVES,     [SUPPORT_BETA] = STANDING_IN_PART,
    [SUPPORT_LIMITED] = STANDING_IN_PART, [SUPPORT_NONE] = STANDING_REFUSES,
    [SUPPORT_IGNORED] = STANDING_DROPS,   [SUPPORT_DISABLED] = STANDING_DROPS,
    [SUPPORT_UNKNOWN] = STANDING_UNSURE,  [SUPPORT_DISPUTED] = STANDING_UNSURE,
};

/* ---- Wishes */

void wishes_add(const struct matrix *matrix, struct redial_str name, struct redial_str at,
                struct wishes *wishes)
{
    struct wish wish = {.at = at};
    struct text unheard = TEXT_INIT;
    bool found = matrix_find(matrix, name, &wish.table, &wish.row, &unheard);
    text_clean_up(&unheard);
    for (size_t i = 0; found && i < wishes->count; i++)
        if (wishes->list[i].row == wish.row) return;
    if (found && wishes->count < WISHES_MAX) wishes->list[wishes->count++] = wish;
}

bool wishes_read(const struct matrix *matrix, struct redial_str list, struct wishes *wishes,
                 struct text *why)
{
    struct redial_str piece;
    while (str_split(&list, ',', &piece)) {
        struct wish wish = {0};
        if (!matrix_find(matrix, str_trim(piece), &wish.table, &wish.row, why)) return false;
        wishes_add(matrix, str_trim(piece), (struct redial_str){"", 0}, wishes);
    }
    return true;
}

/* ---- Standing */

/* What the policy does about a row that it acts on, where the platform lacks it. */
static enum standing by_policy(const struct redial_policy *policy, const struct wish *wish,
                               enum standing standing, struct text *says)
{
    int feature = names_find(&feature_names, wish->row->name);
    if (feature < 0 || standing < STANDING_UNSURE) return standing;
    const struct feature_rule *rule = &policy->features[feature];
    int answer = standing == STANDING_UNSURE ? rule->unknown : rule->missing;
    text_printf(says, "; the policy says %s", feature_answer_names.rows[answer].word);
    if (answer == FEATURE_TRY) return standing;
    return answer == FEATURE_REFUSE || answer == FEATURE_REROUTE ? STANDING_REFUSES
                                                                 : STANDING_DROPS;
}

static void say(const struct matrix_column *column, const struct matrix_cell *cell,
                struct text *says)
{
    struct redial_str word = matrix_word(cell);
    text_printf(says, "%s%.*s %.*s", says->len > 0 ? ", " : "", REDIAL_STR_ARG(column->heading),
                REDIAL_STR_ARG(word));
}

enum standing ask(const struct redial_policy *policy, uint16_t provider, const struct wish *wish,
                  struct text *says)
{
    int kind = (int)policy->platforms[policy->providers[provider].platform].kind;
    enum standing standing = STANDING_UNSURE;
    size_t surfaces = 0;
    for (size_t c = 0; c < wish->table->column_count; c++) {
        const struct matrix_cell *cell = &wish->row->cells[c];
        if (wish->table->columns[c].platform != kind || !cell->present) continue;
        enum standing here = standings[cell->support];
        say(&wish->table->columns[c], cell, says);
        if (surfaces++ == 0)
            standing = here;
        else if (here != standing) /* good on one and merely limited on the other is still good */
            standing = here <= STANDING_IN_PART && standing <= STANDING_IN_PART ? STANDING_IN_PART
                                                                                : STANDING_UNSURE;
    }
    if (surfaces == 0) text_append(says, REDIAL_STR("nobody says"));
    return by_policy(policy, wish, standing, says);
}

/* ---- Beta flags */

void ask_flags(const struct redial_policy *policy, const struct wishes *wishes, uint16_t taken_by,
               uint16_t provider, struct text *out)
{
    const char *between = "";
    for (size_t i = 0; i < wishes->flag_count; i++) {
        struct redial_str flag = wishes->flags[i], sent = policy_beta(policy, provider, flag);
        bool counts = taken_by == NO_INDEX || str_eq(policy_beta(policy, taken_by, flag), flag);
        if (!counts || str_eq(sent, flag)) continue;
        text_printf(out, "%s%.*s", between, REDIAL_STR_ARG(flag));
        if (sent.len > 0) text_printf(out, " (sent as %.*s)", REDIAL_STR_ARG(sent));
        between = ", ";
    }
}
