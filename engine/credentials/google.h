/* What Google's sources share: a credential file's way to a token (google_token.c), the metadata
 * server (google_metadata.c), and the end of both: the project. */
#ifndef REDIAL_CREDENTIALS_GOOGLE_H
#define REDIAL_CREDENTIALS_GOOGLE_H

#include "credentials/google_file.h"
#include "credentials/links.h"

#define GOOGLE_SCOPE "https://www.googleapis.com/auth/cloud-platform"

/* Begins at a file that was read; ends in google_finish. `file` and `path` must live as long as the
 * flow. */
enum flow_move google_begin_file(struct flow *flow, const struct google_file *file,
                                 struct redial_str path) REDIAL_MUST_USE;

/* Makes the subject token of a file whose identity is AWS's, and hands it to `with` (google_aws.c).
 */
typedef enum flow_move google_subject_fn(struct flow *flow, void *state, struct redial_str token);
enum flow_move google_begin_aws(struct flow *flow, const struct google_file *file,
                                google_subject_fn *with, void *state) REDIAL_MUST_USE;

enum flow_move google_begin_metadata(struct flow *flow) REDIAL_MUST_USE;

/* What a source knows when it has a token. Empty texts: it does not know. */
struct google_token {
    struct redial_str token, project, quota_project;
    int64_t expires_at;
};
/* Ends the search; before, if the driver wants a project and nobody has named one, asks the
 * metadata server once for it, and warns about the time that it cost. */
enum flow_move google_finish(struct flow *flow, const struct google_token *token) REDIAL_MUST_USE;

#endif
