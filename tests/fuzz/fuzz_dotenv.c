/*
 * fuzz_dotenv.c - env files in both formats: what is accepted has names and values without NUL, what is
 * not has a finding.
 */
#include "base/base.h"

#include "compose-compat/file/dotenv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(cond) ((cond) ? (void)0 : __builtin_trap())

static const char *lookup(void *arg, struct slice name)
{
    (void)arg;
    return slice_is(name, "OS") ? "os" : NULL;
}

static void parse(struct slice text, bool is_raw)
{
    struct arena *arena = arena_new();
    struct findings findings = FINDINGS_INIT;
    struct dotenv dotenv;
    dotenv_init(&dotenv, arena, &findings);
    dotenv.lookup = lookup;
    int failed = is_raw ? dotenv_parse_raw(&dotenv, 1, text) : dotenv_parse(&dotenv, 1, text);
    MUST((failed != 0) == (findings.n_errors > 0));
    MAP_EACH(&dotenv.values, entry) {
        const struct dotenv_value *value = entry->value;
        MUST(value->text != NULL && strlen(entry->key) == entry->key_len);
    }
    dotenv_release(&dotenv);
    findings_release(&findings);
    arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice text = { (const char *)data, size };
    parse(text, false);
    parse(text, true);
    return 0;
}
