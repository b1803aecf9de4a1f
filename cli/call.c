/* redial call: a call by a policy, from the command line to a real provider. */
#include "cli/call.h"

#include <errno.h>
#include <string.h>

#include "cli/call_record.h"
#include "cli/interrupt.h"

#define LOOK_MS 100 /* how soon an interruption that came at a bad moment is seen */

static const struct args_flag flags[] = {
    {"policy", 0, "FILE", "the policy; a first word that ends in .yaml is one too"},
    {"provider", 'p', "NAME", "a provider of the policy"},
    {"model", 'm', "NAME", "as the policy names it"},
    {"fallback", 0, "MODEL,...", "models to go on with, instead of the policy's"},
    {"background", 0, NULL, "nobody waits for the answer: first to be given up"},
    {"unattended", 0, NULL, "nobody watches: the policy's patient variant"},
    {"file", 'f', "FILE", "the prompt, or what it is about; - is standard input"},
    {"json", 0, "FILE", "a whole Messages request instead; - is standard input"},
    {"system", 's', "TEXT", "the system prompt"},
    {"max-tokens", 0, "N", "of the answer (4096)"},
    {"header", 'H', "NAME:VALUE", "where the platform takes it; may be given more than once"},
    {"stream", 0, NULL, "as it comes, whatever the request says"},
    {"no-stream", 0, NULL, "at once, whatever the request says"},
    {"raw", 0, NULL, "the stream's events, or the message, as JSON lines"},
    {"deadline", 0, "SPAN", "for all of it: 90s"},
    {"seed", 0, "N", "of the waits' chance"},
    {"verbose", 'v', NULL, "the story on standard error, as it happens"},
    {"record", 0, "FILE", "write what the world did, as a scenario"},
};

/* The call under way. */
struct calling {
    const struct order *order;
    struct output *output;
    struct redial_live *call; /* NULL once it has ended */
    struct text story;        /* unless it was printed as it happened */
    bool in_line;             /* what was printed last did not end in a line feed */
    bool succeeded;
};

/* ---- What it tells ---- */

static void print(struct calling *calling, struct redial_str text)
{
    fwrite(text.ptr, 1, text.len, calling->output->out);
    fflush(calling->output->out);
    calling->in_line = text.len > 0 && text.ptr[text.len - 1] != '\n';
}

static void end_line(struct calling *calling)
{
    if (calling->in_line) print(calling, REDIAL_STR("\n"));
}

static void tell_text(void *context, struct redial_str delta)
{
    print(context, delta);
}

/* On one line: JSON has line feeds between its tokens alone. */
static void print_json(struct calling *calling, struct redial_str json)
{
    FILE *out = calling->output->out;
    for (size_t i = 0; i < json.len; i++)
        fputc(json.ptr[i] == '\n' || json.ptr[i] == '\r' ? ' ' : json.ptr[i], out);
    fputc('\n', out);
    fflush(out);
}

static void tell_event(void *context, struct redial_str name, struct redial_str data)
{
    (void)name; /* the data says it too */
    print_json(context, data);
}

static void tell_restart(void *context)
{
    struct calling *calling = context;
    end_line(calling);
    fputs("redial call: the answer begins anew; what was printed so far is void\n",
          calling->output->err);
}

static void tell_line(void *context, struct redial_str line)
{
    struct calling *calling = context;
    if (!calling->order->verbose) {
        text_append(&calling->story, line);
        return;
    }
    fwrite(line.ptr, 1, line.len, calling->output->err);
    fflush(calling->output->err);
}

static void tell_end(void *context, const struct redial_outcome *outcome)
{
    struct calling *calling = context;
    calling->call = NULL;
    calling->succeeded = outcome->reason == REDIAL_REASON_SUCCESS;
    if (calling->succeeded && calling->order->raw && outcome->body.len > 0)
        print_json(calling, outcome->body);
    if (!calling->order->raw) end_line(calling);
    if (calling->succeeded) return;
    if (interrupted) output_text(calling->output->err, &calling->story);
    call_print_end(outcome, calling->output);
}

/* ---- Running ---- */

