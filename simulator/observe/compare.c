#include "simulator/observe/compare.h"

#include "base/duration.h"
#include "base/http.h"

void difference_add(struct differences *differences, const char *what, struct span span,
                    struct redial_str expected, struct redial_str got)
{
    size_t number = differences->count++;
    if (number >= DIFFERENCES_KEPT) return;
    struct difference *difference = &differences->list[number];
    *difference = (struct difference){.span = span};
    if (!arena_copy(differences->arena, str_of(what), &difference->what) ||
        !arena_copy(differences->arena, expected, &difference->expected) ||
        !arena_copy(differences->arena, got, &difference->got))
        difference->what = REDIAL_STR("(out of memory)");
}

/* ---- Numbers ---- */

typedef void write_fn(int64_t number, struct text *out);

static void write_whole(int64_t number, struct text *out)
{
    text_printf(out, "%lld", (long long)number);
}

static void write_ratio(int64_t thousandths, struct text *out)
{
    text_printf(out, "%lld", (long long)(thousandths / 1000));
    int part = (int)(thousandths % 1000);
    if (part == 0) return;
    text_printf(out, ".%03d", part);
    while (out->len && out->ptr[out->len - 1] == '0') out->ptr[--out->len] = '\0';
}

static void compare_number(const char *what, const struct expected_range *range, int64_t got,
                           write_fn *write, struct differences *differences)
{
    if (!range->given || (got >= range->low && got <= range->high)) return;
    struct text expected = TEXT_INIT, seen = TEXT_INIT;
    write(range->low, &expected);
    if (range->high != range->low) {
        text_printf(&expected, "..");
        write(range->high, &expected);
    }
    write(got, &seen);
    difference_add(differences, what, range->span, text_str(&expected), text_str(&seen));
    text_clean_up(&expected);
    text_clean_up(&seen);
}

/* ---- Lists ---- */

/* "a, b, c", shortened in the middle of nothing: a person reads the first ones. */
static void write_list(struct redial_str (*at)(const void *list, size_t index), const void *list,
                       size_t count, struct text *out)
{
    for (size_t i = 0; i < count && i < 12; i++) {
        struct redial_str word = at(list, i);
        text_printf(out, "%s%.*s", i ? ", " : "", REDIAL_STR_ARG(word));
    }
    if (count > 12) text_printf(out, ", and %zu more", count - 12);
    if (count == 0) text_printf(out, "(none)");
}

struct words {
    const struct redial_policy *policy;
    const struct expected_word *expected;
    const uint16_t *rules;
    const uint8_t *repairs;
};

static struct redial_str expected_at(const void *list, size_t index)
{
    return ((const struct words *)list)->expected[index].text;
}

static struct redial_str rule_at(const void *list, size_t index)
{
    const struct words *words = list;
    return words->policy->variants[VARIANT_PLAIN].rules[words->rules[index]].name;
}

static struct redial_str repair_at(const void *list, size_t index)
{
    return str_of(redial_step_name(((const struct words *)list)->repairs[index]));
}

/* One difference for the whole list, with the place of the first entry that differs. */
static void compare_words(const char *what, const struct expected_words *expected,
                          struct redial_str (*at)(const void *list, size_t index),
                          const struct words *got, size_t got_count,
                          struct differences *differences)
{
    if (!expected->given) return;
    size_t same = 0;
    while (same < expected->count && same < got_count &&
           str_eq(expected->list[same].text, at(got, same)))
        same++;
    if (same == expected->count && same == got_count) return;
    const struct words wanted = {.expected = expected->list};
    struct text left = TEXT_INIT, right = TEXT_INIT, name = TEXT_INIT;
    write_list(expected_at, &wanted, expected->count, &left);
    write_list(at, got, got_count, &right);
    text_printf(&name, "%s[%zu]", what, same);
    struct span span = same < expected->count ? expected->list[same].span : expected->span;
    difference_add(differences, name.failed ? what : name.ptr, span, text_str(&left),
                   text_str(&right));
    text_clean_up(&left);
    text_clean_up(&right);
    text_clean_up(&name);
}

