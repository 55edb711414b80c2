/*
 * table.c - the operators that this program has. One line adds one.
 */
#include "base/base.h"

#include "plan/operator.h"

/* Each is defined in its own folder, which shows nothing else. */
extern const struct operator_ops baremetal_ops;
extern const struct operator_ops docker_ops;
extern const struct operator_ops memory_ops;

const struct operator_ops *const operator_table[] = {
    &docker_ops,
    &baremetal_ops,
    &memory_ops,
    NULL,
};

const struct operator_ops *operator_find(const char *name)
{
    for (const struct operator_ops *const *ops = operator_table; *ops; ops++) {
        if (text_is((*ops)->name, name) || text_is((*ops)->other_name, name))
            return *ops;
    }
    return NULL;
}
