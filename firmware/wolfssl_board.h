/*
 * wolfssl_board.h - what wolfSSL should know of a Cortex-M3 without an operating system. Included by
 * user_settings.h, to which the build names it as SPWF_WOLFSSL_PLATFORM.
 *
 * The assembly for P-256, P-384, P-521 and RSA-2048 in its small form: 44 KB of flash, and mutual
 * P-256 takes 13 million instructions instead of 150 (firmware/README.md).
 */
#ifndef SPWF_WOLFSSL_BOARD_H
#define SPWF_WOLFSSL_BOARD_H

#define SINGLE_THREADED
#define HAVE_GMTIME_R /* gmtime() would want a heap */
#define WOLFSSL_GENERAL_ALIGNMENT 4
#define SIZEOF_LONG_LONG 8

#define WOLFSSL_HAVE_SP_RSA
#define WOLFSSL_HAVE_SP_ECC
#define WOLFSSL_SP_SMALL
#define WOLFSSL_SP_ARM_CORTEX_M
#define WOLFSSL_SP_ARM_CORTEX_M_ASM

#define WOLFSSL_AES_SMALL_TABLES
#define USE_SLOW_SHA

#endif
