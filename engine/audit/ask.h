/* Questions to the matrix: who can serve this, and what is lost on the way elsewhere. */
#ifndef REDIAL_AUDIT_ASK_H
#define REDIAL_AUDIT_ASK_H

#include "audit/matrix.h"

/* How well a provider serves a feature, from best to worst. */
enum standing {
    STANDING_SERVES,
    STANDING_IN_PART, /* beta, limited: not under every condition */
    STANDING_UNSURE,  /* unknown, disputed, or its surfaces differ */
    STANDING_DROPS,   /* taken without effect, or left out by the policy */
    STANDING_REFUSES, /* by the platform or the policy */
    STANDING_COUNT
};
extern const struct names standing_names;

/* A feature that is asked for. */
struct wish {
    const struct matrix_table *table;
    const struct matrix_row *row;
    struct redial_str at; /* where in the request; empty: asked for by name */
};
#define WISHES_MAX 64u
struct wishes {
    struct wish list[WISHES_MAX];
    size_t count;
    struct redial_str flags[WISHES_MAX]; /* of anthropic-beta, that the request carries */
    size_t flag_count;
};

/* Reads "web_search,files_api". False, with a sentence in `why`, when one is unknown. */
bool wishes_read(const struct matrix *matrix, struct redial_str list, struct wishes *wishes,
                 struct text *why);
/* Finds what a Messages request uses: its body, or a batch of them. False, with a sentence in
 * `why`, when `body` is no JSON object. Texts go to the arena. */
bool wishes_of_request(struct arena *arena, const struct matrix *matrix, struct redial_str body,
                       struct wishes *wishes, struct text *why);
/* Adds a feature unless it is there; nothing when the matrix has no such row. */
void wishes_add(const struct matrix *matrix, struct redial_str name, struct redial_str at,
                struct wishes *wishes);

/* How a provider stands to one wish; what its surfaces say is appended to `says`. */
enum standing ask(const struct redial_policy *policy, uint16_t provider, const struct wish *wish,
                  struct text *says);

/* "a, b (sent as c)": of the request's beta flags those that a provider is not sent as they are;
 * `taken_by` another provider's alone counts (REDIAL_NO_INDEX: all). Appends nothing where none. */
void ask_flags(const struct redial_policy *policy, const struct wishes *wishes, uint16_t taken_by,
               uint16_t provider, struct text *out);

/* Who can serve all wishes, and why the others cannot. Returns how many can. */
typedef size_t ask_fn(const struct redial_policy *policy, const struct matrix *matrix,
                      const struct wishes *wishes, uint32_t width, struct text *out);
ask_fn ask_print_text, ask_print_json;
/* What each fallback of the policy loses: of the wishes, or of all rows when there are none.
 * Returns the number of fallbacks that lose something. */
ask_fn ask_print_fallbacks;

#endif
