/* redial explain: what a policy does, whole or for one event. */
#include "story/explain.h"

#include "api/load.h"
#include "cli/verbs.h"
#include "redial/redial.h"

static const struct args_flag flags[] = {
    {"full", 0, NULL, "print every classify row and model too"},
    {"compare", 0, NULL, "where two policies decide differently"},
    {"outer", 0, "N,M...", "retries that callers make around it: for the worst case"},
    {"json", 0, NULL, "one JSON object instead of text"},
};

/* Warnings belong to `check`; here a policy either loads or says why not. */
static struct redial_policy *load(const char *path, struct output *output)
{
    struct diag_list *diags = diag_list_new();
    struct redial_policy *policy = policy_load(path, NULL, diags);
    if (!policy) output_diags(output, diags);
    diag_list_destroy(diags);
    return policy;
}

static void explain_whole(const struct redial_policy *policy, const struct args *args,
                          const struct explain_style *style, struct text *text)
{
    if (args_given(args, "json"))
        explain_policy_json(policy, style, text);
    else
        explain_policy(policy, style, text);
}

static int explain_one(const struct redial_policy *policy, const struct args *args,
                       const struct explain_style *style, struct text *text, struct output *output)
{
    struct explain_facts facts = {0};
    struct text wrong = TEXT_INIT;
    struct redial_str why = {"", 0};
    int status = STATUS_UNUSABLE;
    if (!explain_facts_read(policy, args->words + 1, args->word_count - 1, &facts, &wrong)) {
        fprintf(output->err, "redial explain: %.*s\n  = 'redial help explain' lists the facts\n",
                REDIAL_STR_ARG(text_str(&wrong)));
    } else if (!(args_given(args, "json") ? explain_event_json(policy, &facts, text, &why)
                                          : explain_event(policy, &facts, style, text, &why))) {
        fprintf(output->err, "redial explain: %.*s\n", REDIAL_STR_ARG(why));
    } else {
        status = STATUS_OK;
    }
    text_clean_up(&wrong);
    return status;
}

/* Where the two differ is an answer, and a status that a script can ask for. */
static int compare(const struct args *args, const struct explain_style *style, struct text *text,
                   struct output *output)
{
    if (args->word_count != 2) {
        output_usage(output, "explain", REDIAL_STR("--compare takes two policies"));
        return STATUS_UNUSABLE;
    }
    struct redial_policy *a = load(args->words[0], output), *b = load(args->words[1], output);
    bool equal = false;
    int status = STATUS_UNUSABLE;
    if (a && b) {
        bool found = args_given(args, "json") ? explain_compare_json(a, b, text, &equal)
                                              : explain_compare(a, b, style, text, &equal);
        if (found) status = equal ? STATUS_OK : STATUS_FAILED;
        text->failed = text->failed || !found;
    }
    redial_policy_release(a);
    redial_policy_release(b);
    return status;
}

static int explain(const struct args *args, const struct explain_style *style, struct text *text,
                   struct output *output)
{
    struct redial_policy *policy = load(args->words[0], output);
    int status = policy ? STATUS_OK : STATUS_UNUSABLE;
    if (policy && args->word_count > 1)
        status = explain_one(policy, args, style, text, output);
    else if (policy)
        explain_whole(policy, args, style, text);
    redial_policy_release(policy);
    return status;
}

#define OUTER_MOST 1000 /* retries of one caller, and layers of callers: more is a slip */

/* "2,3": a caller that retries twice around one that retries three times makes 3 x 4 of each call.
 */
static bool read_outer(const char *value, int64_t *outer)
{
    struct redial_str rest = str_of(value), item;
    int64_t product = 1;
    while (str_split(&rest, ',', &item)) {
        int64_t retries;
        if (!str_to_int64(str_trim(item), &retries) || retries < 0 || retries > OUTER_MOST ||
            __builtin_mul_overflow(product, 1 + retries, &product))
            return false;
    }
    *outer = product;
    return true;
}

static int run(const struct args *args, struct output *output)
{
    struct explain_style style = {.width = output->out_width, .full = args_given(args, "full")};
    const char *outer = args_value(args, "outer");
    struct text text = TEXT_INIT;
    if (outer && !read_outer(outer, &style.outer)) {
        output_usage(output, "explain",
                     REDIAL_STR("--outer takes retries from 0 to 1000, such as 2 or 2,3"));
        return STATUS_UNUSABLE;
    }
    int status = args_given(args, "compare") ? compare(args, &style, &text, output)
                                             : explain(args, &style, &text, output);
    output_text(output->out, &text);
    text_clean_up(&text);
    return status;
}

static void list_facts(struct text *out)
{
    text_append(out, REDIAL_STR("\nFacts of an event:\n"));
    explain_facts_help(out);
}

const struct verb verb_explain = {
    .name = "explain",
    .words = "POLICY [KEY=VALUE...]",
    .summary = "what it does, whole or for one event",
    .about = "Prints what the compiled policy does: rules, waits with their arithmetic,\n"
             "hints, limits, modes, fallbacks, platforms and features, each with its line in\n"
             "the file. With facts, prints what becomes of one event: its class and the row\n"
             "that gave it, the rule that matches, why those before it do not, and what\n"
             "follows until the call ends.\n"
             "\n"
             "With --compare and two policies, prints where they decide differently: both\n"
             "are asked about every failure that either tells apart, on every platform, for\n"
             "both queries, in every mode, attempt after attempt. What follows counts, not\n"
             "how rules are called.",
    .flags = flags,
    .flag_count = REDIAL_COUNT_OF(flags),
    .words_min = 1,
    .more = list_facts,
    .examples = "  redial explain policies/claude-code.yaml\n"
                "  redial explain policies/claude-code.yaml status=529 query=background\n"
                "  redial explain policies/claude-code.yaml status=429 header.retry-after=8549\n"
                "  redial explain --compare policies/claude-code.yaml my-policy.yaml\n"
                "  redial explain --outer 2,3 policies/claude-code.yaml\n"
                "  redial explain policies/claude-code.yaml cause=ECONNRESET phase=headers\n",
    .status = "  0  explained; with --compare: they decide alike\n"
              "  1  with --compare: they differ\n"
              "  2  the policy is unreadable or invalid, or a fact is\n",
    .run = run,
};