static void listen_to(struct calling *calling, struct redial_request *request)
{
    bool raw = calling->order->raw;
    request->handlers = (struct redial_handlers){
        .event = raw ? tell_event : NULL,
        .text = raw ? NULL : tell_text,
        .restart = tell_restart,
        .line = tell_line,
        .end = tell_end,
        .context = calling,
    };
}

static void run_to_end(struct redial_client *client, struct calling *calling)
{
    bool cancelled = false;
    while (redial_client_move(client, LOOK_MS) > 0) {
        if (!interrupted || cancelled || !calling->call) continue;
        redial_client_cancel(calling->call);
        cancelled = true;
    }
}

static int status_of(const struct calling *calling)
{
    if (calling->succeeded) return STATUS_OK;
    return interrupted ? STATUS_INTERRUPTED : STATUS_FAILED;
}

static int carry(const struct order *order, struct redial_client *client,
                 struct call_record *record, struct output *output)
{
    struct calling calling = {.order = order, .output = output};
    struct redial_request request = order->request;
    struct redial_str why;
    listen_to(&calling, &request);
    calling.call = redial_client_send(client, &request, &why);
    if (!calling.call) {
        output_usage(output, "call", why);
        return STATUS_UNUSABLE;
    }
    run_to_end(client, &calling);
    text_clean_up(&calling.story);
    int status = status_of(&calling);
    bool written = !record || call_record_write(record, order, output);
    return written || status != STATUS_OK ? status : STATUS_UNUSABLE;
}

static int call(const struct order *order, struct output *output)
{
    struct redial_engine *engine = redial_engine_new(order->policy);
    const struct redial_client_options options = {.seed = order->seed};
    struct redial_str why = REDIAL_STR("memory is out");
    struct redial_client *client = engine ? redial_client_new(engine, &options, &why) : NULL;
    struct call_record *record = client && order->record_path ? call_record_new(client) : NULL;
    int status = STATUS_UNUSABLE;
    if (!client || (order->record_path && !record))
        fprintf(output->err, "redial call: %.*s\n", REDIAL_STR_ARG(why));
    else
        status = carry(order, client, record, output);
    redial_client_destroy(client);
    call_record_destroy(record);
    redial_engine_destroy(engine);
    return status;
}

static int run(const struct args *args, struct output *output)
{
    struct order order;
    int status = STATUS_UNUSABLE;
    if (order_read(&order, args, output)) {
        interrupts_catch(false);
        status = call(&order, output);
    }
    order_clean_up(&order);
    return status;
}

const struct verb verb_call = {
    .name = "call",
    .words = "[POLICY] [PROMPT...]",
    .summary = "ask a provider, by a policy",
    .about = "Sends a prompt, or a whole Messages request, to a real provider: with its own\n"
             "credentials, signatures and streams, by the same decisions that a replay shows.\n"
             "The answer goes to standard output as it comes. POLICY is\n"
             "policies/claude-code.yaml, else the installed one, unless named; the model is\n"
             "ANTHROPIC_MODEL's, else the provider's first that the policy has a fallback for;\n"
             "the provider is what the environment says (CLAUDE_CODE_USE_BEDROCK and its like),\n"
             "else anthropic.\n"
             "Credentials are looked for where each vendor documents it: ANTHROPIC_API_KEY, the\n"
             "AWS, Google and Azure chains. HTTPS_PROXY, NO_PROXY, SSL_CERT_FILE and\n"
             "NODE_EXTRA_CA_CERTS are heeded. Plain http goes to this machine alone.",
    .flags = flags,
    .flag_count = REDIAL_COUNT_OF(flags),
    .examples =
        "  redial call Why is the sky blue?\n"
        "  redial call -v -p bedrock -m claude-sonnet-4-6 --file notes.txt Summarise this\n"
        "  redial call --json request.json --raw | jq -c .type\n"
        "  redial call --record tonight.yaml -v Hello    then: redial replay tonight.yaml\n",
    .status = "  0    a complete answer arrived\n"
              "  1    the policy ended the call without one: standard error says why\n"
              "  2    usage, or a policy, prompt or request that cannot be read\n"
              "  130  interrupted: the call was cancelled, standard error has its story\n",
    .run = run,
};
