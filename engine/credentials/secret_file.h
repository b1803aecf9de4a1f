/* Files that hold a secret, as a step finds them: there, readable, not empty, and not everybody's.
 */
#ifndef REDIAL_CREDENTIALS_SECRET_FILE_H
#define REDIAL_CREDENTIALS_SECRET_FILE_H

#include "credentials/flow.h"

/* True: `contents` is what the file holds, borrowed from the answer, and is not blank. False:
 * `*move` is the failure to return, which names `what` ("key file") and `path`. A file that
 * everybody may read or others may write is taken with a warning: the vendors' own clients take it.
 */
bool secret_file_taken(struct flow *flow, const struct errand_answer *answer,
                       struct redial_str path, const char *what, struct redial_str *contents,
                       enum flow_move *move) REDIAL_MUST_USE;
/* The same for a file that holds one token and blanks around it; the token is copied into the flow,
 * and one of its secrets. */
bool token_file_taken(struct flow *flow, const struct errand_answer *answer, struct redial_str path,
                      const char *what, struct redial_str *token,
                      enum flow_move *move) REDIAL_MUST_USE;

#endif