static void compare_word(const char *what, const struct expected_word *expected,
                         struct redial_str got, struct differences *differences)
{
    if (expected->text.len == 0 || str_eq(expected->text, got)) return;
    difference_add(differences, what, expected->span, expected->text, got);
}

static void write_features(uint16_t features, struct text *out)
{
    for (uint32_t left = features; left; left &= left - 1)
        text_printf(out, "%s%s", out->len ? ", " : "",
                    redial_feature_name((enum redial_feature)__builtin_ctz(left)));
    if (features == 0) text_printf(out, "(none)");
}

static void compare_dropped(const struct expected_words *expected, uint16_t got,
                            struct differences *differences)
{
    uint16_t wanted = 0;
    struct text left = TEXT_INIT, right = TEXT_INIT;
    if (!expected->given) return;
    for (size_t i = 0; i < expected->count; i++)
        wanted |= REDIAL_FEATURE_BIT(expected->list[i].row);
    if (wanted == got) return;
    write_features(wanted, &left);
    write_features(got, &right);
    difference_add(differences, "dropped_features", expected->span, text_str(&left),
                   text_str(&right));
    text_clean_up(&left);
    text_clean_up(&right);
}

static void compare_waits(const struct compare_input *input, struct differences *differences)
{
    const struct expect *expect = input->expect;
    const struct observation *seen = input->observation;
    struct text name = TEXT_INIT, got = TEXT_INIT;
    if (!expect->waits_given) return;
    for (size_t i = 0; i < expect->wait_count && i < seen->wait_count; i++) {
        text_clear(&name);
        text_printf(&name, "waits[%zu]", i);
        compare_number(name.failed ? "waits" : name.ptr, &expect->waits[i], seen->waits[i],
                       duration_format, differences);
    }
    if (expect->wait_count != seen->wait_count) {
        text_clear(&name);
        text_printf(&name, "%zu waits", expect->wait_count);
        text_printf(&got, "%zu waits", seen->wait_count);
        difference_add(differences, "waits", expect->waits_span, text_str(&name), text_str(&got));
    }
    text_clean_up(&name);
    text_clean_up(&got);
}

/* ---- Requests ---- */

static bool is_secret(struct redial_str name)
{
    return str_eq_nocase(name, REDIAL_STR("authorization")) ||
           str_eq_nocase(name, REDIAL_STR("x-api-key")) ||
           str_eq_nocase(name, REDIAL_STR("api-key"));
}

static void compare_header(const char *what, const struct expected_header *expected,
                           const struct observed_request *request, struct differences *differences)
{
    static const char *const wanted[] = {[HEADER_ABSENT] = "absent", [HEADER_PRESENT] = "present"};
    const struct redial_header *header =
        http_find_header(request->headers, request->header_count, expected->name);
    bool fits = expected->kind == HEADER_ABSENT ? header == NULL
                : expected->kind == HEADER_PRESENT
                    ? header != NULL
                    : header && glob_match(expected->pattern, header->value);
    if (fits) return;
    struct redial_str got = !header                     ? REDIAL_STR("absent")
                            : is_secret(expected->name) ? REDIAL_STR("[redacted]")
                                                        : header->value;
    difference_add(
        differences, what, expected->span,
        expected->kind == HEADER_MATCHES ? expected->pattern : str_of(wanted[expected->kind]), got);
}

static void compare_request(const struct compare_input *input, const char *what,
                            const struct expected_request *expected,
                            const struct observed_request *got, struct differences *differences)
{
    struct redial_str provider = input->policy->providers[got->provider].name;
    compare_word(what, &expected->provider, provider, differences);
    compare_word(what, &expected->model, got->model, differences);
    compare_number(what, &expected->max_tokens, got->max_tokens, write_whole, differences);
    compare_number(what, &expected->input_tokens, got->input_tokens, write_whole, differences);
    compare_number(what, &expected->credential, got->credential, write_whole, differences);
    compare_word(what, &expected->prefill,
                 got->prefill ? REDIAL_STR("present") : REDIAL_STR("absent"), differences);
    compare_word(what, &expected->betas, got->betas.len > 0 ? got->betas : REDIAL_STR("absent"),
                 differences);
    compare_word(what, &expected->speed, got->fast ? REDIAL_STR("fast") : REDIAL_STR("standard"),
                 differences);
    if (expected->connection.row != CONNECTION_ANY)
        compare_word(what, &expected->connection,
                     got->reused ? REDIAL_STR("reused") : REDIAL_STR("new"), differences);
    for (size_t i = 0; i < expected->header_count; i++)
        compare_header(what, &expected->headers[i], got, differences);
}

