dnl octo.m4 - the checks that configure.ac uses and the summary that it ends with.

dnl OCTO_SWITCH(NAME, HELP): --enable-NAME, off by default, as $enable_NAME (yes or no).
AC_DEFUN([OCTO_SWITCH],
[AC_ARG_ENABLE([$1], [AS_HELP_STRING([--enable-$1], [$2])], [],
               [AS_TR_SH([enable_$1])=no])])

dnl OCTO_TRY_FLAG(VARIABLE, FLAG): adds FLAG to VARIABLE when the compiler and the linker take it.
dnl -Wno-x is tried as -Wx, because gcc takes every -Wno-x.
AC_DEFUN([OCTO_TRY_FLAG],
[AS_VAR_PUSHDEF([cache], [octo_cv_flag_$2])
AC_CACHE_CHECK([whether $CC takes $2], [cache],
  [octo_save_CFLAGS=$CFLAGS
   CFLAGS="$octo_save_CFLAGS -Werror m4_bpatsubst([$2], [^-Wno-], [-W])"
   AC_LINK_IFELSE([AC_LANG_PROGRAM([], [])], [AS_VAR_SET([cache], [yes])],
                  [AS_VAR_SET([cache], [no])])
   CFLAGS=$octo_save_CFLAGS])
AS_VAR_IF([cache], [yes], [$1="$$1 $2"])
AS_VAR_POPDEF([cache])])

dnl OCTO_TRY_FLAGS(VARIABLE, LIST)
AC_DEFUN([OCTO_TRY_FLAGS], [m4_foreach_w([octo_flag], [$2], [OCTO_TRY_FLAG([$1], octo_flag)])])

dnl C11 with __attribute__((cleanup)) and typeof, and no other extension.
AC_DEFUN([OCTO_LANGUAGE],
[OCTO_CFLAGS=-std=gnu11
AC_CACHE_CHECK([for __attribute__((cleanup)) and typeof], [octo_cv_cleanup],
  [octo_save_CFLAGS=$CFLAGS
   CFLAGS="$CFLAGS -std=gnu11 -Werror"
   AC_LINK_IFELSE(
     [AC_LANG_PROGRAM([[static void done(int *p) { *p = 0; }]],
                      [[__attribute__((cleanup(done))) int x = 1; typeof(x) y = x; return y - 1;]])],
     [octo_cv_cleanup=yes], [octo_cv_cleanup=no])
   CFLAGS=$octo_save_CFLAGS])
AS_IF([test "$octo_cv_cleanup" = no],
      [AC_MSG_ERROR([this compiler lacks __attribute__((cleanup)) or typeof: use gcc or clang])])])

AC_DEFUN([OCTO_WARNINGS],
[WARN_CFLAGS=
OCTO_TRY_FLAGS([WARN_CFLAGS], [-Wall -Wextra -Wpedantic -Wshadow -Wformat=2 -Wstrict-prototypes
  -Wmissing-prototypes -Wold-style-definition -Wmissing-declarations -Wredundant-decls
  -Wpointer-arith -Wwrite-strings -Wvla -Wundef -Wimplicit-fallthrough -Wcast-align -Wdate-time
  -Wnested-externs -Winit-self -Wduplicated-cond
  -Wduplicated-branches -Wlogical-op -Wjump-misses-init -Wtrampolines -Walloca
  -Wloop-analysis -Wno-overlength-strings
  -Wno-language-extension-token -Wno-missing-field-initializers])
AS_IF([test "$enable_werror" = yes], [WARN_CFLAGS="$WARN_CFLAGS -Werror"])
AC_SUBST([WARN_CFLAGS])])

