#include "api/language.h"

#include "config/schema.h"

void language_print(const struct schema *schema, enum language_form form, struct text *out)
{
    static void (*const printers[])(const struct schema *, struct text *) = {
        [LANGUAGE_JSON] = schema_json,
        [LANGUAGE_MARKDOWN] = schema_markdown,
        [LANGUAGE_MAN] = schema_man,
    };
    printers[form](schema, out);
}
