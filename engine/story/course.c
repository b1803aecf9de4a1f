#include "story/course.h"

#include "story/explain_parts.h"

#define WAITS_SHOWN 3 /* of a row of waits, and the last */

/* Attempts in a row after which the same is done, whatever the wait before it. */
struct run {
    struct text action, waits;
    struct text last_wait;
    bool has_waits;
    int32_t count;
    bool failed; /* some text could not grow */
};

/* Clearing a text forgets that it could not grow. */
static void wipe(struct run *run, struct text *text)
{
    run->failed = run->failed || text->failed;
    text_clear(text);
}

static void end_run(struct run *run, bool endless, struct text *out)
{
    if (run->count == 0) return;
    if (out->len > 0) text_append(out, REDIAL_STR(", then "));
    if (endless)
        text_append(out, REDIAL_STR("for ever ("));
    else if (run->count > 1)
        text_printf(out, "%dx (", (int)run->count);
    if (run->waits.len > 0) {
        text_append(out, REDIAL_STR("wait "));
        text_append(out, text_str(&run->waits));
        if (run->count > WAITS_SHOWN) {
            text_append(out, str_of(run->count > WAITS_SHOWN + 1 ? " ... " : ", "));
            text_append(out, text_str(&run->last_wait));
        }
        text_append(out, REDIAL_STR(", "));
    }
    text_append(out, text_str(&run->action));
    if (endless || run->count > 1) text_append_char(out, ')');
    run->count = 0;
    wipe(run, &run->waits);
}

static void add_wait(struct run *run, const struct outlook_turn *turn)
{
    wipe(run, &run->last_wait);
    run->has_waits = turn->wait_high > 0;
    if (!run->has_waits) return;
    explain_range(turn->wait_low, turn->wait_high, &run->last_wait);
    if (run->count > WAITS_SHOWN) return;
    if (run->waits.len > 0) text_append(&run->waits, REDIAL_STR(", "));
    text_append(&run->waits, text_str(&run->last_wait));
}

static void add_turn(const struct redial_policy *policy, const struct outlook_turn *turn,
                     struct run *run, struct text *action, struct course_text *course)
{
    wipe(run, action);
    explain_follows(policy, turn, true, action);
    text_append(&course->whole, text_str(action));
    text_append_char(&course->whole, '\n');
    wipe(run, action);
    explain_follows(policy, turn, false, action);
    if (!str_eq(text_str(action), text_str(&run->action)) ||
        run->has_waits != (turn->wait_high > 0))
        end_run(run, false, &course->shown);
    wipe(run, &run->action);
    text_append(&run->action, text_str(action));
    run->count++;
    add_wait(run, turn);
}

static void begin(const struct redial_policy *policy, const struct outlook_turn *turn,
                  uint8_t variant, struct course_text *course)
{
    course->class = (enum redial_class)turn->judged.class;
    course->rule = (struct redial_str){0};
    if (turn->judged.rule < policy->rule_count)
        course->rule = policy->variants[variant].rules[turn->judged.rule].name;
}

bool course_follow(const struct redial_policy *policy, const struct explain_facts *facts,
                   struct course_text *course, struct redial_str *why)
{
    struct outlook outlook;
    struct outlook_turn turn = {0};
    struct run run = {0};
    struct text action = TEXT_INIT;
    text_clear(&course->whole);
    text_clear(&course->shown);
    bool begun = outlook_begin(&outlook, policy, facts, why);
    int turns = 0;
    while (begun && turns < COURSE_TURNS_MAX && outlook_next(&outlook, facts, &turn)) {
        if (turns++ == 0) begin(policy, &turn, outlook.low.variant, course);
        add_turn(policy, &turn, &run, &action, course);
    }
    end_run(&run, begun && !turn.ended, &course->shown);
    wipe(&run, &action);
    wipe(&run, &run.action);
    wipe(&run, &run.waits);
    wipe(&run, &run.last_wait);
    if (!outlook.engine || !outlook.engine_high || run.failed) course->whole.failed = true;
    outlook_end(&outlook);
    text_clean_up(&action);
    text_clean_up(&run.action);
    text_clean_up(&run.waits);
    text_clean_up(&run.last_wait);
    return begun;
}

void course_clean_up(struct course_text *course)
{
    text_clean_up(&course->whole);
    text_clean_up(&course->shown);
}

int32_t course_parts_at(const struct course_text *a, const struct course_text *b)
{
    struct redial_str left = text_str(&a->whole), right = text_str(&b->whole), x, y;
    for (int32_t attempt = 1;; attempt++) {
        bool more_left = str_split(&left, '\n', &x), more_right = str_split(&right, '\n', &y);
        if (!more_left && !more_right) return 0;
        if (more_left != more_right || !str_eq(x, y)) return attempt;
    }
}
