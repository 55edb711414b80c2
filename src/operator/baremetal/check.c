/*
 * check.c - what keeps a service from running on this host and can be seen before anything is done: its
 * program and its user. The whole plan is checked, so that a missing program leaves nothing half done;
 * create.c asks again for what it makes.
 */
#include "base/base.h"

#include "operator/baremetal/parts.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

static bool is_program(const char *path, bool *is_there)
{
    struct stat status;

    if (stat(path, &status) != 0 || S_ISDIR(status.st_mode))
        return false;
    *is_there = true;
    return access(path, X_OK) == 0;
}

/* Where the service's programs are looked up. */
static const char *path_of(const struct baremetal *baremetal, const struct service *service)
{
    const char *path = baremetal_env(baremetal->environment, "PATH");

    VEC_EACH (&service->environment, pair) {
        if (text_is(pair->key, "PATH") && pair->value)
            path = pair->value;
    }
    return path ? path : BAREMETAL_DEFAULT_PATH;
}

static int check_program(const struct baremetal *baremetal, const struct project *project,
                         const struct service *service, struct err *err)
{
    bool is_entrypoint = service->entrypoint.list.n > 0;
    const struct text_list *words =
        is_entrypoint ? &service->entrypoint.list : &service->command.list;
    struct slice rest = slice_from(path_of(baremetal, service)), folder;
    bool is_there = false, is_good = false;
    const char *name;
    STR_AUTO(path);
    STR_AUTO(dir);

    if (words->n == 0)
        return err_set_at(err, service->at, ERR_INPUT, "service \"%s\" has no command",
                          service->name);
    name = words->items[0];
    path_absolute(project->working_dir, service->working_dir ? service->working_dir : ".", &dir);
    if (strchr(name, '/')) {
        path_absolute(dir.buf, name, &path);
        is_good = is_program(path.buf, &is_there);
    }
    while (!strchr(name, '/') && !is_good && rest.len > 0) {
        slice_split(&rest, ':', &folder);
        str_clear(&path);
        str_printf(&path, "%.*s/%s", (int)folder.len, folder.at, name);
        is_good = is_program(path.buf, &is_there);
    }
    if (is_good)
        return 0;
    return err_set_at(err, service_origin(service, is_entrypoint ? "entrypoint" : "command"),
                      is_there ? ERR_FAILED : ERR_NOT_FOUND,
                      is_there ? "program of service \"%s\" is not executable: \"%s\""
                               : "program of service \"%s\" was not found: \"%s\"",
                      service->name, name);
}

static int check_user(const struct service *service, struct err *err)
{
    const char *text = service->user;
    struct baremetal_user user;

    if (!text || !*text)
        return 0;
    if (baremetal_user(text, &user) != 0)
        return err_set_at(err, service_origin(service, "user"), ERR_NOT_FOUND,
                          "user or group of service \"%s\" was not found: \"%s\"", service->name,
                          text);
    if (geteuid() == 0 || user.uid == geteuid())
        return 0;
    return err_set_at(err, service_origin(service, "user"), ERR_FAILED,
                      "service \"%s\" can run as user \"%s\" only when octocompose runs as root",
                      service->name, text);
}

int baremetal_check_service(const struct baremetal *baremetal, const struct project *project,
                            const struct service *service, struct err *err)
{
    if (check_program(baremetal, project, service, err) != 0)
        return -1;
    return check_user(service, err);
}

void baremetal_check_plan_programs(const struct baremetal *baremetal, const struct plan *plan,
                                   struct findings *findings)
{
    VEC_EACH (&plan->steps, step) {
        const struct wanted *wanted = (*step)->instance->wanted;
        const struct baremetal_payload *payload;
        ERR_AUTO(err);

        if ((*step)->action != STEP_CREATE || !wanted || wanted->kind != &baremetal_process)
            continue;
        payload = wanted->payload;
        if (baremetal_check_service(baremetal, payload->project, payload->service, &err) != 0)
            finding_add(findings, FINDING_ERROR, err.at, NULL, "%s", err.text);
    }
}
