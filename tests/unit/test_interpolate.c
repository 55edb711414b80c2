/* test_interpolate.c - compose-compat/file/interpolate: every operator, nesting, wrong forms, limits. */
#include "tests/unit/tap.h"

#include <stdio.h>

#include "compose-compat/file/interpolate.h"

/* A is "va", E is empty, D is "$A", everything else is not set. */
static const char *lookup(void *arg, struct slice name)
{
    (void)arg;
    return slice_is(name, "A")   ? "va"
           : slice_is(name, "E") ? ""
           : slice_is(name, "D") ? "$A"
           : slice_is(name, "_x9") ? "low"
                                   : NULL;
}

static void count_unset(void *arg, struct slice name)
{
    (void)name;
    ++*(int *)arg;
}

static const struct good {
    const char *text, *want;
    int n_unset;
} goods[] = {
    { "", "", 0 },
    { "plain", "plain", 0 },
    { "$$", "$", 0 },
    { "$$$$", "$$", 0 },
    { "$$$A", "$va", 0 },
    { "$$A", "$A", 0 },
    { "$A", "va", 0 },
    { "${A}", "va", 0 },
    { "x${A}y", "xvay", 0 },
    { "$A$A", "vava", 0 },
    { "$A.b", "va.b", 0 },
    { "$A-b", "va-b", 0 },
    { "$A_b", "", 1 },
    { "${_x9}", "low", 0 },
    { "$_x9/", "low/", 0 },
    { "$U", "", 1 },
    { "${U}${V}", "", 2 },
    { "${a}", "", 1 },
    { "$D", "$A", 0 },
    /* defaults */
    { "${A:-w}", "va", 0 },
    { "${U:-w}", "w", 0 },
    { "${U-w}", "w", 0 },
    { "${E:-w}", "w", 0 },
    { "${E-w}", "", 0 },
    { "${U:-}", "", 0 },
    { "${U-}", "", 0 },
    { "${U:-$A}", "va", 0 },
    { "${U:-${A}}", "va", 0 },
    { "${U:-${V:-x}}", "x", 0 },
    { "${U:-${V:-${W:-y}}}z", "yz", 0 },
    { "${U:-$V}", "", 1 },
    { "${A:-$V}", "va", 0 },
    { "${U:-$$}", "$", 0 },
    { "${U:-a b: c}", "a b: c", 0 },
    { "${A:- x }", "va", 0 },
    { "${U:- x }", " x ", 0 },
    { "${U:--}", "-", 0 },
    { "${U:-?}", "?", 0 },
    { "${U-a:-b}", "a:-b", 0 },
    { "${U-:-x}", ":-x", 0 },
    { "${U:-'q'}", "'q'", 0 },
    /* replacements */
    { "${A:+w}", "w", 0 },
    { "${A+w}", "w", 0 },
    { "${E:+w}", "", 0 },
    { "${E+w}", "w", 0 },
    { "${U:+w}", "", 0 },
    { "${U+w}", "", 0 },
    { "${A:+${U:-d}}", "d", 0 },
    { "${U+${B:?no}}y", "y", 0 },
    { "${U:+}", "", 0 },
    /* required */
    { "${A:?msg}", "va", 0 },
    { "${A?msg}", "va", 0 },
    { "${E?msg}", "", 0 },
    { "${A:?${X:?y}}", "va", 0 },
    /* braces */
    { "${A}}", "va}", 0 },
    { "{$A}", "{va}", 0 },
    { "${U:-a}}", "a}", 0 },
    { "${U:-{}}", "{}", 0 },
    { "${U:-{}}}", "{}}", 0 },
    { "${U:-}}", "}", 0 },
    { "${U:-{\"a\":{\"b\":1}}}", "{\"a\":{\"b\":1}}", 0 },
    { "${U:-{a}-{b}} z", "{a}-{b} z", 0 },
    { "${U:-a}b${U:-c}", "abc", 0 },
    { "${A}-${A:-q}-$A", "va-va-va", 0 },
    { "${U:-a}\n}b", "a\n}b", 0 },
    /* no variables */
    { "$1", "$1", 0 },
    { "$(x)", "$(x)", 0 },
    { "$ x", "$ x", 0 },
    { "a$", "a$", 0 },
    { "$\xc3\xa9", "$\xc3\xa9", 0 },
    { "\xc3\xa9$A", "\xc3\xa9va", 0 },
};

