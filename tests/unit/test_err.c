/* test_err.c - base/err, base/origin, base/findings, base/log. */
#include "tests/unit/tap.h"

#include <errno.h>

#include "base/err.h"
#include "base/findings.h"
#include "base/log.h"

static void test_err(void)
{
    ERR_AUTO(err);
    ok(!err_is_set(&err));
    is_int(err_set(&err, ERR_LIMIT, "too \"%s\"", "long"), -1);
    ok(err_is_set(&err) && err.code == ERR_LIMIT);
    is_text(err.text, "too \"long\"");
    is_int(err_wrap(&err, "service \"%s\"", "web"), -1);
    is_text(err.text, "service \"web\": too \"long\"");
    ERR_AUTO(other);
    is_int(err_move(&other, &err), -1);
    ok(!err_is_set(&err) && other.code == ERR_LIMIT);
    is_int(err_move(NULL, &other), -1);
    ok(!err_is_set(&other));
    is_int(err_set_sys(&err, ENOENT, "cannot open \"%s\"", "x"), -1);
    is_text(err.text, "cannot open \"x\": No such file or directory");
    is_int(err.sys, ENOENT);
    is_int(err.code, ERR_SYSTEM);
    err_release(&err);
    err_release(&err);
    is_int(err_set_at(&err, (struct origin){ 1, 2, 3 }, ERR_INPUT, "no"), -1);
    is_int(err.at.line, 2);
    is_int(err_set(NULL, ERR_FAILED, "x"), -1);
    is_int(err_set_sys(NULL, EIO, "x"), -1);
    is_int(err_wrap(NULL, "x"), -1);
    is_int(err_exit_status(ERR_FAILED), 1);
    is_int(err_exit_status(ERR_INTERRUPTED), 130);
    is_int(err_exit_status(ERR_NONE), 0);
    is_text(err_code_name(ERR_NOT_FOUND), "not_found");
}

static void test_origin(void)
{
    static const char text[] = "a: 1\nb:\r\n  - x\n";
    uint32_t file = origin_add_file("compose.yaml", text, sizeof(text) - 1);
    is_int(file, 1);
    is_int(origin_add_file("other.yaml", NULL, 0), 2);
    is_int(origin_add_file("compose.yaml", text, sizeof(text) - 1), 1);
    is_text(origin_file_name(1), "compose.yaml");
    is_text(origin_file_name(0), "");
    is_text(origin_file_name(99), "");
    const char *line;
    size_t len;
    ok(origin_line((struct origin){ 1, 1, 1 }, &line, &len) && len == 4);
    ok(!memcmp(line, "a: 1", 4));
    ok(origin_line((struct origin){ 1, 2, 1 }, &line, &len) && len == 2);
    ok(origin_line((struct origin){ 1, 4, 1 }, &line, &len) && len == 0);
    ok(!origin_line((struct origin){ 1, 5, 1 }, &line, &len));
    ok(!origin_line((struct origin){ 2, 1, 1 }, &line, &len));
    ok(!origin_line((struct origin)ORIGIN_NONE, &line, &len));
    STR_AUTO(out);
    origin_print((struct origin){ 1, 3, 5 }, &out);
    is_text(out.buf, "compose.yaml:3:5");
    str_clear(&out);
    origin_print((struct origin){ 2, 0, 0 }, &out);
    is_text(out.buf, "other.yaml");
    str_clear(&out);
    origin_print((struct origin)ORIGIN_NONE, &out);
    is_text(out.buf, "");
    ok(origin_is_set((struct origin){ 1, 0, 0 }) && !origin_is_set((struct origin)ORIGIN_NONE));
}

static void test_findings(void)
{
    struct findings findings = FINDINGS_INIT;
    struct origin late = { 1, 3, 5 }, early = { 1, 1, 4 };
    finding_add(&findings, FINDING_WARNING, late, "b[0]", "odd %s", "value");
    struct finding *error = finding_add(&findings, FINDING_ERROR, early, NULL, "wrong");
    finding_hint(error, "did you mean \"%s\"?", "2");
    ok(finding_add(&findings, FINDING_ERROR, early, NULL, "wrong") == error);
    is_int((int64_t)findings.n, 2);
    is_int((int64_t)findings.n_errors, 1);
    findings_sort(&findings);
    STR_AUTO(out);
    finding_print(&findings.items[0], &out);
    is_text(out.buf, "compose.yaml:1:4: wrong\n    a: 1\n       ^\n"
                     "    hint: did you mean \"2\"?\n");
    str_clear(&out);
    finding_print(&findings.items[1], &out);
    is_text(out.buf, "compose.yaml:3:5: b[0]: odd value\n      - x\n        ^\n");
    for (int i = 0; i < FINDINGS_MAX + 50; i++)
        finding_hint(finding_add(&findings, FINDING_ERROR, early, "p", "error %d", i), "h");
    is_int((int64_t)findings.n, FINDINGS_MAX);
    is_int((int64_t)findings.n_errors, FINDINGS_MAX + 51);
    findings_release(&findings);
    is_int((int64_t)findings.n, 0);
}

/* A caret below a character of several bytes, and below a tab. */
static void test_caret(void)
{
    static const char text[] = "\tn\xc3\xa9" "e: x\n";
    uint32_t file = origin_add_file("utf8.yaml", text, sizeof(text) - 1);
    struct findings findings = FINDINGS_INIT;
    finding_add(&findings, FINDING_ERROR, (struct origin){ file, 1, 4 }, NULL, "here");
    STR_AUTO(out);
    finding_print(&findings.items[0], &out);
    is_text(out.buf, "utf8.yaml:1:4: here\n    \tn\xc3\xa9" "e: x\n    \t  ^\n");
    findings_release(&findings);
}

static void test_log(void)
{
    enum log_level level = LOG_OFF;
    ok(log_level_parse("debug", &level) == 0 && level == LOG_DEBUG_);
    ok(log_level_parse("loud", &level) < 0);
    log_debug("not shown %d", 1);
    log_set_level(LOG_DEBUG_);
    log_debug("shown %d", 1);
    ok(log_get_level() == LOG_DEBUG_);
}

int main(void)
{
    test_err();
    test_origin();
    test_findings();
    test_caret();
    origin_reset();
    is_text(origin_file_name(1), "");
    test_log();
    return done_testing();
}
