/*
 * driver.c - main() of a fuzz target without libFuzzer: gives it every file of the folders that are
 * named, so that the corpus is an ordinary test with any compiler. It makes up no inputs.
 */
#include "base/base.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define INPUT_MAX ((size_t)16 * 1024 * 1024)

static void replay_file(const char *path)
{
    ERR_AUTO(err);
    STR_AUTO(bytes);
    if (file_read(path, INPUT_MAX, &bytes, &err) < 0) {
        fprintf(stderr, "%s\n", err.text);
        exit(1);
    }
    /* A copy of the exact size, so that AddressSanitizer sees a read past its end. */
    uint8_t *copy = malloc(bytes.len ? bytes.len : 1);
    if (!copy)
        exit(1);
    memcpy(copy, bytes.buf, bytes.len);
    fprintf(stderr, "%s\n", path); /* the last one shown is the one that crashed */
    LLVMFuzzerTestOneInput(copy, bytes.len);
    free(copy);
}

static void replay_folder(const char *folder)
{
    struct dirent **entries;
    int n = scandir(folder, &entries, NULL, alphasort);
    for (int i = 0; i < n; i++) {
        STR_AUTO(path);
        path_join(folder, entries[i]->d_name, &path);
        if (!file_is_dir(path.buf))
            replay_file(path.buf);
        free(entries[i]);
    }
    if (n >= 0)
        free(entries);
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (argv[i][0] == '-')
            continue; /* libFuzzer's options */
        if (file_is_dir(argv[i]))
            replay_folder(argv[i]);
        else
            replay_file(argv[i]);
    }
    return 0;
}