static const struct bad {
    const char *text;
    enum err_code code;
    const char *message; /* the whole text */
} bads[] = {
    { "${}", ERR_INPUT, "invalid interpolation format \"${}\"" },
    { "a${1}b", ERR_INPUT, "invalid interpolation format \"${1}\"" },
    { "${ A }", ERR_INPUT, "invalid interpolation format \"${ A }\"" },
    { "${A.b}", ERR_INPUT, "invalid interpolation format \"${A.b}\"" },
    { "${A/x/y}", ERR_INPUT, "invalid interpolation format \"${A/x/y}\"" },
    { "${A:0:1}", ERR_INPUT, "invalid interpolation format \"${A:0:1}\"" },
    { "${#A}", ERR_INPUT, "invalid interpolation format \"${#A}\"" },
    { "${!A}", ERR_INPUT, "invalid interpolation format \"${!A}\"" },
    { "${A=x}", ERR_INPUT, "invalid interpolation format \"${A=x}\"" },
    { "${A:=x}", ERR_INPUT, "invalid interpolation format \"${A:=x}\"" },
    { "${A:}", ERR_INPUT, "invalid interpolation format \"${A:}\"" },
    { "${A", ERR_INPUT, "invalid interpolation format \"${A\"" },
    { "${A:-b", ERR_INPUT, "invalid interpolation format \"${A:-b\"" },
    { "${", ERR_INPUT, "invalid interpolation format \"${\"" },
    { "${U:-a\nb}", ERR_INPUT, "invalid interpolation format \"${U:-a\"" },
    { "${U:-${A}", ERR_INPUT, "invalid interpolation format \"${A\"" },
    { "${\xc3\xa9}", ERR_INPUT, "invalid interpolation format \"${\xc3\xa9}\"" },
    { "${U:?}", ERR_NOT_FOUND, "required variable \"U\" is not set or empty" },
    { "${U:?msg}", ERR_NOT_FOUND, "required variable \"U\" is not set or empty: msg" },
    { "${U?msg}", ERR_NOT_FOUND, "required variable \"U\" is not set: msg" },
    { "${E:?msg}", ERR_NOT_FOUND, "required variable \"E\" is not set or empty: msg" },
    { "${U?a${A}b}", ERR_NOT_FOUND, "required variable \"U\" is not set: avab" },
    { "${U:?a{b}c}", ERR_NOT_FOUND, "required variable \"U\" is not set or empty: a{b}c" },
    { "${A:+${B:?no}}", ERR_NOT_FOUND, "required variable \"B\" is not set or empty: no" },
    { "${U:-${B?}}", ERR_NOT_FOUND, "required variable \"B\" is not set" },
};

static void test_texts(void)
{
    for (size_t i = 0; i < ARRAY_LEN(goods); i++) {
        int n_unset = 0;
        struct interpolate how = { .lookup = lookup, .unset = count_unset, .arg = &n_unset };
        STR_AUTO(out);
        ERR_AUTO(err);
        char name[32];
        snprintf(name, sizeof(name), "text %zu", i);
        int result = interpolate_text(&how, slice_from(goods[i].text), &out, &err);
        tap_int(result, 0, name, __FILE__, __LINE__);
        tap_text(out.buf, goods[i].want, name, __FILE__, __LINE__);
        tap_int(n_unset, goods[i].n_unset, name, __FILE__, __LINE__);
    }
}

