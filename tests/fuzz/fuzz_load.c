/*
 * fuzz_load.c - the whole loader: a Compose file from memory to a project and back to text, as YAML and
 * JSON. What is accepted can be printed, what is not has an error or a finding.
 */
#include "base/base.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/file.h"
#include "compose-compat/file/load.h"
#include "compose-compat/file/output.h"
#include "compose-compat/file/variables.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(cond) ((cond) ? (void)0 : __builtin_trap())

static const char *const environment[] = { "A=value", "E=", "HOME=/home/user", NULL };

static void load(const char *path, bool is_plain, bool is_tree)
{
    const char *files[] = { path, NULL };
    struct load_options options = {
        .current_dir = "/nowhere",
        .files = files,
        .project_name = "fuzz",
        .environment = environment,
        .no_interpolate = is_plain,
        .tree_only = is_tree,
        .no_consistency = is_plain,
    };
    struct findings findings = FINDINGS_INIT;
    struct project *project;
    ERR_AUTO(err);
    if (compose_load(&options, &project, &findings, &err) == 0) {
        STR_AUTO(out);
        compose_output(project, OUTPUT_YAML, !is_tree, &out);
        compose_output(project, OUTPUT_JSON, !is_tree, &out);
        MUST(out.len > 0);
        if (is_tree) {
            struct file_variables variables;
            variables_list(project->arena, project->source, &variables);
            for (size_t i = 0; i < variables.n; i++)
                MUST(variables.items[i].name[0] != '\0');
        }
        project_free(project);
    } else {
        MUST(err_is_set(&err) && (err.code != ERR_INPUT || findings.n_errors > 0));
    }
    findings_release(&findings);
    origin_reset();
}

/* Files that are named in the input are really opened: none of the kind that blocks. */
static bool is_tame(const uint8_t *data, size_t size)
{
    static const char *const wild[] = { "dev", "proc", "sys" };
    for (size_t i = 0; i < ARRAY_LEN(wild); i++)
        if (size > 0 && memmem(data, size, wild[i], strlen(wild[i])))
            return false;
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[64];
    if (!is_tame(data, size))
        return 0;
    FD_AUTO(fd);
    fd = memfd_create("compose", MFD_CLOEXEC);
    if (fd < 0 || file_write_all(fd, (const char *)data, size, NULL))
        return 0;
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    load(path, false, false);
    load(path, true, false);
    load(path, true, true);
    return 0;
}
