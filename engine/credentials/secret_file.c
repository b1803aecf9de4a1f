#include "credentials/secret_file.h"

#include "credentials/token_reply.h"

#define OTHERS_READ  0004u
#define OTHERS_WRITE 0022u

static void warn_if_open(struct flow *flow, struct redial_str path, uint32_t mode)
{
    if (!(mode & (OTHERS_READ | OTHERS_WRITE))) return;
    flow_warn(flow, "%.*s can be %s (mode %04o): run `chmod 600 %.*s`", REDIAL_STR_ARG(path),
              mode & OTHERS_WRITE ? "changed by others than its owner" : "read by everybody",
              (unsigned)mode, REDIAL_STR_ARG(path));
}

bool secret_file_taken(struct flow *flow, const struct errand_answer *answer,
                       struct redial_str path, const char *what, struct redial_str *contents,
                       enum flow_move *move)
{
    *contents = answer->body;
    if (answer->missing)
        *move = flow_fail(flow, "the %s %.*s does not exist", what, REDIAL_STR_ARG(path));
    else if (answer->failed.len > 0)
        *move = flow_fail(flow, "the %s %.*s cannot be read: %.*s", what, REDIAL_STR_ARG(path),
                          REDIAL_STR_ARG(answer->failed));
    else if (str_trim(answer->body).len == 0)
        *move = flow_fail(flow, "the %s %.*s is empty", what, REDIAL_STR_ARG(path));
    else {
        warn_if_open(flow, path, answer->mode);
        return true;
    }
    return false;
}

bool token_file_taken(struct flow *flow, const struct errand_answer *answer, struct redial_str path,
                      const char *what, struct redial_str *token, enum flow_move *move)
{
    struct redial_str contents;
    if (!secret_file_taken(flow, answer, path, what, &contents, move)) return false;
    *token = flow_copy(flow, str_trim(contents));
    flow_secret(flow, *token);
    if (token_fits_a_header(*token)) return true;
    *move =
        flow_fail(flow, "the %s %.*s holds something that is no token", what, REDIAL_STR_ARG(path));
    return false;
}
