/* Where the lines of a block scalar's content are in the text, so that they can be rewritten in
 * place. */
#ifndef REDIAL_DOCUMENT_BLOCK_H
#define REDIAL_DOCUMENT_BLOCK_H

#include "base/str.h"

struct block {
    size_t begin, end; /* as node.h says of block_indent */
    uint32_t indent;   /* at least 1 */
};

/* `indicator`: the byte of the '|' or '>'; `parent`: the column (from 0) of the block collection
 * around it, -1 for none. The text is well-formed YAML there. */
struct block block_find(struct redial_str text, size_t indicator, int64_t parent);

#endif