static void compare_states(const struct compare_input *input, struct differences *differences)
{
    const struct expect *expect = input->expect;
    for (size_t i = 0; i < expect->state_count && input->observation->states; i++) {
        struct redial_str got = input->observation->states[i];
        const struct expected_state *state = &expect->states[i];
        if (!str_eq(state->value, got))
            difference_add(differences, state->what.ptr, state->span, state->value, got);
    }
}

static void compare_requests(const struct compare_input *input, struct differences *differences)
{
    const struct expect *expect = input->expect;
    const struct observation *seen = input->observation;
    if (expect->last_request && seen->request_count)
        compare_request(input, "request", expect->last_request,
                        &seen->requests[seen->request_count - 1], differences);
    if (!expect->requests_given) return;
    struct text name = TEXT_INIT, got = TEXT_INIT;
    for (size_t i = 0; i < expect->request_count && i < seen->request_count; i++) {
        text_clear(&name);
        text_printf(&name, "requests[%zu]", i);
        compare_request(input, name.failed ? "requests" : name.ptr, &expect->requests[i],
                        &seen->requests[i], differences);
    }
    if (expect->request_count != seen->request_count) {
        text_clear(&name);
        text_printf(&name, "%zu requests", expect->request_count);
        text_printf(&got, "%zu requests", seen->request_count);
        difference_add(differences, "requests", expect->requests_span, text_str(&name),
                       text_str(&got));
    }
    text_clean_up(&name);
    text_clean_up(&got);
}

/* ---- Ends ---- */

static void compare_ends(const struct compare_input *input, struct differences *differences)
{
    const struct expect *expect = input->expect;
    const struct observation *seen = input->observation;
    const struct expected_words *outcome = &expect->outcome;
    for (size_t i = 0; i < seen->call_count; i++) {
        const struct observed_call *call = &seen->calls[i];
        size_t at = outcome->count > 1 ? i : 0;
        if (outcome->given && at < outcome->count)
            compare_word("outcome", &outcome->list[at],
                         str_of(redial_reason_name((enum redial_reason)call->reason)), differences);
        compare_word("model", &expect->model, call->model, differences);
        compare_word("provider", &expect->provider, input->policy->providers[call->provider].name,
                     differences);
    }
    if (!outcome->given || outcome->count <= 1 || outcome->count == seen->call_count) return;
    struct text want = TEXT_INIT, got = TEXT_INIT;
    text_printf(&want, "%zu outcomes", outcome->count);
    text_printf(&got, "%zu calls", seen->call_count);
    difference_add(differences, "outcome", outcome->span, text_str(&want), text_str(&got));
    text_clean_up(&want);
    text_clean_up(&got);
}

/* ---- What must not happen ---- */

static void compare_never(const struct compare_input *input, struct differences *differences)
{
    const struct expect *expect = input->expect;
    const struct observation *seen = input->observation;
    const struct redial_str no = REDIAL_STR("never"), yes = REDIAL_STR("it happened");
    for (size_t i = 0; i < expect->never.rules.count; i++)
        for (size_t k = 0; k < seen->rule_count; k++)
            if (seen->rules[k] == expect->never.rules.list[i].row) {
                difference_add(differences, "never.rule", expect->never.rules.list[i].span, no,
                               yes);
                break;
            }
    for (size_t i = 0; i < expect->never.classes.count; i++)
        if (seen->classes >> expect->never.classes.list[i].row & 1)
            difference_add(differences, "never.class", expect->never.classes.list[i].span, no, yes);
    for (size_t i = 0; i < expect->never.status_count; i++)
        for (int64_t status = expect->never.statuses[i].low;
             status <= expect->never.statuses[i].high && status < 640; status++)
            if (seen->statuses[status / 64] >> status % 64 & 1)
                difference_add(differences, "never.status", expect->never.statuses[i].span, no,
                               yes);
    for (size_t i = 0; i < expect->never.texts.count; i++)
        if (str_find(input->story, expect->never.texts.list[i].text) != SIZE_MAX)
            difference_add(differences, "never.text", expect->never.texts.list[i].span, no, yes);
    for (size_t i = 0; i < expect->never.secrets.count; i++)
        if (str_find(input->story, expect->never.secrets.list[i].text) != SIZE_MAX ||
            str_find(input->story_json, expect->never.secrets.list[i].text) != SIZE_MAX)
            difference_add(differences, "never.secret", expect->never.secrets.list[i].span, no,
                           yes);
}

