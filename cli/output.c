#include "cli/output.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/redact.h"

/* https://no-color.org: set and not empty, whatever the value. */
static bool wants_colour(FILE *file)
{
    const char *no_color = getenv("NO_COLOR");
    const char *term = getenv("TERM");
    if (no_color && no_color[0]) return false;
    if (term && strcmp(term, "dumb") == 0) return false;
    return isatty(fileno(file)) == 1;
}

static uint32_t width_of(FILE *file)
{
    struct winsize size = {0};
    if (isatty(fileno(file)) != 1) return OUTPUT_WIDTH_DEFAULT;
    if (ioctl(fileno(file), TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
        return OUTPUT_WIDTH_DEFAULT;
    return size.ws_col;
}

void output_init(struct output *output)
{
    /* A reader that goes away is seen as a failed write, by files and sockets alike. */
    signal(SIGPIPE, SIG_IGN);
    *output = (struct output){
        .out = stdout,
        .err = stderr,
        .out_colour = wants_colour(stdout),
        .err_colour = wants_colour(stderr),
        .out_width = width_of(stdout),
    };
}

void output_text(FILE *file, const struct text *text)
{
    if (text->len > 0) fwrite(text->ptr, 1, text->len, file);
    if (text->failed) fputs("redial: out of memory, the text above is not whole\n", stderr);
}

void output_quoting(FILE *file, const struct text *text)
{
    struct text clean = TEXT_INIT;
    redact(text_str(text), NULL, &clean);
    if (text->failed) clean.failed = true;
    output_text(file, &clean);
    text_clean_up(&clean);
}

void output_diags(struct output *output, const struct diag_list *diags)
{
    struct text text = TEXT_INIT;
    diag_render(diags, output->err_colour, &text);
    output_quoting(output->err, &text);
    text_clean_up(&text);
}

void output_usage(struct output *output, const char *verb, struct redial_str message)
{
    fprintf(output->err, "redial %s: %.*s\n", verb, REDIAL_STR_ARG(message));
    fprintf(output->err, "  = 'redial help %s' tells more\n", verb);
}

int output_finish(struct output *output, int status)
{
    errno = 0;
    bool failed = ferror(output->out) != 0;
    if (fflush(output->out) != 0) failed = true;
    if (!failed || errno == EPIPE || errno == 0) return status;
    fprintf(output->err, "redial: cannot write the output: %s\n", strerror(errno));
    return STATUS_UNUSABLE;
}
