/*
 * digest.c - SHA-256 by mbedTLS (through mbedtls_md, the one spelling that 2.28 and 3.x share), base64,
 * random bytes. The only file that knows mbedTLS.
 */
#include "base/base.h"

#include <errno.h>
#include <sys/random.h>

#include <mbedtls/md.h>

#include "base/mem.h"
#include "net/digest.h"

#define SHA256_LEN 32

struct digest {
    mbedtls_md_context_t context;
};

static const char hex_digits[] = "0123456789abcdef";

/* mbedTLS fails here for lack of memory only, which ends the program elsewhere too. */
static void must_work(int result)
{
    assert(result == 0);
    (void)result;
}

static void to_hex(const unsigned char *bytes, size_t n, char *ret_hex)
{
    for (size_t i = 0; i < n; i++) {
        ret_hex[2 * i] = hex_digits[bytes[i] >> 4];
        ret_hex[2 * i + 1] = hex_digits[bytes[i] & 15];
    }
    ret_hex[2 * n] = '\0';
}

struct digest *digest_new(void)
{
    struct digest *digest = MEM_NEW(struct digest);
    mbedtls_md_init(&digest->context);
    must_work(mbedtls_md_setup(&digest->context, mbedtls_md_info_from_type(MBEDTLS_MD_SHA256), 0));
    must_work(mbedtls_md_starts(&digest->context));
    return digest;
}

void digest_add(struct digest *digest, const void *bytes, size_t len)
{
    must_work(mbedtls_md_update(&digest->context, bytes, len));
}

void digest_end(struct digest *digest, char ret_hex[DIGEST_SHA256_HEX])
{
    unsigned char sum[SHA256_LEN];
    must_work(mbedtls_md_finish(&digest->context, sum));
    to_hex(sum, sizeof(sum), ret_hex);
    mbedtls_md_free(&digest->context);
    mem_free(digest);
}

void digest_sha256_hex(const void *bytes, size_t len, char ret_hex[DIGEST_SHA256_HEX])
{
    unsigned char sum[SHA256_LEN];
    must_work(mbedtls_md(mbedtls_md_info_from_type(MBEDTLS_MD_SHA256), bytes, len, sum));
    to_hex(sum, sizeof(sum), ret_hex);
}

/* ------------------------------------------------------------ base64 */

static const char base64_standard[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char base64_url[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

void base64_encode(const void *bytes, size_t len, bool is_url, struct str *out)
{
    const unsigned char *in = bytes;
    const char *alphabet = is_url ? base64_url : base64_standard;
    for (size_t i = 0; i < len; i += 3) {
        size_t n = MIN(len - i, 3u);
        unsigned group = (unsigned)in[i] << 16 | (n > 1 ? (unsigned)in[i + 1] << 8 : 0) |
                         (n > 2 ? in[i + 2] : 0);
        str_add_char(out, alphabet[group >> 18]);
        str_add_char(out, alphabet[group >> 12 & 63]);
        str_add_char(out, n > 1 ? alphabet[group >> 6 & 63] : '=');
        str_add_char(out, n > 2 ? alphabet[group & 63] : '=');
    }
}

static int base64_value(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == '+' || c == '-')
        return 62;
    return c == '/' || c == '_' ? 63 : -1;
}

int base64_decode(const char *text, size_t len, struct str *out)
{
    size_t n_padding = 0;
    while (n_padding < 2 && len > 0 && text[len - 1] == '=') {
        len--;
        n_padding++;
    }
    if (len % 4 == 1 || (n_padding > 0 && (len + n_padding) % 4 != 0))
        return -1;
    for (size_t i = 0; i < len; i++) {
        if (base64_value(text[i]) < 0)
            return -1;
    }
    unsigned bits = 0, n_bits = 0;
    for (size_t i = 0; i < len; i++) {
        bits = bits << 6 | (unsigned)base64_value(text[i]);
        n_bits += 6;
        if (n_bits >= 8) {
            n_bits -= 8;
            str_add_char(out, (char)(bits >> n_bits & 255));
            bits &= (1u << n_bits) - 1;
        }
    }
    return 0;
}

/* ------------------------------------------------------------ random */

void random_hex(size_t n, struct str *out)
{
    while (n > 0) {
        unsigned char bytes[64];
        char hex[2 * sizeof(bytes) + 1];
        size_t part = MIN(n, sizeof(bytes));
        ssize_t got = getrandom(bytes, part, 0);
        if (got < 0 && errno == EINTR)
            continue;
        must_work(got == (ssize_t)part ? 0 : -1);
        to_hex(bytes, part, hex);
        str_add(out, hex);
        n -= part;
    }
}
