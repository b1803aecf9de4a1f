#include "tests/support/errands.h"

#include <criterion/criterion.h>
#include <ctype.h>
#include <string.h>

#include "base/duration.h"
#include "tests/support/failing_memory.h"

#define LINKS_MAX 8

struct chain *errands_chain(const char *links, const struct redial_env *environment)
{
    struct redial_str names[LINKS_MAX], rest = str_of(links), why = {0};
    size_t count = 0;
    while (count < LINKS_MAX && str_split(&rest, ' ', &names[count])) count++;
    const struct chain_options options = {.links = names,
                                          .link_count = count,
                                          .environment = environment,
                                          .home = REDIAL_STR("/home/a"),
                                          .region = REDIAL_STR("us-east-1"),
                                          .seed = 7};
    return chain_new(&options, &why);
}

/* ---- An errand as text */

static void describe(const struct errand *errand, struct text *out)
{
    switch (errand->kind) {
    case ERRAND_HTTP: text_printf(out, "%s ", errand->request.method); break;
    case ERRAND_FILE: text_append(out, REDIAL_STR("FILE ")); break;
    case ERRAND_WRITE: text_append(out, REDIAL_STR("WRITE ")); break;
    case ERRAND_COMMAND: text_append(out, REDIAL_STR("RUN ")); break;
    case ERRAND_PAUSE:
        text_append(out, REDIAL_STR("PAUSE "));
        duration_format(errand->timeout, out);
        break;
    }
    text_append(out, errand->request.url);
    text_append(out, errand->path);
    text_append(out, errand->command);
    for (size_t i = 0; errand->argv && errand->argv[i]; i++)
        text_printf(out, "%s%s", i ? " " : "", errand->argv[i]);
}

/* One of the lines of a request: a header, and behind the last one the body. */
static bool line_at(const struct errand *errand, size_t index, struct text *out)
{
    const struct http_request *request = &errand->request;
    text_clear(out);
    if (index < request->header_count) {
        for (size_t i = 0; i < request->headers[index].name.len; i++)
            text_append_char(out, (char)tolower(request->headers[index].name.ptr[i]));
        text_append(out, REDIAL_STR(": "));
        text_append(out, request->headers[index].value);
        return true;
    }
    text_append(out, errand->contents);
    for (size_t i = 0; i < request->piece_count; i++) text_append(out, request->pieces[i]);
    return index == request->header_count;
}

static bool any_line_matches(const struct errand *errand, const char *glob)
{
    struct text line = TEXT_INIT;
    bool found = false;
    for (size_t i = 0; !found && line_at(errand, i, &line); i++)
        found = glob_match(str_of(glob), text_str(&line));
    text_clean_up(&line);
    return found;
}

/* ---- Against its row. Criterion allocates, so nothing is said while memory fails. */

static bool matches(const struct errand *errand, const struct errand_row *row, struct text *why)
{
    struct text asked = TEXT_INIT;
    describe(errand, &asked);
    bool same = glob_match(str_of(row->asks), text_str(&asked));
    if (!same) text_printf(why, "asks for\n  %s\nnot for\n  %s", asked.ptr, row->asks);
    for (size_t i = 0; same && i < ERRANDS_SENDS_MAX && row->sends[i]; i++) {
        same = any_line_matches(errand, row->sends[i]);
        if (!same) text_printf(why, "%s does not send '%s'", asked.ptr, row->sends[i]);
    }
    for (size_t i = 0; same && i < REDIAL_COUNT_OF(row->withholds) && row->withholds[i]; i++) {
        same = !any_line_matches(errand, row->withholds[i]);
        if (!same) text_printf(why, "%s sends '%s'", asked.ptr, row->withholds[i]);
    }
    if (same && row->timeout > 0 && row->timeout != errand->timeout) {
        text_printf(why, "%s grants %lld ns", asked.ptr, (long long)errand->timeout);
        same = false;
    }
    text_clean_up(&asked);
    return same;
}

static struct errand_answer answer_of(const struct errand *errand, const struct errand_row *row)
{
    size_t headers = 0;
    while (headers < REDIAL_COUNT_OF(row->headers) && row->headers[headers].name.len > 0) headers++;
    bool http = errand->kind == ERRAND_HTTP && !row->failed;
    return (struct errand_answer){
        .failed = str_of(row->failed),
        .missing = row->missing,
        .status = http ? (uint16_t)(row->status ? row->status : 200) : 0,
        .headers = row->headers,
        .header_count = headers,
        .body = row->body,
        .mode = row->mode ? row->mode : 0600,
        .exit_status = row->exit_status,
        .errors = str_of(row->errors),
    };
}

static enum chain_state run(struct chain *chain, enum chain_use use, int64_t *now,
                            const struct errand_row *rows, size_t count, struct text *why)
{
    enum chain_state state = chain_begin(chain, *now, use);
    size_t at = 0;
    for (; state == CHAIN_ASKS && at < count; at++) {
        const struct errand *errand = chain_errand(chain);
        if (!matches(errand, &rows[at], why)) return state;
        struct errand_answer answer = answer_of(errand, &rows[at]);
        *now += rows[at].takes + (errand->kind == ERRAND_PAUSE ? errand->timeout : 0);
        state = chain_answer(chain, &answer, *now);
    }
    if (state == CHAIN_ASKS) {
        text_append(why, REDIAL_STR("asks for more: "));
        describe(chain_errand(chain), why);
    } else if (at < count) {
        text_printf(why, "ends before it asks for %s: %.*s", rows[at].asks,
                    REDIAL_STR_ARG(chain_why(chain)));
    }
    return state;
}

enum chain_state errands_run(struct chain *chain, enum chain_use use, int64_t *now,
                             const struct errand_row *rows, size_t count)
{
    int64_t own_now = ERRANDS_NOW;
    struct text why = TEXT_INIT;
    cr_assert_not_null(chain);
    enum chain_state state = run(chain, use, now ? now : &own_now, rows, count, &why);
    cr_assert_eq(why.len, 0, "the chain %s", why.ptr);
    text_clean_up(&why);
    return state;
}

void errands_torture(const char *links, const struct redial_env *environment,
                     const struct errand_row *rows, size_t count)
{
    bool failed = true;
    for (size_t nth = 1; failed; nth++) {
        int64_t now = ERRANDS_NOW;
        struct text why = TEXT_INIT;
        enum chain_state state = CHAIN_FAILED;
        bool explained = true;
        failing_memory_begin(nth);
        struct chain *chain = errands_chain(links, environment);
        if (chain) state = run(chain, CHAIN_FROM_CACHE, &now, rows, count, &why);
        if (chain && state == CHAIN_FAILED) explained = chain_why(chain).len > 0;
        text_clean_up(&why);
        chain_destroy(chain);
        failed = failing_memory_end();
        cr_assert_eq(failing_memory_live(), 0, "allocation %zu leaks", nth);
        cr_assert(explained, "allocation %zu fails without a word", nth);
        cr_assert(failed || state == CHAIN_READY, "with memory enough it is found");
    }
}

void errands_expect_secret_kept(const struct chain *chain, const char *secret)
{
    const struct credential *found = chain_credential(chain);
    const struct redial_str texts[] = {
        chain_why(chain),
        chain_source(chain),
        chain_warnings(chain),
        found ? found->source : (struct redial_str){0},
    };
    for (size_t i = 0; i < REDIAL_COUNT_OF(texts); i++)
        cr_expect_eq(str_find(texts[i], str_of(secret)), SIZE_MAX, "%.*s",
                     REDIAL_STR_ARG(texts[i]));
}
