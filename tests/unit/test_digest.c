/*
 * test_digest.c - digests against known values, base64 both ways.
 */
#include "base/base.h"

#include "net/digest.h"

#include "tests/unit/tap.h"

static void test_sha256(void)
{
    char hex[DIGEST_SHA256_HEX];
    digest_sha256_hex("", 0, hex);
    is_text(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    digest_sha256_hex("abc", 3, hex);
    is_text(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    struct digest *digest = digest_new();
    for (int i = 0; i < 1000; i++)
        digest_add(digest, "aaaaaaaaaa", 10);
    digest_end(digest, hex);
    is_text(hex, "27dd1f61b867b6a0f6e9d8a41c43231de52107e53ae424de8f847b821db4b711");
}

static void test_base64(void)
{
    static const struct {
        const char *plain, *encoded;
    } rows[] = {
        { "", "" }, { "f", "Zg==" }, { "fo", "Zm8=" }, { "foo", "Zm9v" }, { "foob", "Zm9vYg==" },
        { "fooba", "Zm9vYmE=" }, { "foobar", "Zm9vYmFy" }, { "\xff\xfe\xfb", "//77" },
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        STR_AUTO(encoded);
        STR_AUTO(decoded);
        base64_encode(rows[i].plain, strlen(rows[i].plain), false, &encoded);
        is_text(encoded.buf, rows[i].encoded);
        is_int(base64_decode(encoded.buf, encoded.len, &decoded), 0);
        is_text(decoded.buf, rows[i].plain);
    }
    STR_AUTO(url);
    base64_encode("\xff\xfe\xfb", 3, true, &url);
    is_text(url.buf, "__77");
    STR_AUTO(decoded);
    is_int(base64_decode("__77Zg", 6, &decoded), 0);
    is_text(decoded.buf, "\xff\xfe\xfb" "f");
    static const char *const wrong[] = { "Z",     "Zg=",      "Zm9v=", "Zm9vZ",
                                         "Zm 9v", "Zg==Zg==", "====",  "Z===" };
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        STR_AUTO(out);
        if (!is_int(base64_decode(wrong[i], strlen(wrong[i]), &out), -1))
            tap_note("\"%s\"", wrong[i]);
    }
}

static void test_random(void)
{
    STR_AUTO(a);
    STR_AUTO(b);
    random_hex(100, &a);
    random_hex(100, &b);
    is_int((int64_t)a.len, 200);
    ok(strcmp(a.buf, b.buf) != 0);
    is_int((int64_t)strspn(a.buf, "0123456789abcdef"), 200);
}

int main(void)
{
    test_sha256();
    test_base64();
    test_random();
    return done_testing();
}
