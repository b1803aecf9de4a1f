#include "api/language.h"

#include "config/schema.h"

void language_print(const struct schema *schema, bool markdown, struct text *out)
{
    if (markdown)
        schema_markdown(schema, out);
    else
        schema_json(schema, out);
}
