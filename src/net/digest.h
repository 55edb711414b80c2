/*
 * digest.h - SHA-256 and base64 (mbedTLS stays in digest.c).
 */
#ifndef OCTO_NET_DIGEST_H
#define OCTO_NET_DIGEST_H

#include "base/str.h"

#define DIGEST_SHA256_HEX (64 + 1)

/* 64 lower-case hex digits and a NUL. */
void digest_sha256_hex(const void *bytes, size_t len, char ret_hex[DIGEST_SHA256_HEX]);

struct digest; /* one running SHA-256 */
struct digest *digest_new(void);
void digest_add(struct digest *digest, const void *bytes, size_t len);
/* Frees it as well. */
void digest_end(struct digest *digest, char ret_hex[DIGEST_SHA256_HEX]);

void base64_encode(const void *bytes, size_t len, bool is_url, struct str *out);
/* Standard or URL alphabet, padding optional. 0 or -1. */
int base64_decode(const char *text, size_t len, struct str *out) ATTR_MUST_CHECK;
/* n random bytes as lower-case hex. */
void random_hex(size_t n, struct str *out);

#endif
