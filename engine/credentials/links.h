/* The links that a policy can name. Each vendor's file defines its own; links.c lists them. */
#ifndef REDIAL_CREDENTIALS_LINKS_H
#define REDIAL_CREDENTIALS_LINKS_H

#include "credentials/flow.h"

extern const struct link anthropic_api_key_link, anthropic_oauth_link; /* anthropic.c */
extern const struct link aws_bearer_link, aws_chain_link;              /* aws.c */
extern const struct link google_adc_link;                              /* google.c */
extern const struct link foundry_api_key_link, azure_chain_link;       /* azure.c */

/* The link of a row of link_names. */
const struct link *link_at(size_t row);

#endif
