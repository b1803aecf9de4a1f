/* Google's application default credentials, in Google's order: the file that
 * GOOGLE_APPLICATION_CREDENTIALS names, the file that gcloud writes, the metadata server. A file
 * that is there ends the search, whatever comes of it. */
#include "credentials/google.h"

#include "credentials/secret_file.h"

struct google_path {
    struct redial_str path;
    bool named; /* by GOOGLE_APPLICATION_CREDENTIALS: then it must exist */
};

static enum flow_move read_file(struct flow *flow, void *state, const struct errand_answer *answer)
{
    const struct google_path *at = state;
    struct google_file *file = ARENA_NEW(flow->arena, struct google_file);
    struct redial_str contents, why;
    enum flow_move move;
    if (!file) return flow_fail_memory(flow);
    if (answer->missing && !at->named)
        return flow_pass(flow, "%.*s does not exist", REDIAL_STR_ARG(at->path));
    if (!secret_file_taken(flow, answer, at->path, "credential file", &contents, &move))
        return move;
    if (!google_file_read(contents, flow->arena, file, &why))
        return why.len == 0 ? flow_fail_memory(flow)
                            : flow_fail(flow, "the credential file %.*s %.*s",
                                        REDIAL_STR_ARG(at->path), REDIAL_STR_ARG(why));
    return google_begin_file(flow, file, at->path);
}

static enum flow_move ask_file(struct flow *flow, struct redial_str path, bool named)
{
    struct google_path *at = ARENA_NEW(flow->arena, struct google_path);
    if (!at) return flow_fail_memory(flow);
    *at = (struct google_path){path, named};
    return flow_ask_file(flow, path, read_file, at);
}

static enum flow_move begin_named(struct flow *flow)
{
    struct redial_str path = flow_env(flow, "GOOGLE_APPLICATION_CREDENTIALS");
    if (path.len == 0) return flow_pass(flow, "it is not set");
    return ask_file(flow, path, true);
}

static enum flow_move begin_well_known(struct flow *flow)
{
    struct redial_str folder = flow_env(flow, "CLOUDSDK_CONFIG"), home = flow_home(flow);
    if (folder.len == 0 && home.len == 0)
        return flow_pass(flow, "neither CLOUDSDK_CONFIG nor HOME says where it is");
    if (folder.len == 0) folder = flow_printf(flow, "%.*s/.config/gcloud", REDIAL_STR_ARG(home));
    return ask_file(
        flow,
        flow_printf(flow, "%.*s/application_default_credentials.json", REDIAL_STR_ARG(folder)),
        false);
}

static const struct source sources[] = {
    {"GOOGLE_APPLICATION_CREDENTIALS", begin_named},
    {"gcloud's credential file", begin_well_known},
    {"metadata server", google_begin_metadata},
};

/* Google's libraries renew when less than five minutes are left. */
const struct link google_adc_link = {sources, REDIAL_COUNT_OF(sources), 5 * NS_PER_MINUTE,
                                     NS_PER_MINUTE};
