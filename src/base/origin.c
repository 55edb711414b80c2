/*
 * origin.c - the table of files that values come from, and their text to quote from. Not a cache of
 * files: nothing reads a file through it.
 */
#include "base/origin.h"

#include "base/map.h"
#include "base/str.h"
#include "base/vec.h"

#define KEEP_FILE_MAX ((size_t)1024 * 1024)      /* longer texts are not kept */
#define KEEP_ALL_MAX ((size_t)32 * 1024 * 1024) /* nor are more of them */

struct origin_file {
    char *name;
    char *text; /* NULL when it was not kept */
    size_t len;
    VEC(size_t) lines; /* where each line begins; filled at the first question */
    uint32_t alias_of; /* a number, then the rest is empty; or 0 */
};

static VEC(struct origin_file) files_;
static struct map by_name_ = MAP_INIT; /* name to number */
static size_t n_kept_;

static struct origin_file *get(uint32_t file)
{
    struct origin_file *found = file && file <= files_.n ? &files_.items[file - 1] : NULL;
    return found && found->alias_of ? &files_.items[found->alias_of - 1] : found;
}

static void keep_text(struct origin_file *file, const char *text, size_t len)
{
    if (!text || len > KEEP_FILE_MAX || n_kept_ + len > KEEP_ALL_MAX)
        return;
    n_kept_ -= file->text ? file->len : 0;
    mem_free(file->text);
    VEC_RELEASE(&file->lines);
    file->text = mem_dup_len(text, len);
    file->len = len;
    n_kept_ += len;
}

uint32_t origin_add_file(const char *name, const char *text, size_t len)
{
    uint32_t number = (uint32_t)(uintptr_t)map_find(&by_name_, name);
    if (!number) {
        struct origin_file file = { .name = mem_dup(name) };
        VEC_ADD(&files_, file);
        number = (uint32_t)files_.n;
        map_set(&by_name_, name, (void *)(uintptr_t)number);
    }
    keep_text(get(number), text, len);
    return number;
}

uint32_t origin_alias(uint32_t file)
{
    const struct origin_file *found = get(file);
    struct origin_file alias = { 0 };
    if (!found)
        return file;
    alias.alias_of = (uint32_t)(found - files_.items) + 1;
    VEC_ADD(&files_, alias);
    return (uint32_t)files_.n;
}

const char *origin_file_name(uint32_t file)
{
    struct origin_file *found = get(file);
    return found ? found->name : "";
}

static void index_lines(struct origin_file *file)
{
    VEC_ADD(&file->lines, 0);
    for (size_t i = 0; i < file->len; i++)
        if (file->text[i] == '\n')
            VEC_ADD(&file->lines, i + 1);
}

bool origin_line(struct origin at, const char **ret_text, size_t *ret_len)
{
    *ret_text = "";
    *ret_len = 0;
    struct origin_file *file = get(at.file);
    if (!file || !file->text || !at.line)
        return false;
    if (!file->lines.n)
        index_lines(file);
    if (at.line > file->lines.n)
        return false;
    size_t from = file->lines.items[at.line - 1];
    size_t to = at.line < file->lines.n ? file->lines.items[at.line] - 1 : file->len;
    if (to > from && file->text[to - 1] == '\r')
        to--;
    *ret_text = file->text + from;
    *ret_len = to - from;
    return true;
}

void origin_print(struct origin at, struct str *out)
{
    if (!at.file)
        return;
    str_add(out, origin_file_name(at.file));
    if (at.line)
        str_printf(out, ":%u", at.line);
    if (at.line && at.column)
        str_printf(out, ":%u", at.column);
}

bool origin_is_set(struct origin at)
{
    return at.file != 0;
}

bool origin_is_same(struct origin a, struct origin b)
{
    return a.file == b.file && a.line == b.line && a.column == b.column;
}

void origin_reset(void)
{
    VEC_EACH(&files_, file)
    {
        mem_free(file->name);
        mem_free(file->text);
        VEC_RELEASE(&file->lines);
    }
    VEC_RELEASE(&files_);
    map_release(&by_name_);
    n_kept_ = 0;
}
