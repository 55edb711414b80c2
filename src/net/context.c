/*
 * context.c - see context.h. The walk is a stack of folders; each keeps its sorted names until they are
 * done, so that memory grows with depth and not with the number of files.
 */
#include "base/base.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/vec.h"
#include "net/context.h"
#include "net/dockerignore.h"
#include "net/tarball.h"

#define IGNORE_MAX_BYTES (4u << 20)
#define DOCKERFILE_MAX_BYTES (4u << 20)
#define DEPTH_MAX 1000
#define PIECE_LEN (256u << 10)
/* A Dockerfile from elsewhere; always the same name, so that the builder's cache holds. */
#define FOREIGN_NAME ".dockerfile.octocompose"

struct folder {
    char *name; /* within the context, "" is its root */
    VEC(char *) names;
    size_t next;
};

struct context {
    char *dir;
    char *dockerfile;    /* within the archive */
    struct str foreign;  /* its text when it is not a file of the context */
    bool has_foreign;
    struct dockerignore *ignore;
    VEC(struct folder) folders;
    struct tarball *tarball;
    struct str out; /* packed, not given out yet */
    size_t out_at;
    bool is_in_file, is_packed;
    uint64_t n_bytes;
    struct err err;
};

/* ------------------------------------------------------------ opening */

/* Text of "dir/name" when it is there. */
static int read_optional(const char *dir, const char *name, struct str *ret_text, bool *ret_found,
                         struct err *err)
{
    STR_AUTO(path);
    path_absolute(dir, name, &path);
    *ret_found = file_exists(path.buf);
    return *ret_found ? file_read(path.buf, IGNORE_MAX_BYTES, ret_text, err) : 0;
}

static int read_ignore(struct context *context, const char *dockerfile, struct err *err)
{
    STR_AUTO(text);
    STR_AUTO(own_name);
    bool has_found = false;
    const char *name = own_name.buf;
    str_printf(&own_name, "%s.dockerignore", dockerfile);
    name = own_name.buf;
    if (read_optional(context->dir, name, &text, &has_found, err) != 0)
        return -1;
    if (!has_found) {
        name = ".dockerignore";
        if (read_optional(context->dir, name, &text, &has_found, err) != 0)
            return -1;
    }
    if (has_found && dockerignore_parse(context->ignore, name, text.buf, text.len, err) != 0)
        return -1;
    /* What the builder needs is sent in any case. */
    const char *const always[] = { ".dockerignore", context->dockerfile };
    for (size_t i = 0; i < ARRAY_LEN(always); i++) {
        STR_AUTO(pattern);
        str_add_char(&pattern, '!');
        for (const char *c = always[i]; *c; c++) {
            if (strchr("*?[]\\", *c))
                str_add_char(&pattern, '\\');
            str_add_char(&pattern, *c);
        }
        if (dockerignore_match(context->ignore, always[i]) &&
            dockerignore_add(context->ignore, pattern.buf, err) != 0)
            return -1;
    }
    return 0;
}

/* Where the Dockerfile is: sets dockerfile, and foreign when it is not below dir. */
static int find_dockerfile(struct context *context, const struct context_spec *spec,
                           struct err *err)
{
    const char *given = spec->dockerfile && *spec->dockerfile ? spec->dockerfile : "Dockerfile";
    STR_AUTO(path);
    STR_AUTO(root);
    path_absolute(context->dir, given, &path);
    path_clean(context->dir, &root);
    bool is_inside = strcmp(root.buf, "/") == 0 ||
                     (text_starts(path.buf, root.buf) && path.buf[root.len] == '/');
    if (strcmp(root.buf, ".") == 0)
        is_inside = !path_is_absolute(path.buf) && !text_starts(path.buf, "../");
    context->has_foreign = spec->inline_text || !is_inside;
    if (spec->inline_text)
        str_add(&context->foreign, spec->inline_text);
    else if (!is_inside && file_read(path.buf, DOCKERFILE_MAX_BYTES, &context->foreign, err) != 0)
        return -1;
    if (!context->has_foreign && !file_exists(path.buf))
        return err_set(err, ERR_NOT_FOUND, "no Dockerfile at \"%s\"", path.buf);
    size_t skip = strcmp(root.buf, ".") == 0 ? 0 : strcmp(root.buf, "/") == 0 ? 1 : root.len + 1;
    context->dockerfile = mem_dup(context->has_foreign ? FOREIGN_NAME : path.buf + skip);
    return 0;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void folder_release(struct folder *folder)
{
    for (size_t i = folder->next; i < folder->names.n; i++)
        mem_free(folder->names.items[i]);
    VEC_RELEASE(&folder->names);
    mem_free(folder->name);
}

static int enter(struct context *context, const char *name, struct err *err)
{
    STR_AUTO(path);
    path_join(context->dir, name, &path);
    if (context->folders.n >= DEPTH_MAX)
        return err_set(err, ERR_LIMIT, "folders are nested deeper than %d at \"%s\"", DEPTH_MAX,
                       path.buf);
    DIR *dir = opendir(path.buf);
    if (dir == NULL)
        return err_set_sys(err, errno, "cannot read the folder \"%s\"", path.buf);
    struct folder folder = { mem_dup(name), { NULL, 0, 0 }, 0 };
    struct dirent *entry;
    errno = 0;
    while ((entry = readdir(dir))) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            VEC_ADD(&folder.names, mem_dup(entry->d_name));
        errno = 0;
    }
    int number = errno;
    closedir(dir);
    if (number != 0) {
        folder_release(&folder);
        return err_set_sys(err, number, "cannot read the folder \"%s\"", path.buf);
    }
    if (folder.names.n > 1)
        qsort(folder.names.items, folder.names.n, sizeof(char *), compare_names);
    VEC_ADD(&context->folders, folder);
    return 0;
}

