/*
 * table.c - the operators that this program has. One line adds one.
 */
#include "base/base.h"

#include "plan/operator.h"

const struct operator_ops *const operator_table[] = {
    NULL,
};

const struct operator_ops *operator_find(const char *name)
{
    for (const struct operator_ops *const *ops = operator_table; *ops; ops++) {
        if (text_is((*ops)->name, name))
            return *ops;
    }
    return NULL;
}
