/* test_words.c - compose-compat/file/words: quoting, grouping, and where a command line ends. */
#include "tests/unit/tap.h"

#include "compose-compat/file/words.h"

/* The words of text as "a|b|", behind them ";N" when it was cut at N, or "!" when it is invalid. */
static void split(const char *text, struct str *out)
{
    struct arena *arena = arena_new();
    struct text_list words = { NULL, 0, 0 };
    size_t at = 0;
    enum words_result result = words_split(arena, text, strlen(text), &words, &at);
    for (size_t i = 0; i < words.n && result != WORDS_INVALID; i++)
        str_printf(out, "%s|", words.items[i]);
    if (result == WORDS_CUT)
        str_printf(out, ";%zu", at);
    if (result == WORDS_INVALID)
        str_add(out, "!");
    arena_free(arena);
}

static const struct {
    const char *text, *words;
} cases[] = {
    { "", "" },
    { "  a  b\tc\n", "a|b|c|" },
    { "a 'b c' \"d e\"", "a|b c|d e|" },
    { "'' a \"\"", "|a||" },
    { "a'b'c", "abc|" },
    { "a\\ b", "a b|" },
    { "'a\\nb' \"a\\nb\"", "a\\nb|a\nb|" },
    { "a\\tb", "a\tb|" },
    { "\"a\\\"b\"", "a\"b|" },
    { "a $(b c) d", "a|$(b c)|d|" },
    { "a `b c` d", "a|`b c`|d|" },
    { "$A #b *", "$A|#b|*|" },
    { "a && b", "a|;2" },
    { "a; b", "a|;1" },
    { "a 2>f", "a|;3" },
    { "a b>f", "a|b|;3" },
    { "a '&' \\; b", "a|&|;|b|" },
    { "a \"b", "!" },
    { "a 'b", "!" },
    { "a (b)", "!" },
    { "a b)", "!" },
    { "a $(b", "!" },
    { "a \\", "!" },
};

int main(void)
{
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        STR_AUTO(got);
        split(cases[i].text, &got);
        tap_text(got.buf, cases[i].words, cases[i].text, __FILE__, __LINE__);
    }
    return done_testing();
}