static void test_errors(void)
{
    for (size_t i = 0; i < ARRAY_LEN(bads); i++) {
        struct interpolate how = { .lookup = lookup };
        STR_AUTO(out);
        ERR_AUTO(err);
        char name[32];
        snprintf(name, sizeof(name), "wrong text %zu", i);
        int result = interpolate_text(&how, slice_from(bads[i].text), &out, &err);
        tap_int(result, -1, name, __FILE__, __LINE__);
        tap_int(err.code, bads[i].code, name, __FILE__, __LINE__);
        tap_text(err.text, bads[i].message, name, __FILE__, __LINE__);
    }
}

/* "NAME=value" or "NAME" of each variable, with its form and what its word gave. */
static void print_used(void *arg, struct slice name, const char *value, char form,
                       struct slice instead)
{
    struct str *out = arg;
    str_printf(out, "%s%.*s", out->len > 0 ? "; " : "", (int)name.len, name.at);
    if (value)
        str_printf(out, "=%s", value);
    if (form)
        str_printf(out, " %c", form);
    if (instead.at)
        str_printf(out, " \"%.*s\"", (int)instead.len, instead.at);
}

static void test_used(void)
{
    static const struct {
        const char *text, *want;
    } rows[] = {
        { "a$$b", "" },
        { "a${A}$U", "A=va; U" },
        { "x${A:-d}y${U:-d}", "A=va -; U - \"d\"" },
        { "${U:-<${A}>}", "A=va; U - \"<va>\"" },
        { "${E:-}${E-d}", "E= - \"\"; E= -" },
        { "${A:+r}${U:+r}", "A=va + \"r\"; U +" },
        { "${A:?m}", "A=va ?" },
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        STR_AUTO(used);
        STR_AUTO(out);
        ERR_AUTO(err);
        const struct interpolate how = { .lookup = lookup, .arg = &used, .used = print_used };
        ok(interpolate_text(&how, slice_from(rows[i].text), &out, &err) == 0);
        is_text(used.buf, rows[i].want);
    }
}

static const char *lookup_large(void *arg, struct slice name)
{
    (void)name;
    return arg;
}

static void test_limits(void)
{
    STR_AUTO(large);
    str_add_n(&large, (size_t)1 << 20, 'x');
    struct interpolate how = { .lookup = lookup_large, .arg = large.buf };
    STR_AUTO(many);
    STR_AUTO(deep);
    STR_AUTO(out);
    for (int i = 0; i < 40; i++)
        str_add(&many, "$A");
    ERR_AUTO(err);
    is_int(interpolate_text(&how, slice_from(many.buf), &out, &err), -1);
    is_int(err.code, ERR_LIMIT);
    how.lookup = lookup;
    for (int i = 0; i < INTERPOLATE_MAX_DEPTH + 2; i++)
        str_add(&deep, "${U:-");
    str_add_n(&deep, INTERPOLATE_MAX_DEPTH + 2, '}');
    ERR_AUTO(deep_err);
    str_clear(&out);
    is_int(interpolate_text(&how, slice_from(deep.buf), &out, &deep_err), -1);
    is_int(deep_err.code, ERR_LIMIT);
}

static void add_variable(void *arg, struct slice name, char form, bool is_colon, struct slice word)
{
    str_printf(arg, "%.*s%s%c%.*s;", (int)name.len, name.at, is_colon ? ":" : "", form ? form : '.',
               (int)word.len, word.at);
}

static void test_variables(void)
{
    STR_AUTO(out);
    interpolate_variables(slice_from("a $A $$B ${C:-d${E}} ${F?$G} $1 ${bad.}"), add_variable, &out);
    is_text(out.buf, "A.;C:-d${E};E.;F?$G;");
}

int main(void)
{
    test_texts();
    test_errors();
    test_used();
    test_limits();
    test_variables();
    return done_testing();
}
