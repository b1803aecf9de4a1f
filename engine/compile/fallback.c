/* Fallbacks: which models a call has to remember, and cycles. A cycle would do no harm to a call,
 * which takes each candidate once; it is an error since nobody can mean it. */
#include <stdlib.h>

#include "compile/parts.h"

/* ---- Slots */

static void take_slot(struct model *model, bool taken[], size_t index, size_t *count)
{
    if (taken[index]) return;
    taken[index] = true;
    model->slot = (uint8_t)(*count < FALLBACK_SLOTS_MAX ? *count : 0);
    (*count)++;
}

/* A model without a fallback needs no slot of its own: a call on it never looks at the bits. */
static bool number_models(struct redial_policy *policy, struct diag_list *diags)
{
    bool *taken = calloc(policy->model_count + 1, sizeof *taken);
    if (!taken) {
        diag_out_of_memory(diags);
        return false;
    }
    size_t count = 0;
    struct span last = {0};
    for (size_t i = 0; i < policy->model_count; i++) {
        struct model *model = &policy->models[i];
        if (model->fallback_count == 0) continue;
        last = model->fallback_span;
        take_slot(model, taken, i, &count);
        for (size_t j = 0; j < model->fallback_count; j++)
            take_slot(&policy->models[model->fallbacks[j]], taken, model->fallbacks[j], &count);
    }
    free(taken);
    if (count <= FALLBACK_SLOTS_MAX) return true;
    diag_error(diags, "too-many", last, "%zu models take part in fallbacks, %d at most can", count,
               FALLBACK_SLOTS_MAX);
    return false;
}

/* ---- Cycles */

/* Models or providers and the candidates of each; at most 64 of them have any. */
struct graph {
    const struct redial_policy *policy;
    bool providers;
};

static size_t edge_count(const struct graph *graph, uint16_t node)
{
    const struct redial_policy *policy = graph->policy;
    if (!graph->providers) return policy->models[node].fallback_count;
    size_t count = 0;
    while (count < REDIAL_COUNT_OF(*policy->provider_fallbacks) &&
           policy->provider_fallbacks[node][count] != NO_INDEX)
        count++;
    return count;
}

static uint16_t edge_at(const struct graph *graph, uint16_t node, size_t at)
{
    return graph->providers ? graph->policy->provider_fallbacks[node][at]
                            : graph->policy->models[node].fallbacks[at];
}

static struct redial_str node_name(const struct graph *graph, uint16_t node)
{
    return graph->providers ? graph->policy->providers[node].name
                            : graph->policy->models[node].name;
}

static struct span node_place(const struct graph *graph, uint16_t node)
{
    return graph->providers ? graph->policy->providers[node].span
                            : graph->policy->models[node].fallback_span;
}

#define PATH_MAX_NODES (FALLBACK_SLOTS_MAX + 1)

struct walk {
    const struct graph *graph;
    struct diag_list *diags;
    uint8_t *colour; /* 0 unseen, 1 on the path, 2 done */
    uint16_t path[PATH_MAX_NODES];
    size_t length;
    bool found;
};

/* The path from the first `node` on it to its end, and back. */
static void report_cycle(struct walk *walk, uint16_t node)
{
    size_t begin = 0;
    while (walk->path[begin] != node) begin++;
    struct text cycle = TEXT_INIT;
    for (size_t i = begin; i < walk->length; i++) {
        text_append(&cycle, node_name(walk->graph, walk->path[i]));
        text_append(&cycle, REDIAL_STR(" → "));
    }
    text_append(&cycle, node_name(walk->graph, node));
    struct redial_str shown = text_str(&cycle);
    struct diag *diag = diag_error(walk->diags, "fallback-cycle", node_place(walk->graph, node),
                                   "these fallbacks form a cycle: %.*s", REDIAL_STR_ARG(shown));
    for (size_t i = begin + 1; i < walk->length; i++) {
        struct redial_str name = node_name(walk->graph, walk->path[i]);
        diag_note(walk->diags, diag, node_place(walk->graph, walk->path[i]),
                  "'%.*s' goes on from here", REDIAL_STR_ARG(name));
    }
    diag_cure(walk->diags, diag, "let the last of them have no candidate");
    text_clean_up(&cycle);
}

/* Depth first; no deeper than there are slots, since every node on the way has one. */
static void visit(struct walk *walk, uint16_t node)
{
    if (walk->colour[node] == 2 || walk->found) return;
    if (walk->colour[node] == 1) {
        walk->found = true;
        report_cycle(walk, node);
        return;
    }
    walk->colour[node] = 1;
    walk->path[walk->length++] = node;
    size_t count = edge_count(walk->graph, node);
    for (size_t i = 0; i < count; i++) visit(walk, edge_at(walk->graph, node, i));
    walk->length--;
    walk->colour[node] = 2;
}

static bool has_no_cycle(const struct graph *graph, size_t nodes, struct diag_list *diags)
{
    struct walk walk = {.graph = graph, .diags = diags, .colour = calloc(nodes + 1, 1)};
    if (!walk.colour) {
        diag_out_of_memory(diags);
        return false;
    }
    for (size_t i = 0; i < nodes && !walk.found; i++) visit(&walk, (uint16_t)i);
    free(walk.colour);
    return !walk.found;
}

bool compile_fallbacks(struct redial_policy *policy, struct diag_list *diags)
{
    if (!number_models(policy, diags)) return false;
    bool right = has_no_cycle(&(struct graph){policy, false}, policy->model_count, diags);
    if (policy->provider_fallbacks)
        right = has_no_cycle(&(struct graph){policy, true}, policy->provider_count, diags) && right;
    return right;
}
