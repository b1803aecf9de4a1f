/* Sends one prompt to a provider and prints the answer as it comes.
 *
 *     cc live.c $(pkg-config --cflags --libs redial) -o live
 *     ./live policies/claude-code.yaml Why is the sky blue?
 *
 * Credentials, proxies and certificates are those of the environment. The library waits, repairs
 * and falls back as the policy says; what is left to a program are three handlers: a piece of text
 * came, what came is void, the call has ended. A fourth one shows the story on standard error. */
#define _POSIX_C_SOURCE 200809L /* open_memstream */
#include <redial/client.h>
#include <redial/redial.h>
#include <stdio.h>
#include <stdlib.h>

#define MODEL "claude-opus-4-6"

struct answer {
    bool begun, whole;
};

static void print_text(void *context, struct redial_str delta)
{
    struct answer *answer = context;
    answer->begun = true;
    fwrite(delta.ptr, 1, delta.len, stdout);
    fflush(stdout);
}

/* Paper cannot be taken back; a program with a window would empty it. */
static void start_over(void *context)
{
    struct answer *answer = context;
    if (answer->begun) puts("\n-- not that; from the beginning:");
    answer->begun = false;
}

static void print_line(void *context, struct redial_str line)
{
    (void)context;
    fwrite(line.ptr, 1, line.len, stderr);
}

/* Every call that was sent ends here, once, whatever happened. */
static void end(void *context, const struct redial_outcome *outcome)
{
    struct answer *answer = context;
    answer->whole = outcome->reason == REDIAL_REASON_SUCCESS;
    if (answer->begun) putchar('\n');
    if (answer->whole) return;
    fprintf(stderr, "no answer: %s, %s", redial_reason_name(outcome->reason),
            redial_class_name(outcome->class));
    if (outcome->message.len > 0) fprintf(stderr, ": %.*s", REDIAL_STR_ARG(outcome->message));
    if (outcome->detail.len > 0) fprintf(stderr, " (%.*s)", REDIAL_STR_ARG(outcome->detail));
    fputc('\n', stderr);
}

/* The words as one prompt in a request of the Messages API. The library puts in the model, the
 * output limit and whatever else the policy decides or a platform wants. */
static void write_body(FILE *file, char *const words[])
{
    fputs("{\"messages\": [{\"role\": \"user\", \"content\": \"", file);
    for (size_t i = 0; words[i]; i++) {
        if (i > 0) fputc(' ', file);
        for (const char *c = words[i]; *c; c++) {
            if (*c == '"' || *c == '\\') fputc('\\', file);
            fputc((unsigned char)*c < ' ' ? ' ' : *c, file);
        }
    }
    fputs("\"}]}", file);
}

static bool ask(struct redial_engine *engine, struct redial_str body)
{
    struct answer answer = {0};
    struct redial_str why = {0};
    struct redial_request request = {
        .options = {.model = REDIAL_STR(MODEL), .max_tokens = 1024},
        .body = body,
        .streaming = REDIAL_STREAM_YES,
        .handlers = {.text = print_text,
                     .restart = start_over,
                     .line = print_line,
                     .end = end,
                     .context = &answer},
    };
    struct redial_client *client = redial_client_new(engine, NULL, &why);
    if (!client || !redial_client_send(client, &request, &why))
        fprintf(stderr, "%.*s\n", REDIAL_STR_ARG(why));
    else
        while (redial_client_move(client, 1000) > 0) {} /* handlers run in here, and only in here */
    redial_client_destroy(client);
    return answer.whole;
}

int main(int argc, char **argv)
{
    if (argc < 3) return 2;
    struct redial_diags *diags = redial_diags_new();
    struct redial_policy *policy = redial_policy_load(argv[1], NULL, diags);
    struct redial_engine *engine = policy ? redial_engine_new(policy) : NULL;
    char *bytes = NULL;
    size_t length = 0;
    FILE *body = open_memstream(&bytes, &length);
    bool good = false;
    if (!engine)
        fputs(redial_diags_text(diags, false), stderr);
    else if (body) {
        write_body(body, argv + 2);
        if (fflush(body) == 0) good = ask(engine, (struct redial_str){bytes, length});
    }
    if (body) fclose(body);
    free(bytes);
    redial_engine_destroy(engine);
    redial_policy_release(policy);
    redial_diags_destroy(diags);
    return good ? 0 : 1;
}
