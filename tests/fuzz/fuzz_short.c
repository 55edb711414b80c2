/*
 * fuzz_short.c - one text as every short form and value that a Compose file has: ports, mounts, devices,
 * command lines, sizes, durations, modes, floats. What is refused has a reason; what is printed reads back
 * as the same.
 */
#include "base/base.h"

#include "base/mem.h"
#include "compose-compat/file/quantity.h"
#include "compose-compat/file/short.h"
#include "compose-compat/file/words.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(cond) ((cond) ? (void)0 : __builtin_trap())

static const struct origin nowhere = ORIGIN_NONE;

static void try_items(struct arena *arena, const char *text)
{
    char reason[SHORT_REASON_MAX] = "";
    struct node *node = NULL, *list = node_list(arena, nowhere);
    const char *target = NULL;
    MUST(short_ports(arena, nowhere, text, list, reason) == 0 ? list->u.list.n > 0 : reason[0] != 0);
    int mount = short_mount(arena, nowhere, text, &node, reason);
    MUST(mount != 0 || node_get(node, "type"));
    MUST((short_mount_target(arena, text, &target, reason) == 0) == (mount == 0));
    MUST(short_device(arena, nowhere, text, &node, reason) != 0 || node_get(node, "permissions"));
}

static void try_quantities(const char *text)
{
    int64_t value, again;
    double number;
    const char *reason = NULL;
    STR_AUTO(printed);
    MUST(quantity_bytes(text, &value, &reason) == 0 || reason);
    if (quantity_mode(text, &value) != 0)
        value = 0;
    if (quantity_float(text, &number) == 0)
        (void)quantity_round_float(number);
    if (quantity_duration(text, &value, &reason) != 0)
        return;
    quantity_duration_print(value, &printed);
    MUST(quantity_duration(printed.buf, &again, &reason) == 0);
    MUST(again - value < 1000 && value - again < 1000); /* fractions are doubles */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 4096)
        return 0;
    CLEANUP(mem_cleanup) char *text = mem_dup_len((const char *)data, size);
    struct arena *arena = arena_new();
    struct text_list words = { NULL, 0, 0 };
    size_t at = 0;
    if (words_split(arena, text, size, &words, &at) == WORDS_CUT)
        MUST(at < size && strchr(";&|<>", text[at]));
    try_items(arena, text);
    try_quantities(text);
    arena_free(arena);
    return 0;
}
