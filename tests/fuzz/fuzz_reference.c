/*
 * fuzz_reference.c - image references: what is accepted, put together from its parts, is accepted again as
 * the same; also base64, which credentials are sent in.
 */
#include "base/base.h"

#include "base/mem.h"
#include "engine/engine.h"
#include "net/digest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(cond) ((cond) ? (void)0 : __builtin_trap())

static void check_again(const struct image_reference *parts, const char *text)
{
    struct image_reference again = { NULL, NULL, NULL, NULL, NULL };
    ERR_AUTO(err);
    if (image_reference_parse(text, &again, &err) != 0)
        __builtin_trap();
    MUST(text_is(parts->domain, again.domain));
    MUST(text_is(parts->path, again.path));
    MUST(text_same(parts->tag, again.tag));
    MUST(text_same(parts->digest, again.digest));
    image_reference_release(&again);
}

static void check_base64(const char *text, size_t size)
{
    STR_AUTO(encoded);
    STR_AUTO(decoded);
    STR_AUTO(any);
    base64_encode(text, size, size & 1, &encoded);
    MUST(base64_decode(encoded.buf, encoded.len, &decoded) == 0);
    MUST(decoded.len == size && memcmp(decoded.buf, text, size) == 0);
    if (base64_decode(text, size, &any) == 0)
        MUST(any.len <= size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(mem_cleanup) char *text = mem_dup_len((const char *)data, size);
    struct image_reference parts = { NULL, NULL, NULL, NULL, NULL };
    ERR_AUTO(err);
    check_base64((const char *)data, size);
    if (image_reference_parse(text, &parts, &err) != 0)
        return 0;
    STR_AUTO(full);
    str_printf(&full, "%s/%s", parts.domain, parts.path);
    if (parts.tag)
        str_printf(&full, ":%s", parts.tag);
    if (parts.digest)
        str_printf(&full, "@%s", parts.digest);
    check_again(&parts, full.buf);
    /* Sixty-four hex digits are a name only with the registry before them. */
    if (strchr(parts.familiar, '/') || strlen(parts.familiar) != 64)
        check_again(&parts, parts.familiar);
    image_reference_release(&parts);
    return 0;
}
