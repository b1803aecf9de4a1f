/* redial explain: what a policy does, whole or for one event. */
#include "story/explain.h"

#include "api/load.h"
#include "cli/verbs.h"
#include "redial/redial.h"

static const struct args_flag flags[] = {
    {"full", 0, NULL, "print every classify row and model too"},
    {"json", 0, NULL, "one JSON object instead of text"},
};

/* Warnings belong to `check`; here a policy either loads or says why not. */
static struct redial_policy *load(const char *path, struct output *output)
{
    struct diag_list *diags = diag_list_new();
    struct redial_policy *policy = policy_load(path, NULL, diags);
    if (!policy) {
        struct text text = TEXT_INIT;
        diag_render(diags, output->err_colour, &text);
        output_quoting(output->err, &text);
        text_clean_up(&text);
    }
    diag_list_destroy(diags);
    return policy;
}

static void explain_whole(const struct redial_policy *policy, const struct args *args,
                          const struct explain_style *style, struct text *text)
{
    if (args_given(args, "json"))
        explain_policy_json(policy, text);
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

static int run(const struct args *args, struct output *output)
{
    struct explain_style style = {.width = output->out_width, .full = args_given(args, "full")};
    struct text text = TEXT_INIT;
    int status = STATUS_OK;
    struct redial_policy *policy = load(args->words[0], output);
    if (!policy)
        status = STATUS_UNUSABLE;
    else if (args->word_count > 1)
        status = explain_one(policy, args, &style, &text, output);
    else
        explain_whole(policy, args, &style, &text);
    output_text(output->out, &text);
    text_clean_up(&text);
    redial_policy_release(policy);
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
             "follows until the call ends.",
    .flags = flags,
    .flag_count = REDIAL_COUNT_OF(flags),
    .words_min = 1,
    .more = list_facts,
    .examples = "  redial explain policies/claude-code.yaml\n"
                "  redial explain policies/claude-code.yaml status=529 query=background\n"
                "  redial explain policies/claude-code.yaml status=429 header.retry-after=8549\n"
                "  redial explain policies/claude-code.yaml cause=ECONNRESET phase=headers\n",
    .status = "  0  explained\n"
              "  2  the policy is unreadable or invalid, or a fact is\n",
    .run = run,
};