AC_DEFUN([OCTO_SANITIZERS],
[SANITIZE=
AS_IF([test "$enable_address_sanitizer" = yes], [SANITIZE="$SANITIZE -fsanitize=address"])
AS_IF([test "$enable_undefined_sanitizer" = yes],
      [SANITIZE="$SANITIZE -fsanitize=undefined -fno-sanitize-recover=undefined"])
AS_IF([test "$enable_thread_sanitizer" = yes], [SANITIZE="$SANITIZE -fsanitize=thread"])
AS_IF([test "$enable_memory_sanitizer" = yes],
      [SANITIZE="$SANITIZE -fsanitize=memory -fsanitize-memory-track-origins"])
FUZZ_LDADD=
AS_IF([test "$enable_fuzzing" = yes],
      [SANITIZE="$SANITIZE -fsanitize=fuzzer-no-link"
       FUZZ_LDADD=-fsanitize=fuzzer])
AS_IF([test -n "$SANITIZE"],
      [octo_save_CFLAGS=$CFLAGS
       CFLAGS="$CFLAGS $SANITIZE"
       AC_MSG_CHECKING([whether $CC links with$SANITIZE])
       AC_LINK_IFELSE([AC_LANG_PROGRAM([], [])], [AC_MSG_RESULT([yes])],
                      [AC_MSG_RESULT([no])
                       AC_MSG_ERROR([the compiler cannot do what the switches ask for])])
       CFLAGS=$octo_save_CFLAGS
       SANITIZE="$SANITIZE -fno-omit-frame-pointer"
       AC_DEFINE([IS_SANITIZED], [1], [built with a sanitizer or a fuzzer])])
AC_SUBST([FUZZ_LDADD])])

dnl The C library's checks are switched on in config.h, because only there it is known whether
dnl this file is compiled with optimisation.
AC_DEFUN([OCTO_HARDENING],
[HARDEN_CFLAGS=
HARDEN_LDFLAGS=
OCTO_TRY_FLAGS([HARDEN_CFLAGS], [-fstack-protector-strong -fstack-clash-protection
  -fcf-protection -fno-common -fvisibility=hidden])
OCTO_TRY_FLAGS([HARDEN_LDFLAGS], [-Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack -Wl,--as-needed])
AH_BOTTOM([#if defined __OPTIMIZE__ && !defined IS_SANITIZED && !defined _FORTIFY_SOURCE
#define _FORTIFY_SOURCE 2
#endif])
OCTO_CFLAGS="$OCTO_CFLAGS $HARDEN_CFLAGS $SANITIZE"
OCTO_LDFLAGS="$HARDEN_LDFLAGS $SANITIZE"
AC_SUBST([OCTO_CFLAGS])
AC_SUBST([OCTO_LDFLAGS])])

dnl mbedTLS has no pkg-config file in older releases.
AC_DEFUN([OCTO_MBEDCRYPTO],
[AC_ARG_VAR([MBEDCRYPTO_LIBS], [linker flags for mbedTLS's crypto library])
octo_mbedcrypto=yes
AC_CHECK_HEADER([mbedtls/sha256.h], [], [octo_mbedcrypto=no])
AS_IF([test -z "$MBEDCRYPTO_LIBS"],
      [AC_CHECK_LIB([mbedcrypto], [mbedtls_sha256_init], [MBEDCRYPTO_LIBS=-lmbedcrypto],
                    [octo_mbedcrypto=no])])
AS_IF([test "$octo_mbedcrypto" = no],
      [AC_MSG_ERROR([mbedTLS (libmbedcrypto and its headers) is needed])])])

AC_DEFUN([OCTO_SUMMARY],
[AS_ECHO(["
octocompose $PACKAGE_VERSION
    compiler           $CC $CFLAGS
    libcurl            `$PKG_CONFIG --modversion libcurl`
    yajl               `$PKG_CONFIG --modversion yajl`
    libyaml            `$PKG_CONFIG --modversion yaml-0.1`
    libarchive         `$PKG_CONFIG --modversion libarchive`
    mbedTLS            $MBEDCRYPTO_LIBS
    warnings are errors $enable_werror
    sanitizers        ${SANITIZE:- none}
    fuzzing            $enable_fuzzing
    installs to        $prefix

Now: make, make check, make install
"])])