int context_new(const struct context_spec *spec, struct context **ret_context, struct err *err)
{
    struct context *context = MEM_NEW(struct context);
    context->dir = mem_dup(spec->dir);
    context->ignore = dockerignore_new();
    str_init(&context->foreign, 0);
    str_init(&context->out, 0);
    context->tarball = tarball_new(&context->out);
    const char *given = spec->dockerfile && *spec->dockerfile ? spec->dockerfile : "Dockerfile";
    if (find_dockerfile(context, spec, err) != 0 || read_ignore(context, given, err) != 0 ||
        enter(context, "", err) != 0) {
        context_free(context);
        return err_wrap(err, "build context \"%s\"", spec->dir);
    }
    *ret_context = context;
    return 0;
}

void context_free(struct context *context)
{
    if (context == NULL)
        return;
    tarball_free(context->tarball);
    VEC_EACH(&context->folders, folder)
        folder_release(folder);
    VEC_RELEASE(&context->folders);
    dockerignore_free(context->ignore);
    str_release(&context->foreign);
    str_release(&context->out);
    err_release(&context->err);
    mem_free(context->dockerfile);
    mem_free(context->dir);
    mem_free(context);
}

const char *context_dockerfile(const struct context *context)
{
    return context->dockerfile;
}

const struct err *context_error(const struct context *context)
{
    return &context->err;
}

uint64_t context_n_bytes(const struct context *context)
{
    return context->n_bytes;
}

/* ------------------------------------------------------------ walking */

/* Begins the entry `name`. An ignored folder is entered only for what may be taken back from it. */
static int pack_entry(struct context *context, const char *name, struct err *err)
{
    struct stat info;
    STR_AUTO(path);
    path_join(context->dir, name, &path);
    bool is_ignored = dockerignore_match(context->ignore, name);
    if (is_ignored && !dockerignore_may_return(context->ignore, name))
        return 0;
    if (lstat(path.buf, &info) != 0)
        return err_set_sys(err, errno, "cannot read \"%s\"", path.buf);
    if (!is_ignored) {
        if (tarball_begin_path(context->tarball, path.buf, name, err) != 0)
            return -1;
        context->is_in_file = true;
    }
    return S_ISDIR(info.st_mode) ? enter(context, name, err) : 0;
}

/* The next entry of the walk, or the end of the archive. */
static int pack_next(struct context *context, struct err *err)
{
    while (context->folders.n > 0) {
        struct folder *folder = &context->folders.items[context->folders.n - 1];
        if (folder->next == folder->names.n) {
            folder_release(folder);
            context->folders.n--;
            continue;
        }
        CLEANUP(mem_cleanup) char *base = folder->names.items[folder->next++];
        STR_AUTO(name);
        str_printf(&name, "%s%s%s", folder->name, *folder->name ? "/" : "", base);
        if (context->has_foreign && strcmp(name.buf, FOREIGN_NAME) == 0)
            continue;
        return pack_entry(context, name.buf, err);
    }
    if (context->has_foreign &&
        tarball_add_bytes(context->tarball, FOREIGN_NAME, 0644, 0, 0, context->foreign.buf,
                          context->foreign.len, err) != 0)
        return -1;
    context->is_packed = true;
    return tarball_end(context->tarball, err);
}

static int pack_more(struct context *context, struct err *err)
{
    if (!context->is_in_file)
        return pack_next(context, err);
    int result = tarball_step(context->tarball, PIECE_LEN, err);
    context->is_in_file = result > 0;
    return result < 0 ? -1 : 0;
}

ptrdiff_t context_read(void *arg, char *buf, size_t cap)
{
    struct context *context = arg;
    if (err_is_set(&context->err))
        return -1;
    while (context->out_at == context->out.len && !context->is_packed) {
        str_clear(&context->out);
        context->out_at = 0;
        if (pack_more(context, &context->err) != 0) {
            err_wrap(&context->err, "build context \"%s\"", context->dir);
            return -1;
        }
    }
    size_t n = MIN(cap, context->out.len - context->out_at);
    memcpy(buf, context->out.buf + context->out_at, n);
    context->out_at += n;
    context->n_bytes += n;
    return (ptrdiff_t)n;
}
