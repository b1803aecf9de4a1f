/* Other programs, run to their end. */
#include <criterion/criterion.h>
#include <signal.h>

#include "base/duration.h"
#include "cli/child.h"

static bool shell(const char *script, struct redial_str input, int64_t timeout, struct text *out,
                  struct text *why)
{
    const char *argv[] = {"sh", "-c", script, NULL}, *settings[] = {"COLOUR=blue", NULL};
    struct child child = {.argv = argv, .settings = settings, .input = input, .timeout = timeout};
    return child_run(&child, out, why);
}

Test(child, gets_its_input_and_its_settings_and_gives_its_output)
{
    struct text out = TEXT_INIT, why = TEXT_INIT;
    cr_assert(shell("echo $COLOUR; cat", REDIAL_STR("a\nb"), 10 * NS_PER_SECOND, &out, &why), "%s",
              why.ptr);
    cr_expect(str_is(text_str(&out), "blue\na\nb"));
    text_clean_up(&out);
    text_clean_up(&why);
}

Test(child, may_leave_its_input_unread_and_print_much)
{
    static char much[1 << 20];
    signal(SIGPIPE, SIG_IGN); /* as the command does */
    struct text out = TEXT_INIT, why = TEXT_INIT;
    cr_assert(shell("exec <&-; head -c 3000000 /dev/zero", (struct redial_str){much, sizeof much},
                    10 * NS_PER_SECOND, &out, &why),
              "%s", why.ptr);
    cr_expect_eq(out.len, 3000000);
    text_clean_up(&out);
    text_clean_up(&why);
}

Test(child, that_fails_says_why_in_its_last_line)
{
    struct text out = TEXT_INIT, why = TEXT_INIT;
    cr_expect_not(
        shell("echo a >&2; echo b >&2; exit 3", REDIAL_STR(""), 10 * NS_PER_SECOND, &out, &why));
    cr_expect(str_is(text_str(&why), "b"));
    text_clear(&why);
    cr_expect_not(shell("exit 3", REDIAL_STR(""), 10 * NS_PER_SECOND, &out, &why));
    cr_expect(str_is(text_str(&why), "sh ended with status 3"));
    text_clear(&why);
    cr_expect_not(shell("kill -9 $$", REDIAL_STR(""), 10 * NS_PER_SECOND, &out, &why));
    cr_expect(str_is(text_str(&why), "sh was ended by signal 9"));
    text_clean_up(&out);
    text_clean_up(&why);
}

Test(child, that_does_not_end_is_ended_with_all_it_started, .timeout = 10)
{
    struct text out = TEXT_INIT, why = TEXT_INIT;
    cr_expect_not(shell("sleep 1000 & sleep 1000", REDIAL_STR(""), 50 * NS_PER_MS, &out, &why));
    cr_expect(str_is(text_str(&why), "sh did not end within 50ms"));
    text_clean_up(&out);
    text_clean_up(&why);
}

Test(child, that_does_not_exist_is_not_installed)
{
    const char *argv[] = {"no-such-program", NULL};
    struct child child = {.argv = argv, .timeout = NS_PER_SECOND};
    struct text out = TEXT_INIT, why = TEXT_INIT;
    cr_expect_not(child_run(&child, &out, &why));
    cr_expect(str_is(text_str(&why), "no-such-program is not installed"));
    text_clean_up(&out);
    text_clean_up(&why);
}
