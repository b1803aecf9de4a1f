/* What the credential chains of a scenario's calls find: files, commands, credential servers, and
 * what the client is given to begin with. */
#include "base/names.h"
#include "simulator/run/scenario_parts.h"

/* Servers of the open network answer unless said; those of a cloud's machines are not there. */
void scenario_machine_init(struct machine_script *machine)
{
    static const enum issuer open[] = {ISSUER_ANTHROPIC, ISSUER_AWS_STS, ISSUER_AWS_SSO,
                                       ISSUER_GOOGLE_TOKEN, ISSUER_AZURE_AUTHORITY};
    for (size_t i = 0; i < REDIAL_COUNT_OF(open); i++) machine->issuers[open[i]].there = true;
}

/* ---- Files ---- */

static bool read_mode(struct reading *reading, const struct node *value, void *target)
{
    uint32_t *mode = target;
    struct redial_str text = value->kind == NODE_SCALAR ? value->text : (struct redial_str){0};
    *mode = 0;
    bool octal = text.len > 0 && text.len <= 4;
    for (size_t i = 0; i < text.len && octal; i++) {
        octal = text.ptr[i] >= '0' && text.ptr[i] <= '7';
        *mode = *mode * 8 + (uint32_t)(text.ptr[i] - '0');
    }
    return octal || reading_unexpected(reading, value, "permissions in octal, such as 0600");
}

#define AT(field) offsetof(struct file_script, field)
static const struct key file_keys[] = {
    {"text", scenario_read_body, AT(text), "what stands in it", "text", true},
    {"mode", read_mode, AT(mode), "its permissions; 0600 unless said", "octal number", false},
};
#undef AT
static const struct keys file_key_table = {"a file", file_keys, REDIAL_COUNT_OF(file_keys)};

bool scenario_read_files(struct reading *reading, const struct node *value, void *target)
{
    struct machine_script *machine = target;
    bool right = true;
    if (value->kind != NODE_MAPPING)
        return reading_unexpected(reading, value, "files as a mapping (/path: text)");
    machine->files = scenario_array(reading, value->count, sizeof *machine->files);
    if (!machine->files) return false;
    machine->file_count = value->count;
    for (size_t i = 0; i < value->count; i++) {
        struct file_script *file = &machine->files[i];
        *file = (struct file_script){.path = value->keys[i]->text, .mode = 0600};
        right = (value->values[i]->kind == NODE_MAPPING
                     ? keys_read(reading, &file_key_table, value->values[i], file)
                     : scenario_read_body(reading, value->values[i], &file->text)) &&
                right;
    }
    return right;
}

/* ---- Commands ---- */

static bool read_exit_status(struct reading *reading, const struct node *value, void *target)
{
    return read_whole(reading, value, 0, 255, target);
}

#define AT(field) offsetof(struct command_script, field)
static const struct key command_keys[] = {
    {"output", scenario_read_body, AT(output), "its standard output", "text", false},
    {"errors", scenario_read_body, AT(errors), "its standard error", "text", false},
    {"exit", read_exit_status, AT(exit_status), "its exit status; 0 unless said", "number", false},
    {"after", read_duration, AT(after), "how long it runs", "duration", false},
};
#undef AT
static const struct keys command_key_table = {"a command", command_keys,
                                              REDIAL_COUNT_OF(command_keys)};

bool scenario_read_commands(struct reading *reading, const struct node *value, void *target)
{
    struct machine_script *machine = target;
    bool right = true;
    if (value->kind != NODE_MAPPING)
        return reading_unexpected(reading, value, "commands as a mapping (pattern: output)");
    machine->commands = scenario_array(reading, value->count, sizeof *machine->commands);
    if (!machine->commands) return false;
    machine->command_count = value->count;
    for (size_t i = 0; i < value->count; i++) {
        struct command_script *command = &machine->commands[i];
        *command = (struct command_script){.command = value->keys[i]->text};
        right = (value->values[i]->kind == NODE_MAPPING
                     ? keys_read(reading, &command_key_table, value->values[i], command)
                     : scenario_read_body(reading, value->values[i], &command->output)) &&
                right;
    }
    return right;
}

/* ---- Servers ---- */

static bool read_issuer(struct reading *reading, const struct node *value,
                        struct issuer_script *issuer)
{
    size_t count = items_count(value);
    bool right = true;
    issuer->there = true;
    issuer->replies = scenario_array(reading, count, sizeof *issuer->replies);
    if (!issuer->replies) return false;
    issuer->reply_count = count;
    for (size_t i = 0; i < count; i++)
        right =
            scenario_read_token_reply(reading, items_at(value, i), &issuer->replies[i]) && right;
    return right;
}

bool scenario_read_issuers(struct reading *reading, const struct node *value, void *target)
{
    struct machine_script *machine = target;
    bool right = true;
    if (value->kind != NODE_MAPPING)
        return reading_unexpected(reading, value, "servers as a mapping (google-metadata: {})");
    for (size_t i = 0; i < value->count; i++) {
        int row = 0;
        const struct node *answer = value->values[i];
        if (!read_word(reading, value->keys[i], &issuer_names, &row)) {
            right = false;
        } else if (answer->kind == NODE_SCALAR && str_is(answer->text, "absent")) {
            machine->issuers[row].there = false;
        } else {
            right = read_issuer(reading, answer, &machine->issuers[row]) && right;
        }
    }
    return right;
}

/* ---- What the client is given ---- */

bool scenario_read_given(struct reading *reading, const struct node *value, void *target)
{
    struct machine_script *machine = target;
    size_t count = items_count(value);
    bool right = true;
    machine->ways = scenario_array(reading, count, sizeof *machine->ways);
    if (!machine->ways) return false;
    machine->way_count = count;
    for (size_t i = 0; i < count; i++) {
        const struct node *item = items_at(value, i);
        if (!read_text(reading, item, &machine->ways[i]))
            right = false;
        else if (!authority_knows_way(machine->ways[i]))
            right = reading_unexpected(reading, item,
                                       "a way to credentials, such as `authorized user`, `keys`, "
                                       "`web identity`, `oauth`, `secret` or `key`");
    }
    return right;
}

/* ---- Shapes ---- */

const struct shape_row scenario_machine_shapes[] = {
    {read_mode, AS_MATCHES("^[0-7]{1,4}$")},
    {scenario_read_files, AS_NAMED(AS_KEYS_OR(file_key_table, AS_TEXT))},
    {read_exit_status, AS_WHOLE(0, 255)},
    {scenario_read_commands, AS_NAMED(AS_KEYS_OR(command_key_table, AS_TEXT))},
    {scenario_read_issuers,
     {.kind = SHAPE_BY_WORD,
      .names = &issuer_names,
      .of = SHAPE(
          {.kind = SHAPE_ITEMS, .of = &scenario_token_shape, .or = SHAPE(AS_EXACTLY("absent"))})}},
    {scenario_read_given, AS_ITEMS(AS_TEXT)},
    {0},
};
