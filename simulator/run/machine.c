#include "simulator/run/machine.h"

#include "base/names.h"
#include "simulator/world/world.h"

#define GIVEN_FOLDER "/given/"
#define HOME         "/home/user"
/* Any would do: who answers is told by the path. */
#define GOOGLE_SERVER REDIAL_STR("https://oauth2.googleapis.com")

/* A file that a chain wrote goes before the script's. */
struct written {
    struct written *next;
    struct redial_str path, text;
};

struct machine {
    struct arena *arena;
    const struct machine_script *script;
    struct authority *authority;
    struct redial_env *environment;
    struct written *written;
    size_t asked[ISSUER_COUNT];
};

/* ---- What the client is given */

static bool is_given(const struct machine_script *script, struct redial_str way)
{
    for (size_t i = 0; i < script->way_count; i++)
        if (str_eq(script->ways[i], way)) return true;
    return way.len == 0 && script->way_count > 0;
}

static bool write_file(struct machine *machine, struct redial_str path, struct redial_str text)
{
    struct written *file = ARENA_NEW(machine->arena, struct written);
    if (!file || !arena_copy(machine->arena, path, &file->path) ||
        !arena_copy(machine->arena, text, &file->text))
        return false;
    file->next = machine->written;
    machine->written = file;
    return true;
}

/* A variable holds the path of its file; of one in a folder, the path of that. */
static bool give(struct machine *machine, const struct authority_secret *secret,
                 struct redial_env *variable)
{
    struct redial_str path, value = secret->value;
    if (secret->file.len) {
        if (!arena_printf(machine->arena, &path, GIVEN_FOLDER "%.*s", REDIAL_STR_ARG(secret->file)))
            return false;
        if (secret->made && !authority_file(machine->authority, secret->made, GOOGLE_SERVER,
                                            WORLD_BEGAN_AT, machine->arena, &value))
            return false;
        if (!write_file(machine, path, value)) return false;
        size_t folder = str_find(secret->file, REDIAL_STR("/"));
        value = folder == SIZE_MAX ? path : str_take(path, sizeof GIVEN_FOLDER - 1 + folder);
    }
    struct redial_str name;
    if (!arena_copy(machine->arena, secret->name, &name) ||
        !arena_copy(machine->arena, value, &value))
        return false;
    *variable = (struct redial_env){name.ptr, value.ptr};
    return true;
}

/* The scenario's own variables come first, and the first of a name is the one that is found. */
static bool make_environment(struct machine *machine, const struct redial_env *own)
{
    static const struct redial_env home = {"HOME", HOME};
    const struct authority_secret *given;
    size_t own_count = 0, count = 0, room = 2;
    while (own[own_count].name) own_count++;
    room += own_count;
    for (int i = 0; i < PLATFORM_KIND_COUNT; i++)
        room += authority_environment(machine->authority, (enum platform_kind)i, &given);
    machine->environment = ARENA_ARRAY(machine->arena, struct redial_env, room);
    if (!machine->environment) return false;
    while (count < own_count) {
        machine->environment[count] = own[count];
        count++;
    }
    for (int i = 0; i < PLATFORM_KIND_COUNT; i++) {
        size_t rows = authority_environment(machine->authority, (enum platform_kind)i, &given);
        for (size_t k = 0; k < rows; k++)
            if (is_given(machine->script, given[k].way) &&
                !give(machine, &given[k], &machine->environment[count++]))
                return false;
    }
    machine->environment[count++] = home;
    machine->environment[count] = (struct redial_env){0};
    return true;
}

struct machine *machine_new(struct arena *arena, const struct machine_script *script,
                            const struct redial_env *environment, uint64_t seed)
{
    struct machine *machine = ARENA_NEW(arena, struct machine);
    if (!machine) return NULL;
    *machine = (struct machine){.arena = arena, .script = script};
    machine->authority = authority_new(&(struct authority_options){.seed = seed});
    if (machine->authority && make_environment(machine, environment)) return machine;
    machine_clean_up(machine);
    return NULL;
}

