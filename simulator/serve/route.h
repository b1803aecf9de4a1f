/* Which operation of which platform a request asks for, by its method and its path as sent. */
#ifndef REDIAL_SIMULATOR_ROUTE_H
#define REDIAL_SIMULATOR_ROUTE_H

#include "base/arena.h"
#include "model/policy.h"

enum operation {
    OPERATION_NONE, /* no such path */
    OPERATION_MESSAGES,
    OPERATION_COUNT_TOKENS,
    OPERATION_MODELS,
    OPERATION_MODEL,
    OPERATION_BATCH_CREATE,
    OPERATION_BATCH_LIST,
    OPERATION_BATCH,
    OPERATION_BATCH_CANCEL,
    OPERATION_BATCH_DELETE,
    OPERATION_BATCH_RESULTS,
    OPERATION_PROFILES, /* Bedrock's control plane */
    OPERATION_HELLO,
    OPERATION_COUNT
};
extern const struct names operation_names;

/* How a platform is spoken to: where model, version and stream are said. */
enum manner {
    MANNER_PLAIN,  /* as on Anthropic's own platform: all in the body, the version in a header */
    MANNER_INVOKE, /* Bedrock: the model in the path, the version in the body */
    MANNER_VERTEX, /* likewise, and `stream` is kept in the body */
};

struct route {
    enum operation operation;
    enum platform_kind platform;
    enum manner manner;
    bool streams;               /* the path itself asks for a stream */
    bool wrong_method;          /* the path is known, the method is not for it */
    struct redial_str captured; /* the model's id or the batch's, percent-decoded; in the arena */
};

/* `platforms`: bit per platform that may be meant. False when memory is out. */
bool route_find(const char *method, struct redial_str path, unsigned platforms, struct arena *arena,
                struct route *route);
/* The path of a target: without its query. */
struct redial_str route_path(struct redial_str target);
/* The value of a query's parameter, percent-decoded into the arena; empty when it is not there, or
 * memory is out. */
struct redial_str route_parameter(struct redial_str target, const char *name, struct arena *arena);

#endif
