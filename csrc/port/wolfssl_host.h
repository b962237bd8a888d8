/*
 * wolfssl_host.h - what wolfSSL should know of a hosted machine: word size, assembly, C library.
 * Included by user_settings.h, to which the build names it as SPWF_WOLFSSL_PLATFORM.
 *
 * The build defines WOLFSSL_X86_64_BUILD where it compiles the *.S files (they read nothing but
 * the command line for it); every other host gets the same arithmetic in C.
 */
#ifndef SPWF_WOLFSSL_HOST_H
#define SPWF_WOLFSSL_HOST_H

#define HAVE_GMTIME_R
#define WOLFSSL_HAVE_SP_RSA
#define WOLFSSL_HAVE_SP_ECC

#ifdef __SIZEOF_INT128__
#define HAVE___UINT128_T 1
#endif

#ifdef WOLFSSL_X86_64_BUILD
#define WOLFSSL_SP_ASM
#define WOLFSSL_SP_X86_64_ASM
#define USE_INTEL_SPEEDUP
#define WOLFSSL_AESNI
#endif

#endif
