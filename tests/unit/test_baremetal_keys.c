/* test_baremetal_keys.c - each key of a service is in bare metal's table of keys, and what is said
   to be used there is read somewhere. */
#include "tests/unit/tap.h"

#include <dirent.h>
#include <stdlib.h>

#include "base/file.h"
#include "compose-compat/file/schema.h"
#include "operator/baremetal/keys.h"

#define SERVICE "services.*."

static const struct key_row *find(const char *path, size_t len)
{
    for (size_t i = 0; i < baremetal_keys_n; i++) {
        const char *key = baremetal_keys[i].path;

        if (strlen(key) == len && strncmp(key, path, len) == 0)
            return &baremetal_keys[i];
    }
    return NULL;
}

/* There is a row of something inside. */
static bool has_below(const char *path)
{
    STR_AUTO(start);

    str_printf(&start, "%s.", path);
    for (size_t i = 0; i < baremetal_keys_n; i++) {
        if (text_starts(baremetal_keys[i].path, start.buf))
            return true;
    }
    return false;
}

/* There is one of it, or of what it lies in. */
static bool has_above(const char *path)
{
    for (const char *dot = strchr(path, '.'); dot; dot = strchr(dot + 1, '.')) {
        if (find(path, (size_t)(dot - path)))
            return true;
    }
    return find(path, strlen(path)) != NULL;
}

static size_t n_checked;

static void check_row(void *arg, const char *pattern, const struct schema_row *row)
{
    const char *path = pattern + strlen(SERVICE);

    (void)arg;
    if (!text_starts(pattern, SERVICE) || strchr(path, '*') || !row->key)
        return;
    n_checked++;
    if (!has_above(path) && !has_below(path)) {
        tap_note("\"%s\" is in no row of baremetal_keys", path);
        ok(false);
    }
}

static void read_sources(const char *folder, struct str *out)
{
    const char *top = getenv("top_srcdir");
    struct dirent *entry;
    STR_AUTO(dir);
    DIR *list;

    str_printf(&dir, "%s/%s", top ? top : ".", folder);
    list = opendir(dir.buf);
    while (list && (entry = readdir(list))) {
        STR_AUTO(path);
        STR_AUTO(text);
        ERR_AUTO(err);

        if (!text_ends(entry->d_name, ".c"))
            continue;
        str_printf(&path, "%s/%s", dir.buf, entry->d_name);
        if (file_read(path.buf, 1u << 20, &text, &err) == 0)
            str_add(out, text.buf);
    }
    if (list)
        closedir(list);
}

/* "->user" or ".user", and no longer name. */
static bool is_read(const char *sources, const char *key)
{
    size_t len = strlen(key);

    for (const char *at = strstr(sources, key); at; at = strstr(at + 1, key)) {
        char before = at > sources ? at[-1] : ' ', after = at[len];

        if ((before == '>' || before == '.') && after != '_' && (after < 'a' || after > 'z'))
            return true;
    }
    return false;
}

int main(void)
{
    STR_AUTO(sources);

    schema_each(check_row, NULL);
    ok(n_checked > 90);
    read_sources("src/operator/baremetal", &sources);
    read_sources("src/cmd", &sources);   /* attach */
    read_sources("src/model", &sources); /* replicas, scale */
    ok(sources.len > 10000);
    for (size_t i = 0; i < baremetal_keys_n; i++) {
        const struct key_row *row = &baremetal_keys[i];
        const char *name = strrchr(row->path, '.') ? strrchr(row->path, '.') + 1 : row->path;
        bool is_told = row->use == KEY_NO_EFFECT || row->use == KEY_IMPOSSIBLE;
        STR_AUTO(pattern);

        str_printf(&pattern, SERVICE "%s", row->path);
        if (!schema_at(pattern.buf))
            tap_note("\"%s\" is no key of a service", row->path);
        ok(schema_at(pattern.buf));
        ok(i == 0 || strcmp(baremetal_keys[i - 1].path, row->path) < 0);
        ok(is_told == (row->why != NULL));
        if (row->use == KEY_USED || row->use == KEY_LIMIT) {
            if (!is_read(sources.buf, name))
                tap_note("nothing reads \"%s\"", row->path);
            ok(is_read(sources.buf, name));
        }
    }
    return done_testing();
}
