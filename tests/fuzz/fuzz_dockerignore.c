/*
 * fuzz_dockerignore.c - ignore files: the first line is a path, the rest are patterns. Matching ends, and a
 * pattern without special characters matches itself.
 */
#include "base/base.h"

#include "base/mem.h"
#include "base/str.h"
#include "net/dockerignore.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice rest = { (const char *)data, size }, first;
    slice_split(&rest, '\n', &first);
    CLEANUP(mem_cleanup) char *path = mem_dup_len(first.at, first.len);
    struct dockerignore *ignore = dockerignore_new();
    ERR_AUTO(err);
    if (dockerignore_parse(ignore, "x", rest.at, rest.len, &err) == 0) {
        bool is_ignored = dockerignore_match(ignore, path);
        if (dockerignore_may_return(ignore, path) && is_ignored && rest.len == 0)
            __builtin_trap();
    }
    dockerignore_free(ignore);
    return 0;
}