void machine_clean_up(struct machine *machine)
{
    if (machine) authority_destroy(machine->authority);
}

const struct redial_env *machine_environment(const struct machine *machine)
{
    return machine->environment;
}

size_t machine_secret_count(const struct machine *machine)
{
    return authority_secret_count(machine->authority);
}

struct redial_str machine_secret_at(const struct machine *machine, size_t index)
{
    return authority_secret_at(machine->authority, index);
}

/* ---- Files and commands */

static int64_t answer_file(struct machine *machine, const struct errand *errand,
                           struct errand_answer *answer)
{
    const struct machine_script *script = machine->script;
    for (const struct written *file = machine->written; file; file = file->next)
        if (str_eq(file->path, errand->path)) {
            *answer = (struct errand_answer){.body = file->text, .mode = 0600};
            return 0;
        }
    for (size_t i = 0; i < script->file_count; i++)
        if (str_eq(script->files[i].path, errand->path)) {
            *answer = (struct errand_answer){.body = script->files[i].text,
                                             .mode = script->files[i].mode};
            return 0;
        }
    answer->missing = true;
    return 0;
}

static int64_t time_out(struct machine *machine, const struct errand *errand,
                        struct errand_answer *answer)
{
    struct text span = TEXT_INIT;
    duration_format(errand->timeout, &span);
    *answer = (struct errand_answer){.failed = REDIAL_STR("timed out")};
    if (!arena_printf(machine->arena, &answer->failed, "timed out after %.*s",
                      REDIAL_STR_ARG(text_str(&span))))
        answer->failed = REDIAL_STR("timed out");
    text_clean_up(&span);
    return errand->timeout;
}

static int64_t answer_command(struct machine *machine, const struct errand *errand,
                              struct errand_answer *answer)
{
    const struct machine_script *script = machine->script;
    struct text line = TEXT_INIT;
    int64_t takes = 0;
    text_append(&line, errand->command);
    for (size_t i = 0; errand->argv && errand->argv[i]; i++)
        text_printf(&line, "%s%s", i ? " " : "", errand->argv[i]);
    answer->missing = true;
    for (size_t i = 0; i < script->command_count && answer->missing; i++) {
        const struct command_script *command = &script->commands[i];
        if (!glob_match(command->command, text_str(&line))) continue;
        *answer = (struct errand_answer){.body = command->output,
                                         .errors = command->errors,
                                         .exit_status = (int)command->exit_status};
        takes = command->after;
    }
    text_clean_up(&line);
    return takes > errand->timeout ? time_out(machine, errand, answer) : takes;
}

/* ---- Credential servers */

/* "http://host:80" and "/path?query". */
static void split_url(struct redial_str url, struct redial_str *base, struct redial_str *target)
{
    size_t scheme = str_find(url, REDIAL_STR("://"));
    size_t host = scheme == SIZE_MAX ? 0 : scheme + 3;
    size_t path = str_find(str_skip(url, host), REDIAL_STR("/"));
    size_t end = path == SIZE_MAX ? url.len : host + path;
    *base = str_take(url, end);
    *target = end < url.len ? str_skip(url, end) : REDIAL_STR("/");
}

static int find_issuer(struct redial_str target)
{
    for (int i = 0; i < ISSUER_COUNT; i++)
        if (authority_serves((enum issuer)i, target)) return i;
    return -1;
}