/* ---- Stories ---- */

static struct redial_str next_line(struct redial_str *rest, bool *there)
{
    struct redial_str line = {0};
    *there = str_split(rest, '\n', &line);
    while (line.len && (line.ptr[line.len - 1] == ' ' || line.ptr[line.len - 1] == '\r'))
        line.len--;
    return line;
}

void compare_stories(const char *what, struct span span, struct redial_str expected,
                     struct redial_str got, struct differences *differences)
{
    struct redial_str left = str_trim(expected), right = str_trim(got);
    for (uint32_t number = 0;; number++) {
        bool more_left, more_right;
        struct redial_str want = next_line(&left, &more_left);
        struct redial_str have = next_line(&right, &more_right);
        if (!more_left && !more_right) return;
        if (more_left && more_right && str_eq(want, have)) continue;
        struct text name = TEXT_INIT;
        text_printf(&name, "%s, line %u", what, number + 1);
        if (span.source) span.line += number;
        difference_add(differences, name.failed ? what : name.ptr, span,
                       more_left     ? want
                       : number == 0 ? REDIAL_STR("(nothing is written here yet)")
                                     : REDIAL_STR("(the story has ended)"),
                       more_right ? have : REDIAL_STR("(the story has ended)"));
        text_clean_up(&name);
        return;
    }
}

/* ---- All of it ---- */

static void report_violations(const struct violations *violations, struct differences *differences)
{
    size_t kept = violations->count < VIOLATIONS_KEPT ? violations->count : VIOLATIONS_KEPT;
    for (size_t i = 0; i < kept; i++) {
        const struct violation *violation = &violations->list[i];
        const struct name *row = &invariant_names.rows[violation->invariant];
        struct text got = TEXT_INIT;
        if (violation->call_number) text_printf(&got, "call %u: ", violation->call_number);
        text_append(&got, violation->detail);
        difference_add(differences, row->word, (struct span){0}, str_of(row->doc), text_str(&got));
        text_clean_up(&got);
    }
}

void compare_run(const struct compare_input *input, struct differences *differences)
{
    const struct expect *expect = input->expect;
    const struct observation *seen = input->observation;
    int64_t calls = (int64_t)seen->call_count;
    const struct words got = {
        .policy = input->policy, .rules = seen->rules, .repairs = seen->repairs};
    compare_ends(input, differences);
    compare_number("attempts", &expect->attempts, seen->attempts, write_whole, differences);
    compare_number("retries", &expect->retries, seen->retries, write_whole, differences);
    compare_number("amplification", &expect->amplification, seen->attempts * 1000 / calls,
                   write_ratio, differences);
    compare_words("rules", &expect->rules, rule_at, &got, seen->rule_count, differences);
    compare_words("repairs", &expect->repairs, repair_at, &got, seen->repair_count, differences);
    compare_dropped(&expect->dropped, seen->dropped, differences);
    compare_number("telemetry", &expect->telemetry, seen->telemetry, write_whole, differences);
    compare_waits(input, differences);
    compare_number("total_wait", &expect->total_wait, seen->waited, duration_format, differences);
    if (!input->measured)
        compare_number("elapsed", &expect->elapsed, seen->latest - input->began_at, duration_format,
                       differences);
    compare_requests(input, differences);
    compare_states(input, differences);
    compare_never(input, differences);
    if (!input->measured && expect->story)
        compare_stories("story", expect->story->span, expect->story->text, input->story,
                        differences);
    report_violations(&seen->violations, differences);
}
