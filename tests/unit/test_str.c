/* test_str.c - base/str: the growable string, slices, plain C strings. */
#include "tests/unit/tap.h"

#include "base/mem.h"
#include "base/str.h"

static void test_str(void)
{
    STR_AUTO(s);
    is_text(s.buf, "");
    str_clear(&s);
    str_add(&s, "");
    is_int((int64_t)s.cap, 0);
    str_add(&s, "abc");
    str_add_char(&s, 'd');
    str_add_n(&s, 3, '-');
    str_add_len(&s, "xyz", 2);
    str_printf(&s, "%05d", 42);
    is_text(s.buf, "abcd---xy00042");
    str_remove(&s, 4, 3);
    is_text(s.buf, "abcdxy00042");
    str_remove(&s, 6, 99);
    is_text(s.buf, "abcdxy");
    str_cut(&s, 2);
    str_cut(&s, 9);
    is_text(s.buf, "ab");
    str_add_len(&s, "\0z", 2);
    is_int((int64_t)s.len, 4);
    CLEANUP(mem_cleanup) char *bytes = str_steal(&s);
    is_text(bytes, "ab");
    is_text(s.buf, "");
    CLEANUP(mem_cleanup) char *nothing = str_steal(&s);
    is_text(nothing, "");
    for (int i = 0; i < 10000; i++)
        str_printf(&s, "%d,", i);
    is_int((int64_t)s.len, 48890);
    char wide[1000];
    memset(wide, 'w', sizeof(wide) - 1);
    wide[sizeof(wide) - 1] = '\0';
    str_clear(&s);
    str_printf(&s, "%s!", wide);
    is_int((int64_t)s.len, 1000);
    ok(s.buf[999] == '!');
}

static void test_ceiling(void)
{
    CLEANUP(str_release) struct str s = STR_INIT_MAX(5);
    str_add(&s, "abc");
    ok(!s.is_cut);
    str_add(&s, "defg");
    is_text(s.buf, "abcde");
    ok(s.is_cut);
    str_add(&s, "h");
    str_printf(&s, "%d", 1);
    is_text(s.buf, "abcde");
    str_clear(&s);
    ok(!s.is_cut);
    str_add_n(&s, 9, 'x');
    is_text(s.buf, "xxxxx");
    ok(s.is_cut);
}

static void test_slice(void)
{
    struct slice s = SLICE("a:bc::d"), head;
    ok(slice_split(&s, ':', &head) && slice_is(head, "a"));
    ok(slice_split(&s, ':', &head) && slice_is(head, "bc"));
    ok(slice_split(&s, ':', &head) && slice_is(head, ""));
    ok(!slice_split(&s, ':', &head) && slice_is(head, "d") && !s.len);
    ok(!slice_split(&s, ':', &head) && slice_is(head, ""));
    ok(slice_is(slice_trim(SLICE(" \t x y\r\n")), "x y"));
    ok(slice_is(slice_trim(SLICE("  ")), ""));
    ok(slice_starts(SLICE("abc"), "ab") && !slice_starts(SLICE("a"), "ab"));
    ok(slice_ends(SLICE("abc"), "bc") && !slice_ends(SLICE("c"), "bc"));
    is_int(slice_find(SLICE("abca"), 'a', 1), 3);
    is_int(slice_find(SLICE("abca"), 'x', 0), -1);
    is_int(slice_find(SLICE("abca"), 'a', 9), -1);
    struct slice none = { NULL, 0 };
    ok(slice_is(none, "") && slice_starts(none, "") && !slice_trim(none).len);
    ok(slice_from("abc").len == 3);
}

static int64_t to_int(const char *text)
{
    int64_t value;
    return text_to_int(text, &value) < 0 ? -999 : value;
}

