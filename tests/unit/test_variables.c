/*
 * test_variables.c - compose-compat/file/variables.c: which variables a tree names, and which of
 * several uses counts.
 */
#include "tests/unit/tap.h"

#include "compose-compat/file/variables.h"
#include "data/yread.h"

static const char text[] =
    "services:\n"
    "  web:\n"
    "    image: ${IMAGE:-nginx}:${TAG?which one}\n"
    "    ports: ['${PORT:?port}:80', '${PORT:-80}:81', {target: '${IN_MAP-1}'}]\n"
    "    environment:\n"
    "      A: ${BOTH}\n"
    "      B: ${BOTH:-later}\n"
    "      C: ${BOTH:+set}\n"
    "      D: $${NO} $$NO ${} ${1} $\n"
    "      E: ${ON+${IN_ON:-x}} ${M:?${IN_MESSAGE}}\n"
    "  db:\n"
    "    image: ${TAG}\n";

static void test_list(void)
{
    struct arena *arena = arena_new();
    struct findings findings = FINDINGS_INIT;
    struct yread_documents documents = { 0 };
    struct file_variables variables;
    STR_AUTO(out);

    ok(yread_parse(arena, origin_add_file("t", NULL, 0), text, sizeof(text) - 1, &documents,
                   &findings) == 0);
    variables_list(arena, documents.items[0], &variables);
    for (size_t i = 0; i < variables.n; i++) {
        const struct file_variable *v = &variables.items[i];

        str_printf(&out, "%s %s<%s><%s>\n", v->name, v->is_required ? "required " : "",
                   v->default_value, v->presence_value);
    }
    is_text(out.buf, "BOTH <later><>\n"
                     "IMAGE <nginx><>\n"
                     "IN_MAP <1><>\n"
                     "IN_ON <x><>\n"
                     "M required <><>\n"
                     "ON <><${IN_ON:-x}>\n"
                     "PORT <80><>\n"
                     "TAG required <><>\n");
    arena_free(arena);
    findings_release(&findings);
    origin_reset();
}

int main(void)
{
    test_list();
    return done_testing();
}
