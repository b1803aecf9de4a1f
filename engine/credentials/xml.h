/* Reads the few texts that are wanted out of a small XML reply (AWS's query protocol): elements and
 * character data. Strict enough for a server's answer: tags must match, entities must be known, no
 * document type, bounded depth. What it does not need (attributes, comments, processing
 * instructions) is passed over. */
#ifndef REDIAL_CREDENTIALS_XML_H
#define REDIAL_CREDENTIALS_XML_H

#include "base/arena.h"

#define XML_DEPTH_MAX 16u

struct xml_want {
    /* Element names from the root, without prefixes, "*" for any: "ErrorResponse/Error/Code". */
    const char *path;
    struct redial_str text; /* of the first such element, decoded and trimmed; empty: none */
};

/* False when it is not well-formed as far as this reads, or memory is out. */
bool xml_read(struct arena *arena, struct redial_str text, struct xml_want *wants,
              size_t count) REDIAL_MUST_USE;

#endif
