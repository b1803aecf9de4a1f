/* How a call ended, in words for a person: the reason, the error, and what may help. */
#include "cli/call.h"

/* What a person can do about it, by what it meant. */
static const struct {
    enum redial_class class;
    const char *cure;
} cures[] = {
    {REDIAL_CLASS_AUTH, "the platform does not take this credential: check it, or log in again"},
    {REDIAL_CLASS_NO_CREDENTIAL,
     "'redial audit --config' says what would be used, and what is missing"},
    {REDIAL_CLASS_AUTH_EXPIRED, "the credential has expired: log in again"},
    {REDIAL_CLASS_AUTH_REVOKED, "the credential was withdrawn: make a new one"},
    {REDIAL_CLASS_FORBIDDEN, "the credential is good, but may not use this model or region"},
    {REDIAL_CLASS_BILLING, "the account cannot be charged: see its billing page"},
    {REDIAL_CLASS_SPEND_LIMIT, "a spending limit is reached: raise it, or wait for its period"},
    {REDIAL_CLASS_RATE_LIMITED, "too much at once: wait, or name a '--fallback' model"},
    {REDIAL_CLASS_OVERLOADED, "the platform is busy: try later, or name a '--fallback' model"},
    {REDIAL_CLASS_NOT_FOUND, "the provider has no such model or deployment, or not in this region; "
                             "'redial explain --full POLICY' lists what it calls them"},
    {REDIAL_CLASS_PROMPT_TOO_LONG, "shorten the prompt, or take a model with a longer context"},
    {REDIAL_CLASS_CONTEXT_OVERFLOW, "shorten the prompt, or lower '--max-tokens'"},
    {REDIAL_CLASS_OUTPUT_LIMIT, "the answer is longer: raise '--max-tokens'"},
    {REDIAL_CLASS_CONNECTION_FAILED, "is the network there? A base URL of the environment counts"},
    {REDIAL_CLASS_TLS_FAILED, "an authority of your own is named by SSL_CERT_FILE or "
                              "NODE_EXTRA_CA_CERTS"},
};

static const char *cure_of(const struct redial_outcome *outcome)
{
    for (size_t i = 0; i < REDIAL_COUNT_OF(cures); i++)
        if (cures[i].class == (enum redial_class)outcome->class) return cures[i].cure;
    return NULL;
}

static void write_error(const struct redial_outcome *outcome, struct text *out)
{
    if (outcome->class == REDIAL_CLASS_NONE) return;
    text_append(out, REDIAL_STR("  "));
    if (outcome->status != 0) text_printf(out, "%u ", (unsigned)outcome->status);
    if (outcome->error.len > 0) text_printf(out, "%.*s ", REDIAL_STR_ARG(outcome->error));
    text_printf(out, "-> %s", redial_class_name((enum redial_class)outcome->class));
    if (outcome->message.len > 0) text_printf(out, ": %.*s", REDIAL_STR_ARG(outcome->message));
    if (outcome->request_id.len > 0)
        text_printf(out, " (request %.*s)", REDIAL_STR_ARG(outcome->request_id));
    text_append_char(out, '\n');
}

void call_print_end(const struct redial_outcome *outcome, struct output *output)
{
    enum redial_reason reason = (enum redial_reason)outcome->reason;
    struct text out = TEXT_INIT;
    const char *cure = cure_of(outcome);
    text_printf(&out, "redial call: %s: %s (%.*s %.*s, %d %s)\n", redial_reason_name(reason),
                redial_reason_doc(reason), REDIAL_STR_ARG(outcome->provider),
                REDIAL_STR_ARG(outcome->model), outcome->attempts,
                outcome->attempts == 1 ? "attempt" : "attempts");
    write_error(outcome, &out);
    if (outcome->detail.len > 0 && !str_eq(outcome->detail, outcome->message))
        text_printf(&out, "  = %.*s\n", REDIAL_STR_ARG(outcome->detail));
    if (cure && reason != REDIAL_REASON_CANCELLED) text_printf(&out, "  = %s\n", cure);
    output_quoting(output->err, &out);
    text_clean_up(&out);
}