static bool answer_truly(struct machine *machine, enum issuer issuer, const struct errand *errand,
                         struct redial_str base, struct redial_str target, int64_t now,
                         struct errand_answer *answer)
{
    const struct http_request *request = &errand->request;
    struct authority_request asked = {.method = request->method,
                                      .target = target,
                                      .headers = request->headers,
                                      .header_count = request->header_count};
    struct authority_reply reply;
    struct text body = TEXT_INIT;
    for (size_t i = 0; i < request->piece_count; i++) text_append(&body, request->pieces[i]);
    asked.body = text_str(&body);
    bool answered = !body.failed && authority_answer(machine->authority, issuer, &asked, base, now,
                                                     machine->arena, &reply);
    text_clean_up(&body);
    if (answered)
        *answer = (struct errand_answer){.status = reply.status,
                                         .headers = reply.headers,
                                         .header_count = reply.header_count,
                                         .body = reply.body};
    return answered;
}

/* An error as token servers say it (RFC 6749 §5.2). */
static bool answer_refusal(struct machine *machine, const struct token_reply *reply,
                           struct errand_answer *answer)
{
    struct text body = TEXT_INIT;
    text_append(&body, REDIAL_STR("{\"error\":"));
    text_append_json(&body, reply->fail);
    text_append_char(&body, '}');
    *answer = (struct errand_answer){.status = reply->status ? reply->status : 400};
    bool kept = !body.failed && arena_copy(machine->arena, text_str(&body), &answer->body);
    text_clean_up(&body);
    return kept;
}

static int64_t answer_hanging(struct machine *machine, const struct token_reply *reply,
                              const struct errand *errand, struct errand_answer *answer)
{
    int64_t takes = duration_add(reply->after, reply->hang);
    if (takes >= errand->timeout) return time_out(machine, errand, answer);
    answer->failed = REDIAL_STR("EMPTY_REPLY: the peer closed without a byte of reply");
    return takes;
}

static const struct token_reply *next_reply(struct machine *machine, int issuer)
{
    static const struct token_reply plain = {.hang = -1};
    const struct issuer_script *script = &machine->script->issuers[issuer];
    if (script->reply_count == 0) return &plain;
    size_t at = machine->asked[issuer]++;
    return &script->replies[at < script->reply_count ? at : script->reply_count - 1];
}

static int64_t answer_http(struct machine *machine, const struct errand *errand, int64_t now,
                           struct errand_answer *answer)
{
    struct redial_str base, target;
    split_url(errand->request.url, &base, &target);
    int issuer = find_issuer(target);
    if (issuer < 0 || !machine->script->issuers[issuer].there) {
        answer->failed = REDIAL_STR("ECONNREFUSED: nobody listens at the address");
        return 0;
    }
    const struct token_reply *reply = next_reply(machine, issuer);
    if (reply->hang >= 0) return answer_hanging(machine, reply, errand, answer);
    bool answered = true;
    if (reply->fail.len)
        answered = answer_refusal(machine, reply, answer);
    else if (reply->status || reply->body_given)
        *answer = (struct errand_answer){.status = reply->status ? reply->status : 200,
                                         .body = reply->body};
    else
        answered = answer_truly(machine, (enum issuer)issuer, errand, base, target, now, answer);
    if (!answered) *answer = (struct errand_answer){.failed = REDIAL_STR("out of memory")};
    int64_t takes = reply->after;
    if (reply->slow > 0)
        takes = duration_add(takes, ((int64_t)answer->body.len + reply->slow - 1) / reply->slow *
                                        NS_PER_SECOND);
    return takes > errand->timeout ? time_out(machine, errand, answer) : takes;
}

int64_t machine_answer(struct machine *machine, const struct errand *errand, int64_t now,
                       struct errand_answer *answer)
{
    *answer = (struct errand_answer){0};
    switch (errand->kind) {
    case ERRAND_HTTP: return answer_http(machine, errand, now, answer);
    case ERRAND_FILE: return answer_file(machine, errand, answer);
    case ERRAND_COMMAND: return answer_command(machine, errand, answer);
    case ERRAND_WRITE:
        if (!write_file(machine, errand->path, errand->contents))
            answer->failed = REDIAL_STR("out of memory");
        return 0;
    case ERRAND_PAUSE: return errand->timeout;
    }
    return 0;
}