static void test_numbers(void)
{
    is_int(to_int("0"), 0);
    is_int(to_int("-17"), -17);
    is_int(to_int("+17"), 17);
    is_int(to_int("9223372036854775807"), INT64_MAX);
    is_int(to_int("-9223372036854775808"), INT64_MIN);
    is_int(to_int("9223372036854775808"), -999);
    is_int(to_int("-9223372036854775809"), -999);
    is_int(to_int("99999999999999999999"), -999);
    is_int(to_int(""), -999);
    is_int(to_int("-"), -999);
    is_int(to_int(" 1"), -999);
    is_int(to_int("1 "), -999);
    is_int(to_int("0x1"), -999);
    bool b = false;
    ok(text_to_bool("True", &b) == 0 && b);
    ok(text_to_bool("t", &b) == 0 && b);
    ok(text_to_bool("0", &b) == 0 && !b);
    ok(text_to_bool("yes", &b) < 0);
    ok(text_to_bool("", &b) < 0);
    ok(text_to_bool("tRUE", &b) < 0);
}

static void test_plain(void)
{
    ok(text_is("a", "a") && !text_is("a", "b") && !text_is(NULL, NULL) && !text_is("a", NULL));
    ok(text_same(NULL, NULL) && text_same("a", "a") && !text_same(NULL, "a"));
    ok(text_starts("abc", "ab") && !text_starts("ab", "abc") && text_starts("x", ""));
    ok(text_ends("abc", "bc") && !text_ends("c", "bc") && text_ends("x", ""));
    is_int((int64_t)text_hash("", 0), (int64_t)UINT64_C(0xcbf29ce484222325));
    is_int((int64_t)text_hash("a", 1), (int64_t)UINT64_C(0xaf63dc4c8601ec8c));
}

static void test_nearest(void)
{
    static const char *const keys[] = { "image",   "ports",    "environment", "volumes",
                                        "restart", "networks", "depends_on",  "build" };
    size_t n = ARRAY_LEN(keys);
    is_text(text_nearest("imgae", keys, n), "image");
    is_text(text_nearest("port", keys, n), "ports");
    is_text(text_nearest("enviroment", keys, n), "environment");
    is_text(text_nearest("Volumes", keys, n), "volumes");
    is_text(text_nearest("dependson", keys, n), "depends_on");
    is_text(text_nearest("zzz", keys, n), NULL);
    is_text(text_nearest("", keys, n), NULL);
    is_text(text_nearest("x", keys, n), NULL);
    is_text(text_nearest("image", keys, 0), NULL);
    char wide[300];
    memset(wide, 'i', sizeof(wide) - 1);
    wide[sizeof(wide) - 1] = '\0';
    is_text(text_nearest(wide, keys, n), NULL);
}

static size_t valid(const char *text)
{
    return text_utf8_valid(text, strlen(text));
}

static void test_utf8(void)
{
    is_int((int64_t)valid("abc"), 3);
    is_int((int64_t)valid("\xc3\xa9x"), 3);
    is_int((int64_t)valid("\xe2\x82\xac"), 3);
    is_int((int64_t)valid("\xf0\x9f\x90\x99"), 4);
    is_int((int64_t)valid("a\xff"), 1);
    is_int((int64_t)valid("a\xc3"), 1);             /* cut off */
    is_int((int64_t)valid("\xc0\x80"), 0);          /* too long a form */
    is_int((int64_t)valid("\xe0\x80\x80"), 0);      /* the same */
    is_int((int64_t)valid("\xed\xa0\x80"), 0);      /* half a surrogate */
    is_int((int64_t)valid("\xf4\x90\x80\x80"), 0);  /* after the last character */
    is_int((int64_t)text_width("abc"), 3);
    is_int((int64_t)text_width("\xc3\xa9"), 1);
    is_int((int64_t)text_width("e\xcc\x81"), 1);    /* combining accent */
    is_int((int64_t)text_width("\xf0\x9f\x90\x99"), 2);
    is_int((int64_t)text_width("\xe2\x9c\x94 ok"), 4); /* a check mark */
    is_int((int64_t)text_width("\xe6\xbc\xa2"), 2);
    is_int((int64_t)text_width("\xff"), 1);
}

int main(void)
{
    test_str();
    test_ceiling();
    test_slice();
    test_numbers();
    test_plain();
    test_nearest();
    test_utf8();
    return done_testing();
}
